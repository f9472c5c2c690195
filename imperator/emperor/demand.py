"""Which vassals wait for their first connection, and where: a file beside the configuration, a directory of sockets, or
the answer of a command.

A command is asked once for each version of a configuration, and gets the name of the vassal as an argument: a name
holds whatever its file's owner likes.
"""

from __future__ import annotations

import os
import select
import signal
import stat
import time

from imperator.config.addresses import endpoint
from imperator.config.complain import Complaints
from imperator.config.empire import Empire
from imperator.config.pairs import Pair
from imperator.config.settings import Endpoint
from imperator.emperor.seen import Seen, Stamp
from imperator.errors import Where
from imperator.process import kernel

LONGEST = 4096
"""Bytes that are read of an answer, or of a file: an address is shorter."""
PATIENCE = 5.0
"""Seconds that a command may take. Nothing else happens meanwhile."""


class Demand:
    """Finds the address of a vassal, as it is written."""

    def __init__(self, empire: Empire) -> None:
        self._empire = empire
        self._answers: dict[str, tuple[Stamp, str]] = {}

    def address(self, name: str, seen: Seen) -> str:
        """Where the emperor waits for it; empty: it starts at once."""
        if self._empire.demand_suffix and (line := _first_line(seen.path + self._empire.demand_suffix)):
            return line
        return self._administrators(name, seen)

    def is_owners(self, name: str, seen: Seen) -> bool:
        """Whether whoever writes the vassal's files has chosen its address, not the administrator."""
        return bool(self._empire.demand_suffix) and seen.socket != self._administrators(name, seen)

    def _administrators(self, name: str, seen: Seen) -> str:
        empire = self._empire
        if empire.demand_directory:
            base = os.path.splitext(os.path.basename(seen.path))[0]
            return os.path.join(empire.demand_directory, f"{base}.socket")
        if empire.demand_command:
            known = self._answers.get(name)
            if known is None or known[0] != seen.stamp:
                self._answers[name] = known = (seen.stamp, _ask(empire.demand_command, name, seen.directory))
            return known[1]
        return ""


def parse(address: str, seen: Seen) -> Endpoint:
    """The address taken apart. Raises ``ValueError`` with what is wrong."""
    complaints = Complaints()
    found = endpoint(Pair("socket", address, Where(seen.path)), seen.directory, complaints)
    if found is None or found.kind == "fd":
        raise ValueError(complaints[0].message if complaints else f"{address} is no address to wait at")
    return found


def _first_line(path: str) -> str:
    """Of an ordinary file, and not more than an address has: who may write it may put anything there."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return ""
    try:
        told = os.read(fd, LONGEST) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
    except OSError:
        told = b""
    finally:
        os.close(fd)
    return told.split(b"\n", 1)[0].decode("utf-8", "surrogateescape").strip()


def _ask(command: str, name: str, directory: str) -> str:
    try:
        pid, reader = kernel.command(f'{command} "$1"', os.environ, directory, (name,))
    except OSError:
        return ""
    told, until = b"", time.monotonic() + PATIENCE
    while b"\n" not in told and len(told) < LONGEST and _is_ready(reader, until):
        piece = os.read(reader, LONGEST)
        told += piece
        if not piece:
            break
    os.close(reader)
    _finish(pid, until)
    return told.split(b"\n", 1)[0].decode("utf-8", "surrogateescape").strip()


def _is_ready(fd: int, until: float) -> bool:
    return bool(select.select([fd], [], [], max(0.0, until - time.monotonic()))[0])


def _finish(pid: int, until: float) -> None:
    """Let a command end, or end it: its output may be closed, or enough, while it goes on."""
    end = os.pidfd_open(pid)
    try:
        if not _is_ready(end, until):
            kernel.kill(pid, signal.SIGKILL)
    finally:
        os.close(end)
    kernel.finish(pid)
