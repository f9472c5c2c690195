"""Named pipes through which one-letter orders come (``master-fifo``). What a letter means is in ``triggers``.

All of them are read at any time; uWSGI reads one and switches between them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable

from imperator import logs
from imperator.errors import Diagnostic, Severity
from imperator.process.loop import Loop


class Fifos:
    """Calls ``obey`` with every byte that is written to one of the pipes."""

    def __init__(self, loop: Loop, paths: Iterable[str], obey: Callable[[bytes], None]) -> None:
        self._obey = obey
        for path in paths:
            try:
                fd = make(path)
            except OSError as error:
                logs.complain([_not_made(path, error)])
                continue
            loop.watch(fd, lambda fd=fd: self._read(fd))  # type: ignore[misc]

    def _read(self, fd: int) -> None:
        try:
            letters = os.read(fd, 256)
        except BlockingIOError:
            return
        for letter in letters:
            self._obey(bytes([letter]))


def make(path: str) -> int:
    """Make the pipe, for its owner alone, and open it. A pipe that is there is replaced, another file is not."""
    try:
        if stat.S_ISFIFO(os.lstat(path).st_mode):
            os.unlink(path)
    except FileNotFoundError:
        pass
    os.mkfifo(path, 0o600)
    # For both directions: without a writer of its own it would be at its end whenever nobody writes.
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)


def _not_made(path: str, error: OSError) -> Diagnostic:
    return Diagnostic(
        "fifo-not-made",
        None,
        f"cannot make the named pipe {path}: {error.strerror}",
        "make its directory writable for the user of the instance, or move away what is there; it runs without",
        Severity.WARNING,
    )
