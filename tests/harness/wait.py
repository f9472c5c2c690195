"""Waiting: for a process to end, for a file to change, for a condition, each with a deadline.

A process and a file wake us (pidfd, inotify). ``until`` looks again and again, and is for what nothing announces,
such as the moment at which a server gives another answer.
"""

from __future__ import annotations

import ctypes
import os
import select
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

IN_MODIFY, IN_MOVED_TO, IN_CREATE, IN_DELETE, IN_ATTRIB, IN_CLOSE_WRITE = 0x2, 0x80, 0x100, 0x200, 0x4, 0x8
_LIBC = ctypes.CDLL(None, use_errno=True)


class LateError(AssertionError):
    """What was waited for did not come before its deadline."""


def until(condition: Callable[[], T], what: str, timeout: float = 10.0, every: float = 0.02) -> T:
    """The first true value of ``condition``."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise LateError(f"{what}: not within {timeout:g} s (last: {value!r})")
        time.sleep(every)


def ended(pid: int, timeout: float) -> bool:
    """Whether the process ends within the time. A zombie has ended; so has a pid that nobody has."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(timeout * 1000))
    finally:
        os.close(fd)


class Watch:
    """Wakes up when something happens in a directory. Made before looking, so that nothing can be missed."""

    def __init__(self, directory: Path) -> None:
        self.fd = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        mask = IN_MODIFY | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_CLOSE_WRITE
        if _LIBC.inotify_add_watch(self.fd, os.fsencode(directory), mask) < 0:
            error = ctypes.get_errno()
            os.close(self.fd)
            raise OSError(error, f"inotify_add_watch {directory}")

    def wait(self, timeout: float) -> None:
        """Return when something has happened, or when the time is over."""
        select.select([self.fd], [], [], max(timeout, 0))
        try:
            while os.read(self.fd, 65536):
                pass
        except BlockingIOError:
            pass

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def for_file(path: Path, condition: Callable[[], T], what: str, timeout: float = 10.0) -> T:
    """The first true value of ``condition``, looked at whenever something changes beside ``path``."""
    deadline = time.monotonic() + timeout
    with Watch(path.parent) as watch:
        while True:
            value = condition()
            if value:
                return value
            left = deadline - time.monotonic()
            if left <= 0:
                raise LateError(f"{what}: not within {timeout:g} s")
            watch.wait(left)


def become_subreaper() -> None:
    """Make orphans below us ours, so that a daemon, or a process left behind, stays in sight."""
    if _LIBC.prctl(36, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
