"""How many workers there should be: ``cheaper`` and its algorithms, as decisions about numbers.

Asked once a cycle (a second) with what was seen then; answers how many workers more or fewer. The numbers between
which it moves are the caller's, and so is doing it.

* *spare* keeps one idle worker: when all have been busy for ``overload`` cycles it adds some, when more than one has
  been idle for ``overload`` cycles it takes one away.
* *backlog* adds workers when more than ``overload`` connections wait, and takes one away when fewer do.
* *busyness* measures the part of ``overload`` seconds that workers were busy: above ``most`` percent it adds some,
  below ``least`` for ``multiplier`` such periods it takes one away. If that was too early, it waits ``penalty`` periods
  longer from then on. Connections that wait bring emergency workers at once.
* *manual* never moves: orders do.

Pure: no clock, no process.
"""

from __future__ import annotations

from typing import NamedTuple

from imperator.pipes import Scaling


class Seen(NamedTuple):
    """One look at the workers that serve."""

    running: int
    """Workers that are wanted, whether they serve already or not."""
    serving: int
    busy: int
    """Those of them that work on a request."""
    waiting: int
    """Connections in the fullest queue."""
    worked: float = 0.0
    """Seconds that all of them have been working, ever."""


class State(NamedTuple):
    """What is remembered between looks."""

    overloaded: int = 0
    """Cycles in a row in which all were busy."""
    idle: int = 0
    """Cycles in a row, or periods, in which too many were idle."""
    cycles: int = 0
    """Of the present period."""
    worked: float | None = None
    """At its beginning."""
    patience: int = 0
    """Idle periods before one is taken away."""
    backlogged: int = 0
    """Cycles in a row in which somebody waited."""
    since_fewer: int | None = None
    """Periods since one was taken away."""


class Step(NamedTuple):
    """The state then, and how many workers more, or fewer if negative; ``why`` is for the log."""

    state: State
    by: int = 0
    why: str = ""


def look(state: State, seen: Seen, terms: Scaling) -> Step:
    """One cycle."""
    step = {"backlog": _backlog, "busyness": _busyness, "manual": _manual}.get(terms.algorithm, _spare)(
        state, seen, terms
    )
    by = min(step.by, terms.most - seen.running) if step.by > 0 else max(step.by, min(0, terms.least - seen.running))
    return step._replace(by=by)


def _spare(state: State, seen: Seen, terms: Scaling) -> Step:
    spare = seen.serving - seen.busy
    if spare <= 0 and seen.serving:
        overloaded = state.overloaded + 1
        if overloaded > terms.overload:
            return Step(State(), terms.step, "all are busy")
        return Step(State(overloaded=overloaded))
    if spare > 1:
        idle = state.idle + 1
        if idle >= terms.overload:
            return Step(State(), -1, f"{spare} are idle")
        return Step(State(idle=idle))
    return Step(State())


def _backlog(state: State, seen: Seen, terms: Scaling) -> Step:
    if seen.waiting > terms.overload:
        return Step(state, terms.step, f"{seen.waiting} connections wait")
    return Step(state, -1, f"{seen.waiting} connections wait") if seen.waiting < terms.overload else Step(state)


def _manual(state: State, seen: Seen, terms: Scaling) -> Step:
    return Step(state)


def _busyness(state: State, seen: Seen, terms: Scaling) -> Step:
    waiting = state.backlogged + 1 if seen.waiting else 0
    if seen.waiting > terms.backlog_alert or waiting > terms.backlog_nonzero:
        restless = state._replace(backlogged=0, idle=0)
        return Step(restless, terms.backlog_step, f"{seen.waiting} connections wait, an emergency")
    state = state._replace(backlogged=waiting)
    if state.worked is None:
        return Step(state._replace(worked=seen.worked, patience=terms.multiplier))
    if state.cycles + 1 < terms.overload:
        return Step(state._replace(cycles=state.cycles + 1))
    percent = 100.0 * max(0.0, seen.worked - state.worked) / (terms.overload * max(1, seen.serving))
    since = None if state.since_fewer is None else state.since_fewer + 1
    state = state._replace(cycles=0, worked=seen.worked, since_fewer=since)
    why = f"{percent:.0f}% busy"
    if percent > terms.busyness_most:
        patience = state.patience
        if since is not None and since <= patience:
            patience += terms.penalty
        return Step(state._replace(idle=0, patience=patience, since_fewer=None), terms.step, why)
    if percent >= terms.busyness_least:
        return Step(state._replace(idle=0))
    idle = state.idle + 1
    if idle < state.patience:
        return Step(state._replace(idle=idle))
    return Step(state._replace(idle=0, since_fewer=0), -1, why)
