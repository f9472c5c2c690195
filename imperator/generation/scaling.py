"""Fewer workers when there is little to do, more when there is much: looks once a second and tells the generation.

What should be is decided in ``cheaper``. Here are the eyes, and what has no algorithm: no workers at all before the
first connection (``cheap``) or after a time without one (``idle``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from imperator import logs
from imperator._core import Scoreboard, WorkerCounters
from imperator.generation import cheaper, memory, policy
from imperator.pipes import Plan
from imperator.process import listeners
from imperator.process.loop import Loop

CYCLE = 1.0
"""Seconds between two looks."""


def initial(plan: Plan) -> int:
    """How many workers there are at first. One at least loads an application that only workers load."""
    scaling = plan.scaling
    if scaling.cheap:
        return 1 if plan.lives.lazy else 0
    return scaling.initial if scaling.least else plan.workers


class Scaler:
    """Looks at one generation's workers. ``state`` answers what the policy holds, ``step`` takes an event of it,
    ``die`` ends the instance.
    """

    def __init__(
        self,
        plan: Plan,
        loop: Loop,
        scoreboard: Scoreboard,
        pids: Mapping[int, int],
        state: Callable[[], policy.State],
        step: Callable[[policy.Event], None],
        die: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._terms = plan.scaling
        self._loop = loop
        self._scoreboard = scoreboard
        self._pids = pids
        self._state = state
        self._step = step
        self._die = die
        self._memory = cheaper.State()
        self._requests = -1
        self._active_at = loop.now
        self._waits = False
        if self._terms.least or self._terms.idle or self._terms.cheap:
            self._next()

    def _next(self) -> None:
        self._loop.at(self._loop.now + CYCLE, self._look)

    def began(self) -> None:
        """The generation serves: without a worker, somebody has to wait for the first connection."""
        self._active_at = self._loop.now
        if not self._state().wanted:
            self._wait_for_connections()

    def _look(self) -> None:
        state = self._state()
        if state.temper is policy.Temper.LEAVING:
            return
        if state.temper is policy.Temper.SERVING and state.wanted:
            rows = self._scoreboard.read()
            if self._terms.idle and self._is_idle(rows):
                self._go_cheap(state.wanted)
            elif self._terms.least:
                self._scale(state, rows)
        if self._terms.least or self._terms.idle:
            self._next()

    # -- cheaper

    def _scale(self, state: policy.State, rows: list[WorkerCounters]) -> None:
        seen = cheaper.Seen(
            running=state.wanted,
            serving=state.serving,
            busy=sum(bool(row.busy_cores) for row in rows),
            waiting=self._waiting(),
            worked=sum(row.running_time for row in rows) / 1e6 + self._in_progress(),
        )
        self._memory, by, why = cheaper.look(self._memory, seen, self._terms)
        by, why = self._within_memory(by, why, state.wanted)
        if self._terms.verbose and why:
            logs.say(f"[{self._terms.algorithm}] {why}: {by:+d} workers")
        if by:
            self._step(policy.Scaled(by, why))

    def _in_progress(self) -> float:
        """What requests that have not ended took so far: a worker is busy before it has finished one."""
        return sum(core.seconds for core in self._scoreboard.busy()) if self._terms.algorithm == "busyness" else 0.0

    def _waiting(self) -> int:
        if self._terms.algorithm == "spare":
            return 0
        return max((listeners.queue(door.fd)[0] for door in self._plan.doors), default=0)

    def _within_memory(self, by: int, why: str, running: int) -> tuple[int, str]:
        soft, hard = self._terms.memory_soft, self._terms.memory_hard
        if not soft and not hard:
            return by, why
        found = [memory.measure(pid) for pid in self._pids.values()]
        total = sum(one.rss for one in found if one)
        if hard and total > hard and running > self._terms.least:
            return -1, f"all workers have {total} bytes, cheaper-rss-limit-hard = {hard}"
        if soft and total > soft and by > 0:
            return 0, f"all workers have {total} bytes, cheaper-rss-limit-soft = {soft}"
        return by, why

    # -- none at all

    def _is_idle(self, rows: list[WorkerCounters]) -> bool:
        requests = sum(row.requests for row in rows)
        if requests != self._requests or any(row.busy_cores for row in rows):
            self._requests = requests
            self._active_at = self._loop.now
        return self._loop.now - self._active_at >= self._terms.idle

    def _go_cheap(self, workers: int) -> None:
        logs.say(f"workers have been inactive for more than {self._terms.idle:g} seconds")
        if self._terms.die_on_idle:
            self._active_at = self._loop.now
            self._die("die-on-idle")
            return
        self._step(policy.Scaled(-workers, "idle"))
        self._wait_for_connections()

    def _wait_for_connections(self) -> None:
        if not self._waits:
            self._waits = True
            logs.say("cheap mode enabled: waiting for socket connection...")
            for door in self._plan.doors:
                self._loop.watch(door.fd, self._somebody_came)

    def _somebody_came(self) -> None:
        self._waits = False
        for door in self._plan.doors:
            self._loop.forget(door.fd)
        self._active_at = self._loop.now
        if self._state().temper is policy.Temper.SERVING:
            self._step(policy.Scaled(self._terms.initial or self._plan.workers, "somebody came"))
