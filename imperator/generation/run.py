"""A generation: one loaded copy of the application, and the workers forked from it.

Carries out what ``policy`` decides. It lives in the vassal's interpreter, so it imports the standard library and this
package only, and it has no thread of its own. What it says to the master is in ``pipes``; what it prints is for
people.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from imperator import logs, pipes
from imperator._core import Scoreboard
from imperator.errors import Refused
from imperator.generation import apps, imports, moments, policy, worker
from imperator.generation.app import NotLoaded
from imperator.generation.scaling import Scaler, initial
from imperator.generation.watch import Watch
from imperator.lifecycle import Phase
from imperator.module import install
from imperator.module.here import HERE, Place
from imperator.pipes import (
    Alarmed,
    Failed,
    GaveUp,
    Limits,
    Loaded,
    Order,
    Plan,
    Ready,
    Registered,
    ReloadMe,
    StopMe,
    Trigger,
)
from imperator.process import kernel
from imperator.process.loop import Alarm, Loop

if TYPE_CHECKING:
    from imperator.generation.retinue import Member, Retinue
    from imperator.generation.signals import Signals
    from imperator.generation.targets import Recipient, Seen

NO_APP = 22

UNFORKED = 0.5
"""Seconds after which a process that could not be forked counts as one that ended: there is no room for it now."""

_FAULTS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT)
KINDS = ("worker", "mule", "spooler")
"""In the order of the plan's titles."""


def main(control_fd: int, plan_fd: int) -> NoReturn:
    """Run the generation whose plan is behind ``plan_fd`` and whose master is behind ``control_fd``, and end with it.

    A thread that the application started while it was imported is not waited for: it may never end.
    """
    status = _run(control_fd, plan_fd)
    worker.run_atexit()
    kernel.leave(status)


def _run(control_fd: int, plan_fd: int) -> int:
    for fd in (control_fd, plan_fd):
        os.set_inheritable(fd, False)
    with open(plan_fd, "rb") as file:
        plan = Plan.read(file.read())
    logs.date(plan.request_log.date)
    for door in plan.doors:
        os.set_inheritable(door.fd, False)
    os.set_inheritable(plan.scoreboard_fd, False)
    if plan.request_log.fd > 2:
        os.set_inheritable(plan.request_log.fd, False)
    master = socket.socket(fileno=control_fd)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupted import has nothing to tell
    try:
        if plan.limits != Limits():
            from imperator.process import limits

            limits.generation(plan.limits)
        for fd in (*plan.shared.fds(), *plan.spooling.fds()):
            os.set_inheritable(fd, False)
        imports.prepare(plan.interpreter, plan.pythonpath)
        if plan.gevent.is_wanted:
            from imperator.generation import gevent_loop

            gevent_loop.prepare(plan.gevent, plan.lives.lazy)
        install.install(plan)
        if plan.shared.sharing.preloads:
            from imperator.generation import caches

            caches.preload(plan.shared)
        moments.do(plan, "reload")
        if plan.lives.lazy and plan.conduct.serve:
            return Generation(plan, master, apps.Table(None)).run()
        table, complete = _load(plan, master)
        if not complete and not plan.serve_without_app:
            return NO_APP
        if not plan.conduct.serve:
            _tell(master, GaveUp("no-server mode requested. Goodbye.", 0))
            return 0
        return Generation(plan, master, table).run()
    except Refused as refusal:
        return _give_up(refusal, master)


def _give_up(refusal: Refused, above: socket.socket) -> int:
    """End, and tell whoever is above why: hooks and limits are no fault of the application's."""
    logs.complain(refusal.diagnostics)
    told = refusal.diagnostics
    why = told[0].line().removeprefix("error: ") if told else f"a hook asks for the end, with status {refusal.status}"
    _tell(above, GaveUp(why, refusal.status))
    return refusal.status


