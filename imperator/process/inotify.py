"""The kernel's news about files: ``inotify(7)``, through the C library, which is loaded at the first use.

It watches what it is told to and says what it heard. It does not walk directories and judges no event.
"""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

MODIFY = 0x002
ATTRIB = 0x004
CLOSE_WRITE = 0x008
MOVED_FROM = 0x040
MOVED_TO = 0x080
CREATE = 0x100
DELETE = 0x200
DELETE_SELF = 0x400
MOVE_SELF = 0x800
OVERFLOW = 0x4000
"""The kernel lost events; ``watch`` is -1."""
IGNORED = 0x8000
"""The watch is gone, because its file is or because it was removed."""
ONLY_DIRECTORY = 0x01000000
IS_DIRECTORY = 0x40000000
"""In an event: the name is a directory's."""
MASK_ADD = 0x20000000
"""Watch this too, besides what an earlier :meth:`Inotify.add` of the same file asked for."""

_HEAD = struct.Struct("iIII")


class News(NamedTuple):
    """One event: the watch that saw it, what it was, and the name in a watched directory, if it has one."""

    watch: int
    mask: int
    name: str


class Inotify:
    """A set of watches. :attr:`fd` can be read when there is news."""

    def __init__(self) -> None:
        import ctypes

        self._errno = ctypes.get_errno
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise self._error("inotify_init1")

    def add(self, path: str, mask: int) -> int:
        """Watch what is at ``path`` now, following links. The same file answers the same number. Raises ``OSError``."""
        watch: int = self._libc.inotify_add_watch(self.fd, os.fsencode(path), mask)
        if watch < 0:
            raise self._error(path)
        return watch

    def remove(self, watch: int) -> None:
        """Watch it no more; one that is gone already is no matter."""
        self._libc.inotify_rm_watch(self.fd, watch)

    def read(self) -> list[News]:
        """All news so far, oldest first; never waits."""
        news: list[News] = []
        while True:
            try:
                data = os.read(self.fd, 65536)
            except BlockingIOError:
                return news
            at = 0
            while at < len(data):
                watch, mask, _, length = _HEAD.unpack_from(data, at)
                at += _HEAD.size
                news.append(News(watch, mask, os.fsdecode(data[at : at + length].rstrip(b"\0"))))
                at += length

    def close(self) -> None:
        """End all watches."""
        os.close(self.fd)

    def _error(self, what: str) -> OSError:
        number = self._errno()
        return OSError(number, os.strerror(number), what)
