"""The stats server: whoever connects is sent one JSON document. Nothing is read, and a slow reader delays nobody."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from imperator.process.listeners import Listener
from imperator.process.loop import Loop

CLIENTS = 64
"""Readers at once; more are turned away, so that readers who never read cannot use up the descriptors."""

SECONDS = 10.0
"""How long a reader may take."""


class StatsServer:
    """Serves what ``document`` answers on any number of listening sockets."""

    def __init__(self, loop: Loop, listeners: list[Listener], document: Callable[[], str]) -> None:
        self._loop = loop
        self._document = document
        self._clients: set[_Client] = set()
        for listener in listeners:
            sock = socket.socket(fileno=os.dup(listener.fd))  # the listener's own descriptor is closed by its owner
            sock.setblocking(False)
            loop.watch(sock.fileno(), lambda sock=sock: self._accept(sock))  # type: ignore[misc]

    def _accept(self, listening: socket.socket) -> None:
        try:
            client, _ = listening.accept()
        except OSError:
            return  # it has gone away again
        if len(self._clients) >= CLIENTS:
            client.close()
            return
        self._clients.add(_Client(self._loop, client, self._document().encode(), self._clients.discard))


class _Client:
    """One reader and what it has not read yet."""

    def __init__(self, loop: Loop, sock: socket.socket, rest: bytes, gone: Callable[[_Client], None]) -> None:
        self._loop = loop
        self._socket = sock
        self._rest = rest
        self._gone = gone
        sock.setblocking(False)
        loop.watch_writable(sock.fileno(), self._write)
        self._deadline = loop.at(loop.now + SECONDS, self._close)

    def _write(self) -> None:
        try:
            self._rest = self._rest[self._socket.send(self._rest) :]
        except BlockingIOError:
            return
        except OSError:
            self._rest = b""
        if not self._rest:
            self._close()

    def _close(self) -> None:
        self._deadline.cancel()
        self._loop.forget(self._socket.fileno())
        self._socket.close()
        self._gone(self)
