"""The emperor's process: looks, starts, listens, kills and logs as ``policy.py`` decides.

It runs no application and no thread and reads no vassal's configuration. What a vassal prints goes where the emperor's
own output goes.

For each vassal it keeps a :class:`_Post`: the pair on which they talk, and duplicates of the listening sockets that the
master handed up. When a master is killed, its sockets stay open here, so that connections wait in the backlog instead
of being refused, and its successor gets them back.
"""

from __future__ import annotations

import array
import os
import signal
import socket
from collections import deque
from collections.abc import Callable, Sequence

from imperator import pipes
from imperator.config.settings import Settings
from imperator.emperor import policy, spawn
from imperator.emperor.monitor import Monitor
from imperator.emperor.policy import OWN
from imperator.emperor.source import sources
from imperator.lifecycle import Terms
from imperator.process import kernel
from imperator.process.loop import Alarm, Loop
from imperator.process.pidfile import Pidfile

_MOST_DESCRIPTORS = 253  # of one message, by the kernel's rule


def run(
    settings: Settings,
    loop: Loop,
    log: Callable[[str], None],
    ready: Callable[[], None],
    launcher: Sequence[str],
    own: Sequence[str] | None = None,
) -> int:
    """Be the emperor until told to stop; the exit status.

    ``launcher`` begins the command line of every vassal. ``own`` is the whole command line of an instance that the
    emperor's own configuration asks for besides. ``ready`` is called once the vassals of the first look were started.
    Raises :class:`imperator.errors.Refused` when it cannot begin.
    """
    where = settings.where.get("emperor")
    found = sources(settings.emperor, settings.start, settings.emperor_extra_extensions, where)
    pidfile = None
    if settings.emperor_pidfile:
        pidfile = Pidfile(settings.emperor_pidfile, settings.where.get("emperor-pidfile"))
    emperor = _Emperor(settings, loop, log, launcher, own, Monitor(found, where))
    try:
        emperor.begin()
        ready()
        if emperor.status is None:
            loop.run()
        return emperor.status or 0
    finally:
        emperor.close()
        if pidfile:
            pidfile.remove()


class _Post:
    """Where one vassal is reached."""

    def __init__(self) -> None:
        self.pid = 0
        self.pair: socket.socket | None = None
        self.kept: list[tuple[int, str]] = []
        """Listening sockets that outlive the master: our descriptor, and the address by which it knows them."""
        self.alarm: Alarm | None = None
        self.rings_at: float | None = None

    def release(self) -> None:
        """Close the sockets."""
        for fd, _ in self.kept:
            os.close(fd)
        self.kept = []

    def release_unreachable(self) -> None:
        """Close UNIX sockets whose file is gone: a master that ends with ``vacuum`` takes it along."""
        gone = [one for one in self.kept if one[1].startswith("/") and not os.path.lexists(one[1])]
        self.kept = [one for one in self.kept if one not in gone]
        for fd, _ in gone:
            os.close(fd)


