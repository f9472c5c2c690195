"""What is run beside requests: :class:`Tasks` of an instance, out of its pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config import crons, daemons
from imperator.config.complain import Complaints
from imperator.config.crons import Cron
from imperator.config.daemons import Daemon
from imperator.config.pairs import Pair
from imperator.config.values import flag, number
from imperator.config.world import World

MERCY = 3


class Tasks(NamedTuple):
    """Daemons, commands at times, and what they share."""

    daemons: tuple[Daemon, ...] = ()
    crons: tuple[Cron, ...] = ()
    shells: tuple[str, ...] = ("/bin/sh",)
    """The first that exists runs the commands."""
    mercy: int = MERCY
    """Seconds between asking a daemon to end and killing it."""


def read(found: Mapping[str, Sequence[Pair]], base: str, world: World, complaints: Complaints) -> Tasks:
    """What the lines mean; relative paths begin at ``base``."""
    stdin = found.get("daemons-honour-stdin")
    mercy = found.get("reload-mercy")
    its = daemons.read(found, base, bool(stdin and flag(stdin[-1], complaints)), world, complaints)
    times = crons.read(found, complaints)
    if not its and not times:
        return Tasks()
    shells = tuple(pair.text() for pair in found.get("binsh", ()) if pair.text())
    return Tasks(
        its, times, (*shells, "/bin/sh") if shells else ("/bin/sh",),
        number(mercy[-1], MERCY, Complaints()) if mercy else MERCY,
    )
