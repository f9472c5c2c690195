"""The memory that an instance's processes share, made by the master so that it outlives generations.

What is defined as before is the same memory after a reload; what is defined otherwise is another one, and the old
generation keeps what it has. A file that keeps a cache or the queue is opened once and belongs to one instance.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from imperator import logs
from imperator._core import Cache, Locks
from imperator.errors import Diagnostic, Refused, Severity, Where
from imperator.sharing import CacheSettings, Queue, Shared, Sharing

ROOM = 31
"""Locks that are made at first: a page of them."""
NEXT = ".next"
"""The end of the name of a file that is for a generation which has not taken over yet."""
_CACHE_MARK = b"IMPCACHE"


Definition = CacheSettings | Queue | tuple[int, int]
"""Of a cache, the queue, or the number and the bytes of an area."""


class _Piece(NamedTuple):
    """One memory, and the counters in it if it is a cache."""

    fd: int
    cache: Cache | None = None


class SharedMemory:
    """All of it, by its definition."""

    def __init__(self) -> None:
        self._locks_fd = -1
        self._locks: Locks | None = None
        self._names: list[str] = []
        self._pieces: dict[tuple[str, Any], _Piece] = {}
        self._next: dict[int, CacheSettings | Queue] = {}
        """By descriptor: files that come in the place of another when the generation that they are for takes over."""

    def provide(self, sharing: Sharing, where: Mapping[str, Where]) -> Shared:
        """What a generation with this configuration is given. Raises :class:`Refused`."""
        names = sharing.locks_wanted()
        try:
            locks = self._provide_locks(names)
            caches = [self._piece("cache", one, self._cache_place(one, where), locks) for one in sharing.caches]
            ring = sharing.queue if sharing.queue.slots else None
            queue = self._piece("queue", ring, where.get("queue-store"), locks) if ring else None
            areas = [self._piece("area", (number, size), None, locks) for number, size in enumerate(sharing.areas)]
        except (OSError, MemoryError) as error:
            raise Refused(_no_memory(str(getattr(error, "strerror", None) or error))) from error
        return Shared(
            sharing,
            self._locks_fd,
            tuple(self._names),
            tuple(one.fd for one in caches),
            queue.fd if queue else -1,
            tuple(one.fd for one in areas),
        )

    def page(self, name: str, size: int) -> int:
        """Memory for something else, which is never let go of; answers its descriptor. Raises :class:`Refused`."""
        try:
            if ("page", name) not in self._pieces:
                self._pieces["page", name] = _Piece(_anonymous(name, size))
        except OSError as error:
            raise Refused(_no_memory(error.strerror or str(error))) from error
        return self._pieces["page", name].fd

    def keep_only(self, sharing: Sharing) -> None:
        """Let go of what this configuration does not ask for."""
        wanted: set[tuple[str, Any]] = {("cache", one) for one in sharing.caches} | {("queue", sharing.queue)}
        wanted |= {("area", one) for one in enumerate(sharing.areas)}
        for key in [key for key in self._pieces if key not in wanted and key[0] != "page"]:
            fd = self._pieces.pop(key).fd
            if refused := self._next.pop(fd, None):
                _unlink(refused.store + NEXT)
            os.close(fd)
        for definition in self._next.values():
            _put_in_place(definition)
        self._next.clear()
        for (_, definition), piece in self._pieces.items():
            if isinstance(definition, CacheSettings | Queue) and definition.store:
                # The kernel forgets the claim with the first descriptor of a file that is closed.
                with suppress(OSError):
                    fcntl.lockf(piece.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def locks(self) -> list[tuple[str, int]]:
        """Every lock and who has it."""
        if self._locks is None:
            return []
        return [(name, self._locks.holder(number)) for number, name in enumerate(self._names)]

    def caches(self, sharing: Sharing) -> list[dict[str, Any]]:
        """The counters of all caches, under uWSGI's names."""
        found = []
        for one in sharing.caches:
            piece = self._pieces.get(("cache", one))
            if piece and piece.cache:
                items, hits, misses, full, modified = piece.cache.counters()
                found.append(
                    {
                        "name": one.name,
                        "hash": one.hash,
                        "hashsize": 65536,
                        "keysize": one.keysize,
                        "max_items": one.items,
                        "blocks": one.blocks,
                        "blocksize": one.blocksize,
                        "items": items,
                        "hits": hits,
                        "miss": misses,
                        "full": full,
                        "last_modified_at": modified,
                    }
                )
        return found

    # -- making it

    def _provide_locks(self, names: list[str]) -> Locks:
        new = [name for name in names if name not in self._names]
        wanted = len(self._names) + len(new)
        if self._locks is None:
            self._locks_fd = Locks.create(max(wanted, ROOM))
            self._locks = Locks(self._locks_fd)
        elif wanted > ROOM and new:
            Locks.grow(self._locks_fd, wanted)
            self._locks = Locks(self._locks_fd)
        self._names += new
        return self._locks

    def _cache_place(self, one: CacheSettings, where: Mapping[str, Where]) -> Where | None:
        return where.get("cache-store" if one.name == "default" else "cache2")

    def _piece(self, kind: str, definition: Definition, place: Where | None, locks: Locks) -> _Piece:
        known = self._pieces.get((kind, definition))
        if known:
            return known
        if isinstance(definition, CacheSettings):
            try:
                size = Cache.size(definition)
            except ValueError as error:
                raise Refused(_no_memory(str(error))) from error
            fd = self._memory(f"cache {definition.name}", size, definition.store, place, definition)
            lock = self._names.index(f"cache_{definition.name}")
            try:
                piece = _Piece(fd, Cache(fd, locks, lock, definition))
            except BaseException:
                os.close(fd)
                raise
        elif isinstance(definition, Queue):
            piece = _Piece(self._memory("queue", definition.size, definition.store, place, definition))
        else:
            piece = _Piece(_anonymous(kind, definition[1]))
        self._pieces[kind, definition] = piece
        return piece

    def _live(self, store: str) -> int | None:
        """The descriptor of a file that is in use here already."""
        for (_, definition), piece in self._pieces.items():
            if isinstance(definition, CacheSettings | Queue) and definition.store == store:
                with suppress(OSError):
                    if os.path.samestat(os.fstat(piece.fd), os.stat(store)):
                        return piece.fd
        return None

    def _memory(self, name: str, size: int, store: str, place: Where | None, definition: CacheSettings | Queue) -> int:
        if not store:
            return _anonymous(name, size)
        from imperator.process.store import ASIDE, HEAD, open_store

        delete = isinstance(definition, CacheSettings) and definition.store_delete
        try:
            if (live := self._live(store)) is not None:
                if os.fstat(live).st_size == size and _usable(os.pread(live, HEAD, 0), definition):
                    return os.dup(live)
                # It is the serving generation's, and stays in its place unless that one is succeeded.
                _unlink(store + NEXT)
                fd = open_store(store + NEXT, size, lambda _: True).fd
                self._next[fd] = definition
                return fd
            fd, other = open_store(store, size, lambda head: _usable(head, definition), delete=delete)
        except BlockingIOError:
            logs.complain([_claimed(name, store, place)])
            return _anonymous(name, size)
        except OSError as error:
            raise Refused(_no_store(error, name, store, place)) from error
        if other:
            became = "was deleted" if other == "deleted" else f"is now {store}{ASIDE}"
            logs.complain([_of_another_kind(name, store, place, became)])
        return fd


