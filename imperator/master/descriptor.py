"""A descriptor that the instance was started with, such as an eventfd of the kernel's: what can be read from it is an
order to reload.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from imperator import logs
from imperator.config.conduct import ReloadOn
from imperator.errors import Diagnostic, Severity, printable
from imperator.process.loop import Loop


class Descriptor:
    """Calls ``reload`` with the reason, for each time that there is something to read."""

    def __init__(self, loop: Loop, what: ReloadOn, reload: Callable[[str], None]) -> None:
        self._loop = loop
        self._what = what
        self._reload = reload
        try:
            loop.watch(what.fd, self._read)
        except OSError as error:
            self._complain(os.strerror(error.errno or 0))

    def _read(self) -> None:
        try:
            told = os.read(self._what.fd, self._what.size)
        except BlockingIOError:
            return
        except OSError as error:
            self._loop.forget(self._what.fd)
            self._complain(os.strerror(error.errno or 0))
            return
        if not told:
            self._loop.forget(self._what.fd)
            logs.say(f"descriptor {self._what.fd} is at its end: it will order no more reloads")
            return
        self._reload(printable(self._what.message) or f"descriptor {self._what.fd} says so")

    def _complain(self, reason: str) -> None:
        line = f"descriptor {self._what.fd} cannot be listened to: {reason}"
        hint = "open it before the instance is started, or remove the line"
        logs.complain([Diagnostic("bad-descriptor", self._what.where, line, hint, Severity.WARNING)])
