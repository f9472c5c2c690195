"""The processes beside the workers (mules, …): forked from the generation like them, and looked after.

Carries out what ``companions`` decides. What such a process does is a function that it is given; it gets the
application as it is loaded, and in its turn one end of a door: what it says is handed on, and signals of the
application go the other way, one byte each.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Sequence
from typing import NamedTuple

from imperator import logs, pipes
from imperator.generation import companions
from imperator.generation.companions import Companion
from imperator.module.here import Role
from imperator.pipes import Attendant
from imperator.process import kernel
from imperator.process.loop import Alarm, Loop

UNFORKED = 0.5
"""Seconds after which one that could not be forked counts as one that ended."""


class Member(NamedTuple):
    """One of them: ``body`` is what it does, to its exit status."""

    kind: Role
    number: int
    mercy: float
    """How long it may take to end, seconds."""
    body: Callable[[], int]


class Retinue:
    """All of one generation's.

    ``queues`` are the names under which several share what one of them shall take. ``settle`` is called in the child
    before its body, ``heard`` with each of its messages, ``gone`` when the last one has ended.
    """

    def __init__(
        self,
        loop: Loop,
        members: Sequence[Member],
        queues: Sequence[str],
        *,
        settle: Callable[[Member, socket.socket], None],
        heard: Callable[[bytes], None],
        tell: Callable[[Attendant], None],
        gone: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._members = members
        self._settle = settle
        self._heard = heard
        self._tell = tell
        self._gone = gone
        self._state: companions.State = tuple(
            Companion(one.kind, one.number, companions.terms(one.mercy)) for one in members
        )
        self._queues = {name: kernel.pair() for name in queues}
        self._pids: dict[int, int] = {}
        self._doors: dict[int, socket.socket] = {}
        self._alarm: Alarm | None = None

    @property
    def alive(self) -> bool:
        """Whether any of them runs."""
        return bool(self._pids)

    def doors(self) -> list[socket.socket]:
        """The generation's ends, which no other process may keep."""
        return list(self._doors.values())

    def begin(self) -> None:
        """The generation serves: start them."""
        self._step(companions.Began())

    def leave(self, *, at_once: bool = False) -> None:
        """Ask them to end, or end them."""
        self._step(companions.Left(at_once))

    def renew(self, kind: str) -> None:
        """Start all of a kind anew."""
        self._step(companions.Renew(kind))

    def send(self, kind: str, number: int, signum: int) -> bool:
        """Pass a signal of the application on; False if there is nobody to take it, or there are too many already."""
        if not number:
            return self._send(self._queues[kind][0], signum) if kind in self._queues else False
        for who, member in enumerate(self._members):
            if (member.kind, member.number) == (kind, number) and (door := self._doors.get(who)):
                return self._send(door, signum)
        return False

    @staticmethod
    def _send(door: socket.socket, signum: int) -> bool:
        try:
            return door.send(bytes([signum]), socket.MSG_DONTWAIT) == 1
        except OSError:
            return False

    def ears(self, names: Sequence[str]) -> dict[str, socket.socket]:
        """Where those who share these queues hear."""
        return {name: self._queues[name][1] for name in names}

    def running(self, kind: str) -> list[int]:
        """The numbers of those of a kind that there are."""
        return [member.number for who, member in enumerate(self._members) if member.kind == kind and who in self._pids]

    def pids(self) -> list[int]:
        """For whoever reaps."""
        return list(self._pids.values())

    def ended(self, end: kernel.Exit, how: str) -> bool:
        """A child of the generation ended; False if it was none of these."""
        who = next((who for who, pid in self._pids.items() if pid == end.pid), None)
        if who is None:
            return False
        if door := self._doors.pop(who, None):
            while door.fileno() >= 0 and self._hear(door):
                pass  # what it said before it ended comes before its end
            self._loop.forget(door.fileno())
            door.close()
        del self._pids[who]
        self._step(companions.Ended(who, how, failed=bool(end.status)))
        if who not in self._pids:
            self._report(who)
        if not self._pids:
            self._gone()
        return True

    def _step(self, event: companions.Event) -> None:
        self._state, actions = companions.step(self._state, event, self._loop.now)
        for action in actions:
            self._do(action)
        if self._alarm:
            self._alarm.cancel()
        when = companions.next_deadline(self._state)
        self._alarm = None if when is None else self._loop.at(when, lambda: self._step(companions.TimePassed()))

    def _do(self, action: companions.Action) -> None:
        match action:
            case companions.Fork(who, again):
                self._fork(who, again)
            case companions.Ask(who):
                if pid := self._pids.get(who):
                    kernel.kill(pid, signal.SIGTERM)
            case companions.Kill(who):
                if pid := self._pids.get(who):
                    kernel.kill(pid, signal.SIGKILL)
            case companions.Log(line):
                logs.say(line)

    def _fork(self, who: int, again: bool) -> None:
        member = self._members[who]
        ends: list[socket.socket] = []
        try:
            ends += kernel.pair()
            ours, its = ends
            pid = kernel.fork(lambda: self._run(member, its, ours))
        except OSError as error:
            for end in ends:
                end.close()
            how = f"could not be forked: {error.strerror}"
            self._loop.at(self._loop.now + UNFORKED, lambda: self._unforked(who, how))
            return
        its.close()
        self._pids[who] = pid
        self._doors[who] = ours
        self._loop.watch(ours.fileno(), lambda: self._readable(ours))
        name = f"{member.kind} {member.number}"
        logs.say(f"Respawned uWSGI {name} (new pid: {pid})" if again else f"spawned uWSGI {name} (pid: {pid})")
        self._report(who)

    def _unforked(self, who: int, how: str) -> None:
        self._step(companions.Ended(who, how, failed=True))
        if not self._pids:
            self._gone()

    def _run(self, member: Member, door: socket.socket, far_end: socket.socket) -> int:
        far_end.close()
        self._settle(member, door)
        return member.body()

    def _report(self, who: int) -> None:
        one = self._state[who]
        self._tell(Attendant(one.kind, one.number, self._pids.get(who, 0), max(0, one.spawned - 1)))

    def _readable(self, door: socket.socket) -> None:
        if self._hear(door) == b"":
            self._loop.forget(door.fileno())

    def _hear(self, door: socket.socket) -> bytes | None:
        """The next message, handed on; empty at the end, None if there is none yet."""
        try:
            message = kernel.receive(door, pipes.MAXIMUM)
        except BlockingIOError:
            return None
        if message:
            self._heard(message)
        return message
