"""Commands run at times: ``cron``, ``unique-cron`` and ``cron2`` into :class:`Cron`, with complaints.

What makes uWSGI stop is an error; a time that never comes, or part of a command that is lost, is a warning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.expand import unresolved
from imperator.config.keyval import fields, read_keys
from imperator.config.pairs import Pair
from imperator.config.values import leading_digits, number
from imperator.cron import Spec
from imperator.errors import Where

_LIMITS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_KEYS = frozenset(("minute", "hour", "day", "month", "week", "unique", "harakiri", "legion"))
_FORM = "minute hour day month weekday command, five numbers, -1 for *, -5 for */5"


class Cron(NamedTuple):
    """One line."""

    spec: Spec
    command: str
    """For the shell."""
    where: Where
    unique: bool = False
    """Not started while it still runs."""
    harakiri: int = 0
    """Seconds after which it is killed; 0: never."""

    def same(self, other: Cron) -> bool:
        """Whether they say the same, wherever they stand."""
        return self._replace(where=other.where) == other


def read(found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> tuple[Cron, ...]:
    """All lines, in the order of the configuration within each option."""
    limits = found.get("cron-harakiri", ())
    harakiri = number(limits[-1], 0, complaints) if limits else 0
    crons: list[Cron | None] = []
    for name in ("cron", "unique-cron"):
        crons += [_cron(pair, name == "unique-cron", harakiri, complaints) for pair in found.get(name, ())]
    crons += [_cron2(pair, harakiri, complaints) for pair in found.get("cron2", ())]
    return tuple(one for one in crons if one)


def _cron(pair: Pair, unique: bool, harakiri: int, complaints: Complaints) -> Cron | None:
    words = pair.text().split(None, 5)
    if left := unresolved(" ".join(words[:5])):
        complaints.error("placeholder-unresolved", pair.where, f"{left} in {pair.key} has no value",
                         "set it in the environment" if left[0] == "$" else "define it above")
        return None
    if len(words) < 5 or any(leading_digits(word) != (word, "") for word in words[:5]):
        complaints.error("value-malformed", pair.where, f"{pair.key} = {pair.text()} does not begin with five numbers",
                         f"write {pair.key} = {_FORM}; uWSGI would not start")
        return None
    numbers = [int(word[:9]) for word in words[:5]]
    command = words[5] if len(words) > 5 else ""
    return _made(pair, numbers, command, unique, harakiri, complaints)


def _cron2(pair: Pair, harakiri: int, complaints: Complaints) -> Cron | None:
    """A list of keys, if the first word has a ``=``, and a command."""
    first, _, command = pair.text().partition(" ")
    if "=" not in first:
        return _made(pair, [-1] * 5, pair.text(), False, harakiri, complaints)
    if not {key for key, _ in fields(first)} & _KEYS:
        complaints.warn("key-unknown", pair.where, f"{first} in {pair.key} is taken for the time, not for a part of"
                        " the command, and is lost", f"write {pair.key} = minute=-1 {pair.text()}")
        its: dict[str, str | None] = {}
    else:
        its = read_keys(pair, first, _KEYS, frozenset(("unique",)), complaints)
    if its.get("legion"):
        complaints.warn("key-unknown", pair.where, f"legion in {pair.key} has no effect: Imperator joins no legion",
                        "it runs on every machine; let keepalived or your orchestrator decide which one does it")

    def value(key: str, default: int, least: int) -> int:
        text = its.get(key)
        if text is None:
            return default
        return number(Pair(f"{key} in {pair.key}", text, pair.where), default, complaints, least=least, most=10**9)

    numbers = [value(key, -1, -(10**9)) for key in Spec._fields]
    return _made(pair, numbers, command, "unique" in its, value("harakiri", harakiri, 0), complaints)


def _made(
    pair: Pair, numbers: Sequence[int], command: str, unique: bool, harakiri: int, complaints: Complaints
) -> Cron | None:
    for value, (what, least, most) in zip(numbers, _LIMITS, strict=True):
        if (value >= 0 and not least <= value <= most) or (least and value < -most):
            complaints.warn("cron-never", pair.where, f"{pair.key} never runs: there is no {what} {value}",
                            f"write {least} to {most}, -1 for every one, or -N for every Nth")
    if not command.strip():
        complaints.warn("value-malformed", pair.where, f"{pair.key} = {pair.text()} has no command",
                        "write the command behind a blank")
        return None
    return Cron(Spec(*numbers), command, pair.where, unique, harakiri)
