"""The files of tasks: made, found, claimed, removed. What is in them is ``spooling``'s matter.

A file appears under its name when all of it is written. Who works on it holds its lock, which uWSGI's spoolers heed
too; the lock of a process that dies is free.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import random
import stat
import struct
import time
from typing import NamedTuple

from imperator import spooling
from imperator.spooling import Found

_COUNT = itertools.count(1)
_NEW = ".new-"
_STALE = 3600.0
"""Seconds after which a file that nobody finished is nobody's."""
_LOCK = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


def leave(directory: str, content: bytes, host: str, *, due: float | None = None, priority: int | None = None) -> str:
    """Leave a task for whoever works on this directory; answers the path of its file. Raises ``OSError``."""
    if priority is not None:
        directory = os.path.join(directory, str(priority))
        os.makedirs(directory, mode=0o750, exist_ok=True)
    name = spooling.name(host, os.getpid(), next(_COUNT), random.getrandbits(31), time.time_ns() // 1000)
    new, path = os.path.join(directory, _NEW + name), os.path.join(directory, name)
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(fd, "wb") as file:
            file.write(content)
        if due is not None:
            os.utime(new, (due, due))
        os.rename(new, path)
    except BaseException:
        os.unlink(new)
        raise
    return path


def find(directory: str) -> tuple[list[Found], list[str]]:
    """All tasks in a directory and those of its priorities; and the directories of these. Raises ``OSError``."""
    found: list[Found] = []
    below: list[str] = []
    _find(directory, None, found, below)
    for path in below:
        try:
            _find(path, int(os.path.basename(path)), found, [])
        except OSError:
            continue  # it has gone, or is not ours
    return found, below


def _find(directory: str, priority: int | None, found: list[Found], below: list[str]) -> None:
    with os.scandir(directory) as entries:
        for entry in entries:
            name = entry.name
            try:
                if name.startswith(spooling.PREFIX):
                    seen = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(seen.st_mode):
                        found.append(Found(entry.path, name, seen.st_mtime, priority))
                elif name.isascii() and name.isdigit() and entry.is_dir(follow_symlinks=False):
                    below.append(entry.path)
            except FileNotFoundError:
                continue


def tidy(directory: str) -> None:
    """Remove what those have left that were killed while they wrote a task that nobody was told of."""
    with os.scandir(directory) as entries:
        for entry in entries:
            try:
                if entry.name.startswith(_NEW) and time.time() - entry.stat().st_mtime > _STALE:
                    os.unlink(entry.path)
            except OSError:
                continue


class Claim(NamedTuple):
    """A task that is ours: nobody else works on it until :meth:`drop`."""

    path: str
    fd: int
    content: bytes

    def done(self) -> None:
        """It is never done again."""
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass

    def put_aside(self) -> str:
        """It is no task: nobody looks at it again. Answers its new path."""
        directory, name = os.path.split(self.path)
        aside = os.path.join(directory, "broken_" + name)
        os.rename(self.path, aside)
        return aside

    def drop(self) -> None:
        """Let others have it."""
        os.close(self.fd)


def claim(path: str) -> Claim | None:
    """Take a task; None if somebody else has it, or had. Raises ``OSError``."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _LOCK)
        except (BlockingIOError, PermissionError):
            os.close(fd)
            return None
        if not os.fstat(fd).st_nlink or not _is_at(fd, path):
            os.close(fd)
            return None
        with open(fd, "rb", closefd=False) as file:
            return Claim(path, fd, file.read())
    except OSError:
        os.close(fd)
        raise


def _is_at(fd: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False
