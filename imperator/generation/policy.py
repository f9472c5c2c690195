"""What a generation does about its workers, and when: state and event in, state and actions out.

A generation lives through three tempers. While it *proves itself* every worker must become ready; one that does not
ends the generation, because the master decides what follows. While it *serves* a dead worker is replaced, at once or
after the back-off of ``lifecycle``. While it *leaves* no worker is replaced, and the last one's end is the
generation's.

A worker that is *worn* (it has had its requests, its time, its memory) is replaced without a gap: its successor is
forked beside it, and when that one is ready it is told to serve and the worn one to drain. One successor at a time
starts, so workers that are worn together leave one after the other. A successor that does not come up costs nothing:
the worn one serves until another attempt succeeds.

Processes are named by their seat: worker n of N sits on seat n, its successor on n + N, the next one on n again.

Fewer workers than there are numbers may be wanted (cheaper); the rest are down, and no event but ``Scaled`` or the
end changes that.

Pure: no clock, no process, no log.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import NamedTuple

from imperator import lifecycle
from imperator.lifecycle import Child
from imperator.pipes import Order


class Temper(enum.Enum):
    """What the generation is at."""

    PROVING = "proving"
    SERVING = "serving"
    LEAVING = "leaving"


class Slot(NamedTuple):
    """One worker: the process that is its present, and beside it the one that it replaces."""

    child: Child = Child()
    seat: int = 0
    """Where ``child`` sits."""
    old: Child | None = None
    """The predecessor, on the other seat: up while ``child`` starts, then stopping."""
    worn: str = ""
    """Why the present process is to be replaced, if it is."""
    worn_at_once: bool = False
    """It is not asked how long it has lived."""


class Limits(NamedTuple):
    """How long workers live, seconds."""

    least: float = 10.0
    """A worker is not replaced before it has served for so long."""
    most: float = 0.0
    """After so long it is; 0: never."""
    delta: float = 0.0
    """Every worker lives longer by this than the one before it."""

    def end(self, number: int, child: Child) -> float | None:
        """When the time of a worker is over."""
        if not self.most or child.phase is not lifecycle.Phase.UP:
            return None
        return child.since + self.most + self.delta * (number - 1)


class State(NamedTuple):
    """Everything the decisions depend on. ``workers`` holds worker 1 first."""

    workers: tuple[Slot, ...]
    terms: lifecycle.Terms
    initial: int
    """How many workers are started at first."""
    limits: Limits = Limits()
    temper: Temper = Temper.PROVING
    announced: bool = False
    status: int = 0
    paused: int | None = None
    """How many workers there shall be again; None: nobody has asked for a pause."""

    def number(self, seat: int) -> int:
        """Whose seat it is."""
        return (seat - 1) % len(self.workers) + 1

    def other(self, seat: int) -> int:
        """The other seat of the same worker."""
        return (seat - 1 + len(self.workers)) % (2 * len(self.workers)) + 1

    def present(self, seat: int) -> bool:
        """Whether the worker's present process sits there."""
        return self.workers[self.number(seat) - 1].seat == seat

    @property
    def wanted(self) -> int:
        """How many workers there shall be."""
        return sum(slot.child.wanted for slot in self.workers)

    @property
    def serving(self) -> int:
        """How many workers accept, or would if they were told to."""
        return sum(_is_up(slot.child) or (slot.old is not None and _is_up(slot.old)) for slot in self.workers)


# -- events


class Begin(NamedTuple):
    """The application is loaded, or is known not to load."""


class WorkerReady(NamedTuple):
    """A worker can accept."""

    seat: int


class WorkerEnded(NamedTuple):
    """A worker's process ended; ``how`` says so in words. ``failed``: nobody asked it to."""

    seat: int
    how: str
    failed: bool


class WorkerWorn(NamedTuple):
    """A worker is to be replaced; ``at_once``: however short it has lived."""

    seat: int
    why: str
    at_once: bool = False


class Scaled(NamedTuple):
    """More workers, or fewer, shall run."""

    by: int
    why: str


