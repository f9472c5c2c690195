"""The queues in which messages wait for mules. They belong to the master, so that a reload loses none: what workers of
the old generation send, mules of the new one take.

Each is a pair of sockets whose every end stays open in every process: nobody ever reads an end of file.
"""

from __future__ import annotations

import socket

from imperator.pipes import Channel, Mules
from imperator.process import kernel


class Channels:
    """All queues there ever were, by name: one that is not used for a while keeps what it has."""

    def __init__(self) -> None:
        self._pairs: dict[str, tuple[socket.socket, socket.socket]] = {}

    def plan(self, mules: Mules) -> Mules:
        """``mules`` with the queues that it needs."""
        channels = []
        for name in mules.names:
            if name not in self._pairs:
                self._pairs[name] = kernel.pair()
            reader, writer = self._pairs[name]
            # The kernel reckons with more than the bytes of a message, and doubles what it is told.
            for end, option in ((writer, socket.SO_SNDBUF), (reader, socket.SO_RCVBUF)):
                if end.getsockopt(socket.SOL_SOCKET, option) < 2 * mules.size:
                    end.setsockopt(socket.SOL_SOCKET, option, 2 * mules.size)
            channels.append(Channel(name, reader.fileno(), writer.fileno()))
        return mules._replace(channels=tuple(channels))
