"""What a spooler does: find tasks in its directory and call the application's function with each. It is a fork of the
generation, with the application loaded.

A task is done once its function says so; then, and only then, its file goes. What fails is tried again, later each
time. While it works on a task the process may be asked to end, and ends after it.
"""

from __future__ import annotations

import os
import select
import sys
import time
import traceback
from typing import Any

from imperator import logs, spooling
from imperator.generation import imports, worker
from imperator.module import deadline, install, leaving, signals
from imperator.module.here import HERE
from imperator.module.spooler import arguments, page
from imperator.pipes import Import, Interpreter, Plan
from imperator.process import inotify, spool_files
from imperator.process.spool_files import Claim
from imperator.spooling import Agenda, Found

_NEWS = inotify.MOVED_TO | inotify.CLOSE_WRITE | inotify.CREATE
_UNFINISHED = 60.0
"""An empty file is younger than this if somebody is about to write it."""


def body(plan: Plan, number: int) -> int:
    """Be spooler ``number``; answers its exit status."""
    leaving.heed(plan.spooling.mercy)
    try:
        _import(plan)
        os.chdir(plan.spooling.directory(number))
        install.call_hook("post_fork_hook")
        Spooler(plan, number).work()
    finally:
        leaving.busy_at_the_end()
        row = page().row(number)
        if row.pid == os.getpid():
            page().write(number, row._replace(pid=0, running=0))
        install.call_hook("atexit")
        worker.run_atexit()
    return 0


def _import(plan: Plan) -> None:
    if plan.spooling.imports:
        wanted = tuple(Import(target, where, "") for target, where in plan.spooling.imports)
        imports.run(Interpreter(imports=wanted))


