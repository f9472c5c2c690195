"""The life of one supervised child: states x events as one total table, and the back-off between lives.

The emperor supervises masters with it, a generation its workers. The idea: *what is wanted* (:attr:`Child.wanted`) and
*what is true* (:attr:`Child.phase`) are two fields. A wish is remembered, never refused: ``START`` said while the child
is still leaving is carried out when it has left. :func:`step` takes a child, an event and the time, and answers the
child as it is then and what is to be done, in order:

* ``SPAWN``: start a process; an answer is due: ``SPAWN_FAILED``, or later ``BECAME_READY`` or ``EXITED``;
* ``ASK_TO_STOP``: say so, gently;
* ``KILL``: SIGKILL.

:attr:`Child.deadline` is when ``DEADLINE_PASSED`` is to be reported; the caller keeps one alarm a child and sets it to
that after every step. In ``WAITING`` it is the end of the back-off, in ``STARTING`` and ``STOPPING`` the end of
patience.

Back-off counts lives that ended before the child was ready, or so soon after that nothing had settled: the first is
followed at once by another attempt, the n-th waits ``(n - 1) * throttle`` seconds, up to ``throttle_limit``.
``FORGIVE`` forgets the count (the configuration was changed, somebody mended the cause) and ends a wait.

Pure: it knows no pid, no clock and no log. Messages of a child must be read to their end before its exit is reported,
or a child that was ready and died looks like one that never was.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import NamedTuple


class Phase(enum.Enum):
    """What is true of the child."""

    DOWN = "down"
    STARTING = "starting"
    UP = "up"
    STOPPING = "stopping"
    KILLED = "killed"
    WAITING = "waiting"


class Event(enum.Enum):
    """What happened. The first five are wishes."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    FORCE = "force"
    FORGIVE = "forgive"
    SPAWN_FAILED = "spawn failed"
    BECAME_READY = "became ready"
    EXITED = "exited"
    DEADLINE_PASSED = "deadline passed"


class Action(enum.Enum):
    """What is to be done."""

    SPAWN = "spawn"
    ASK_TO_STOP = "ask to stop"
    KILL = "kill"


class Terms(NamedTuple):
    """How patient the supervisor is. Seconds."""

    mercy: float = 30.0
    """Between ``ASK_TO_STOP`` and ``KILL``; also between one ``KILL`` and the next, should the kernel hesitate."""
    throttle: float = 1.0
    throttle_limit: float = 180.0
    settled: float = 1.0
    """A child that was ready for less counts as one that never was. 0: ready is ready."""
    patience: float | None = None
    """Longest time from ``SPAWN`` to ``BECAME_READY``; then it is killed and counts as failed. None: no limit."""

    def delay(self, failures: int) -> float:
        """How long to wait after the last of ``failures`` failed lives in a row."""
        return min(max(failures - 1, 0) * self.throttle, self.throttle_limit)


class Child(NamedTuple):
    """One child, as it is and as it is wanted."""

    phase: Phase = Phase.DOWN
    wanted: bool = False
    failures: int = 0
    since: float = 0.0
    """When ``phase`` began."""
    deadline: float | None = None

    @property
    def alive(self) -> bool:
        """Whether there is a process."""
        return self.phase in _ALIVE


_ALIVE = frozenset((Phase.STARTING, Phase.UP, Phase.STOPPING, Phase.KILLED))

Outcome = tuple[Child, tuple[Action, ...]]


def step(child: Child, event: Event, now: float, terms: Terms) -> Outcome:
    """The child after ``event``, and what is to be done."""
    return TABLE[child.phase, event](child, now, terms)


def _nothing(child: Child, now: float, terms: Terms) -> Outcome:
    """Late or repeated news."""
    return child, ()


def _spawn(child: Child, now: float, terms: Terms) -> Outcome:
    deadline = None if terms.patience is None else now + terms.patience
    return child._replace(phase=Phase.STARTING, wanted=True, since=now, deadline=deadline), (Action.SPAWN,)


def _want(child: Child, now: float, terms: Terms) -> Outcome:
    return child._replace(wanted=True), ()


def _give_up(child: Child, now: float, terms: Terms) -> Outcome:
    """There is no process: the wish not to have one is fulfilled."""
    return Child(since=now if child.phase is not Phase.DOWN else child.since), ()


def _ask(child: Child, now: float, terms: Terms) -> Outcome:
    stopping = child._replace(phase=Phase.STOPPING, wanted=False, since=now, deadline=now + terms.mercy)
    return stopping, (Action.ASK_TO_STOP,)


def _unwant(child: Child, now: float, terms: Terms) -> Outcome:
    """It is leaving already, and its deadline stays where it was."""
    return child._replace(wanted=False), ()


def _ask_and_return(child: Child, now: float, terms: Terms) -> Outcome:
    child, actions = _ask(child, now, terms)
    return child._replace(wanted=True), actions