def _load(plan: Plan, above: socket.socket) -> tuple[apps.Table, bool]:
    """Import the applications, and tell whoever is above how that went; answers also whether all are there.

    Raises :class:`Refused` when a hook fails.
    """
    moments.do(plan, "pre-app")
    began = time.monotonic()
    try:
        imports.run(plan.interpreter)
        table, failed = apps.load(plan)
    except NotLoaded as failure:
        table, failed = apps.Table(None), failure.failed
    seconds = time.monotonic() - began
    moments.do(plan, "post-app")
    _tell(above, failed or Loaded(seconds))
    return table, failed is None


def _tell(above: socket.socket, word: pipes.Word) -> None:
    try:
        above.send(pipes.say(word))
    except (BrokenPipeError, ConnectionResetError):
        pass  # whoever is above died; that end of file is read next


class Generation:
    """The workers of one loaded application, and what is beside them."""

    def __init__(self, plan: Plan, master: socket.socket, table: apps.Table) -> None:
        self._plan = plan
        self._master = master
        self._table = table
        self._scoreboard = Scoreboard(plan.scoreboard_fd)
        self._loop = Loop()
        lives = plan.lives
        limits = policy.Limits(lives.least, lives.most, lives.most_delta)
        self._state = policy.begin(plan.workers, plan.mercy, initial(plan), limits)
        self._pids: dict[int, int] = {}
        self._doors: dict[int, socket.socket] = {}
        self._ears: dict[int, socket.socket] = {}
        """Where workers hear signals of the application."""
        self._alarm: Alarm | None = None
        self._status = 0
        self._scaler: Scaler | None = None
        self._met: set[int] = set()
        """The workers that have had a process."""
        self._lazily: bool | None = None
        """Whether the application loads in the workers, once one of them has said so."""
        self._pid = os.getpid()
        self._retinue: Retinue | None = self._gather() if plan.mules.targets or plan.spooling.directories else None
        self._signals: Signals | None = None

    def _gather(self) -> Retinue:
        """The processes beside the workers."""
        from imperator.generation.retinue import Member, Retinue

        plan = self._plan
        members: list[Member] = []
        if plan.mules.targets:
            from imperator.generation import mule

            mules = range(1, len(plan.mules.targets) + 1)
            members += [Member("mule", number, plan.mules.mercy, partial(mule.body, plan, number)) for number in mules]
        if plan.spooling.directories:
            from imperator.generation import spooler

            mercy, spoolers = plan.spooling.mercy, range(1, plan.spooling.number + 1)
            members += [Member("spooler", number, mercy, partial(spooler.body, plan, number)) for number in spoolers]
        return Retinue(
            self._loop,
            members,
            [*dict.fromkeys(one.kind for one in members), *("farm " + farm.name for farm in plan.mules.farms)],
            settle=self._settle,
            heard=self._understand,
            tell=lambda word: _tell(self._master, word),
            gone=self._end_if_alone,
        )

    def _with_signals(self) -> Signals:
        """What passes signals of the application on: few applications have any."""
        if self._signals is None:
            from imperator.generation.signals import Signals

            self._signals = Signals(self._plan, self._loop, self._see, self._deliver)
            if self._state.temper is policy.Temper.SERVING:
                self._signals.serve()
        return self._signals

    def run(self) -> int:
        """Fork the workers and look after them; answers the exit status once none is left."""
        self._loop.on_signals((signal.SIGTERM, signal.SIGINT, signal.SIGQUIT), self._signalled)
        self._loop.on_signals((signal.SIGHUP,), lambda _: None)
        self._loop.on_signals((signal.SIGCHLD,), lambda _: self._reap())
        self._loop.watch(self._master.fileno(), self._ordered)
        _warn_of_threads()
        # What is imported now is shared by all workers for ever: the collector need not touch, and so copy, its pages.
        gc.collect()
        gc.freeze()
        self._step(policy.Begin())
        Watch(self._plan, self._loop, self._scoreboard, self._pids, self._step)
        if self._plan.shared.sharing.caches:
            from imperator.generation.caches import Sweeper

            Sweeper(self._plan.shared, self._loop)
        self._scaler = Scaler(
            self._plan, self._loop, self._scoreboard, self._pids, lambda: self._state, self._step, self._die
        )
        self._loop.run()
        return self._status

    def _step(self, event: policy.Event) -> None:
        self._state, actions = policy.step(self._state, event, self._loop.now)
        for action in actions:
            self._do(action)
        if self._alarm:
            self._alarm.cancel()
        when = policy.next_deadline(self._state)
        self._alarm = None if when is None else self._loop.at(when, lambda: self._step(policy.TimePassed()))

    def _do(self, action: policy.Action) -> None:
        match action:
            case policy.Fork(seat, again):
                self._fork(seat, again)
            case policy.Tell(seat, order):
                self._pass_on(seat, order)
            case policy.Kill(seat):
                if pid := self._pids.get(seat):
                    kernel.kill(pid, signal.SIGKILL)
            case policy.Retire(seat, why):
                number = self._state.number(seat)
                logs.say(f"...The work of process {self._pids[seat]} is done (worker {number}: {why}). Seeya!")
            case policy.Announce():
                _tell(self._master, Ready([self._pids[seat] for seat in sorted(self._pids)]))
            case policy.Log(line):
                logs.say(line)
            case policy.Leave(status):
                self._status = status
                self._end_if_alone()

    def _end_if_alone(self) -> None:
        leaving = self._state.temper is policy.Temper.LEAVING
        if leaving and not self._pids and not (self._retinue and self._retinue.alive):
            self._loop.stop()

    # -- the master

    def _ordered(self) -> None:
        try:
            message = kernel.receive(self._master, 1)
        except BlockingIOError:
            return
        if not message:
            self._loop.forget(self._master.fileno())
            self._obey(Order.DRAIN, "the master died")
            return
        try:
            order = Order(message[0])
        except ValueError:
            logs.say(f"error: the master says {message!r}, which is no order; it is another version of this program")
            return
        self._obey(order, "the master's order")

    def _obey(self, order: Order, why: str) -> None:
        if order in (Order.MULES, Order.SPOOLERS):
            if self._retinue:
                self._retinue.renew("mule" if order is Order.MULES else "spooler")
            return
        proving = self._state.temper is policy.Temper.PROVING
        self._step(policy.Ordered(order, why))
        if order in (Order.SERVE, Order.RESUME) and self._scaler:
            self._scaler.began()
        if order is Order.SERVE and proving:
            if self._retinue:
                self._retinue.begin()
            if self._signals:
                self._signals.serve()
            elif self._plan.triggers or "imperator.module.signals" in sys.modules:
                self._with_signals()
        elif order in (Order.DRAIN, Order.STOP):
            if self._signals:
                self._signals.leave()
            if self._retinue:
                self._retinue.leave(at_once=order is Order.STOP)

    def _die(self, why: str) -> None:
        _tell(self._master, StopMe(why))

    def _signalled(self, signum: int) -> None:
        self._obey(Order.DRAIN, signal.Signals(signum).name)

    # -- the workers

    def _fork(self, seat: int, again: bool) -> None:
        number = self._state.number(seat)
        first = number not in self._met
        ends: list[socket.socket] = []
        try:
            ends += kernel.pair()
            ends += kernel.pair()
            ours, its, mouth, ear = ends
            pid = kernel.fork(lambda: self._work(seat, first, its, ear, ours, mouth))
        except OSError as error:
            for end in ends:
                end.close()
            how = f"could not be forked: {error.strerror}"
            ended = policy.WorkerEnded(seat, how, failed=True)
            self._loop.at(self._loop.now + UNFORKED, lambda: self._step(ended))
            return
        self._met.add(number)
        its.close()
        ear.close()
        self._pids[seat] = pid
        self._doors[seat] = ours
        self._ears[seat] = mouth
        self._scoreboard.spawned(seat, pid)
        self._loop.watch(ours.fileno(), lambda: self._heard(seat, ours))
        if again:
            logs.say(f"Respawned uWSGI worker {number} (new pid: {pid})")
        else:
            logs.say(f"spawned uWSGI worker {number} (pid: {pid}, cores: {self._plan.threads})")

    def _work(
        self, seat: int, first: bool, door: socket.socket, ear: socket.socket, *far_ends: socket.socket
    ) -> int:
        """The child's side: let go of everything that is the generation's, then serve."""
        for far_end in far_ends:
            far_end.close()
        number = self._state.number(seat)
        self._become(Place("worker", number, seat, door.fileno()), ear)
        try:
            moments.do(self._plan, "post-fork")
            if self._plan.lives.lazy:
                self._table, complete = _load(self._plan, door)
                # One that loaded before is not replaced by one that does not load any more.
                if not complete and (self._lazily or not self._plan.serve_without_app):
                    return NO_APP
            worker.prepare(self._plan, number, door.fileno())
            moments.accepting(self._plan, number, first=first)
        except Refused as refusal:
            return _give_up(refusal, door)
        return worker.serve(self._table, self._plan, number, seat, door.fileno())

    def _become(self, place: Place, ear: socket.socket, *shared: socket.socket) -> None:
        """In a child: be what it is for."""
        self._loop.close()
        self._master.close()
        # With a copy of the generation's end in its own hands, nobody would ever read that the generation died.
        beside = self._retinue.doors() if self._retinue else []
        for other in (*self._doors.values(), *self._ears.values(), *beside):
            other.close()
        if titles := self._plan.titles:
            from imperator.process import title

            title.show(titles[KINDS.index(place.role)].replace("%d", str(place.number)))
        if self._plan.gevent.is_wanted:
            from imperator.generation import gevent_loop

            gevent_loop.after_fork(self._plan.gevent, self._plan.lives.lazy)
        HERE.become(place, ear, *shared)

    def _settle(self, member: Member, door: socket.socket) -> None:
        """In a child that is no worker: be what it is for, with the application."""
        kernel.end_with_parent(self._pid, signal.SIGTERM)
        farms = [farm for farm in self._plan.mules.farms if member.kind == "mule" and member.number in farm.mules]
        names = [member.kind, *("farm " + farm.name for farm in farms)]
        shared = self._retinue.ears(names).values() if self._retinue else ()
        self._become(Place(member.kind, member.number, 0, door.fileno()), door, *shared)
        try:
            moments.do(self._plan, "post-fork")
            if self._plan.lives.lazy:
                self._table, complete = _load(self._plan, door)
                if not complete and not self._plan.serve_without_app:
                    raise SystemExit(NO_APP)
            moments.do(self._plan, f"as-{member.kind}")
        except Refused as refusal:
            raise SystemExit(_give_up(refusal, door)) from refusal

    def _heard(self, seat: int, door: socket.socket) -> None:
        try:
            message = kernel.receive(door, pipes.MAXIMUM)
        except BlockingIOError:
            return
        if message == pipes.READY_WORKER:
            self._step(policy.WorkerReady(seat))
        elif message == pipes.WORN_WORKER:
            self._step(policy.WorkerWorn(seat, "max-requests"))
        elif message == pipes.FAILED_WORKER:
            self._step(policy.WorkerWorn(seat, "reload-on-exception", at_once=True))
        elif message:
            self._understand(message)
        else:
            self._hang_up(seat, door)

    def _understand(self, message: bytes) -> None:
        """A worker that loads the application for itself says how that went: the first word, and every failure. Any may
        ask for a reload, and raise signals.
        """
        if (signum := pipes.heard_raised(message)) is not None:
            self._with_signals().raised(signum)
            return
        try:
            word = pipes.hear(message)
        except ValueError as error:
            logs.say(f"error: a worker says something that is {error}; it is ignored [bad-word]")
            return
        if isinstance(word, Failed):
            if self._state.temper is policy.Temper.PROVING:
                if self._lazily is None or self._lazily:
                    _tell(self._master, word)
            else:
                logs.text(word.traceback)
                logs.say(f"*** no app loaded in a new worker: {word.reason} ***")
            self._lazily = self._lazily or False
        elif isinstance(word, Registered | Trigger):
            self._with_signals().heard(word)
        elif isinstance(word, GaveUp):
            if self._state.temper is policy.Temper.PROVING:
                _tell(self._master, word)
        elif isinstance(word, Alarmed):
            _tell(self._master, word)
        elif isinstance(word, ReloadMe | StopMe):
            if self._state.temper is policy.Temper.SERVING:
                _tell(self._master, word)
        elif isinstance(word, Loaded) and self._lazily is None:
            self._lazily = True
            _tell(self._master, word)

    def _pass_on(self, seat: int, order: Order) -> None:
        door = self._doors.get(seat)
        try:
            if door:
                door.send(bytes([order]), socket.MSG_DONTWAIT)
        except (BrokenPipeError, ConnectionResetError, BlockingIOError):
            pass  # it is dying, and its exit is reaped next; or it has been deaf for long

    def _hang_up(self, seat: int, door: socket.socket) -> None:
        if self._doors.get(seat) is door:
            del self._doors[seat]
        self._loop.forget(door.fileno())
        door.close()

    def _reap(self) -> None:
        seats = {pid: seat for seat, pid in self._pids.items()}
        for end in kernel.reap([*seats, *(self._retinue.pids() if self._retinue else ())]):
            if self._retinue and self._retinue.ended(end, _how(end)):
                continue
            seat = seats[end.pid]
            if ear := self._ears.pop(seat, None):
                ear.close()
            if door := self._doors.get(seat):
                self._hear_out(seat, door)
                self._hang_up(seat, door)
            del self._pids[seat]
            self._scoreboard.spawned(seat, 0)
            if end.signal in _FAULTS:
                _tell(self._master, pipes.Crashed(f"worker {self._state.number(seat)} {_how(end)}"))
            self._step(policy.WorkerEnded(seat, _how(end), failed=bool(end.status)))

    def _hear_out(self, seat: int, door: socket.socket) -> None:
        """Why a worker ends comes before its end."""
        while message := _next(door):
            if message[:1] in (b"[", b"!"):
                self._understand(message)

    # -- signals of the application

    def _see(self) -> Seen:
        """Who can take one."""
        from imperator.generation.targets import Seen, Worker

        busy = {core.seat for core in self._scoreboard.busy()}
        leaving = self._state.temper is policy.Temper.LEAVING
        workers = [
            Worker(number, slot.seat, slot.seat in busy)
            for number, slot in enumerate(self._state.workers, 1)
            if slot.seat in self._ears and (leaving or slot.child.phase is Phase.UP)
        ]
        beside = self._retinue
        return Seen(
            workers,
            beside.running("mule") if beside else (),
            beside.running("spooler") if beside else (),
            self._plan.mules.farms,
        )

    def _deliver(self, to: Recipient, signum: int) -> bool:
        if to.kind != "worker":
            return bool(self._retinue and self._retinue.send(to.kind, to.which, signum))
        try:
            return self._ears[to.which].send(bytes([signum]), socket.MSG_DONTWAIT) == 1
        except OSError:
            return False


def _next(door: socket.socket) -> bytes:
    try:
        return kernel.receive(door, pipes.MAXIMUM) if door.fileno() >= 0 else b""
    except BlockingIOError:
        return b""


def _how(end: kernel.Exit) -> str:
    if end.signal:
        return f"(pid: {end.pid}) died, killed by signal {end.signal}"
    return f"(pid: {end.pid}) exited with status {end.status}" if end.status else f"(pid: {end.pid})"


def _warn_of_threads() -> None:
    threading = sys.modules.get("threading")
    if threading and _is_patched():
        return  # they are greenlets, and those are copied
    if threading and (others := threading.active_count() - 1):
        names = ", ".join(thread.name for thread in threading.enumerate() if thread is not threading.main_thread())
        logs.say(
            f"warning: the application started {others} thread{'s' * (others > 1)} at its import ({names}), which"
            " will not exist in the workers; start them in the worker, for example at the first request [threads-lost]"
        )


def _is_patched() -> bool:
    """Whether threads are greenlets of gevent here."""
    monkey = sys.modules.get("gevent.monkey")
    return bool(monkey and monkey.is_module_patched("threading"))
