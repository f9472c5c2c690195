"""What a generation does about the processes beside its workers (mules, …), and when: state and event in, state and
actions out.

They run only while the generation serves: those of the next generation begin when it has taken over, and at the same
moment those of this one are asked to end. Nobody waits for them to be ready. One that ends is started again, at once
or after the back-off of ``lifecycle``.

Pure: no clock, no process, no log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from imperator import lifecycle
from imperator.lifecycle import Child


class Companion(NamedTuple):
    """One of them."""

    kind: str
    """``mule``, …: what it is called in the log."""
    number: int
    terms: lifecycle.Terms
    child: Child = Child()
    spawned: int = 0
    """How often it was started."""

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


State = tuple[Companion, ...]

# -- events


class Began(NamedTuple):
    """The generation serves."""


class Left(NamedTuple):
    """The generation leaves, or was told to end at once."""

    at_once: bool = False


class Renew(NamedTuple):
    """All of a kind shall be started anew."""

    kind: str


class Ended(NamedTuple):
    """A process ended; ``how`` says so in words. ``failed``: nobody asked it to."""

    who: int
    how: str
    failed: bool


class TimePassed(NamedTuple):
    """A deadline of the state may have come."""


Event = Began | Left | Renew | Ended | TimePassed

# -- actions


class Fork(NamedTuple):
    """Start it; ``again`` if it had a predecessor."""

    who: int
    again: bool


class Ask(NamedTuple):
    """Ask it to end."""

    who: int


class Kill(NamedTuple):
    """End it."""

    who: int


class Log(NamedTuple):
    """Write a line."""

    line: str


Action = Fork | Ask | Kill | Log
Step = tuple[State, list[Action]]


def terms(mercy: float) -> lifecycle.Terms:
    """How patient one is with a companion that may take so many seconds to end."""
    # It ends itself when its mercy is over; it is killed if even that fails.
    return lifecycle.Terms(mercy=mercy + 1, throttle=1.0, throttle_limit=30.0)


def step(state: State, event: Event, now: float) -> Step:
    """The state after ``event``, and what is to be done."""
    match event:
        case Began():
            return _each(state, range(len(state)), lifecycle.Event.START, now)
        case Left(at_once):
            wish = lifecycle.Event.FORCE if at_once else lifecycle.Event.STOP
            return _each(state, range(len(state)), wish, now)
        case Renew(kind):
            chosen = [who for who, one in enumerate(state) if one.kind == kind and one.child.wanted]
            return _each(state, chosen, lifecycle.Event.RESTART, now)
        case Ended(who, how, failed):
            return _ended(state, who, how, failed, now)
        case TimePassed():
            late = [who for who, one in enumerate(state) if _is_late(one.child, now)]
            return _each(state, late, lifecycle.Event.DEADLINE_PASSED, now)


def next_deadline(state: State) -> float | None:
    """When :class:`TimePassed` is due."""
    return min((one.child.deadline for one in state if one.child.deadline is not None), default=None)


def alive(state: State) -> bool:
    """Whether there is a process left."""
    return any(one.child.alive for one in state)


def _is_late(child: Child, now: float) -> bool:
    return child.deadline is not None and child.deadline <= now


def _ended(state: State, who: int, how: str, failed: bool, now: float) -> Step:
    one = state[who]
    asked = one.child.phase is not lifecycle.Phase.UP
    if one.kind == "spooler" and not asked and not failed:
        # It has had its tasks; however short it lived, that is no failure.
        since = min(one.child.since, now - one.terms.settled)
        state = (*state[:who], one._replace(child=one.child._replace(since=since)), *state[who + 1 :])
    state, actions = _one(state, who, lifecycle.Event.EXITED, now)
    child = state[who].child
    if asked and not failed:
        return state, [Log(f"{one} {how} annihilated"), *actions]
    if not child.wanted:
        return state, [Log(f"{one} {how}"), *actions]
    again = "trying respawn..."
    if child.phase is lifecycle.Phase.WAITING and child.deadline is not None:
        again = f"next try in {child.deadline - now:g} seconds"
    return state, [Log(f"OOOPS {one} {how} crippled...{again}"), *actions]


def _each(state: State, chosen: Sequence[int], event: lifecycle.Event, now: float) -> Step:
    actions: list[Action] = []
    for who in chosen:
        state, more = _one(state, who, event, now)
        actions += more
    return state, actions


def _one(state: State, who: int, event: lifecycle.Event, now: float) -> Step:
    one = state[who]
    child, asked = lifecycle.step(one.child, event, now, one.terms)
    spawned = one.spawned
    actions: list[Action] = []
    for action in asked:
        if action is lifecycle.Action.SPAWN:
            actions.append(Fork(who, spawned > 0))
            spawned += 1
            child, _ = lifecycle.step(child, lifecycle.Event.BECAME_READY, now, one.terms)
        elif action is lifecycle.Action.ASK_TO_STOP:
            actions.append(Ask(who))
        else:
            if event is lifecycle.Event.DEADLINE_PASSED:
                actions.append(Log(f"{one} is taking too much time to die...NO MERCY !!!"))
            actions.append(Kill(who))
    return (*state[:who], one._replace(child=child, spawned=spawned), *state[who + 1 :]), actions
