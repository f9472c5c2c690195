"""Starts, signals and watches the daemons of one instance as :mod:`daemon` and :mod:`smart` decide."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, cast

from imperator import logs
from imperator.config.daemons import Daemon
from imperator.lifecycle import Phase
from imperator.process import kernel, pidfile, task
from imperator.process.kernel import Exit
from imperator.process.loop import Alarm, Loop
from imperator.process.task import Manner
from imperator.process.touches import Touches
from imperator.tasks import daemon, smart
from imperator.tasks.crons import reason
from imperator.tasks.ground import Ground
from imperator.tasks.warden import Warden

NAME = "uwsgi-daemons"

LAST = 5.0
"""Seconds beyond the mercy after which an instance that ends waits no more for those that cannot be killed."""

Event = daemon.Event | smart.Event


class _Post:
    """One daemon and what belongs to it here."""

    def __init__(self, state: daemon.State | smart.State) -> None:
        self.state = state
        self.events: deque[Event] = deque()
        self.handling = False
        self.alarm: Alarm | None = None
        self.touches: Touches | None = None
        self.leaving = False


class Daemons:
    """All of them, by line."""

    def __init__(self, loop: Loop, end_instance: Callable[[str], None]) -> None:
        self._loop = loop
        self._end_instance = end_instance
        self._ground: Ground | None = None
        self._posts: list[_Post] = []
        self._next: list[Daemon] = []
        self._warden = Warden()
        self._done: Callable[[], None] | None = None

    def use(self, ground: Ground, why: str) -> None:
        """These are the daemons from now on. Those that stay go on, or, if ``why`` says so, are started anew; those in
        whose place others come end before those begin.
        """
        self._ground = ground
        self._warden.title = ground.title
        left = list(ground.tasks.daemons)
        for post in list(self._posts):
            if post.leaving:
                continue
            stays = next((one for one in left if _same(one, post.state.daemon)), None)
            if stays is not None:
                left.remove(stays)
                post.state = post.state._replace(daemon=stays)
                if why and isinstance(post.state, daemon.State):
                    self._tell(post, daemon.Renew(why, reload=True))
            else:
                self._dismiss(post)
        self._next = left
        self._begin_next()

    def stop(self, done: Callable[[], None]) -> None:
        """End all that do not outlive the instance; ``done`` is called when they have."""
        self._next = []
        self._done = done
        mercy = self._ground.tasks.mercy if self._ground else 0
        self._loop.at(self._loop.now + mercy + LAST, self._give_up)
        for post in list(self._posts):
            if not post.leaving:
                self._dismiss(post)
        self._tidy()

    def force(self) -> None:
        """Those that are still being waited for end at once."""
        for post in list(self._posts):
            if isinstance(post.state, daemon.State):
                self._tell(post, daemon.Stop(now=True))

    def reaped(self, ends: Iterable[Exit]) -> None:
        """Some processes ended; perhaps ours, or the last ones of a group of ours."""
        for end in ends:
            if end.pid == self._warden.pid:
                self._warden.ended()
            for post in list(self._posts):
                state = post.state
                if isinstance(state, daemon.State):
                    if state.pid == end.pid and not state.how:
                        self._tell(post, daemon.Ended(str(end), alone=not kernel.kill_group(end.pid, 0)))
                elif state.launcher == end.pid:
                    self._tell(post, smart.LauncherEnded(str(end)))
                elif state.pid == end.pid:
                    self._tell(post, smart.Looked(_alive(state.daemon)))
        for post in list(self._posts):
            state = post.state
            if isinstance(state, daemon.State) and state.how and not kernel.kill_group(state.pid, 0):
                self._tell(post, daemon.Emptied())

    def rows(self) -> list[dict[str, Any]]:
        """For the stats, in uWSGI's words."""
        return [
            {"cmd": post.state.daemon.command, "pid": post.state.pid or -1, "respawns": post.state.respawns}
            for post in self._posts
        ]

    # -- beginning and end

    def _begin_next(self) -> None:
        if any(post.leaving for post in self._posts):
            return
        begun, self._next = self._next, []
        for one in begun:
            post = _Post(smart.State(one) if one.pidfile else daemon.State(one))
            self._posts.append(post)
            if one.touch:
                post.touches = Touches(self._loop, one.touch, partial(self._touched, post))
            self._tell(post, smart.Looked(_alive(one)) if one.pidfile else daemon.Start())

    def _dismiss(self, post: _Post) -> None:
        if post.touches:
            post.touches.close()
            post.touches = None
        post.leaving = True
        self._tell(post, smart.Forgotten() if isinstance(post.state, smart.State) else daemon.Stop())

    def _tidy(self) -> None:
        """Let go of those that have left."""
        for post in list(self._posts):
            if post.leaving and (isinstance(post.state, smart.State) or post.state.child.phase is Phase.DOWN):
                if post.alarm:
                    post.alarm.cancel()
                self._posts.remove(post)
        if self._done:
            if not any(post.leaving for post in self._posts):
                done, self._done = self._done, None
                self._warden.dismiss()
                done()
        elif self._next:
            self._begin_next()

    def _give_up(self) -> None:
        """Some cannot be killed: they belong to another user, or the kernel holds them."""
        if done := self._done:
            self._done = None
            for post in self._posts:
                logs.say(f'[{NAME}] "{post.state.daemon.command}" (pid: {post.state.pid}) is left behind')
            self._warden.dismiss()
            done()

    def _touched(self, post: _Post, file: str) -> None:
        if isinstance(post.state, smart.State):
            self._tell(post, smart.Touched(file))
        else:
            self._tell(post, daemon.Renew(f"{file} has been touched"))

    # -- policy

    def _tell(self, post: _Post, event: Event) -> None:
        """Let the policy decide and do what it says; what follows from an action comes after it, in its order."""
        post.events.append(event)
        if post.handling:
            return
        post.handling = True
        try:
            while post.events:
                self._step(post, post.events.popleft())
        finally:
            post.handling = False
        if post.alarm:
            post.alarm.cancel()
        when = post.state.deadline
        post.alarm = None if when is None else self._loop.at(when, lambda: self._tell(post, daemon.TimePassed()))
        self._tidy()

    def _step(self, post: _Post, event: Event) -> None:
        assert self._ground
        actions: Sequence[daemon.Action | smart.Look]
        state = post.state
        if isinstance(state, smart.State):
            post.state, actions = smart.step(state, cast("smart.Event", event), self._loop.now)
        else:
            mercy = float(self._ground.tasks.mercy)
            post.state, actions = daemon.step(state, cast("daemon.Event", event), self._loop.now, mercy)
        for action in actions:
            match action:
                case daemon.Log(line):
                    logs.say(f"[{NAME}] {line}")
                case daemon.Spawn():
                    post.events.append(self._spawn(post))
                case daemon.Signal(signum):
                    self._signal(post, signum)
                case daemon.EndInstance(why):
                    self._end_instance(why)
                case smart.Look():
                    post.events.append(smart.Looked(_alive(post.state.daemon)))
        if isinstance(state, daemon.State) and state.pid and not post.state.pid:
            self._warden.forget(state.pid)

    def _spawn(self, post: _Post) -> daemon.Spawned | daemon.NotSpawned:
        assert self._ground
        one = post.state.daemon
        manner = Manner(
            self._ground.tasks.shells, one.chdir or self._ground.cwd, one.stdin, one.uid, one.gid, one.user,
            one.own_pids, bound=not one.pidfile,
        )
        try:
            pid = task.start(one.command, self._ground.env, manner)
        except (OSError, ValueError) as error:
            return daemon.NotSpawned(reason(error))
        uid = os.getuid() if one.uid is None else one.uid
        gid = os.getgid() if one.gid is None else one.gid
        if one.pidfile and one.detached:
            self._write_pidfile(one, pid)
        elif not one.pidfile:
            self._warden.watch(pid)
        return daemon.Spawned(pid, f"uid: {uid} gid: {gid}")

    def _signal(self, post: _Post, signum: int) -> None:
        state = post.state
        if isinstance(state, smart.State):
            try:
                if not kernel.kill_group(state.pid, signum):  # it leads none
                    kernel.kill(state.pid, signum)
            except PermissionError:
                logs.say(f'[{NAME}] error: "{state.daemon.command}" (pid: {state.pid}) belongs to another user')
        elif not kernel.kill_group(state.pid, signum) and state.how:
            post.events.append(daemon.Emptied())

    def _write_pidfile(self, one: Daemon, pid: int) -> None:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with os.fdopen(os.open(one.pidfile, flags, 0o644), "w") as file:
                file.write(f"{pid}\n")
        except (OSError, ValueError) as error:
            logs.say(f"[{NAME}] error: cannot write the pidfile {one.pidfile}: {reason(error)}")


def _same(one: Daemon, other: Daemon) -> bool:
    """Whether a line means what runs: one with a pidfile is known by that alone."""
    return one.pidfile == other.pidfile if one.pidfile else one.same(other)


def _alive(one: Daemon) -> int:
    """The process that a pidfile names, if it is alive; otherwise 0."""
    pid = pidfile.named(one.pidfile)
    try:
        # A number that was given to one of our own since, as after the restart of a container, is no daemon.
        return pid if pid > 1 and os.getpgid(pid) != os.getpgrp() else 0
    except (OSError, OverflowError):
        return 0