def _kill(child: Child, now: float, terms: Terms) -> Outcome:
    """The wish stays as it is: what is late must go, what is wanted comes back."""
    failures = child.failures + (child.phase is Phase.STARTING)
    killed = child._replace(phase=Phase.KILLED, failures=failures, since=now, deadline=now + terms.mercy)
    return killed, (Action.KILL,)


def _force(child: Child, now: float, terms: Terms) -> Outcome:
    return _kill(child._replace(wanted=False), now, terms)


def _forgive(child: Child, now: float, terms: Terms) -> Outcome:
    return child._replace(failures=0), ()


def _retry(child: Child, now: float, terms: Terms) -> Outcome:
    return _spawn(child._replace(failures=0), now, terms)


def _ready(child: Child, now: float, terms: Terms) -> Outcome:
    return child._replace(phase=Phase.UP, since=now, deadline=None), ()


def _failed(child: Child, now: float, terms: Terms) -> Outcome:
    return _after(child._replace(failures=child.failures + 1), now, terms)


def _died(child: Child, now: float, terms: Terms) -> Outcome:
    if now - child.since < terms.settled:
        return _failed(child, now, terms)
    return _after(child._replace(failures=0), now, terms)


def _after(child: Child, now: float, terms: Terms) -> Outcome:
    """A life has ended: nothing, another one at once, or a wait."""
    if not child.wanted:
        return _give_up(child, now, terms)
    delay = terms.delay(child.failures)
    if not delay:
        return _spawn(child, now, terms)
    return child._replace(phase=Phase.WAITING, since=now, deadline=now + delay), ()


_P, _E = Phase, Event

TABLE: dict[tuple[Phase, Event], Callable[[Child, float, Terms], Outcome]] = {
    (_P.DOWN, _E.START): _spawn,
    (_P.DOWN, _E.STOP): _give_up,
    (_P.DOWN, _E.RESTART): _spawn,
    (_P.DOWN, _E.FORCE): _give_up,
    (_P.DOWN, _E.FORGIVE): _forgive,
    (_P.DOWN, _E.SPAWN_FAILED): _nothing,
    (_P.DOWN, _E.BECAME_READY): _nothing,
    (_P.DOWN, _E.EXITED): _nothing,
    (_P.DOWN, _E.DEADLINE_PASSED): _nothing,
    #
    (_P.STARTING, _E.START): _want,
    (_P.STARTING, _E.STOP): _ask,
    (_P.STARTING, _E.RESTART): _ask_and_return,
    (_P.STARTING, _E.FORCE): _force,
    (_P.STARTING, _E.FORGIVE): _forgive,
    (_P.STARTING, _E.SPAWN_FAILED): _failed,
    (_P.STARTING, _E.BECAME_READY): _ready,
    (_P.STARTING, _E.EXITED): _failed,
    (_P.STARTING, _E.DEADLINE_PASSED): _kill,
    #
    (_P.UP, _E.START): _want,
    (_P.UP, _E.STOP): _ask,
    (_P.UP, _E.RESTART): _ask_and_return,
    (_P.UP, _E.FORCE): _force,
    (_P.UP, _E.FORGIVE): _forgive,
    (_P.UP, _E.SPAWN_FAILED): _nothing,
    (_P.UP, _E.BECAME_READY): _nothing,
    (_P.UP, _E.EXITED): _died,
    (_P.UP, _E.DEADLINE_PASSED): _nothing,
    #
    (_P.STOPPING, _E.START): _want,
    (_P.STOPPING, _E.STOP): _unwant,
    (_P.STOPPING, _E.RESTART): _want,
    (_P.STOPPING, _E.FORCE): _force,
    (_P.STOPPING, _E.FORGIVE): _forgive,
    (_P.STOPPING, _E.SPAWN_FAILED): _nothing,
    (_P.STOPPING, _E.BECAME_READY): _nothing,
    (_P.STOPPING, _E.EXITED): _after,
    (_P.STOPPING, _E.DEADLINE_PASSED): _kill,
    #
    (_P.KILLED, _E.START): _want,
    (_P.KILLED, _E.STOP): _unwant,
    (_P.KILLED, _E.RESTART): _want,
    (_P.KILLED, _E.FORCE): _unwant,
    (_P.KILLED, _E.FORGIVE): _forgive,
    (_P.KILLED, _E.SPAWN_FAILED): _nothing,
    (_P.KILLED, _E.BECAME_READY): _nothing,
    (_P.KILLED, _E.EXITED): _after,
    (_P.KILLED, _E.DEADLINE_PASSED): _kill,
    #
    (_P.WAITING, _E.START): _want,
    (_P.WAITING, _E.STOP): _give_up,
    (_P.WAITING, _E.RESTART): _want,
    (_P.WAITING, _E.FORCE): _give_up,
    (_P.WAITING, _E.FORGIVE): _retry,
    (_P.WAITING, _E.SPAWN_FAILED): _nothing,
    (_P.WAITING, _E.BECAME_READY): _nothing,
    (_P.WAITING, _E.EXITED): _nothing,
    (_P.WAITING, _E.DEADLINE_PASSED): _spawn,
}
