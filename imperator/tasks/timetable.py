"""Commands at times: which are started, which are not because they still run, which are killed.

Pure: no clock, no process, no log. Minutes are those of :mod:`imperator.cron`.
"""

from __future__ import annotations

from typing import NamedTuple

from imperator import cron
from imperator.config.crons import Cron


class Running(NamedTuple):
    """One that was started and has not ended."""

    cron: Cron
    pid: int
    since: float
    """Monotonic."""
    started_at: int
    """Seconds since the epoch."""
    kill_at: float | None = None
    waited_for: bool = False
    """It was told that a unique one was left out because of this."""


class State(NamedTuple):
    """The lines, and what runs of them."""

    crons: tuple[Cron, ...] = ()
    seen: cron.Seen | None = None
    running: tuple[Running, ...] = ()

    @property
    def deadline(self) -> float | None:
        """When :class:`TimePassed` is due."""
        return min((one.kill_at for one in self.running if one.kill_at is not None), default=None)

    def last(self, one: Cron) -> Running | None:
        """The latest process of a line that still runs."""
        return next((other for other in reversed(self.running) if other.cron.same(one)), None)


# -- events


class Changed(NamedTuple):
    """These are the lines now. What runs goes on."""

    crons: tuple[Cron, ...]


class Ticked(NamedTuple):
    """The clock shows this minute."""

    minute: int


class Started(NamedTuple):
    """A line was started."""

    cron: Cron
    pid: int
    started_at: int


class Found(NamedTuple):
    """A line is being run already, by a process that somebody before us has started."""

    cron: Cron
    pid: int
    started_at: int


class NotStarted(NamedTuple):
    """A line could not be started."""

    cron: Cron
    why: str


class Ended(NamedTuple):
    """A process ended."""

    pid: int
    how: str


class TimePassed(NamedTuple):
    """A deadline has come."""


Event = Changed | Ticked | Started | Found | NotStarted | Ended | TimePassed

# -- actions


class Run(NamedTuple):
    """Start a line; an answer is due at once."""

    cron: Cron


class Kill(NamedTuple):
    """Kill a process and its group."""

    pid: int


class Log(NamedTuple):
    """Write a line."""

    line: str


Action = Run | Kill | Log
Step = tuple[State, list[Action]]

AGAIN = 5.0
"""Seconds after which a killed one that is still there is killed again."""


def step(state: State, event: Event, now: float) -> Step:
    """The state after ``event``, and what is to be done."""
    match event:
        case Changed(crons):
            return state._replace(crons=crons), []
        case Ticked(minute):
            return _ticked(state, minute)
        case Started(one, pid, started_at):
            kill_at = now + one.harakiri if one.harakiri else None
            running = Running(one, pid, now, started_at, kill_at)
            line = Log(f'[uwsgi-cron] running "{one.command}" (pid {pid})')
            return state._replace(running=(*state.running, running)), [line]
        case Found(one, pid, started_at):
            kill_at = now + one.harakiri if one.harakiri else None
            line = Log(f'[uwsgi-cron] "{one.command}" still runs from before (pid {pid})')
            return state._replace(running=(*state.running, Running(one, pid, now, started_at, kill_at))), [line]
        case NotStarted(one, why):
            return state, [Log(f'[uwsgi-cron] error: "{one.command}" of {one.where} cannot be started: {why}')]
        case Ended(pid, how):
            return _ended(state, pid, how, now)
        case TimePassed():
            return _time_passed(state, now)


def _ticked(state: State, minute: int) -> Step:
    actions: list[Action] = []
    for one in state.crons:
        if not cron.due(one.spec, state.seen, minute):
            continue
        busy = state.last(one) if one.unique else None
        if busy is None:
            actions.append(Run(one))
        elif not busy.waited_for:
            text = f'[uwsgi-cron] "{one.command}" still runs (pid {busy.pid}): it is not started a second time'
            actions.append(Log(text))
            state = _with(state, busy, busy._replace(waited_for=True))
    return state._replace(seen=cron.look(state.seen, minute)), actions


def _ended(state: State, pid: int, how: str, now: float) -> Step:
    one = next((one for one in state.running if one.pid == pid), None)
    if one is None:
        return state, []
    text = f'[uwsgi-cron] command "{one.cron.command}" running with pid {pid} exited after'
    running = tuple(other for other in state.running if other is not one)
    return state._replace(running=running), [Log(f"{text} {now - one.since:.0f} second(s): it {how}")]


def _time_passed(state: State, now: float) -> Step:
    actions: list[Action] = []
    for one in state.running:
        if one.kill_at is not None and one.kill_at <= now:
            over = f"its {one.cron.harakiri} seconds are over"
            text = f'*** HARAKIRI ON CRON "{one.cron.command}" (pid: {one.pid}) ***: {over}'
            actions += [Log(text), Kill(one.pid)]
            state = _with(state, one, one._replace(kill_at=now + AGAIN))
    return state, actions


def _with(state: State, old: Running, new: Running) -> State:
    return state._replace(running=tuple(new if one is old else one for one in state.running))
