"""What a master does about its generations, and when: state and event in, state and actions out.

The idea. At any time one generation serves, at most one starts beside it (the challenger), and any number drain. A
challenger that becomes ready takes over: it is told to serve, then the others are told to drain. A challenger that
fails ends, and nothing else changes. The newest wish wins: a reload during a reload ends the challenger and starts
another.

If nothing serves, the newest generation is started again until it stands, with growing pauses; one that died soon
after it took over counts as one that never stood. Only the very first start may end the instance: where the
configuration says that it needs its application, or where the generation died before it could say anything of it.

Pure: no clock, no process, no log. Times are monotonic seconds.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from imperator.pipes import Failed, GaveUp, Loaded, Order, Ready

NO_APP = 22
"""Exit status of a generation, or an instance, without its application; uWSGI's number."""

KILL_AFTER = 3.0
"""Seconds that a generation has beyond the mercy that it grants to its workers, before it is killed."""

SETTLED = 5.0
"""Seconds that a generation must have served to count as one that stood."""

SLOW = 30.0
"""Seconds after which a generation that still starts is mentioned in the log, and then again, ever more seldom."""

FORCED = 2.0
"""Seconds that a generation has to end after it was told to stop at once."""


class Phase(enum.Enum):
    """Where a generation is in its life."""

    STARTING = "starting"
    SERVING = "serving"
    DRAINING = "draining"


class Copy(NamedTuple):
    """A generation as the master sees it. ``app`` is None until it has said whether the application loads."""

    number: int
    phase: Phase = Phase.STARTING
    app: bool | None = None
    reason: str = ""
    places: str = ""
    """Which applications are missing, if others are there."""
    deadline: float | None = None
    """When it is killed; while it starts, when the log mentions that it still does."""
    since: float = 0.0
    """When it was started, or took over."""


class State(NamedTuple):
    """Everything the decisions depend on."""

    copies: tuple[Copy, ...] = ()
    last: int = 0
    need_app: bool = False
    mercy: float = 60.0
    others: float = 0.0
    """The same for the processes beside the workers."""
    exit_on_reload: bool = False
    stopping: bool = False
    forced: bool = False
    stood: bool = False
    failures: int = 0
    retry_at: float | None = None
    over: Leave | None = None
    """How it will end, once those that were given up before have ended too."""

    def find(self, number: int) -> Copy | None:
        """The generation of that number, if it lives."""
        return next((copy for copy in self.copies if copy.number == number), None)

    def serving(self) -> Copy | None:
        """The generation that serves."""
        return next((copy for copy in self.copies if copy.phase is Phase.SERVING), None)

    def challenger(self) -> Copy | None:
        """The generation that starts."""
        return next((copy for copy in self.copies if copy.phase is Phase.STARTING), None)


# -- events


class Begin(NamedTuple):
    """The sockets are bound, the privileges given up."""


class ReloadAsked(NamedTuple):
    """Somebody wants new code served; ``why`` is for the log. ``mended``: what had not loaded before may load now.
    ``workers``: it is about the workers only, and daemons go on.
    """

    why: str
    mended: bool = False
    workers: bool = False


class StopAsked(NamedTuple):
    """Somebody wants the end. ``insists``: by a signal, so that a second one is meant to force it."""

    why: str
    insists: bool = False


class Said(NamedTuple):
    """A generation said something."""

    number: int
    word: Loaded | Failed | GaveUp | Ready


class Ended(NamedTuple):
    """A generation's process ended; ``how`` says so in words."""

    number: int
    status: int
    how: str


class StartFailed(NamedTuple):
    """A generation could not even be started: the configuration was refused, or its interpreter cannot be executed."""

    number: int
    reason: str


class TimePassed(NamedTuple):
    """A deadline of the state may have come."""


Event = Begin | ReloadAsked | StopAsked | Said | Ended | StartFailed | TimePassed

# -- actions


class Start(NamedTuple):
    """Start generation ``number``. ``anyway``: without its application it shall answer 500, not end."""

    number: int
    anyway: bool
    reread: bool
    """Whether the configuration is to be read again first."""
    renew: str = ""
    """Why daemons are to be started anew with it, if so."""


class Tell(NamedTuple):
    """Give a generation an order."""

    number: int
    order: Order


class Kill(NamedTuple):
    """End a generation's process."""

    number: int


class Log(NamedTuple):
    """Write a line."""

    line: str


