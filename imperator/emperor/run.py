"""The emperor's process: looks, starts, listens, kills and logs as ``policy.py`` decides.

It runs no application and no thread and reads no vassal's configuration. What a vassal prints goes where the emperor's
own output goes.

For each vassal it keeps a :class:`_Post`: the pair on which they talk, and duplicates of the listening sockets that the
master handed up. When a master is killed, its sockets stay open here, so that connections wait in the backlog instead
of being refused, and its successor gets them back.
"""

from __future__ import annotations

import array
import importlib
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from imperator import pipes
from imperator.config.settings import Endpoint, Settings
from imperator.emperor import policy, spawn
from imperator.emperor.monitor import Monitor
from imperator.emperor.policy import OWN
from imperator.emperor.seen import Seen
from imperator.emperor.source import sources
from imperator.errors import Refused, printable
from imperator.lifecycle import Terms
from imperator.pipes import FromVassal, HookStep, ToVassal
from imperator.process import kernel, listeners, startup
from imperator.process.listeners import Listener, UnixAttributes
from imperator.process.loop import Alarm, Loop
from imperator.process.pidfile import Pidfile
from imperator.process.sovereign import Sovereign

if TYPE_CHECKING:
    from imperator.process.log_process import LogProcess
    from imperator.tasks.run import Beside

_MOST_DESCRIPTORS = 253  # of one message, by the kernel's rule


_AT_ONCE = 512
"""Messages of one vassal that are heard before it is another's turn; no more fit between the two."""

_HOOK_PATIENCE = 5.0
"""Seconds that stop hooks have at the end of an emperor that does not wait for its vassals any more."""


class Surroundings(NamedTuple):
    """What an emperor was given by whoever started it."""

    above: Sovereign | None = None
    """The emperor whose vassal this one is."""
    stats: Sequence[Listener] = ()
    """The sockets of the stats server."""
    writer: LogProcess | None = None


def run(
    settings: Settings,
    loop: Loop,
    log: Callable[[str], None],
    ready: Callable[[], None],
    launcher: Sequence[str],
    own: Sequence[str] | None = None,
    around: Surroundings = Surroundings(),  # noqa: B008  # immutable
) -> int:
    """Be the emperor until told to stop; the exit status.

    ``launcher`` begins the command line of every vassal. ``own`` is the whole command line of an instance that the
    emperor's own configuration asks for besides. ``ready`` is called once the vassals of the first look were started.
    Raises :class:`imperator.errors.Refused` when it cannot begin.
    """
    where = settings.where.get("emperor")
    found = sources(settings.emperor, settings.start, settings.emperor_extra_extensions, where,
                    nofollow=settings.empire.nofollow)
    pidfile = None
    if settings.emperor_pidfile:
        pidfile = Pidfile(settings.emperor_pidfile, settings.where.get("emperor-pidfile"))
    emperor = _Emperor(settings, loop, log, launcher, own, Monitor(found, where), around)
    try:
        emperor.begin()
        ready()
        emperor.stand()
        if emperor.status is None:
            loop.run()
        return emperor.status or 0
    finally:
        emperor.close()
        if pidfile:
            pidfile.remove()
        loop.deafen()


