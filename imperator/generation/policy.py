"""What a generation does about its workers, and when: state and event in, state and actions out.

A generation lives through three tempers. While it *proves itself* every worker must become ready; one that does not
ends the generation, because the master decides what follows. While it *serves* a dead worker is replaced, at once or
after the back-off of ``lifecycle``. While it *leaves* no worker is replaced, and the last one's end is the
generation's.

Pure: no clock, no process, no log.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from imperator import lifecycle
from imperator.lifecycle import Child
from imperator.pipes import Order


class Temper(enum.Enum):
    """What the generation is at."""

    PROVING = "proving"
    SERVING = "serving"
    LEAVING = "leaving"


class State(NamedTuple):
    """Everything the decisions depend on. ``workers`` holds worker 1 first."""

    workers: tuple[Child, ...]
    terms: lifecycle.Terms
    temper: Temper = Temper.PROVING
    announced: bool = False
    status: int = 0


# -- events


class Begin(NamedTuple):
    """The application is loaded, or is known not to load."""


class WorkerReady(NamedTuple):
    """A worker can accept."""

    number: int


class WorkerEnded(NamedTuple):
    """A worker's process ended; ``how`` says so in words. ``failed``: nobody asked it to."""

    number: int
    how: str
    failed: bool


class Ordered(NamedTuple):
    """The master, its death, or a signal says what to do."""

    order: Order
    why: str


class TimePassed(NamedTuple):
    """A deadline of the state may have come."""


Event = Begin | WorkerReady | WorkerEnded | Ordered | TimePassed

# -- actions


class Fork(NamedTuple):
    """Fork worker ``number``; ``again`` if it had a predecessor."""

    number: int
    again: bool


class Tell(NamedTuple):
    """Pass an order on to a worker."""

    number: int
    order: Order


class Kill(NamedTuple):
    """End a worker's process."""

    number: int


class Announce(NamedTuple):
    """Tell the master that every worker is ready."""


class Log(NamedTuple):
    """Write a line."""

    line: str


class Leave(NamedTuple):
    """No worker is left: end, with this status."""

    status: int


Action = Fork | Tell | Kill | Announce | Log | Leave
Step = tuple[State, list[Action]]


def begin(workers: int, mercy: float) -> State:
    """The state of a generation that has no worker yet. ``mercy``: what a worker grants its requests, seconds."""
    # A worker ends itself when its mercy is over; it is killed if even that fails.
    return State((Child(),) * workers, lifecycle.Terms(mercy=mercy + 1, throttle=1.0, throttle_limit=30.0))


def step(state: State, event: Event, now: float) -> Step:
    """The state after ``event``, and what is to be done."""
    match event:
        case Begin():
            return _all(state, lifecycle.Event.START, now)
        case WorkerReady(number):
            return _ready(state, number, now)
        case WorkerEnded(number, how, failed):
            return _ended(state, number, how, failed, now)
        case Ordered(order, why):
            return _ordered(state, order, why, now)
        case TimePassed():
            return _all(state, lifecycle.Event.DEADLINE_PASSED, now, due=True)


def next_deadline(state: State) -> float | None:
    """When :class:`TimePassed` is due."""
    return min((child.deadline for child in state.workers if child.deadline is not None), default=None)


def _ready(state: State, number: int, now: float) -> Step:
    if state.workers[number - 1].phase is not lifecycle.Phase.STARTING:
        return state, []  # late or repeated news
    state, actions = _one(state, number, lifecycle.Event.BECAME_READY, now)
    if state.temper is Temper.SERVING:
        actions.append(Tell(number, Order.SERVE))
    elif not state.announced and all(child.phase is lifecycle.Phase.UP for child in state.workers):
        state = state._replace(announced=True)
        actions.append(Announce())
    return state, actions


def _ended(state: State, number: int, how: str, failed: bool, now: float) -> Step:
    if state.temper is Temper.PROVING:
        line = f"worker {number} {how} before the generation served: the generation ends"
        state, _ = _one(state._replace(status=1), number, lifecycle.Event.STOP, now)
        state, _ = _one(state, number, lifecycle.Event.EXITED, now)
        state, actions = _leave(state, now)
        return state, [Log(line), *actions]
    state, actions = _one(state, number, lifecycle.Event.EXITED, now)
    if state.temper is Temper.LEAVING:
        return state, actions + _end_if_alone(state)
    child = state.workers[number - 1]
    if not failed:
        actions.insert(0, Log(f"worker {number} killed successfully {how}"))
    elif child.phase is lifecycle.Phase.WAITING and child.deadline is not None:
        actions.insert(0, Log(f"DAMN ! worker {number} {how} :( next try in {child.deadline - now:g} seconds"))
    else:
        actions.insert(0, Log(f"DAMN ! worker {number} {how} :( trying respawn ..."))
    return state, actions


def _ordered(state: State, order: Order, why: str, now: float) -> Step:
    if order is Order.SERVE:
        if state.temper is not Temper.PROVING:
            return state, []
        up = [number for number, child in _numbered(state) if child.phase is lifecycle.Phase.UP]
        return state._replace(temper=Temper.SERVING), [Tell(number, Order.SERVE) for number in up]
    if order is Order.DRAIN:
        return _leave(state, now)
    state, actions = _leave(state, now)
    alive = [number for number, child in _numbered(state) if child.alive]
    return state, [*actions, *(Tell(number, Order.STOP) for number in alive)]


def _leave(state: State, now: float) -> Step:
    if state.temper is Temper.LEAVING:
        return state, []
    state, actions = _all(state._replace(temper=Temper.LEAVING), lifecycle.Event.STOP, now)
    return state, actions + _end_if_alone(state)


def _end_if_alone(state: State) -> list[Action]:
    return [] if any(child.alive for child in state.workers) else [Leave(state.status)]


def _numbered(state: State) -> list[tuple[int, Child]]:
    return list(enumerate(state.workers, 1))


def _all(state: State, event: lifecycle.Event, now: float, *, due: bool = False) -> Step:
    """The same event for every worker, or with ``due`` for those whose deadline has come."""
    actions: list[Action] = []
    for number, child in _numbered(state):
        if not due or (child.deadline is not None and child.deadline <= now):
            state, more = _one(state, number, event, now)
            actions += more
    return state, actions


def _one(state: State, number: int, event: lifecycle.Event, now: float) -> Step:
    child, asked = lifecycle.step(state.workers[number - 1], event, now, state.terms)
    again = event is not lifecycle.Event.START
    actions: list[Action] = []
    for action in asked:
        if action is lifecycle.Action.SPAWN:
            actions.append(Fork(number, again))
        elif action is lifecycle.Action.ASK_TO_STOP:
            actions.append(Tell(number, Order.DRAIN))
        else:
            actions.append(Log(f"worker {number} is taking too much time to die...NO MERCY !!!"))
            actions.append(Kill(number))
    workers = (*state.workers[: number - 1], child, *state.workers[number:])
    return state._replace(workers=workers), actions