def _unlink(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _put_in_place(definition: CacheSettings | Queue) -> None:
    """The generation that it was made for has taken over."""
    from imperator.process.store import ASIDE

    store = definition.store
    try:
        if not (isinstance(definition, CacheSettings) and definition.store_delete):
            os.replace(store, store + ASIDE)
        os.replace(store + NEXT, store)
    except OSError as error:
        logs.say(f"warning: what was kept in {store} is kept in {store}{NEXT} now: {error.strerror}")


def _usable(head: bytes, definition: CacheSettings | Queue) -> bool:
    """Whether a file that begins so holds what is defined so. That its size is right is known."""
    if isinstance(definition, Queue):
        return all(end < definition.slots for end in struct.unpack("QQ", head[:16]))
    shape = (1, definition.items, definition.blocks, definition.blocksize, definition.keysize)
    return head[:8] == _CACHE_MARK and head[8:28] == struct.pack("5I", *shape)


def _anonymous(name: str, size: int) -> int:
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(fd, size)
        # Memory that became shorter would kill whoever looks at its end.
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    except BaseException:
        os.close(fd)
        raise
    return fd


# -- complaints


def _no_memory(why: str) -> Diagnostic:
    return Diagnostic(
        "no-shared-memory",
        None,
        f"cannot make the memory that processes share: {why}",
        "ask for a smaller cache, queue or sharedarea, or raise limit-as and the memory of the container",
    )


def _no_store(error: OSError, name: str, store: str, place: Where | None) -> Diagnostic:
    return Diagnostic(
        "store-unusable",
        place,
        f"cannot use {store} for the {name}: {error.strerror or error}",
        "name a file in a directory that exists, that the user of this instance may write to, with room on its disk",
    )


def _claimed(name: str, store: str, place: Where | None) -> Diagnostic:
    return Diagnostic(
        "store-in-use",
        place,
        f"another instance keeps something in {store}: the {name} of this one is kept in memory only",
        "give each instance a file of its own",
        Severity.WARNING,
    )


def _of_another_kind(name: str, store: str, place: Where | None, became: str) -> Diagnostic:
    return Diagnostic(
        "store-other",
        place,
        f"{store} is of another size or of another program, the {name} begins empty; what was there {became}",
        "remove it when nobody needs it any more",
        Severity.WARNING,
    )
