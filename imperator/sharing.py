"""What the processes of an instance share besides sockets and counters: what the configuration asks for, and how a
generation finds it.

Pure: numbers and names. The memory is made by ``master.shared`` and used by the application's ``uwsgi`` module.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class CacheSettings(NamedTuple):
    """One cache. What the fields mean to it is said in ``_core.pyi``."""

    name: str
    items: int
    blocks: int
    blocksize: int = 65536
    keysize: int = 2048
    bitmap: bool = False
    no_expire: bool = False
    lastmod: bool = False
    purge_lru: bool = False
    clear_on_full: bool = False
    math_initial: int = 0
    ignore_full: bool = False
    """Nothing is logged when it is full."""
    hash: str = "djb33x"
    """As configured, for the stats: another one is used."""
    store: str = ""
    """The file that keeps it, absolute; empty: none does."""
    store_delete: bool = False
    """A file of another shape is deleted; else it is put aside."""


class Queue(NamedTuple):
    """The queue. ``slots`` 0: there is none."""

    slots: int = 0
    blocksize: int = 8192
    """Bytes of a slot, of which :data:`QUEUE_HEAD` are not the message's."""
    store: str = ""

    @property
    def size(self) -> int:
        """Bytes of its memory."""
        return QUEUE_HEAD + self.slots * self.blocksize


QUEUE_HEAD = 16


class Preload(NamedTuple):
    """An item that a cache begins with: a text, or what is in a file."""

    cache: str
    key: str
    value: str = ""
    file: str = ""
    compress: bool = False


class Sharing(NamedTuple):
    """All that is shared."""

    locks: int = 0
    """Besides lock 0, which there always is."""
    caches: tuple[CacheSettings, ...] = ()
    queue: Queue = Queue()
    areas: tuple[int, ...] = ()
    """Bytes of each."""
    preloads: tuple[Preload, ...] = ()
    sweep_interval: int = 3
    """Seconds; 0: caches are never swept."""
    sweep_report: bool = False

    def locks_wanted(self) -> list[str]:
        """The names of all locks, user locks first."""
        return [
            *(f"user {number}" for number in range(self.locks + 1)),
            *(f"sharedarea{number}" for number in range(len(self.areas))),
            *(["queue"] if self.queue.slots else []),
            *(f"cache_{cache.name}" for cache in self.caches),
        ]


class Shared(NamedTuple):
    """The same as a generation receives it: where the memory is. Descriptors; -1 and nothing: there is none."""

    sharing: Sharing = Sharing()
    locks_fd: int = -1
    lock_names: tuple[str, ...] = ()
    """Lock n has name n."""
    cache_fds: tuple[int, ...] = ()
    queue_fd: int = -1
    area_fds: tuple[int, ...] = ()

    def fds(self) -> list[int]:
        """All descriptors."""
        return [fd for fd in (self.locks_fd, *self.cache_fds, self.queue_fd, *self.area_fds) if fd >= 0]

    @classmethod
    def read(cls, told: Sequence[Any]) -> Shared:
        """Out of what JSON made of it."""
        sharing, locks_fd, names, caches, queue_fd, areas = told
        locks, its_caches, queue, its_areas, preloads, *rest = sharing
        return cls(
            Sharing(
                locks,
                tuple(CacheSettings(*one) for one in its_caches),
                Queue(*queue),
                tuple(its_areas),
                tuple(Preload(*one) for one in preloads),
                *rest,
            ),
            locks_fd,
            tuple(names),
            tuple(caches),
            queue_fd,
            tuple(areas),
        )
