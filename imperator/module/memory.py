"""The memory that the processes of this instance share, opened when somebody first asks for it.

Locks belong to threads. One that dies, however it dies, leaves none behind.
"""

from __future__ import annotations

import mmap
from functools import cached_property

from imperator._core import Cache, Locks
from imperator.module.here import HERE
from imperator.sharing import CacheSettings, Shared

BUSY, TAKEN, FROM_THE_DEAD, ALREADY = range(4)
"""What :meth:`Locks.acquire` answers."""


class Held:
    """A lock for the length of a ``with``. A thread that has it already keeps it."""

    def __init__(self, locks: Locks, number: int) -> None:
        self._locks = locks
        self._number = number
        self._already = False

    def __enter__(self) -> bool:
        """Wait for it; whether its last holder died with it."""
        taken = self._locks.acquire(self._number)
        self._already = taken == ALREADY
        return taken == FROM_THE_DEAD

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        if not self._already:
            self._locks.release(self._number)


class Memory:
    """What a :class:`Shared` leads to."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._caches: dict[str, Cache] = {}
        self._areas: dict[int, mmap.mmap] = {}

    @cached_property
    def locks(self) -> Locks:
        """All locks."""
        return Locks(self.shared.locks_fd)

    def lock(self, name: str) -> Held:
        """The lock of this name, to be held."""
        return Held(self.locks, self.shared.lock_names.index(name))

    def settings(self, name: str) -> CacheSettings | None:
        """Those of a cache; without a name, of the first."""
        caches = self.shared.sharing.caches
        return next((one for one in caches if not name or one.name == name), None)

    def cache(self, settings: CacheSettings) -> Cache:
        """The cache with these settings."""
        cache = self._caches.get(settings.name)
        if cache is None:
            fd = self.shared.cache_fds[self.shared.sharing.caches.index(settings)]
            number = self.shared.lock_names.index(f"cache_{settings.name}")
            cache = self._caches[settings.name] = Cache(fd, self.locks, number, settings)
        return cache

    @cached_property
    def queue(self) -> mmap.mmap:
        """The queue's memory."""
        return mmap.mmap(self.shared.queue_fd, self.shared.sharing.queue.size)

    def area(self, number: int) -> mmap.mmap:
        """A shared area. ``ValueError``: there is none of this number."""
        area = self._areas.get(number)
        if area is None:
            if not 0 <= number < len(self.shared.area_fds):
                raise ValueError(f"there is no sharedarea {number}: the configuration has {len(self.shared.area_fds)}")
            size = self.shared.sharing.areas[number]
            area = self._areas[number] = mmap.mmap(self.shared.area_fds[number], size)
        return area


_memory: Memory | None = None


def memory() -> Memory:
    """The memory of this instance."""
    global _memory
    if _memory is None:
        _memory = Memory(HERE.plan.shared)
    return _memory
