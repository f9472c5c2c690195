"""The program under test and a real uWSGI side by side, with one configuration and the same requests."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NamedTuple

from tests.config import reference
from tests.engine import speak
from tests.harness import wait
from tests.harness.program import Program
from tests.harness.server import Server


class Seen(NamedTuple):
    """What one of them answered: nothing at all is status 0."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Twins:
    """Two servers; ``ask`` asks both."""

    def __init__(self, ours: Program, place: Path, *args: str) -> None:
        self.servers: list[Server] = []
        self.sockets: list[Path] = []
        theirs = Path(reference.install())
        for name, tested in (("ours", ours), ("theirs", Program(theirs, theirs.parent / "python"))):
            path = place / f"{name}.sock"
            # The order of a set is in some answers.
            env = {"PYTHONHASHSEED": "0"}
            self.servers.append(Server(tested, "--socket", path, "--master", *args, cwd=place, name=name, env=env))
            self.sockets.append(path)

    def up(self) -> None:
        """Wait until both answer."""
        for path, server in zip(self.sockets, self.servers, strict=True):
            wait.until(lambda path=path: _answers(path), f"{path.name}\n{server.log.text()}")  # type: ignore[misc]

    def ask(self, path: str = "/", method: str = "GET", body: bytes = b"", **variables: str) -> list[Seen]:
        """The two answers, ours first."""
        packet = speak.uwsgi(speak.variables(method, path, body, **variables), body)
        return [_seen(address, packet) for address in self.sockets]

    def kill(self) -> None:
        """End both."""
        for server in self.servers:
            server.kill()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.connect(str(path))
            return True
        except OSError:
            return False


def _seen(path: Path, packet: bytes) -> Seen:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(30)
        sock.connect(str(path))
        sock.sendall(packet)
        raw = speak.read_all(sock)
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return Seen(status.partition(" ")[2], headers, body)