class Spooler:
    """One of them, at its work."""

    def __init__(self, plan: Plan, number: int) -> None:
        self._its = plan.spooling
        self._number = number
        self._directory = self._its.directory(number)
        self._agenda = Agenda()
        self._tasks = 0
        self._poll = select.poll()
        for ear in HERE.ears:
            self._poll.register(ear, select.POLLIN)
        self._news = self._listen()
        self._watched: dict[str, int] = {}
        page().write(number, page().row(number)._replace(pid=os.getpid(), running=0))

    @property
    def _frequency(self) -> int:
        return page().frequency(self._its.frequency)

    def work(self) -> None:
        """Until it is asked to end, or has had its tasks."""
        try:
            spool_files.tidy(self._directory)
        except OSError:
            pass  # said below, at the first look
        again = 0.0
        while not self._its.max_tasks or self._tasks < self._its.max_tasks:
            self._wait(again)
            again = self._look()
        logs.say(f"{self._name} maximum number of tasks reached ({self._its.max_tasks}) recycling ...")

    @property
    def _name(self) -> str:
        return f"[spooler {self._directory} pid: {os.getpid()}]"

    # -- waiting

    def _listen(self) -> inotify.Inotify | None:
        try:
            news = inotify.Inotify()
        except OSError as error:
            logs.say(f"warning: {self._name} is not told of new tasks ({error.strerror}), and looks for them")
            return None
        self._poll.register(news.fd, select.POLLIN)
        return news

    def _watch(self, *directories: str) -> None:
        for directory in directories:
            if self._news and directory not in self._watched:
                try:
                    self._watched[directory] = self._news.add(directory, _NEWS)
                except OSError:
                    continue  # it is looked at all the same

    def _wait(self, until: float) -> None:
        """Until then, or until there is news. Signals of the application are carried out meanwhile."""
        leaving.busy(False)
        while True:
            heard = self._attend(until - time.time())
            if heard:
                self._hear()
            if heard or time.time() >= until:
                return

    def _attend(self, seconds: float) -> bool:
        """Carry out signals of the application as they come; whether there is news of tasks."""
        ready = {fd for fd, _ in self._poll.poll(min(max(seconds, 0.0), 86400.0) * 1000)}
        for ear in HERE.ears:
            if ear.fileno() in ready:
                signals.receive(ear)
        return self._news is not None and self._news.fd in ready

    def _hear(self) -> bool:
        """Whether there was news of tasks with a priority."""
        gone = {watch: path for path, watch in self._watched.items()}
        above = self._watched.get(self._directory)
        urgent = False
        for one in self._news.read() if self._news else ():
            urgent |= one.watch != above or bool(one.mask & inotify.IS_DIRECTORY)
            if one.mask & inotify.IGNORED:
                self._watched.pop(gone.get(one.watch, ""), None)
        return urgent

    # -- tasks

    def _look(self) -> float:
        """Do what is due; answers when to look again."""
        self._watch(self._directory)
        try:
            found, below = spool_files.find(self._directory)
        except OSError as error:
            logs.say(f"error: {self._name} cannot read it: {error.strerror} [spooler-unusable]")
            return time.time() + self._frequency
        self._watch(*below)
        ready, again = self._agenda.due(found, time.time(), self._frequency)
        for one in ready:
            if self._its.max_tasks and self._tasks >= self._its.max_tasks:
                break
            self._take(one)
            if self._attend(0.0) and self._hear():
                return 0.0
        return 0.0 if ready else again

    def _take(self, one: Found) -> None:
        leaving.busy(True)
        try:
            claim = spool_files.claim(one.path)
        except OSError as error:
            logs.say(f"error: {self._name} cannot open {one.name}: {error.strerror}")
            claim = None
        if claim:
            try:
                self._do(one, claim)
            finally:
                claim.drop()
        elif os.path.lexists(one.path):
            self._agenda.keep(one.path, time.time(), self._frequency, failed=False)  # another spooler is at it
        leaving.busy(False)

    def _do(self, one: Found, claim: Claim) -> None:
        task = spooling.decode(claim.content)
        if task is None:
            if claim.content or time.time() - one.due > _UNFINISHED:
                logs.say(f"error: {self._name} {one.name} is no task; it is now {claim.put_aside()} [task-broken]")
            else:
                self._agenda.keep(one.path, time.time(), self._frequency, failed=False)
            return
        self._tasks += 1
        self._note(1)
        if not self._its.quiet:
            logs.say(f"{self._name} managing request {one.name} ...")
        began = time.monotonic()
        try:
            answer = self._call(arguments(os.fsencode(one.name), task))
        finally:
            deadline.set_deadline("spooler-harakiri", 0)
            self._note(0)
        if answer == spooling.OK:
            claim.done()
            if not self._its.quiet:
                logs.say(f"{self._name} done with task {one.name} after {time.monotonic() - began:.0f} seconds")
            return
        failed = answer != spooling.RETRY
        wait = self._agenda.keep(one.path, time.time(), self._frequency, failed=failed)
        if failed:
            logs.say(f"{self._name} task {one.name} stays, next try in {wait:g} seconds")

    def _note(self, running: int) -> None:
        """Say on the page what it is at; its number may have another spooler by now, if this one is leaving."""
        row = page().row(self._number)
        if row.pid == os.getpid():
            page().write(self._number, row._replace(running=running, tasks=row.tasks + running))

    def _call(self, env: dict[Any, bytes]) -> object:
        """What the application's function answers; None if it raises."""
        function = install.hook("spooler")
        if not callable(function):
            logs.say("unable to find the spooler function, have you loaded it into the spooler process ?")
            return spooling.IGNORE
        try:
            os.chdir(self._its.chdir or self._directory)
            deadline.set_deadline("spooler-harakiri", self._its.harakiri)
            answer = function(env)
        except (Exception, SystemExit):
            sys.stderr.write(traceback.format_exc())
            return None
        if answer == spooling.IGNORE:
            logs.say("unable to find the spooler function, have you loaded it into the spooler process ?")
        elif answer not in (spooling.OK, spooling.RETRY):
            what = repr(answer)[:80]
            logs.say(f"the spooler function answered {what}, which is none of SPOOL_OK, SPOOL_RETRY, SPOOL_IGNORE")
        return answer