class Ordered(NamedTuple):
    """The master, its death, or a signal says what to do."""

    order: Order
    why: str


class TimePassed(NamedTuple):
    """A deadline of the state may have come."""


Event = Begin | WorkerReady | WorkerEnded | WorkerWorn | Scaled | Ordered | TimePassed

# -- actions


class Fork(NamedTuple):
    """Fork a worker; ``again`` if it had a predecessor."""

    seat: int
    again: bool


class Tell(NamedTuple):
    """Pass an order on to a worker."""

    seat: int
    order: Order


class Kill(NamedTuple):
    """End a worker's process."""

    seat: int


class Retire(NamedTuple):
    """Say that a worker's time is over, and why: its successor is forked next."""

    seat: int
    why: str


class Announce(NamedTuple):
    """Tell the master that every worker is ready."""


class Log(NamedTuple):
    """Write a line."""

    line: str


class Leave(NamedTuple):
    """No worker is left: end, with this status."""

    status: int


Action = Fork | Tell | Kill | Retire | Announce | Log | Leave
Step = tuple[State, list[Action]]


def begin(workers: int, mercy: float, initial: int | None = None, limits: Limits | None = None) -> State:
    """The state of a generation that has no worker yet. ``mercy``: what a worker grants its requests, seconds.

    ``initial``: how many workers are started at first; None: all.
    """
    # A worker ends itself when its mercy is over; it is killed if even that fails.
    terms = lifecycle.Terms(mercy=mercy + 1, throttle=1.0, throttle_limit=30.0)
    slots = tuple(Slot(seat=number) for number in range(1, workers + 1))
    return State(slots, terms, workers if initial is None else min(initial, workers), limits or Limits())


def step(state: State, event: Event, now: float) -> Step:
    """The state after ``event``, and what is to be done."""
    state, actions = _react(state, event, now)
    if state.temper is Temper.SERVING:
        state, more = _replace_one(state, now)
        actions += more
    return state, actions


def _react(state: State, event: Event, now: float) -> Step:
    match event:
        case Begin():
            if not state.initial:
                return state._replace(announced=True), [Announce()]
            return _each(state, range(1, state.initial + 1), lifecycle.Event.START, now)
        case WorkerReady(seat):
            return _ready(state, seat, now)
        case WorkerEnded(seat, how, failed):
            return _ended(state, seat, how, failed, now)
        case WorkerWorn(seat, why, at_once):
            return _worn(state, seat, why, at_once)
        case Scaled(by, why):
            return _scaled(state, by, why, now)
        case Ordered(order, why):
            return _ordered(state, order, why, now)
        case TimePassed():
            return _time_passed(state, now)


def next_deadline(state: State) -> float | None:
    """When :class:`TimePassed` is due."""
    times = [slot.child.deadline for slot in state.workers] + [slot.old.deadline for slot in state.workers if slot.old]
    if state.temper is Temper.SERVING:
        for number, slot in _numbered(state):
            if slot.child.phase is not lifecycle.Phase.UP or slot.old:
                continue
            if not slot.worn:
                times.append(state.limits.end(number, slot.child))
            elif not _starting(state):
                times.append(slot.child.since + state.limits.least)
    return min((time for time in times if time is not None), default=None)


# -- what becomes of one worker


def _ready(state: State, seat: int, now: float) -> Step:
    slot = state.workers[state.number(seat) - 1]
    if slot.seat != seat or slot.child.phase is not lifecycle.Phase.STARTING:
        return state, []  # late or repeated news
    state, actions = _one(state, seat, lifecycle.Event.BECAME_READY, now)
    if state.temper is Temper.SERVING:
        actions.append(Tell(seat, Order.SERVE))
        if slot.old and slot.old.phase is lifecycle.Phase.UP:
            state, more = _one(state, state.other(seat), lifecycle.Event.STOP, now)
            actions += more
    elif not state.announced and all(_is_up(slot.child) for slot in state.workers[: state.initial]):
        state = state._replace(announced=True)
        actions.append(Announce())
    return state, actions


