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
from typing import NoReturn

from imperator import logs, pipes
from imperator._core import Scoreboard
from imperator.generation import apps, imports, policy, worker
from imperator.generation.app import NotLoaded
from imperator.generation.scaling import Scaler, initial
from imperator.generation.watch import Watch
from imperator.module import install
from imperator.module.here import HERE, Place
from imperator.pipes import Failed, Loaded, Order, Plan, Ready, ReloadMe, StopMe
from imperator.process import kernel
from imperator.process.loop import Alarm, Loop

NO_APP = 22


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
    for fd in plan.shared.fds():
        os.set_inheritable(fd, False)
    imports.prepare(plan.interpreter, plan.pythonpath)
    install.install(plan)
    if plan.shared.sharing.preloads:
        from imperator.generation import caches

        caches.preload(plan.shared)
    if plan.lives.lazy:
        return Generation(plan, master, apps.Table(None)).run()
    table, complete = _load(plan, master)
    if not complete and not plan.serve_without_app:
        return NO_APP
    return Generation(plan, master, table).run()


def _load(plan: Plan, above: socket.socket) -> tuple[apps.Table, bool]:
    """Import the applications, and tell whoever is above how that went; answers also whether all are there."""
    began = time.monotonic()
    try:
        imports.run(plan.interpreter)
        table, failed = apps.load(plan)
    except NotLoaded as failure:
        table, failed = apps.Table(None), failure.failed
    _tell(above, failed or Loaded(time.monotonic() - began))
    return table, failed is None


def _tell(above: socket.socket, word: Failed | Loaded | Ready | ReloadMe | StopMe) -> None:
    try:
        above.send(pipes.say(word))
    except (BrokenPipeError, ConnectionResetError):
        pass  # whoever is above died; that end of file is read next


class Generation:
    """The workers of one loaded application."""

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
        self._alarm: Alarm | None = None
        self._status = 0
        self._scaler: Scaler | None = None
        self._lazily: bool | None = None
        """Whether the application loads in the workers, once one of them has said so."""

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
                kernel.kill(self._pids[seat], signal.SIGKILL)
            case policy.Retire(seat, why):
                number = self._state.number(seat)
                logs.say(f"...The work of process {self._pids[seat]} is done (worker {number}: {why}). Seeya!")
            case policy.Announce():
                _tell(self._master, Ready([self._pids[seat] for seat in sorted(self._pids)]))
            case policy.Log(line):
                logs.say(line)
            case policy.Leave(status):
                self._status = status
                self._loop.stop()

    # -- the master

    def _ordered(self) -> None:
        try:
            message = kernel.receive(self._master, 1)
        except BlockingIOError:
            return
        if not message:
            self._loop.forget(self._master.fileno())
            self._step(policy.Ordered(Order.DRAIN, "the master died"))
            return
        try:
            order = Order(message[0])
        except ValueError:
            logs.say(f"error: the master says {message!r}, which is no order; it is another version of this program")
            return
        self._step(policy.Ordered(order, "the master's order"))
        if order in (Order.SERVE, Order.RESUME) and self._scaler:
            self._scaler.began()

    def _die(self, why: str) -> None:
        _tell(self._master, StopMe(why))

    def _signalled(self, signum: int) -> None:
        self._step(policy.Ordered(Order.DRAIN, signal.Signals(signum).name))

    # -- the workers

    def _fork(self, seat: int, again: bool) -> None:
        ours, its = kernel.pair()
        pid = kernel.fork(lambda: self._work(seat, its, ours))
        its.close()
        self._pids[seat] = pid
        self._doors[seat] = ours
        self._scoreboard.spawned(seat, pid)
        self._loop.watch(ours.fileno(), lambda: self._heard(seat, ours))
        number = self._state.number(seat)
        if again:
            logs.say(f"Respawned uWSGI worker {number} (new pid: {pid})")
        else:
            logs.say(f"spawned uWSGI worker {number} (pid: {pid}, cores: {self._plan.threads})")

    def _work(self, seat: int, door: socket.socket, far_end: socket.socket) -> int:
        """The child's side: let go of everything that is the generation's, then serve."""
        self._loop.close()
        self._master.close()
        # With a copy of the generation's end in its own hands, a worker would never read that the generation died.
        for other in (far_end, *self._doors.values()):
            other.close()
        number = self._state.number(seat)
        if titles := self._plan.titles:
            from imperator.process import title

            title.show(titles[0].replace("%d", str(number)))
        HERE.become(Place("worker", number, seat, door.fileno()))
        if self._plan.lives.lazy:
            self._table, complete = _load(self._plan, door)
            # One that loaded before is not replaced by one that does not load any more.
            if not complete and (self._lazily or not self._plan.serve_without_app):
                return NO_APP
        return worker.serve(self._table, self._plan, number, seat, door.fileno())

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
        ask for a reload.
        """
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
                door.send(bytes([order]))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it is dying; its exit is reaped next

    def _hang_up(self, seat: int, door: socket.socket) -> None:
        if self._doors.get(seat) is door:
            del self._doors[seat]
        self._loop.forget(door.fileno())
        door.close()

    def _reap(self) -> None:
        seats = {pid: seat for seat, pid in self._pids.items()}
        for end in kernel.reap(seats):
            seat = seats[end.pid]
            if door := self._doors.get(seat):
                self._hear_out(seat, door)
                self._hang_up(seat, door)
            del self._pids[seat]
            self._scoreboard.spawned(seat, 0)
            self._step(policy.WorkerEnded(seat, _how(end), failed=bool(end.status)))

    def _hear_out(self, seat: int, door: socket.socket) -> None:
        """Why a worker ends comes before its end."""
        while self._plan.lives.lazy and (message := _next(door)):
            if message[:1] == b"[":
                self._understand(message)


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
    if threading and (others := threading.active_count() - 1):
        names = ", ".join(thread.name for thread in threading.enumerate() if thread is not threading.main_thread())
        logs.say(
            f"warning: the application started {others} thread{'s' * (others > 1)} at its import ({names}), which"
            " will not exist in the workers; start them in the worker, for example at the first request [threads-lost]"
        )
