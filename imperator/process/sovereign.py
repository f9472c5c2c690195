"""The emperor, as a vassal's master sees it: one socket of the environment, on which both speak the words of ``pipes``.

Without an emperor everything said is said to nobody.
"""

from __future__ import annotations

import array
import os
import socket
from collections.abc import Callable, MutableMapping

from imperator import pipes
from imperator.pipes import FromVassal, Keep, State


class Sovereign:
    """The emperor of this instance, if it has one."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        text = environ.pop(pipes.ENV_EMPEROR_FD, "")
        self._ours = bool(environ.pop(pipes.ENV_OURS, ""))
        self._socket: socket.socket | None = None
        if text.isdecimal():
            try:
                os.set_inheritable(int(text), False)
                self._socket = socket.socket(fileno=int(text))
            except OSError:
                self._ours = False  # the variable was inherited from a vassal by somebody else, the socket was not

    def __bool__(self) -> bool:
        return self._socket is not None

    def listen(self, watch: Callable[[int, Callable[[], None]], None], hear: Callable[[bytes], None]) -> None:
        """Have ``hear`` called with each message; an empty one, the last, is the emperor's death."""
        if self._socket is not None:
            watch(self._socket.fileno(), lambda: hear(self._receive()))

    def fileno(self) -> int:
        """The descriptor, to be forgotten after the last message."""
        return -1 if self._socket is None else self._socket.fileno()

    def say(self, word: FromVassal) -> None:
        """Say one of uWSGI's words."""
        self._send(bytes([word]))

    def state(self, name: str, reason: str = "") -> None:
        """Say how the application is."""
        if self._ours:
            self._send(pipes.say(State(name, reason[:4000])))

    def keep(self, doors: list[tuple[str, int]]) -> None:
        """Ask that these listening sockets be held for a successor."""
        if self._ours:
            descriptors = array.array("i", [fd for _, fd in doors])
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)] if doors else []
            self._send(pipes.say(Keep([address for address, _ in doors])), ancillary)

    def _send(self, message: bytes, ancillary: list[tuple[int, int, array.array[int]]] | None = None) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendmsg([message], ancillary or [], socket.MSG_DONTWAIT)
        except OSError:
            pass  # it died, and its end of file is read next; or it has not listened to hundreds of words

    def _receive(self) -> bytes:
        if self._socket is None:
            return b""
        try:
            return self._socket.recv(1)  # uWSGI's emperor speaks on a stream, where two orders may arrive together
        except OSError:
            return b""
