"""Which vassals wait for their first connection, and where: a file beside the configuration, a directory of sockets, or
the answer of a command.

A command is asked once for each version of a configuration, and gets the name of the vassal as an argument: a name
holds whatever its file's owner likes.
"""

from __future__ import annotations

import os
import select
import signal
import time

from imperator.config.addresses import endpoint
from imperator.config.complain import Complaints
from imperator.config.empire import Empire
from imperator.config.pairs import Pair
from imperator.config.settings import Endpoint
from imperator.emperor.seen import Seen, Stamp
from imperator.errors import Where
from imperator.process import kernel

PATIENCE = 5.0
"""Seconds that a command may take. Nothing else happens meanwhile."""


class Demand:
    """Finds the address of a vassal, as it is written."""

    def __init__(self, empire: Empire) -> None:
        self._empire = empire
        self._answers: dict[str, tuple[Stamp, str]] = {}

    def address(self, name: str, seen: Seen) -> str:
        """Where the emperor waits for it; empty: it starts at once."""
        empire = self._empire
        if empire.demand_suffix and (line := _first_line(seen.path + empire.demand_suffix)):
            return line
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
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().strip()
    except OSError:
        return ""


def _ask(command: str, name: str, directory: str) -> str:
    try:
        pid, reader = kernel.command(f'{command} "$1"', os.environ, directory, (name,))
    except OSError:
        return ""
    told, until = b"", time.monotonic() + PATIENCE
    while select.select([reader], [], [], max(0.0, until - time.monotonic()))[0]:
        piece = os.read(reader, 4096)
        told = (told + piece)[:65536]
        if not piece:
            break
    else:
        kernel.kill(pid, signal.SIGKILL)
    os.close(reader)
    kernel.finish(pid)
    return told.split(b"\n", 1)[0].decode("utf-8", "surrogateescape").strip()
