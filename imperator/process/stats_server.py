"""The stats server: whoever connects is sent one JSON document. A slow reader delays nobody.

Nothing is asked of a reader. What a client of ``stats-http`` says is read all the same, and thrown away: closing a
connection with something unread in it may take the answer along.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from imperator import logs
from imperator.config.settings import Settings, StatsAddress
from imperator.process import listeners, startup
from imperator.process.listeners import Listener, UnixAttributes
from imperator.process.loop import Loop

CLIENTS = 64
"""Readers at once; more are turned away, so that readers who never read cannot use up the descriptors."""

SECONDS = 10.0
"""How long a reader may take."""


HEAD = (
    b"HTTP/1.0 200 OK\r\nConnection: close\r\nAccess-Control-Allow-Origin: *\r\n"
    b"Content-Type: application/json\r\n\r\n"
)


def listen(settings: Settings, addresses: tuple[StatsAddress, ...], name: str) -> list[Listener]:
    """Open the sockets of a stats server. Others than its owner and group may read it only if a mode says so."""
    umask, _ = startup.socket_umask(settings, None)
    attributes = UnixAttributes(umask | 0o007, settings.chmod_socket, settings.chown_socket)
    opened: list[Listener] = []
    try:
        for one in addresses:
            opened.append(listeners.listen(one.endpoint, one.where, 64, attributes, {}))
            logs.say(f"*** {name} enabled on {one.address} fd: {opened[-1].fd} ***")
    except BaseException:
        for listener in opened:
            listeners.release(listener, unlink=True)
        raise
    return opened


class StatsServer:
    """Serves what ``document`` answers on any number of listening sockets, with a head of HTTP if ``http``."""

    def __init__(
        self, loop: Loop, listeners: list[Listener], document: Callable[[], str], *, http: bool = False
    ) -> None:
        self._loop = loop
        self._document = document
        self._http = http
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
        text = self._document().encode()
        if self._http:
            text = HEAD + text
        self._clients.add(_Client(self._loop, client, text, self._http, self._clients.discard))


class _Client:
    """One reader and what it has not read yet."""

    def __init__(
        self, loop: Loop, sock: socket.socket, rest: bytes, talks: bool, gone: Callable[[_Client], None]
    ) -> None:
        self._loop = loop
        self._socket = sock
        self._rest = rest
        self._talks = talks
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
        if not self._rest and self._talks:
            self._finish()
        elif not self._rest:
            self._close()

    def _finish(self) -> None:
        """All is said: listen to the end of what it says, then close."""
        self._loop.forget(self._socket.fileno())
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._close()
            return
        self._loop.watch(self._socket.fileno(), self._listen)

    def _listen(self) -> None:
        try:
            if not self._socket.recv(65536):
                self._close()
        except BlockingIOError:
            pass
        except OSError:
            self._close()

    def _close(self) -> None:
        self._deadline.cancel()
        self._loop.forget(self._socket.fileno())
        self._socket.close()
        self._gone(self)