class Print(NamedTuple):
    """Write text that has lines of its own: a traceback."""

    text: str


class TookOver(NamedTuple):
    """Generation ``number`` serves now; ``reason`` says why without its application, if so."""

    number: int
    reason: str


class Watch(NamedTuple):
    """Ask for a reload when one of these files changes; with none, stop watching."""

    files: tuple[str, ...]


class Leave(NamedTuple):
    """Everything below has ended: end, with this status."""

    status: int
    reason: str = ""


Action = Start | Tell | Kill | Log | Print | TookOver | Watch | Leave
Step = tuple[State, list[Action]]


def step(state: State, event: Event, now: float) -> Step:
    """The state after ``event``, and what is to be done."""
    match event:
        case Begin():
            return _start(state, now, reread=False)
        case ReloadAsked(why, mended, workers):
            if state.exit_on_reload and not mended:
                return _stop(state, f"{why} (exit-on-reload)", False, now)
            return _reload(state, why, now, "" if workers else why)
        case StopAsked(why, insists):
            return _stop(state, why, insists, now)
        case Said(number, word):
            return _said(state, number, word, now)
        case Ended(number, status, how):
            return _ended(state, number, status, how, now)
        case StartFailed(number, reason):
            return _ended(state._replace(copies=_with(state, number, reason=reason)), number, 1, "was not started", now)
        case TimePassed():
            return _time_passed(state, now)


def next_deadline(state: State) -> float | None:
    """When :class:`TimePassed` is due."""
    times = [copy.deadline for copy in state.copies if copy.deadline is not None]
    if state.retry_at is not None:
        times.append(state.retry_at)
    return min(times, default=None)


def pause(failures: int) -> float:
    """Seconds to wait before start number ``failures`` + 1 in a row: none for the first, then growing to a minute."""
    return float(min(60, max(0, failures - 1)))


def _start(state: State, now: float, *, reread: bool, renew: str = "") -> Step:
    number = state.last + 1
    anyway = not state.need_app and state.serving() is None
    copy = Copy(number, deadline=now + SLOW, since=now)
    state = state._replace(last=number, copies=(*state.copies, copy), retry_at=None)
    return state, [Start(number, anyway, reread, renew)]


def _reload(state: State, why: str, now: float, renew: str) -> Step:
    if state.stopping:
        return state, [Log(f"reload asked ({why}) while stopping: ignored")]
    actions: list[Action] = [Log(f"...reloading ({why}): generation {state.last + 1} starts beside the running one...")]
    if rival := state.challenger():
        actions += [Log(f"generation {rival.number} was still starting: it is given up"), Kill(rival.number)]
        state = state._replace(copies=_with(state, rival.number, phase=Phase.DRAINING, deadline=None))
    state, more = _start(state._replace(failures=0), now, reread=True, renew=renew)
    return state, actions + more


def _stop(state: State, why: str, insists: bool, now: float) -> Step:
    if state.stopping:
        if not insists or state.forced:
            return state, []
        copies = tuple(copy._replace(deadline=now + FORCED) for copy in state.copies)
        orders: list[Action] = [Tell(copy.number, Order.STOP) for copy in copies]
        return state._replace(forced=True, copies=copies), [Log(f"{why} again: stopping at once"), *orders]
    line = f"{why} received...stopping: requests in progress have {state.mercy:g} seconds to finish"
    actions: list[Action] = [Log(line)]
    copies = ()
    for copy in state.copies:
        if copy.phase is Phase.STARTING:
            actions.append(Kill(copy.number))
        else:
            actions.append(Tell(copy.number, Order.DRAIN))
            if copy.phase is Phase.SERVING:
                copy = copy._replace(deadline=now + _patience(state))
        copies = (*copies, copy._replace(phase=Phase.DRAINING))
    state = state._replace(stopping=True, copies=copies, retry_at=None)
    return state, actions + _leave_if_alone(state)


def _patience(state: State) -> float:
    return max(state.mercy, state.others) + KILL_AFTER


