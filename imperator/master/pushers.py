"""Tells figures to those who do not ask: statsd, a datagram socket, a file (``stats-push``), files (``metrics-dir``).

Nobody is waited for: a datagram that finds no room is lost, and the next one is sent at its time.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence

from imperator import logs
from imperator.config.figures import Figures, Pusher
from imperator.errors import Diagnostic, Severity, Where
from imperator.metrics import COUNTER, Metric
from imperator.process.loop import Loop

DATAGRAM = 65000
"""Bytes that fit into one."""


class Pushers:
    """Everybody who is told, each at a time of its own."""

    def __init__(
        self, loop: Loop, figures: Figures, metrics: Callable[[], list[Metric]], document: Callable[[], str]
    ) -> None:
        self._loop = loop
        self._metrics = metrics
        self._document = document
        self._failed: set[str] = set()
        self._written: dict[str, int] = {}
        self._ended = False
        if figures.directory:
            self._every(1.0, lambda: self._files(figures.directory))
        for pusher in figures.pushers:
            self._every(float(pusher.seconds), self._pushing(pusher))

    def close(self) -> None:
        """Tell nobody any more."""
        self._ended = True

    def _every(self, seconds: float, tell: Callable[[], None]) -> None:
        def due() -> None:
            if not self._ended:
                tell()
                self._loop.at(self._loop.now + seconds, due)

        self._loop.at(self._loop.now + seconds, due)

    def _pushing(self, pusher: Pusher) -> Callable[[], None]:
        before: dict[str, int] = {}

        def push() -> None:
            try:
                if pusher.kind == "statsd":
                    _send(pusher.target, statsd(self._metrics(), before, pusher.prefix))
                elif pusher.kind == "socket":
                    _send(pusher.target, [self._document().encode()])
                else:
                    with open(pusher.target, "a", encoding="utf-8", errors="surrogateescape") as file:
                        file.write(self._document().rstrip("\n") + pusher.separator)
                self._failed.discard(pusher.target)
            except (OSError, ValueError) as error:
                self._complain(pusher.target, pusher.where, error)

        return push

    def _files(self, directory: str) -> None:
        """Write what has changed; a reader sees the old figure or the new one."""
        try:
            for one in self._metrics():
                if self._written.get(one.name) != one.value:
                    path = os.path.join(directory, one.name)
                    with open(path + ".new", "w", encoding="ascii") as file:
                        file.write(f"{one.value}\n")
                    os.replace(path + ".new", path)
                    self._written[one.name] = one.value
            self._failed.discard(directory)
        except OSError as error:
            self._complain(directory, None, error)

    def _complain(self, target: str, where: Where | None, error: OSError | ValueError) -> None:
        if target in self._failed:
            return
        self._failed.add(target)
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        hint = "make it so that the user of the instance can; it is tried again"
        logs.complain([
            Diagnostic("figures-not-told", where, f"figures cannot be told to {target}: {why}", hint, Severity.WARNING)
        ])  # fmt: skip


def statsd(metrics: Sequence[Metric], before: dict[str, int], prefix: str) -> list[bytes]:
    """Datagrams of lines. Counters are what was added since ``before``, which is what was told last."""
    packets: list[bytes] = [b""]
    for one in metrics:
        value, letter = one.value, "g"
        if one.kind == COUNTER:
            value, letter = max(0, one.value - before.get(one.name, 0)), "c"
            before[one.name] = one.value
        line = f"{prefix}.{one.name}:{value}|{letter}".encode()
        if len(packets[-1]) + len(line) > 1400:
            packets.append(b"")
        packets[-1] += (b"\n" if packets[-1] else b"") + line
    return packets


def _send(address: str, packets: Sequence[bytes]) -> None:
    """As datagrams, to ``host:port`` or the path of a UNIX socket."""
    host, colon, port = address.rpartition(":")
    family = socket.AF_INET if colon else socket.AF_UNIX
    target = (host, int(port)) if colon else address
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        for packet in packets:
            if len(packet) > DATAGRAM:
                raise ValueError(f"{len(packet)} bytes do not fit into a datagram; add stats-no-cores = true")
            try:
                sock.sendto(packet, target)
            except BlockingIOError:
                pass  # it is lost, as datagrams are
