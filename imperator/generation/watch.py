"""Looks at the workers from outside, as often as the configuration needs it and not at all if it needs nothing.

What is found is carried out or told to the generation; who shall be killed is decided in ``harakiri`` and ``memory``.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping

from imperator import logs
from imperator._core import BusyCore, Scoreboard
from imperator.generation import harakiri, memory, policy
from imperator.pipes import Plan
from imperator.process import kernel, listeners
from imperator.process.loop import Alarm, Loop


class Watch:
    """The alarms of one generation. ``pids`` is who sits where, ``step`` takes an event of the policy."""

    def __init__(
        self,
        plan: Plan,
        loop: Loop,
        scoreboard: Scoreboard,
        pids: Mapping[int, int],
        step: Callable[[policy.Event], None],
    ) -> None:
        self._plan = plan
        self._lives = plan.lives
        self._loop = loop
        self._scoreboard = scoreboard
        self._pids = pids
        self._step = step
        self._doomed: harakiri.Doomed = {}
        self._alarms: list[Alarm] = []
        if self._lives.harakiri:
            self._at(self._lives.harakiri, self._look_at_requests)
        if memory.is_limited(self._lives):
            self._at(self._lives.memory_interval, self._look_at_memory)

    def _at(self, seconds: float, handler: Callable[[], None]) -> None:
        self._loop.at(self._loop.now + seconds, handler)

    # -- requests

    def _look_at_requests(self) -> None:
        lives = self._lives
        busy = self._scoreboard.busy()
        if lives.harakiri_queue and self._is_spared(busy):
            self._at(1.0, self._look_at_requests)
            return
        self._doomed, actions, again = harakiri.look(
            self._doomed, busy, lives.harakiri, lives.harakiri_grace, self._loop.now
        )
        for action in actions:
            if pid := self._pids.get(action.seat):
                self._carry_out(action, pid)
        self._at(again, self._look_at_requests)

    def _is_spared(self, busy: list[BusyCore]) -> bool:
        if not any(core.seconds >= self._lives.harakiri for core in busy):
            return False
        waiting = max((listeners.queue(door.fd)[0] for door in self._plan.doors), default=0)
        if waiting > self._lives.harakiri_queue:
            return False
        number = (next(core.seat for core in busy if core.seconds >= self._lives.harakiri) - 1) % self._plan.workers + 1
        logs.say(
            f"HARAKIRI: Skipping harakiri on worker {number}. Listen queue is smaller than the threshold"
            f" ({waiting} < {self._lives.harakiri_queue})"
        )
        return True

    def _carry_out(self, action: harakiri.Action, pid: int) -> None:
        number = (action.seat - 1) % self._plan.workers + 1
        match action:
            case harakiri.Warn(_, late):
                self._warn(number, pid, late)
            case harakiri.Retire(seat):
                logs.say(f"HARAKIRI: worker {number} finishes its other requests first")
                self._step(policy.WorkerWorn(seat, "harakiri", at_once=True))
            case harakiri.Kill(seat, late):
                cores = ", ".join(str(core.core) for core in late)
                logs.say(f"HARAKIRI triggered by worker {number} core {cores} !!!")
                self._scoreboard.harakiri(seat)
                kernel.kill(pid, signal.SIGKILL)

    def _warn(self, number: int, pid: int, late: list[BusyCore]) -> None:
        graceful = "yes" if self._lives.harakiri_grace else "no"
        logs.say(f"*** HARAKIRI ON WORKER {number} (pid: {pid}, try: 1, graceful: {graceful}) ***")
        logs.say(f"HARAKIRI !!! worker {number} status !!!")
        for core in late:
            logs.say(f"HARAKIRI [core {core.core}] {core.request} since {core.since} ({core.seconds:.1f} seconds)")
        if self._lives.harakiri_verbose:
            for line in kernel_state(pid):
                logs.say(f"HARAKIRI: {line}")
        logs.say(f"HARAKIRI !!! end of worker {number} status !!! its Python stacks follow")
        kernel.kill(pid, signal.SIGUSR2)
        if self._lives.harakiri_grace:
            kernel.kill(pid, self._lives.harakiri_signal)

    # -- memory

    def _look_at_memory(self) -> None:
        for seat, pid in list(self._pids.items()):
            found = memory.measure(pid)
            verdict = memory.judge(found, self._lives) if found else None
            if verdict and verdict.kill:
                number = (seat - 1) % self._plan.workers + 1
                logs.say(f"*** EVIL RELOAD ON WORKER {number} PID: {pid} ({verdict.why}) ***")
                kernel.kill(pid, signal.SIGKILL)
            elif verdict:
                self._step(policy.WorkerWorn(seat, verdict.why))
        self._at(self._lives.memory_interval, self._look_at_memory)


def kernel_state(pid: int) -> list[str]:
    """What the kernel says that a process is at, as far as it tells."""
    lines = []
    for name in ("syscall", "wchan"):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                lines.append(f"{name}: {file.read(200).decode(errors='replace').strip()}")
        except OSError:
            pass  # this kernel, or this user, may not see it
    return lines
