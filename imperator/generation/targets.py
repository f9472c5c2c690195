"""For whom a signal of the application is: a target's name and who is there, into those who get it.

Pure. The names are uWSGI's; what it does not know gets nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from imperator.pipes import Farm


class Worker(NamedTuple):
    """A worker that can take a signal."""

    number: int
    seat: int
    busy: bool


class Seen(NamedTuple):
    """Who is there. The others are named by their numbers."""

    workers: Sequence[Worker]
    mules: Sequence[int] = ()
    spoolers: Sequence[int] = ()
    farms: Sequence[Farm] = ()


class Recipient(NamedTuple):
    """Who gets it: of workers the seat, of others the number; 0: whoever of them takes it first."""

    kind: str
    """``worker``, ``mule``, ``spooler``, or ``farm`` and its name."""
    which: int


def recipients(target: str, seen: Seen) -> list[Recipient] | None:
    """Who gets a signal for ``target``; None if there is no such target.

    Where one worker is enough, it is an idle one if there is one.
    """
    name, number = _taken_apart(target)
    if name in ("", "worker"):
        if number:
            return [Recipient("worker", one.seat) for one in seen.workers if one.number == number]
        first = sorted(seen.workers, key=lambda one: one.busy)[:1]
        return [Recipient("worker", one.seat) for one in first]
    if name in ("workers", "active-workers"):
        return [Recipient("worker", one.seat) for one in seen.workers]
    if name == "mules":
        return [Recipient("mule", one) for one in seen.mules]
    if name in ("mule", "spooler"):
        there = seen.mules if name == "mule" else seen.spoolers
        return [Recipient(name, number)] if (number in there or (there and not number)) else []
    if name == "farm" and 1 <= number <= len(seen.farms):
        return _farm(seen.farms[number - 1], seen)
    return next((_farm(farm, seen) for farm in seen.farms if target in ("farm_" + farm.name, farm.name)), None)


def _taken_apart(target: str) -> tuple[str, int]:
    name = target.rstrip("0123456789")
    digits = target[len(name) :]
    return (name, int(digits[:9])) if digits else (target, 0)


def _farm(farm: Farm, seen: Seen) -> list[Recipient]:
    return [Recipient("farm " + farm.name, 0)] if set(farm.mules) & set(seen.mules) else []