def _ended(state: State, seat: int, how: str, failed: bool, now: float) -> Step:
    number = state.number(seat)
    slot = state.workers[number - 1]
    if state.temper is Temper.PROVING:
        line = f"worker {number} {how} before the generation served: the generation ends"
        state, _ = _one(state._replace(status=1), seat, lifecycle.Event.STOP, now)
        state, _ = _one(state, seat, lifecycle.Event.EXITED, now)
        state, actions = _leave(state, now)
        return state, [Log(line), *actions]
    if slot.seat != seat:
        asked = slot.old is not None and slot.old.phase is not lifecycle.Phase.UP
        state = _with(state, number, old=None)
        if state.temper is Temper.LEAVING:
            return state, _end_if_alone(state)
        return state, [Log(_obituary(number, how, failed and not asked, ""))]
    state = _with(state, number, worn="")
    state, actions = _one(state, seat, lifecycle.Event.EXITED, now)
    if state.temper is Temper.LEAVING:
        return state, actions + _end_if_alone(state)
    child = state.workers[number - 1].child
    next_try = "trying respawn ..." if child.wanted else ""
    if child.phase is lifecycle.Phase.WAITING and child.deadline is not None:
        next_try = f"next try in {child.deadline - now:g} seconds"
    actions.insert(0, Log(_obituary(number, how, failed, next_try)))
    return state, actions


def _obituary(number: int, how: str, failed: bool, next_try: str) -> str:
    if not failed:
        return f"worker {number} killed successfully {how}"
    return f"DAMN ! worker {number} {how} :( {next_try}".rstrip()


def _worn(state: State, seat: int, why: str, at_once: bool) -> Step:
    number = state.number(seat)
    slot = state.workers[number - 1]
    if slot.seat != seat or not _is_up(slot.child):
        return state, []  # it is leaving already
    return _with(state, number, worn=slot.worn or why, worn_at_once=slot.worn_at_once or at_once), []


def _replace_one(state: State, now: float) -> Step:
    """Fork the successor of the first worn worker whose time has come, unless another successor is starting."""
    if _starting(state):
        return state, []
    for number, slot in _numbered(state):
        if not slot.worn or slot.old or not _is_up(slot.child):
            continue
        if not slot.worn_at_once and now < slot.child.since + state.limits.least:
            continue
        seat = state.other(slot.seat)
        state = _with(state, number, **Slot(seat=seat, old=slot.child)._asdict())
        state, actions = _one(state, seat, lifecycle.Event.START, now, again=True)
        return state, [Retire(slot.seat, slot.worn), *actions]
    return state, []


def _starting(state: State) -> bool:
    """Whether a successor is on its way."""
    return any(slot.old is not None and _is_up(slot.old) for slot in state.workers)


# -- how many there are


def _scaled(state: State, by: int, why: str, now: float) -> Step:
    if state.temper is not Temper.SERVING or state.paused is not None:
        return state, []
    if by > 0:
        idle = [number for number, slot in _numbered(state) if not slot.child.wanted][:by]
        return _each(state, idle, lifecycle.Event.START, now)
    # The last ones go first, and one that has a successor on the way is left alone.
    up = [number for number, slot in reversed(_numbered(state)) if _is_up(slot.child) and not slot.old][: max(0, -by)]
    return _each(state, up, lifecycle.Event.STOP, now)


# -- all of them


def _ordered(state: State, order: Order, why: str, now: float) -> Step:
    if order is Order.SERVE:
        if state.temper is not Temper.PROVING:
            return state, []
        state = state._replace(temper=Temper.SERVING)
        if state.paused is not None:
            return _stop_all(state._replace(paused=state.wanted), now)
        up = [slot.seat for slot in state.workers if _is_up(slot.child)]
        return state, [Tell(seat, Order.SERVE) for seat in up]
    if order is Order.MORE:
        return _scaled(state, 1, why, now)
    if order is Order.FEWER:
        return _scaled(state, -1, why, now)
    if order is Order.PAUSE:
        return _pause(state, now)
    if order is Order.RESUME:
        return _resume(state, now)
    if order is Order.DRAIN:
        return _leave(state, now)
    state, actions = _leave(state, now)
    return state, [*actions, *(Tell(seat, Order.STOP) for seat in _alive(state))]


