"""Requests that take too long: what is done about them, and when to look again.

Every request has its own deadline, which begins when the application is called. When one has passed it, that is told,
with the stack of the worker, and the worker is killed a moment later. A worker of several threads may have other
requests in it: then it takes no new ones, and is killed when only requests are left that are too late themselves.

Pure: what the scoreboard says goes in, what is to be done comes out. It works for workers that hold the GIL or are
stopped, because nobody asks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from imperator._core import BusyCore

TELLING = 0.25
"""Seconds that a worker has to write its stack."""

PATIENCE = 0.25
"""Seconds until the next look at a worker that finishes other requests."""


class Warn(NamedTuple):
    """Tell of requests that are too late, and ask the worker for its stack. ``attempt`` counts from 1."""

    seat: int
    late: list[BusyCore]


class Retire(NamedTuple):
    """Let the worker take no more requests: some that are in time are in it."""

    seat: int


class Kill(NamedTuple):
    """End the worker."""

    seat: int
    late: list[BusyCore]


Action = Warn | Retire | Kill

Doomed = Mapping[int, float]
"""Seats whose worker is to be killed, and from when on."""


def look(
    doomed: Doomed, busy: Iterable[BusyCore], limit: float, grace: float, now: float
) -> tuple[dict[int, float], list[Action], float]:
    """Who is doomed now, what is to be done, and how many seconds from now to look again."""
    seats: dict[int, list[BusyCore]] = {}
    for core in busy:
        seats.setdefault(core.seat, []).append(core)
    still: dict[int, float] = {}
    actions: list[Action] = []
    again = limit
    for seat, cores in seats.items():
        late = [core for core in cores if core.seconds >= limit]
        again = min([again, *(limit - core.seconds for core in cores if core.seconds < limit)])
        if not late:
            continue
        when = doomed.get(seat)
        if when is None:
            when = now + (grace or TELLING)
            actions.append(Warn(seat, late))
            if len(late) < len(cores):
                actions.append(Retire(seat))
        elif when <= now and len(late) == len(cores):
            actions.append(Kill(seat, late))
            when = now + 1
        elif when <= now:
            when = now + PATIENCE
        still[seat] = when
        again = min(again, when - now)
    return still, actions, max(again, 0.001)
