"""What shall be told to somebody at once, and how: the group of options that ends in :class:`Alarms`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import number
from imperator.errors import Where

KINDS = ("cmd", "log")


class Alarm(NamedTuple):
    """A way to tell."""

    name: str
    kind: str
    """``cmd``: a line of the shell, which reads the message; ``log``: a line of the log."""
    argument: str
    where: Where


class Rule(NamedTuple):
    """Which lines of the log raise alarms; or, unless it ``raises``, do not."""

    names: tuple[str, ...]
    pattern: str
    raises: bool


class Descriptor(NamedTuple):
    """A descriptor that raises an alarm once it can be read, and how many bytes of it are taken then."""

    name: str
    fd: int
    size: int
    message: str


class Alarms(NamedTuple):
    """All of them."""

    alarms: tuple[Alarm, ...] = ()
    quiet: int = 3
    """For so many seconds the same message is not told again."""
    longest: int = 8192
    """Bytes of a message."""
    rules: tuple[Rule, ...] = ()
    descriptors: tuple[Descriptor, ...] = ()
    crash: tuple[str, ...] = ()
    """The names of those for a worker that crashes."""
    backlog: tuple[str, ...] = ()
    """Of those for a socket whose queue is full."""


def read(found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> Alarms:
    """What the lines mean."""
    alarms = tuple(one for pair in found.get("alarm", ()) if (one := _alarm(pair, complaints)))
    quiet, longest = found.get("alarm-freq"), found.get("alarm-msg-size")
    known = {one.name for one in alarms}
    return Alarms(
        alarms=alarms,
        quiet=number(quiet[-1], 3, complaints) if quiet else 3,
        longest=number(longest[-1], 8192, complaints, least=1) if longest else 8192,
        rules=tuple(
            rule for name in ("log-alarm", "not-log-alarm") for pair in found.get(name, ())
            if (rule := _rule(pair, name == "log-alarm", known, complaints))
        ),
        descriptors=tuple(
            fd for pair in found.get("alarm-fd", ()) if (fd := _descriptor(pair, known, complaints))
        ),
        crash=_names(found.get("alarm-segfault", ()), known, complaints),
        backlog=_names(found.get("alarm-backlog", ()), known, complaints),
    )  # fmt: skip


def _alarm(pair: Pair, complaints: Complaints) -> Alarm | None:
    name, _, rest = pair.text().strip().partition(" ")
    kind, _, argument = rest.strip().partition(":")
    if kind not in KINDS or (kind == "cmd" and not argument):
        complaints.warn("alarm-unknown", pair.where, f"{pair.key} = {pair.text()} names no way to tell that there is",
                        f"write {pair.key} = {name or 'name'} cmd:COMMAND, which reads the message, or log:; the line"
                        " is ignored")
        return None
    return Alarm(name, kind, argument, pair.where)


def _rule(pair: Pair, raises: bool, known: set[str], complaints: Complaints) -> Rule | None:
    names, _, pattern = pair.text().strip().partition(" ")
    try:
        re.compile(pattern.strip().encode("utf-8", "surrogateescape"))
    except (re.error, OverflowError, RecursionError, UnicodeEncodeError) as error:
        complaints.error("regexp-invalid", pair.where, f"{pair.key} = {pattern}: {error}", "correct the pattern")
        return None
    if not pattern.strip():
        complaints.error("value-malformed", pair.where, f"{pair.key} = {pair.text()} is not of the form name pattern",
                         f"write {pair.key} = name pattern")
        return None
    mine = _known(pair, names.split(","), known, complaints)
    return Rule(mine, pattern.strip(), raises) if mine else None


def _descriptor(pair: Pair, known: set[str], complaints: Complaints) -> Descriptor | None:
    words = pair.text().split(None, 2)
    fd, _, size = words[1].partition(":") if len(words) > 1 else ("", "", "")
    if not fd.isdecimal() or (size and not size.isdecimal()):
        complaints.error("value-malformed", pair.where, f"{pair.key} = {pair.text()} is not: name fd message",
                         f"write {pair.key} = name fd[:bytes] message")
        return None
    if not _known(pair, words[:1], known, complaints):
        return None
    return Descriptor(words[0], int(fd), int(size or 1), words[2] if len(words) > 2 else f"descriptor {fd}")


def _names(pairs: Sequence[Pair], known: set[str], complaints: Complaints) -> tuple[str, ...]:
    return tuple(name for pair in pairs for name in _known(pair, [pair.text().strip()], known, complaints))


def _known(pair: Pair, names: Sequence[str], known: set[str], complaints: Complaints) -> tuple[str, ...]:
    for name in names:
        if name not in known:
            complaints.warn("alarm-unknown", pair.where, f"{pair.key} raises an alarm {name} that is not there",
                            f"write alarm = {name or 'name'} cmd:COMMAND above it")
    return tuple(name for name in names if name in known)
