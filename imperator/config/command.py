"""What the configuration asks for instead of an instance, or before one: a :class:`Command`, texts and lists to print.

Whoever acts where it stands (``stop``, ``extract``) goes before the others, as under uWSGI.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from imperator.config.complain import Complaints
from imperator.config.options import lookup
from imperator.config.pairs import Pair
from imperator.config.values import flag, leading_digits, number
from imperator.errors import Where

Name = Literal[
    "version", "help", "reload", "stop", "pause", "exit", "get", "dump-options", "ping", "nagios", "connect-and-read",
    "extract", "python-version",
]

_AT_ONCE: dict[str, Name] = {
    "stop": "stop", "reload": "reload", "pause": "pause", "suspend": "pause", "resume": "pause", "help": "help",
    "connect-and-read": "connect-and-read", "extract": "extract", "python-version": "python-version",
}
_SHOWN = (
    "plugins-list", "logger-list", "cheaper-algo-list", "loop-list", "imperial-monitor-list", "clock-list",
    "alarm-list", "router-list",
)


class Command(NamedTuple):
    """Something to do instead of starting an instance: the command line asked for it."""

    name: Name
    argument: str
    """reload, stop, pause: the path of the pidfile as written, or a pid. exit: the status. get: the lines to print.
    ping, nagios, connect-and-read: an address. extract: the name of a resource.
    """
    where: Where
    timeout: int = 3
    """ping, nagios: seconds."""


def prints(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """The texts of ``iprint``, then those of ``print``."""
    return tuple(pair.text() for key in ("iprint", "print") for pair in pairs if pair.key == key)


def lists(found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> tuple[str, ...]:
    """The options that ask for a list of what there is."""
    return tuple(name for name in _SHOWN if name in found and flag(found[name][-1], complaints))


def read(
    pairs: Sequence[Pair], found: Mapping[str, Sequence[Pair]], sockets: Sequence[str], complaints: Complaints
) -> Command | None:
    """The command; ``sockets`` are addresses that speak uwsgi."""
    for pair in pairs:
        row = lookup(pair.key)
        name = row.name if row else ""
        if name in _AT_ONCE:
            return Command(_AT_ONCE[name], "" if name == "help" else pair.text(), pair.where)
        if name == "exit":
            status = "1" if pair.value is None else leading_digits(pair.value)[0] or "0"
            return Command("exit", status, pair.where)
    for pair in pairs:
        if pair.key == "version" and flag(pair, Complaints()):
            return Command("version", "", pair.where)
        if pair.key == "dump-options" and flag(pair, Complaints()):
            return Command("dump-options", "", pair.where)
    return _question(found, sockets, complaints) or _get(pairs)


def _question(
    found: Mapping[str, Sequence[Pair]], sockets: Sequence[str], complaints: Complaints
) -> Command | None:
    timeout = number(found["ping-timeout"][-1], 3, complaints, least=1) if "ping-timeout" in found else 3
    if "ping" in found:
        return Command("ping", found["ping"][-1].text(), found["ping"][-1].where, timeout)
    if "nagios" in found and flag(found["nagios"][-1], complaints):
        return Command("nagios", sockets[0] if sockets else "", found["nagios"][-1].where, timeout)
    return None


def _get(pairs: Sequence[Pair]) -> Command | None:
    answers: list[str] = []
    asked = [pair for pair in pairs if pair.key == "get"]
    for pair in asked:
        first = next((other for other in pairs if other.key == pair.value), None)
        if first is not None and first.value is not None:
            answers.append(first.value)
    return Command("get", "\n".join(answers), asked[0].where) if asked else None
