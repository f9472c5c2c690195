"""The life of one attached daemon: event in, state and actions out.

:mod:`imperator.lifecycle` decides when it lives and how long it waits. What is added here is that a daemon is a whole
group of processes: when the one that was started has ended, the others are asked to end too, and the daemon has ended
when nobody is left. So there never are two of them.

Pure: no clock, no process, no log.
"""

from __future__ import annotations

from typing import NamedTuple

from imperator import lifecycle
from imperator.config.daemons import Daemon
from imperator.lifecycle import Child, Phase, Terms

SETTLED = 10.0
"""Seconds that it must have run; one that ends sooner counts as one that failed."""


class State(NamedTuple):
    """One daemon."""

    daemon: Daemon
    child: Child = Child()
    pid: int = 0
    """The process that was started, and its group; 0 while there is none."""
    how: str = ""
    """How that process ended, while others of its group are left."""
    ended: float = 0.0
    patience: float | None = None
    """When those others are killed."""
    spawned: int = 0
    """How many times."""

    @property
    def respawns(self) -> int:
        """How many of those were not the first."""
        return max(self.spawned - 1, 0)

    @property
    def deadline(self) -> float | None:
        """When :class:`TimePassed` is due."""
        times = [one for one in (self.child.deadline, self.patience) if one is not None]
        return min(times, default=None)


# -- events


class Start(NamedTuple):
    """It shall run."""


class Renew(NamedTuple):
    """It shall run anew; ``why`` is for the log. ``reload``: because the instance reloads."""

    why: str
    reload: bool = False


class Stop(NamedTuple):
    """It shall end. ``now``: at once."""

    now: bool = False


class Spawned(NamedTuple):
    """It was started; ``told`` says as whom."""

    pid: int
    told: str


class NotSpawned(NamedTuple):
    """It could not be started."""

    why: str


class Ended(NamedTuple):
    """The process that was started ended; ``alone``: and nobody else of its group is left."""

    how: str
    alone: bool


class Emptied(NamedTuple):
    """Nobody of its group is left."""


class TimePassed(NamedTuple):
    """A deadline has come."""


Event = Start | Renew | Stop | Spawned | NotSpawned | Ended | Emptied | TimePassed

# -- actions


class Spawn(NamedTuple):
    """Start it; an answer is due at once."""


class Signal(NamedTuple):
    """Send a signal to all of its group. If there is nobody, that is :class:`Emptied`."""

    signum: int


class Log(NamedTuple):
    """Write a line."""

    line: str


class EndInstance(NamedTuple):
    """It was what the instance lives for."""

    why: str


Action = Spawn | Signal | Log | EndInstance
Step = tuple[State, list[Action]]

KILL = 9


def step(state: State, event: Event, now: float, mercy: float) -> Step:
    """The state after ``event``, and what is to be done. ``mercy``: seconds from asking to killing."""
    daemon = state.daemon
    match event:
        case Start():
            return _told(state, lifecycle.Event.START, now, mercy)
        case Renew(why, reload):
            signum = (daemon.reload_signal if reload else 0) or daemon.stop_signal
            waited = state.child.phase is Phase.WAITING
            state, actions = _told(state, lifecycle.Event.FORGIVE, now, mercy)
            if not waited:
                state, actions = _told(state, lifecycle.Event.RESTART, now, mercy, signum)
            if state.pid:
                actions.insert(0, Log(f'{_name(state)} is started anew: {why}'))
            return state, actions
        case Stop(at_once):
            what = lifecycle.Event.FORCE if at_once else lifecycle.Event.STOP
            return _told(state, what, now, mercy, daemon.stop_signal)
        case Spawned(pid, told):
            verb = "respawning" if state.spawned else "spawning"
            state = state._replace(pid=pid, how="", spawned=state.spawned + 1)
            state, actions = _told(state, lifecycle.Event.BECAME_READY, now, mercy)
            return state, [Log(f'{verb} "{daemon.command}" ({told}) pid: {pid}'), *actions]
        case NotSpawned(why):
            state, actions = _told(state, lifecycle.Event.SPAWN_FAILED, now, mercy)
            return state, [Log(f'error: {_name(state)} cannot be started: {why}{_next(state, now)}'), *actions]
        case Ended(how, alone):
            return _ended(state, how, alone, now, mercy)
        case Emptied():
            return _emptied(state, now, mercy) if state.how else (state, [])
        case TimePassed():
            return _time_passed(state, now, mercy)


def _terms(state: State, mercy: float) -> Terms:
    return Terms(mercy=mercy, throttle=1.0, throttle_limit=float(state.daemon.max_throttle), settled=SETTLED)


def _told(state: State, event: lifecycle.Event, now: float, mercy: float, signum: int = 0) -> Step:
    """Let the table decide."""
    child, wanted = lifecycle.step(state.child, event, now, _terms(state, mercy))
    state = state._replace(child=child)
    actions: list[Action] = []
    for one in wanted:
        match one:
            case lifecycle.Action.SPAWN:
                actions.append(Spawn())
            case lifecycle.Action.ASK_TO_STOP:
                actions += [Log(f"stopping daemon (pid: {state.pid}): {state.daemon.command}"), Signal(signum)]
            case lifecycle.Action.KILL:
                actions.append(Signal(KILL))
                if event is lifecycle.Event.DEADLINE_PASSED:
                    text = f"daemon did not die in time, killing (pid: {state.pid}): {state.daemon.command}"
                    actions.insert(-1, Log(text))
    return state, actions


def _ended(state: State, how: str, alone: bool, now: float, mercy: float) -> Step:
    unasked = state.child.phase is Phase.UP
    state = state._replace(how=how, ended=now)
    actions: list[Action] = []
    if unasked and state.daemon.control:
        state = state._replace(child=state.child._replace(wanted=False))
        actions.append(EndInstance(f'the control daemon "{state.daemon.command}" (pid: {state.pid}) {how}'))
    if alone:
        state, more = _emptied(state, now, mercy)
        return state, actions + more
    if unasked:
        state = state._replace(patience=now + mercy)
        text = f"{_name(state)} {how}: the others of its group are asked to end"
        actions += [Log(text), Signal(state.daemon.stop_signal)]
    return state, actions


def _emptied(state: State, now: float, mercy: float) -> Step:
    ended = _name(state)
    how = state.how
    # A life ends when its first process does; what comes after is no proof of health.
    state = state._replace(how="", patience=None)
    state, actions = _told(state, lifecycle.Event.EXITED, state.ended, mercy)
    line = Log(f"{ended} {how}{_next(state, now)}")
    return state._replace(pid=0), [line, *actions]


def _time_passed(state: State, now: float, mercy: float) -> Step:
    actions: list[Action] = []
    if state.patience is not None and state.patience <= now:
        text = f"daemon did not die in time, killing (pid: {state.pid}): {state.daemon.command}"
        state = state._replace(patience=now + mercy)
        actions += [Log(text), Signal(KILL)]
    if state.child.deadline is not None and state.child.deadline <= now:
        state, more = _told(state, lifecycle.Event.DEADLINE_PASSED, now, mercy)
        actions += more
    return state, actions


def _name(state: State) -> str:
    return f'daemon "{state.daemon.command}"' + (f" (pid: {state.pid})" if state.pid else "")


def _next(state: State, now: float) -> str:
    """What comes, for the end of a line."""
    if state.child.phase is Phase.STARTING:
        return "; the next one starts now"
    if state.child.phase is Phase.WAITING and state.child.deadline is not None:
        return f"; the next one starts in {max(state.child.deadline - now, 0):.0f} seconds"
    return ""