class _Emperor:
    def __init__(
        self,
        settings: Settings,
        loop: Loop,
        log: Callable[[str], None],
        launcher: Sequence[str],
        own: Sequence[str] | None,
        monitor: Monitor,
    ) -> None:
        self.settings = settings
        self.loop = loop
        self.log = log
        self.launcher = launcher
        self.own = own
        self.monitor = monitor
        self.status: int | None = None
        self.realm = policy.Realm()
        self.rules = policy.Rules(
            Terms(
                mercy=settings.reload_mercy,
                throttle=settings.emperor_throttle / 1000,
                throttle_limit=settings.emperor_max_throttle / 1000,
            )
        )
        self.posts: dict[str, _Post] = {}
        self.names: dict[int, str] = {}
        self.events: deque[policy.Event] = deque()
        self.handling = False
        self.next_look: Alarm | None = None

    def begin(self) -> None:
        kernel.adopt_orphans()
        self.loop.on_signals((signal.SIGTERM, signal.SIGINT, signal.SIGQUIT), self.asked_to_stop)
        self.loop.on_signals((signal.SIGHUP,), lambda _: self.happened(policy.ReloadAsked()))
        self.loop.on_signals((signal.SIGUSR1,), lambda _: self.happened(policy.StatusAsked()))
        self.loop.on_signals((signal.SIGURG,), lambda _: self.happened(policy.ForgivenessAsked()))
        self.loop.on_signals((signal.SIGWINCH,), lambda _: self.look())
        self.loop.on_signals((signal.SIGCHLD,), lambda _: self.reap())
        if self.monitor.fd >= 0:
            self.loop.watch(self.monitor.fd, self.news)
        self.happened(policy.Began(self.own is not None))
        self.look()

    def close(self) -> None:
        if self.monitor.fd >= 0:
            self.loop.forget(self.monitor.fd)
        self.monitor.close()
        for post in self.posts.values():
            self.hang_up(post)
            post.release()

    # What happens.

    def asked_to_stop(self, signum: int) -> None:
        self.happened(policy.StopAsked())

    def happened(self, event: policy.Event) -> None:
        """Let the policy decide and do what it says. An action's own consequences come after it, in their order."""
        self.events.append(event)
        if self.handling:
            return
        self.handling = True
        try:
            while self.events:
                self.realm, actions = policy.step(self.realm, self.events.popleft(), self.loop.now, self.rules)
                for action in actions:
                    self.act(action)
        finally:
            self.handling = False
        self.set_alarms()

    def news(self) -> None:
        if not self.monitor.news(self.loop.now):
            return
        # What is being written is looked at when it is written: its next news, or the end of our patience, comes soon.
        self.look()

    def look(self) -> None:
        scan = self.monitor.scan(self.loop.now)
        for complaint in scan.complaints:
            self.log(complaint.line())
        self.happened(policy.Scanned(scan.found))
        if self.next_look:
            self.next_look.cancel()
        regular = self.loop.now + max(1, self.settings.emperor_freq)
        self.next_look = self.loop.at(min(regular, scan.again or regular), self.look)

    def reap(self) -> None:
        for end in kernel.reap():
            # Another pid is a worker whose master is gone. It ends by itself, and it is nobody's loss.
            if name := self.names.pop(end.pid, None):
                post = self.posts[name]
                self.listen(name)
                self.hang_up(post)
                post.pid = 0
                self.happened(policy.Exited(name, str(end)))

    def listen(self, name: str) -> None:
        """Everything that a vassal has said so far."""
        post = self.posts[name]
        while pair := post.pair:
            try:
                message, fds = _receive(pair)
            except BlockingIOError:
                return
            except ConnectionResetError:
                # It died without having read everything. The kernel says so once, before what it had said itself.
                continue
            except OSError:
                message, fds = b"", []
            if message:
                self.heard(name, message, fds)
            else:
                self.hang_up(post)
                self.happened(policy.HungUp(name))

    def heard(self, name: str, message: bytes, fds: list[int]) -> None:
        if len(message) == 1:
            self.happened(policy.Said(name, message[0]))
        else:
            try:
                word = pipes.hear(message)
            except ValueError as error:
                self.log(f"[emperor] vassal {name} said {error}")
            else:
                if isinstance(word, pipes.State):
                    self.happened(policy.Stated(name, word.name, word.reason))
                elif isinstance(word, pipes.Keep) and len(word.addresses) == len(fds) and self.is_wanted(name):
                    self.posts[name].release()
                    self.posts[name].kept = list(zip(fds, word.addresses, strict=True))
                    return
        for fd in fds:
            os.close(fd)

    def is_wanted(self, name: str) -> bool:
        vassal = self.realm.vassals.get(name)
        return vassal is not None and vassal.child.wanted

    # What is done.

    def act(self, action: policy.Action) -> None:
        if isinstance(action, policy.Log):
            self.log(action.line)
        elif isinstance(action, policy.Spawn):
            self.spawn(action.name)
        elif isinstance(action, policy.Tell):
            self.tell(action.name, action.byte)
        elif isinstance(action, policy.Kill):
            if pid := self.posts[action.name].pid:
                kernel.kill(pid, signal.SIGKILL)
        elif isinstance(action, policy.Release):
            if post := self.posts.get(action.name):
                post.release()
        else:
            self.status = action.status
            self.loop.stop()

    def spawn(self, name: str) -> None:
        post = self.posts.setdefault(name, _Post())
        post.release_unreachable()
        vassal = self.realm.vassals[name]
        ours, theirs = kernel.pair()
        env = spawn.environment(os.environ, theirs.fileno(), self.settings, post.kept)
        if name == OWN:
            argv, directory = list(self.own or ()), self.settings.start
            env[pipes.ENV_OWN] = "1"
        else:
            argv = spawn.arguments(self.launcher, name, self.settings)
            directory = vassal.seen.directory if vassal.seen else self.settings.start
        try:
            pid = kernel.spawn(argv, env, keep=[theirs.fileno(), *(fd for fd, _ in post.kept)], cwd=directory)
        except OSError as error:
            ours.close()
            self.happened(policy.SpawnFailed(name, f"{error.filename}: {error.strerror}"))
            return
        finally:
            theirs.close()
        post.pid, post.pair = pid, ours
        self.names[pid] = name
        self.loop.watch(ours.fileno(), lambda: self.listen(name))
        self.happened(policy.Spawned(name, pid))

    def tell(self, name: str, byte: pipes.ToVassal) -> None:
        if pair := self.posts[name].pair:
            try:
                pair.send(bytes((byte,)), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
            except OSError:
                pass  # it is dead, or deaf: its deadline deals with both

    def hang_up(self, post: _Post) -> None:
        if post.pair:
            self.loop.forget(post.pair.fileno())
            post.pair.close()
            post.pair = None

    def set_alarms(self) -> None:
        """One alarm a vassal, at what the policy says is its deadline. Whoever is gone needs no post."""
        for name in [name for name, post in self.posts.items() if name not in self.realm.vassals]:
            post = self.posts.pop(name)
            self.hang_up(post)
            post.release()
            if post.alarm:
                post.alarm.cancel()
        for name, vassal in self.realm.vassals.items():
            deadline, post = vassal.deadline, self.posts.setdefault(name, _Post())
            if deadline == post.rings_at:
                continue
            if post.alarm:
                post.alarm.cancel()
            post.rings_at, post.alarm = deadline, None
            if deadline is not None:
                post.alarm = self.loop.at(deadline, lambda name=name: self.ring(name))  # type: ignore[misc]

    def ring(self, name: str) -> None:
        self.posts[name].rings_at = None
        self.happened(policy.AlarmRang(name))


def _receive(pair: socket.socket) -> tuple[bytes, list[int]]:
    """One message and its descriptors; empty at the end. Raises ``BlockingIOError`` when there is none.

    ``socket.recv_fds`` ignores its flags: it would wait, and hand the descriptors to every vassal.
    """
    fds = array.array("i")
    space = socket.CMSG_SPACE(_MOST_DESCRIPTORS * fds.itemsize)
    message, attached, _, _ = pair.recvmsg(pipes.MAXIMUM, space, socket.MSG_DONTWAIT | socket.MSG_CMSG_CLOEXEC)
    for level, kind, data in attached:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    return message, fds.tolist()