class _Post:
    """Where one vassal is reached."""

    def __init__(self) -> None:
        self.pid = 0
        self.pair: socket.socket | None = None
        self.hooking = 0
        """The pid of its stop hook, while that runs, and how the vassal has ended before."""
        self.how = ""
        self.demand: Listener | None = None
        """The socket at which it is waited for, if it is one on demand."""
        self.waits_as: kernel.User | None = None
        """Whose rights are enough for that socket; None: ours."""
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
        around: Surroundings,
    ) -> None:
        self.settings = settings
        self.empire = settings.empire
        self.around = around
        self.tyrant = None
        if self.empire.tyrant:
            from imperator.emperor.tyrant import Tyrant

            self.tyrant = Tyrant(log, settings.where.get("emperor-tyrant"), by_link=self.empire.tyrant_by_link)
        self.demands = None
        if self.empire.on_demand:
            from imperator.emperor.demand import Demand

            self.demands = Demand(self.empire)
        self.loop = loop
        self.log = log
        self.launcher = launcher
        self.own = own
        self.monitor = monitor
        self.status: int | None = None
        self.realm = policy.Realm()
        throttle, limit = settings.emperor_throttle / 1000, settings.emperor_max_throttle / 1000
        if self.empire.forgiving:
            throttle = limit = float(settings.emperor_freq)
        self.rules = policy.Rules(
            Terms(mercy=settings.reload_mercy, throttle=throttle, throttle_limit=limit),
            curse=self.empire.curse_tolerance,
            heartbeat=self.empire.heartbeat,
        )
        self.posts: dict[str, _Post] = {}
        self.names: dict[int, str] = {}
        self.events: deque[policy.Event] = deque()
        self.handling = False
        self.next_look: Alarm | None = None
        self.beside: Beside | None = None

    def begin(self) -> None:
        kernel.adopt_orphans()
        kernel.open_many_files()
        self.loop.on_signals((signal.SIGTERM, signal.SIGINT, signal.SIGQUIT), self.asked_to_stop)
        self.loop.on_signals((signal.SIGHUP,), lambda _: self.asked_to_reload())
        self.loop.on_signals((signal.SIGUSR1,), lambda _: self.happened(policy.StatusAsked()))
        self.loop.on_signals((signal.SIGURG,), lambda _: self.happened(policy.ForgivenessAsked()))
        self.loop.on_signals((signal.SIGWINCH,), lambda _: self.look())
        self.loop.on_signals((signal.SIGCHLD,), lambda _: self.reap())
        if self.monitor.fd >= 0:
            self.loop.watch(self.monitor.fd, self.news)
        if self.around.stats:
            from imperator.process.stats_server import StatsServer

            http = self.settings.figures.http
            StatsServer(self.loop, list(self.around.stats), self.document, http=http)
        if self.around.above:
            self.around.above.listen(self.loop.watch, self.ordered)
            self.around.above.say(FromVassal.SPAWNED)
        self.happened(policy.Began(self.own is not None))
        self.look()
        if self.status is None and not self.own and (self.settings.tasks.daemons or self.settings.tasks.crons):
            from imperator.tasks.run import Beside

            self.beside = Beside(self.loop, lambda _: self.happened(policy.StopAsked()))
            self.run_tasks("")

    def run_tasks(self, why: str) -> None:
        """What the emperor's own configuration wants beside the vassals. An instance of its own does that itself."""
        if self.beside:
            from imperator.tasks.ground import environment

            self.beside.use(self.settings, environment(self.settings, os.environ), why)

    def stand(self) -> None:
        """Tell whoever is above that all is well."""
        if self.around.above:
            self.around.above.say(FromVassal.ACCEPTING)
            self.around.above.state("running")
            self.around.above.say(FromVassal.LOYAL)

    def document(self) -> str:
        from imperator.emperor import census

        court = census.Court(
            os.getpid(), os.getuid(), os.getgid(), self.settings.start, [str(one) for one in self.monitor.sources],
            self.empire.tyrant, time.time() - time.monotonic(),
        )  # fmt: skip
        return census.document(court, self.realm, self.rules, self.settings.figures)

    def close(self) -> None:
        self.finish_hooks()
        if self.monitor.fd >= 0:
            self.loop.forget(self.monitor.fd)
        self.monitor.close()
        for post in self.posts.values():
            self.hang_up(post)
            post.release()
            self.wait_no_more(post)

    def finish_hooks(self) -> None:
        """Wait for the stop hooks of the last vassals, but not for ever."""
        until = time.monotonic() + _HOOK_PATIENCE
        running = {post.hooking for post in self.posts.values() if post.hooking}
        while running and time.monotonic() < until:
            running -= {end.pid for end in kernel.reap(running)}
            time.sleep(0.01)
        for pid in running:
            kernel.kill(pid, signal.SIGKILL)

    # What happens.

    def ordered(self, message: bytes) -> None:
        """The emperor above says something, or is gone."""
        above = self.around.above
        if not message and above:
            self.log("lost connection with my emperor !!!")
            self.loop.forget(above.fileno())
        else:
            self.log(f"received message {message[0]} from emperor")
        if message[:1] == bytes((ToVassal.RELOAD,)):
            self.asked_to_reload()
            self.stand()
        elif not self.realm.ending:
            self.happened(policy.StopAsked())

    def asked_to_stop(self, signum: int) -> None:
        if self.beside:
            self.beside.rest()
        self.happened(policy.StopAsked())

    def asked_to_reload(self) -> None:
        self.happened(policy.ReloadAsked())
        self.run_tasks("the emperor reloads")

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
        self.happened(policy.Scanned(self.known_more(scan.found)))
        if self.next_look:
            self.next_look.cancel()
        regular = self.loop.now + max(1, self.settings.emperor_freq)
        self.next_look = self.loop.at(min(regular, scan.again or regular), self.look)

    def known_more(self, found: dict[str, Seen]) -> dict[str, Seen]:
        """What was found, with whom each one runs as and where it is waited for; without those that may not run."""
        if self.tyrant:
            found = self.tyrant.judged(found, self.realm.vassals)
        if demands := self.demands:
            found = {name: seen._replace(socket=demands.address(name, seen)) for name, seen in found.items()}
        return found

    def reap(self) -> None:
        ends = kernel.reap()
        if self.beside:
            self.beside.reaped(ends)
        for end in ends:
            if self.around.writer and end.pid == self.around.writer.pid:
                self.around.writer.ended(self.loop)
                continue
            # Another pid is a worker whose master is gone. It ends by itself, and it is nobody's loss.
            if name := self.names.pop(end.pid, None):
                post = self.posts[name]
                if end.pid == post.hooking:
                    self.log(printable(f"[emperor] {name} stop-hook returned {end.status}"))
                    post.hooking = post.pid = 0
                    self.happened(policy.Exited(name, post.how))
                    continue
                self.listen(name)
                self.hang_up(post)
                post.pid = 0
                if not self.hook(name, post, str(end)):
                    self.happened(policy.Exited(name, str(end)))

    def hook(self, name: str, post: _Post, how: str) -> bool:
        """Run its stop hook: it has not left before that has. Answers whether there is one."""
        hook = self.empire.stop_hook
        if not hook or name == OWN:
            return False
        vassal = self.realm.vassals[name]
        directory = vassal.seen.directory if vassal.seen else self.settings.start
        self.log(printable(f"[emperor] running vassal stop-hook: {hook} {name}"))
        env = {**os.environ, "UWSGI_VASSALS_DIR": directory}
        try:
            post.hooking = kernel.spawn(["/bin/sh", "-c", f'{hook} "$1"', "sh", name], env, cwd=directory)
        except OSError as error:
            self.log(f"[emperor] the stop-hook cannot be run: {error.filename}: {error.strerror}")
            return False
        post.pid, post.how = post.hooking, how
        self.names[post.hooking] = name
        return True

    def listen(self, name: str) -> None:
        """Everything that a vassal has said so far."""
        post = self.posts[name]
        for _ in range(_AT_ONCE):
            if (pair := post.pair) is None:
                return
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
                    self.keep(name, list(zip(fds, word.addresses, strict=True)))
                    return
        for fd in fds:
            os.close(fd)

    def keep(self, name: str, sockets: list[tuple[int, str]]) -> None:
        """Hold its sockets, but for the one that is ours anyway."""
        vassal, post = self.realm.vassals[name], self.posts[name]
        post.release()
        lent = ("fd://0", str(post.demand.endpoint)) if vassal.on_demand and post.demand else ()
        post.kept = [one for one in sockets if one[1] not in lent]
        for fd, _ in (one for one in sockets if one[1] in lent):
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
        elif isinstance(action, policy.Await):
            self.await_call(action.name)
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
            if self.beside:
                self.beside.stop(self.loop.stop)
            else:
                self.loop.stop()

    def spawn(self, name: str) -> None:
        post = self.posts.setdefault(name, _Post())
        post.release_unreachable()
        vassal = self.realm.vassals[name]
        if not vassal.on_demand:
            self.wait_no_more(post)
        try:
            ours, theirs = kernel.pair()
        except OSError as error:
            self.happened(policy.SpawnFailed(name, f"no socket to talk to it: {error.strerror}"))
            return
        demand = post.demand
        demanded = str(demand.endpoint) if demand else ""
        env = spawn.environment(os.environ, theirs.fileno(), self.settings, post.kept, demanded)
        if name == OWN:
            env[pipes.ENV_OWN] = "1"
            env.pop(pipes.ENV_AS_VASSAL, None)
        seen = vassal.seen
        directory = seen.directory if seen else self.settings.start
        user: kernel.User | None = None
        try:
            user = self.tyrant.user(name, seen) if self.tyrant and seen else None
            pid = self.execute(
                self.command_lines(name, seen), env, [theirs.fileno(), *(fd for fd, _ in post.kept)], directory,
                demand.fd if demand else None, user,
            )  # fmt: skip
        except OSError as error:
            ours.close()
            whose = f" (for uid {user.uid})" if user else ""
            self.happened(policy.SpawnFailed(name, f"{error.filename}: {error.strerror}{whose}"))
            return
        finally:
            theirs.close()
        post.pid, post.pair = pid, ours
        self.names[pid] = name
        self.loop.watch(ours.fileno(), lambda: self.listen(name))
        self.happened(policy.Spawned(name, pid))
        if steps := self.settings.hooks.at("as-emperor"):
            self.accompany(steps, name, pid, user)

    def accompany(self, steps: Sequence[HookStep], name: str, pid: int, user: kernel.User | None) -> None:
        """Have done, in a child, what hooks of the emperor ask for at the start of a vassal."""
        from imperator.process import errands
        from imperator.process.hooks import Runner

        told = {
            "UWSGI_VASSAL_CONFIG": name, "UWSGI_VASSAL_PID": str(pid),
            "UWSGI_VASSAL_UID": str(user.uid if user else os.getuid()),
            "UWSGI_VASSAL_GID": str(user.gid if user else os.getgid()),
        }  # fmt: skip
        env = startup.environment(self.settings, {**os.environ, **told})
        errands.send(steps, "as-emperor", Runner(self.settings.start, env, self.settings.hooks))

    def command_lines(self, name: str, seen: Seen | None) -> list[list[str]]:
        """What may be executed for a vassal; the first that can be is."""
        if name == OWN or seen is None:
            return [list(self.own or ())]
        executed = self.empire.magic_exec and os.access(seen.path, os.X_OK)
        launchers = [[program] if program else list(self.launcher) for program in self.empire.programs or ("",)]
        lines = [spawn.arguments(one, name, self.settings, executed=executed) for one in launchers]
        if hook := self.empire.start_hook:
            lines = [spawn.hooked(hook, name, seen.directory, line) for line in lines]
        if self.settings.hooks.at("as-vassal"):
            lines = [spawn.prepared(self.launcher, line) for line in lines]
        return lines

    def execute(
        self, lines: list[list[str]], env: dict[str, str], keep: list[int], directory: str, stdin: int | None,
        user: kernel.User | None,
    ) -> int:
        """Start the first of ``lines`` that can be executed; its pid. Raises ``OSError`` of the last one."""
        for line in lines[:-1]:
            try:
                return kernel.spawn(line, env, keep=keep, cwd=directory, stdin=stdin, user=user)
            except OSError as error:
                self.log(f"[emperor] {error.filename}: {error.strerror}; the next program is tried")
        return kernel.spawn(lines[-1], env, keep=keep, cwd=directory, stdin=stdin, user=user)

    # Vassals on demand.

    def await_call(self, name: str) -> None:
        """Open its socket if it is not open yet, and wait for somebody to connect."""
        seen, post = self.realm.vassals[name].seen, self.posts.setdefault(name, _Post())
        if seen is None:
            return
        try:
            self.open_demand(name, seen, post)
        except (Refused, ValueError, OSError) as error:
            why = error.diagnostics[0].message if isinstance(error, Refused) else str(error)
            self.happened(policy.SpawnFailed(name, why))
            return
        if post.demand:
            self.loop.forget(post.demand.fd)  # it may be waited for already
            self.loop.watch(post.demand.fd, lambda: self.called(name))

    def open_demand(self, name: str, seen: Seen, post: _Post) -> None:
        from imperator.emperor import demand

        assert self.demands
        wanted: Endpoint = demand.parse(seen.socket, seen)
        if post.demand:
            if post.demand.endpoint == wanted and (wanted.kind != "unix" or os.path.lexists(wanted.path)):
                return
            self.wait_no_more(post)
        settings = self.settings
        owner = settings.chown_socket
        if self.tyrant and seen.owner and self.demands.is_owners(name, seen):
            # What root would take, make and remove for him, he might not. Python may be out of his reach: what is
            # imported for it is imported now.
            for module in ("encodings.ascii", "fcntl", "pwd"):
                importlib.import_module(module)
            post.waits_as, owner = kernel.User(*seen.owner), None
        # As uWSGI's: whoever serves the web must be able to open it, and nobody else says who that is.
        attributes = UnixAttributes(0, 0o666 if settings.chmod_socket is None else settings.chmod_socket, owner)
        with kernel.acting_as(post.waits_as):
            post.demand = listeners.listen(wanted, None, settings.backlog, attributes, {}, settings.tuning)

    def called(self, name: str) -> None:
        post = self.posts[name]
        if post.demand:
            self.loop.forget(post.demand.fd)
        self.happened(policy.Called(name))

    def wait_no_more(self, post: _Post) -> None:
        if post.demand:
            self.loop.forget(post.demand.fd)
            with kernel.acting_as(post.waits_as):
                listeners.release(post.demand, unlink=True)
            post.demand = None
        post.waits_as = None

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
            self.wait_no_more(post)
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
