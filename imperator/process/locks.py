"""Locks on files that a configuration asks for, held for as long as this process lives.

A process that is executed below does not inherit them, so that they are free the moment the holder is gone.
"""

from __future__ import annotations

import fcntl
import os

from imperator import logs
from imperator.config.conduct import Lock
from imperator.errors import Diagnostic, Refused


def take(lock: Lock) -> int:
    """Lock the file, which is made if it does not exist; answers the descriptor that holds the lock.

    Raises :class:`Refused` when somebody else has it and it is not one to be waited for.
    """
    try:
        fd = os.open(lock.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY, 0o600)
    except OSError as error:
        raise Refused(
            Diagnostic("file-locked", lock.where, f"{lock.path} cannot be opened to lock it: {error.strerror}",
                       "name a file that whoever starts this may write")
        ) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if not lock.waits:
            os.close(fd)
            raise Refused(
                Diagnostic("file-locked", lock.where, f"another process has locked {lock.path}",
                           "end it, or write flock-wait to wait until it ends")
            ) from None
        logs.say(f"waiting for the lock of {lock.path}...")
        fcntl.flock(fd, fcntl.LOCK_EX)
    return fd
