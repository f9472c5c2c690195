"""The life of one daemon that is known by its pidfile, and outlives the instance: event in, state and actions out.

Whoever the pidfile names, if alive, is the daemon: it is adopted, not started. Otherwise the command is run, and has
to bring about that the pidfile names somebody; where it does not, the next attempt waits for longer and longer. Nothing
here ends it but a file that is touched.

Pure: no clock, no process, no log.
"""

from __future__ import annotations

from typing import NamedTuple

from imperator import lifecycle
from imperator.config.daemons import Daemon
from imperator.lifecycle import Child, Phase, Terms
from imperator.tasks.daemon import SETTLED, Action, EndInstance, Log, NotSpawned, Signal, Spawn, Spawned, TimePassed

SOON = 1.0
"""Seconds that it has to write its pidfile after the command has ended."""


class State(NamedTuple):
    """One daemon."""

    daemon: Daemon
    child: Child = Child()
    pid: int = 0
    """Who the pidfile names, while that process lives."""
    launcher: int = 0
    """The command, while it runs."""
    how: str = ""
    """How it ended."""
    look_at: float | None = None
    """When the pidfile is to be looked at."""
    complained: bool = False
    spawned: int = 0

    @property
    def respawns(self) -> int:
        """How many times it was started after the first."""
        return max(self.spawned - 1, 0)

    @property
    def deadline(self) -> float | None:
        """When :class:`TimePassed` is due."""
        times = [one for one in (self.child.deadline, self.look_at) if one is not None]
        return min(times, default=None)


class Looked(NamedTuple):
    """The pidfile names this process, which is alive; 0: none."""

    pid: int


class LauncherEnded(NamedTuple):
    """The command ended."""

    how: str


class Touched(NamedTuple):
    """One of its files was: it shall run anew."""

    file: str


class Forgotten(NamedTuple):
    """It is not looked after any more."""


Event = Looked | LauncherEnded | Touched | Forgotten | Spawned | NotSpawned | TimePassed


class Look(NamedTuple):
    """Look at the pidfile; an answer is due at once."""


Step = tuple[State, list[Action | Look]]


def step(state: State, event: Event, now: float) -> Step:
    """The state after ``event``, and what is to be done. Looking for the first time begins it."""
    daemon = state.daemon
    match event:
        case Looked(pid):
            state = state._replace(look_at=now + daemon.freq)
            return _alive(state, pid, now) if pid else _missing(state, now)
        case LauncherEnded(how):
            state = state._replace(launcher=0, how=how)
            if daemon.detached:
                return state, [Look()]
            return state._replace(look_at=now + (SOON if state.child.phase is Phase.STARTING else 0)), []
        case Touched(file):
            if not state.pid:
                return state, []
            text = f"*** {file} has been touched... reloading {_name(state)} !!! ***"
            return state, [Log(text), Signal(daemon.stop_signal)]
        case Forgotten():
            going = f"; it goes on (pid: {state.pid})" if state.pid else ""
            line = f'"{daemon.command}" is not looked after any more{going}'
            return state._replace(child=Child(), look_at=None), [Log(line)]
        case Spawned(pid, told):
            verb = "respawning" if state.spawned else "spawning"
            state = state._replace(
                launcher=pid, how="", spawned=state.spawned + 1, complained=False,
                look_at=now + (0 if daemon.detached else SOON),
            )
            return state, [Log(f'{verb} "{daemon.command}" ({told}) pid: {pid}')]
        case NotSpawned(why):
            state, actions = _told(state, lifecycle.Event.SPAWN_FAILED, now)
            text = f'error: daemon "{daemon.command}" cannot be started: {why}{_next(state, now)}'
            return state, [Log(text), *actions]
        case TimePassed():
            if state.look_at is not None and state.look_at <= now:
                return state, [Look()]
            if state.child.deadline is not None and state.child.deadline <= now:
                return state, [Look()]  # somebody else may have started it meanwhile
            return state, []


def _alive(state: State, pid: int, now: float) -> Step:
    actions: list[Action | Look] = []
    if not state.pid:
        seen = "is up" if state.child.phase is Phase.STARTING else "found valid/active pidfile for"
        if seen == "is up":
            actions.append(Log(f'daemon "{state.daemon.command}" is up (pid: {pid})'))
        else:
            actions.append(Log(f'{seen} "{state.daemon.command}" (pid: {pid})'))
    elif pid != state.pid:
        actions.append(Log(f'found changed pid for "{state.daemon.command}" (old_pid: {state.pid} new_pid: {pid})'))
    if state.child.phase is not Phase.UP:
        child = Child(Phase.UP, wanted=True, failures=state.child.failures, since=now)
        state = state._replace(child=child)
    return state._replace(pid=pid), actions


def _missing(state: State, now: float) -> Step:
    """Nobody is there: has it died, is it still coming, or must it be started?"""
    phase = state.child.phase
    if phase is Phase.STARTING and state.launcher:
        if state.complained or state.daemon.detached:
            return state, []
        text = f'"{state.daemon.command}" (pid: {state.launcher}) did not daemonize:'
        return state._replace(complained=True), [Log(f"{text} {state.daemon.pidfile} names nobody")]
    if phase is Phase.WAITING:
        if state.child.deadline is None or state.child.deadline > now:
            return state, []
        return _told(state, lifecycle.Event.DEADLINE_PASSED, now)
    if phase is Phase.DOWN:
        return _told(state, lifecycle.Event.START, now)
    actions: list[Action | Look] = []
    if phase is Phase.UP:
        how = state.how if state.daemon.detached and state.how else "is gone"
        ended = f"{_name(state)} {how}"
        if state.daemon.control:
            text = f'the control daemon "{state.daemon.command}" (pid: {state.pid}) {how}'
            return state._replace(child=Child(), pid=0, look_at=None), [EndInstance(text)]
    else:
        how = f" {state.how}" if state.how else ""
        ended = f'daemon "{state.daemon.command}"{how} and {state.daemon.pidfile} names nobody'
    state, more = _told(state, lifecycle.Event.EXITED, now)
    actions = [Log(f"{ended}{_next(state, now)}"), *more]
    return state._replace(pid=0, how=""), actions


def _told(state: State, event: lifecycle.Event, now: float) -> Step:
    terms = Terms(throttle=1.0, throttle_limit=float(state.daemon.max_throttle), settled=SETTLED)
    child, wanted = lifecycle.step(state.child, event, now, terms)
    return state._replace(child=child), [Spawn() for one in wanted if one is lifecycle.Action.SPAWN]


def _name(state: State) -> str:
    return f'daemon "{state.daemon.command}" (pid: {state.pid})'


def _next(state: State, now: float) -> str:
    if state.child.phase is Phase.STARTING:
        return "; it is started now"
    if state.child.phase is Phase.WAITING and state.child.deadline is not None:
        return f"; it is started in {max(state.child.deadline - now, 0):.0f} seconds"
    return ""
