"""Files that keep what lies in memory: opened, claimed for one process, of the size that is needed.

The claim is this process's alone: it is not inherited and ends with it, so a successor after a crash is not kept out.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from typing import NamedTuple

HEAD = 64
"""How much of a file is shown to who decides whether it can be used."""
ASIDE = ".before"


class Store(NamedTuple):
    """An open file, and what was done with one of another kind: nothing, ``deleted`` or ``moved``."""

    fd: int
    other: str = ""


def open_store(path: str, size: int, usable: Callable[[bytes], bool], *, delete: bool = False) -> Store:
    """The file at ``path`` with ``size`` bytes, all of them there. One that is not ``usable`` makes room: it is put
    aside under another name, or deleted. Raises ``BlockingIOError`` if another process has claimed it, ``OSError`` if
    it cannot be had.
    """
    fd = _claim(path)
    try:
        has = os.fstat(fd).st_size
        other = ""
        if has and (has != size or not usable(os.pread(fd, HEAD, 0))):
            other = "deleted" if delete else "moved"
            if delete:
                os.unlink(path)
            else:
                os.replace(path, path + ASIDE)
            os.close(fd)
            fd = _claim(path)
        # Without its blocks, a full disk would kill whoever writes to the memory.
        os.posix_fallocate(fd, 0, size)
    except BaseException:
        os.close(fd)
        raise
    return Store(fd, other)


def _claim(path: str) -> int:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(fd)
        raise
    return fd
