"""Going to the background without leaving the caller in the dark.

uWSGI's daemon answers its caller at once, whatever happens next. Ours lets the caller wait until the instance stands,
so that a service manager finds the pidfile, and a failed start has an exit status and its reason on the caller's
terminal.
"""

from __future__ import annotations

import os

from imperator.process import kernel


class Caller:
    """Whoever started the program: the foreground process that waits, or nobody."""

    def __init__(self) -> None:
        self._fd = -1

    def leave(self) -> None:
        """Go on in the background; the foreground process waits for :meth:`ready` or :meth:`failed`."""
        self._fd = kernel.detach()

    def ready(self) -> None:
        """It stands: let the caller's program end with status 0."""
        self._tell(b"\0")

    def failed(self, status: int, text: str) -> None:
        """It does not stand: let the caller's program print ``text`` and end with ``status``."""
        self._tell(bytes([status & 255]) + text.encode("utf-8", "backslashreplace"))

    @property
    def waits(self) -> bool:
        """Whether somebody still waits in the foreground."""
        return self._fd >= 0

    def _tell(self, message: bytes) -> None:
        if self._fd < 0:
            return
        try:
            os.write(self._fd, message)
        except BrokenPipeError:
            pass  # the caller was interrupted while it waited; the instance goes on
        os.close(self._fd)
        self._fd = -1