def _pause(state: State, now: float) -> Step:
    """Every worker finishes what it has and ends; who comes now waits in the queue."""
    if state.temper is Temper.LEAVING or state.paused is not None:
        return state, []
    state = state._replace(paused=state.wanted)
    return (state, []) if state.temper is Temper.PROVING else _stop_all(state, now)


def _resume(state: State, now: float) -> Step:
    if state.temper is Temper.LEAVING or state.paused is None:
        return state, []
    if state.temper is Temper.PROVING:
        return state._replace(paused=None), []
    missing = [number for number, slot in _numbered(state) if not slot.child.wanted][: state.paused]
    return _each(state._replace(paused=None), missing, lifecycle.Event.START, now)


def _leave(state: State, now: float) -> Step:
    if state.temper is Temper.LEAVING:
        return state, []
    state, actions = _stop_all(state._replace(temper=Temper.LEAVING), now)
    return state, actions + _end_if_alone(state)


def _stop_all(state: State, now: float) -> Step:
    state, actions = _each(state, range(1, len(state.workers) + 1), lifecycle.Event.STOP, now)
    for slot in state.workers:
        if slot.old and _is_up(slot.old):
            state, more = _one(state, state.other(slot.seat), lifecycle.Event.STOP, now)
            actions += more
    return state, actions


def _end_if_alone(state: State) -> list[Action]:
    return [] if _alive(state) else [Leave(state.status)]


def _alive(state: State) -> list[int]:
    """The seats that somebody sits on."""
    present = [slot.seat for slot in state.workers if slot.child.alive]
    return present + [state.other(slot.seat) for slot in state.workers if slot.old]


def _time_passed(state: State, now: float) -> Step:
    actions: list[Action] = []
    for number, slot in _numbered(state):
        seats = [(slot.seat, slot.child)] + ([(state.other(slot.seat), slot.old)] if slot.old else [])
        for seat, child in seats:
            if child.deadline is not None and child.deadline <= now:
                state, more = _one(state, seat, lifecycle.Event.DEADLINE_PASSED, now)
                actions += more
        end = state.limits.end(number, slot.child)
        if end is not None and end <= now and not slot.worn:
            state = _with(state, number, worn="max-worker-lifetime", worn_at_once=False)
    return state, actions


# -- small change


def _is_up(child: Child) -> bool:
    return child.phase is lifecycle.Phase.UP


def _numbered(state: State) -> list[tuple[int, Slot]]:
    return list(enumerate(state.workers, 1))


def _with(state: State, number: int, **changes: object) -> State:
    slot = state.workers[number - 1]._replace(**changes)  # type: ignore[arg-type]
    return state._replace(workers=(*state.workers[: number - 1], slot, *state.workers[number:]))


def _each(state: State, numbers: Iterable[int], event: lifecycle.Event, now: float) -> Step:
    """The same event for the present processes of several workers."""
    actions: list[Action] = []
    for number in numbers:
        state, more = _one(state, state.workers[number - 1].seat, event, now)
        actions += more
    return state, actions


def _one(state: State, seat: int, event: lifecycle.Event, now: float, *, again: bool = False) -> Step:
    number = state.number(seat)
    slot = state.workers[number - 1]
    present = slot.seat == seat
    child, asked = lifecycle.step(slot.child if present else slot.old or Child(), event, now, state.terms)
    again = again or event is not lifecycle.Event.START
    actions: list[Action] = []
    for action in asked:
        if action is lifecycle.Action.SPAWN:
            actions.append(Fork(seat, again))
        elif action is lifecycle.Action.ASK_TO_STOP:
            actions.append(Tell(seat, Order.DRAIN))
        else:
            actions.append(Log(f"worker {number} is taking too much time to die...NO MERCY !!!"))
            actions.append(Kill(seat))
    return _with(state, number, **({"child": child} if present else {"old": child})), actions