def _said(state: State, number: int, word: Loaded | Failed | GaveUp | Ready, now: float) -> Step:
    copy = state.find(number)
    if copy is None or copy.phase is not Phase.STARTING:
        return state, []
    if isinstance(word, Loaded):
        return state._replace(copies=_with(state, number, app=True)), []
    if isinstance(word, GaveUp):
        state = state._replace(copies=_with(state, number, reason=word.why))
        if state.stood or state.serving():
            return state, []  # its end comes next, and the reason is known
        over = Leave(int(word.status), word.why)
        return state._replace(stopping=True, over=over), [Tell(number, Order.STOP)]
    if isinstance(word, Failed):
        state = state._replace(copies=_with(state, number, app=False, reason=word.reason, places=word.places))
        actions: list[Action] = [Print(word.traceback)] if word.traceback else []
        serving = state.serving()
        if not (serving.app if serving else state.need_app):
            actions.append(Watch(tuple(word.files)))
        return state, actions
    return _take_over(state, copy, now)


def _take_over(state: State, copy: Copy, now: float) -> Step:
    actions: list[Action] = [Tell(copy.number, Order.SERVE), TookOver(copy.number, copy.reason)]
    copies: tuple[Copy, ...] = ()
    for other in state.copies:
        if other.number == copy.number:
            other = other._replace(phase=Phase.SERVING, deadline=None, since=now)
        elif other.phase is Phase.SERVING:
            actions += [
                Log(f"generation {copy.number} serves; generation {other.number} finishes its requests and ends"),
                Tell(other.number, Order.DRAIN),
            ]
            other = other._replace(phase=Phase.DRAINING, deadline=now + _patience(state))
        copies = (*copies, other)
    if copy.app:
        actions.append(Watch(()))
    else:
        what = f"no app loaded at {copy.places}: its requests are" if copy.places else "no app loaded: every request is"
        actions.append(Log(f"*** {what} answered 500 until this is mended: {copy.reason} ***"))
    return state._replace(copies=copies, stood=True), actions


def _ended(state: State, number: int, status: int, how: str, now: float) -> Step:
    copy = state.find(number)
    if copy is None:
        return state, []
    state = state._replace(copies=tuple(other for other in state.copies if other.number != number))
    if state.stopping:
        return state, _leave_if_alone(state)
    if copy.phase is Phase.DRAINING:
        return state, []
    why = copy.reason or how
    if copy.phase is Phase.STARTING and (serving := state.serving()):
        line = f"*** reload refused: generation {number} did not start, generation {serving.number} goes on: {why} ***"
        return state, [Log(line)]
    if copy.phase is Phase.STARTING and not state.stood and (state.need_app or copy.app is None):
        status = NO_APP if copy.app is False else status or 1
        state = state._replace(stopping=True, over=Leave(status, why))
        where = f" at {copy.places}" if copy.places else ""
        return state, [Log(f"*** no app loaded{where}. GAME OVER: {why} ***"), *_leave_if_alone(state)]
    stood = copy.phase is Phase.SERVING and now - copy.since >= SETTLED
    failures = 1 if stood else state.failures + 1
    delay = pause(failures)
    state = state._replace(failures=failures)
    line = f"generation {number} {how}" + (f": {copy.reason}" if copy.reason else "")
    if state.challenger():
        return state, [Log(f"{line}; generation {state.last} is starting already")]
    if delay:
        return state._replace(retry_at=now + delay), [Log(f"{line}; the next one starts in {delay:g} seconds")]
    state, actions = _start(state, now, reread=False)
    return state, [Log(f"{line}; the next one starts now"), *actions]


def _time_passed(state: State, now: float) -> Step:
    actions: list[Action] = []
    copies: tuple[Copy, ...] = ()
    for copy in state.copies:
        if copy.deadline is not None and copy.deadline <= now and copy.phase is Phase.STARTING:
            waited = now - copy.since
            line = f"generation {copy.number} has been starting for {waited:.0f} seconds: its import goes on"
            actions.append(Log(line))
            copy = copy._replace(deadline=now + waited)
        elif copy.deadline is not None and copy.deadline <= now:
            line = f"generation {copy.number} is taking too much time to die...NO MERCY !!!"
            actions += [Log(line), Kill(copy.number)]
            copy = copy._replace(deadline=None)
        copies = (*copies, copy)
    state = state._replace(copies=copies)
    if state.retry_at is not None and state.retry_at <= now:
        state, more = _start(state, now, reread=False)
        actions += more
    return state, actions


def _leave_if_alone(state: State) -> list[Action]:
    return [] if state.copies else [state.over or Leave(0)]


def _with(state: State, number: int, **changes: object) -> tuple[Copy, ...]:
    return tuple(
        copy._replace(**changes) if copy.number == number else copy  # type: ignore[arg-type]
        for copy in state.copies
    )
