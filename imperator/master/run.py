"""The master of one instance: it owns the sockets, the pidfile, the signals and the generations, and imports no
application.

Carries out what ``policy`` decides, and turns what happens into its events. One thread, one loop. Its pid never
changes.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from imperator import __version__, logs, metrics, pipes, stats
from imperator.config import build, load
from imperator.config.figures import Figures
from imperator.config.settings import Settings
from imperator.config.world import World
from imperator.errors import Diagnostic, Refused, Severity, printable
from imperator.master import launch, policy, triggers
from imperator.master.doors import Doors
from imperator.master.errands import Errands
from imperator.master.launch import Generation
from imperator.master.shared import SharedMemory
from imperator.pipes import Alarmed, Attendant, Crashed, Failed, FromVassal, GaveUp, Loaded, Ready, ReloadMe, StopMe
from imperator.process import kernel, listeners, startup, stats_server, systemd
from imperator.process.certificates import Certificates
from imperator.process.daemon import Caller
from imperator.process.listeners import Listener
from imperator.process.loop import Alarm, Loop
from imperator.process.sovereign import Sovereign
from imperator.process.startup import Footing
from imperator.process.stats_server import StatsServer
from imperator.spooling import Spooling

if TYPE_CHECKING:
    from imperator.master.channels import Channels
    from imperator.process.log_process import LogProcess
    from imperator.tasks.run import Beside

LOST_EMPEROR = 1

_ABOUT_STDIN = (pipes.ENV_EMPEROR_FD, pipes.ENV_DEMANDED)


class Master:
    """One instance, from its sockets to its end."""

    def __init__(
        self, argv: Sequence[str], make_world: Callable[[bool], World], settings: Settings, caller: Caller, name: str
    ) -> None:
        """``make_world`` makes the world to read the configuration in again; True during a reload."""
        self._argv = argv
        self._make_world = make_world
        self._settings = settings
        self._caller = caller
        self._name = name
        self._environ = dict(os.environ)
        self._stdin = {name: self._environ[name] for name in _ABOUT_STDIN if name in self._environ}
        self._emperor = Sovereign(self._environ)
        self._footing = Footing(settings, caller, vassal=bool(self._emperor))
        self._on_demand = bool(self._emperor) and any(one.endpoint.fd == 0 for one in settings.listen)
        self._on_demand |= pipes.ENV_DEMANDED in self._environ
        self._doors = Doors(self._environ)
        self._certificates = Certificates()
        self._shared = SharedMemory()
        self._stats: list[Listener] = []
        self._loop = Loop()
        self._state = policy.State(
            need_app=settings.need_app,
            mercy=float(settings.worker_reload_mercy),
            others=launch.patience(settings),
            exit_on_reload=settings.orders.exit_on_reload,
        )
        self._channels: Channels | None = None
        self._generations: dict[int, Generation] = {}
        self._serving: Generation | None = None
        self._reason = ""
        self._loaded_seconds = 0.0
        self._alarm: Alarm | None = None
        self._watcher: Any = None
        self._touches: Any = None
        self._pending: dict[int, Settings] = {}
        self._status = 0
        self._paused = False
        self._pushers: Any = None
        self._vigil: Any = None
        self._told = Figures()
        self._log: LogProcess | None = None
        self._beside: Beside | None = None
        self._renew = ""
        self._errands = Errands(self._environ, self._footing)

    def run(self, warnings: list[Diagnostic]) -> int:
        """Serve until told to end; answers the exit status. Raises :class:`Refused` when it cannot even begin."""
        if self._emperor:
            logs.say(f"*** has_emperor mode detected (fd: {self._emperor.fileno()}) ***")
        self._footing.prepare(warnings)
        logs.say(f"*** Starting Imperator {__version__} as {self._name} (pid: {os.getpid()}) ***")
        kernel.adopt_orphans()
        try:
            self._footing.make_ready()
            logs.complain(self._certificates.read(self._settings)[1])
            self._doors.open(self._settings)
            self._stats = stats_server.listen(self._settings, self._settings.stats, "Stats server")
            if self._settings.spooling != Spooling():
                from imperator.master import spools

                spools.make(self._settings)
            self._footing.give_up_root()
            if self._settings.spooling != Spooling():
                spools.check(self._settings)
            self._shared.provide(self._settings.sharing, self._settings.where)
            self._log = self._footing.begin_log()
        except BaseException:
            self._abandon()
            raise
        if self._settings.auto_procname or self._settings.procname_master:
            from imperator.process import title

            title.show(launch.title(self._settings, self._settings.procname_master or "uWSGI master"))
        self._listen()
        self._emperor.keep(self._doors.all())
        self._emperor.say(FromVassal.SPAWNED)
        logs.say(f"spawned uWSGI master process (pid: {os.getpid()})")
        self._footing.directory = self._settings.directory or self._footing.directory
        self._begin_hooks()
        self._step(policy.Begin())
        self._loop.run()
        self._leave()
        self._loop.deafen()
        return self._status

    def _begin_hooks(self) -> None:
        """What is done once the master stands. A hook that fails now ends it, as nothing is served yet."""
        try:
            self._footing.do("master-start")
        except BaseException:
            self._abandon()
            raise

    def _abandon(self) -> None:
        """Leave nothing behind of a start that failed."""
        self._doors.undo_all()
        for listener in self._stats:
            listeners.release(listener, unlink=True)
        self._footing.vacuum()
        if self._log:
            self._log.finish()

    def _listen(self) -> None:
        self._loop.on_signals(triggers.SIGNALS, self._signalled)
        self._heed_hooks()
        for one in self._settings.conduct.reload_on:
            from imperator.master.descriptor import Descriptor

            Descriptor(self._loop, one, lambda why: self._step(policy.ReloadAsked(why)))
        self._loop.on_signals((signal.SIGCHLD,), lambda _: self._reap())
        self._emperor.listen(self._loop.watch, self._ordered)
        if self._emperor and self._settings.heartbeat:
            self._beat()
        if self._stats:
            StatsServer(self._loop, self._stats, self._document, http=self._settings.figures.http)
        if pipes_ := self._settings.orders.pipes:
            from imperator.master.fifo import Fifos

            Fifos(self._loop, pipes_, self._obey)
        self._heed_touches()
        self._tell_figures()
        alarms = self._settings.alarms
        if alarms.alarms and self._vigil is None:
            from imperator.master.vigil import Vigil

            self._vigil = Vigil(self._loop, alarms, lambda: self._doors.plan(self._settings))

    def _beat(self) -> None:
        """Tell the emperor that we live: that the loop turns, not that a worker is idle."""
        self._emperor.say(FromVassal.HEARTBEAT)
        if self._settings.heartbeat:
            self._loop.at(self._loop.now + self._settings.heartbeat, self._beat)

    def _reopen_log(self) -> None:
        if self._log:
            self._log.reopen()
        else:
            self._footing.reopen_log()

    def _leave(self) -> None:
        vacuum = self._settings.vacuum
        self._doors.close(unlink=vacuum)
        for listener in self._stats:
            listeners.release(listener, unlink=vacuum)
        if vacuum:
            self._footing.vacuum()
        logs.say("goodbye to uWSGI.")
        self._errands.finish(float(self._settings.reload_mercy))
        self._errands.do("as-user-atexit", self._settings)
        if self._log:
            self._log.finish()

    # -- events

    def _step(self, event: policy.Event) -> None:
        self._state, actions = policy.step(self._state, event, self._loop.now)
        for action in actions:
            self._do(action)
        if self._beside and self._state.stopping:
            self._beside.rest()
            if self._state.forced:
                self._beside.force()
        if self._alarm:
            self._alarm.cancel()
        when = policy.next_deadline(self._state)
        self._alarm = None if when is None else self._loop.at(when, lambda: self._step(policy.TimePassed()))

    def _signalled(self, signum: int) -> None:
        if signum == signal.SIGTSTP:
            self._pause()
        elif event := triggers.from_signal(signum, self._settings.hooks.signals):
            if isinstance(event, policy.StopAsked) and not self._emperor:
                self._doors.refuse()  # under an emperor a successor gets these sockets
            self._step(event)

    def _pause(self) -> None:
        """Let no worker accept, or let them again."""
        self._paused = not self._paused
        if self._paused:
            logs.say("*** PAUSE (press start to resume, if you do not have a joypad send SIGTSTP) ***")
        else:
            logs.say("*** (SIGTSTP received) resuming workers ***")
        for number in self._generations:
            self._tell(number, pipes.Order.PAUSE if self._paused else pipes.Order.RESUME)

    def _ordered(self, message: bytes) -> None:
        if not message:
            self._loop.forget(self._emperor.fileno())
            self._status = LOST_EMPEROR
            self._doors.refuse(for_good=True)
        if moment := triggers.moment(message):
            self._errands.send(moment, self._settings)
        if event := triggers.from_emperor(message):
            if isinstance(event, policy.StopAsked):
                self._doors.refuse()
            self._step(event)

    def _obey(self, letter: bytes) -> None:
        if letter == b"l":
            self._reopen_log()
            return
        if letter == b"p":
            self._pause()
            return
        meant = triggers.from_fifo(letter)
        if isinstance(meant, pipes.Order) and self._serving:
            self._tell(self._serving.number, meant)
        elif isinstance(meant, list):
            for event in meant:
                if isinstance(event, policy.StopAsked):
                    self._doors.refuse()
                self._step(event)
        elif letter.strip() and not letter.isdigit():
            logs.say(f"the master FIFO says {letter!r}, which means nothing here: it is ignored")

    def _tell_figures(self) -> None:
        """Tell those who do not ask, as the configuration says now."""
        figures = self._settings.figures
        if figures == self._told:
            return
        if self._pushers:
            self._pushers.close()
            self._pushers = None
        if figures.pushers or figures.directory:
            from imperator.master.pushers import Pushers

            self._pushers = Pushers(self._loop, figures, self._metrics, self._document)
        self._told = figures

    def _heed_touches(self) -> None:
        """Watch the files that the configuration names now."""
        orders = self._settings.orders
        files = tuple(dict.fromkeys((*orders.touches, *orders.mule_touches, *orders.spooler_touches)))
        if self._touches is not None and tuple(self._touches.seen) != files:
            self._touches.close()
            self._touches = None
        if files and self._touches is None:
            from imperator.process.touches import Touches

            self._touches = Touches(self._loop, files, self._touched)
            for file in (file for file, seen in self._touches.seen.items() if seen is None):
                logs.say(f"unable to stat() {file}, events will be triggered as soon as the file is created")

    def _heed_hooks(self) -> None:
        """Listen to the signals and files that hooks name now."""
        hooks = self._settings.hooks
        if bound := [signum for signum, _ in hooks.signals if signum not in triggers.SIGNALS]:
            self._loop.on_signals(bound, self._signalled)
        self._errands.heed(self._loop, self._settings)

    def _touched(self, file: str) -> None:
        if file not in self._settings.orders.touches:
            mules = file in self._settings.orders.mule_touches
            spoolers = file in self._settings.orders.spooler_touches
            for order, meant, who in (
                (pipes.Order.MULES, mules, "mules"), (pipes.Order.SPOOLERS, spoolers, "spoolers"),
            ):  # fmt: skip
                if meant:
                    logs.say(f"*** {file} has been touched... the {who} begin anew ***")
                    if self._serving:
                        self._tell(self._serving.number, order)
            return
        logs.say(f"*** {file} has been touched... grace them all !!! ***")
        workers = file in self._settings.orders.worker_touches
        self._step(policy.ReloadAsked(f"{file} has been touched", workers=workers))

    def _heard(self, generation: Generation) -> None:
        try:
            message = kernel.receive(generation.door, pipes.MAXIMUM)
        except BlockingIOError:
            return
        if not message:
            self._loop.forget(generation.door.fileno())
            return
        self._understand(generation, message)

    def _understand(self, generation: Generation, message: bytes) -> None:
        try:
            word = pipes.hear(message)
        except ValueError as error:
            logs.say(f"error: generation {generation.number} says something that is {error}; it is ignored [bad-word]")
            return
        if isinstance(word, Loaded):
            self._loaded_seconds = word.seconds
        if isinstance(word, Failed | GaveUp | Loaded | Ready):
            self._step(policy.Said(generation.number, word))
        elif isinstance(word, ReloadMe) and generation is self._serving:
            self._step(policy.ReloadAsked(printable(word.why)))
        elif isinstance(word, Attendant):
            generation.beside[word.kind, word.number] = word
        elif isinstance(word, Crashed):
            if self._vigil:
                self._vigil.crashed(printable(word.text))
        elif isinstance(word, Alarmed):
            self._alarmed(word)
        elif isinstance(word, StopMe) and self._on_demand:
            if generation is self._serving:
                logs.say(f"{printable(word.why)}: the emperor is asked to wait for the next connection")
                self._emperor.say(FromVassal.STOP_ME)
        elif isinstance(word, StopMe) and generation is self._serving:
            self._doors.refuse()
            self._step(policy.StopAsked(printable(word.why)))

    def _reap(self) -> None:
        ends = {end.pid: end for end in kernel.reap() if not self._errands.ended(end.pid)}
        if self._vigil:
            self._vigil.bells.ended(ends)
        if self._beside:
            self._beside.reaped(ends.values())
        if self._log and (end := ends.get(self._log.pid)):
            self._log.ended(self._loop)
            logs.say(f"error: the process that writes the log {end}; another one goes on (pid: {self._log.pid})")
        for generation in list(self._generations.values()):
            if end := ends.get(generation.pid):
                self._hear_out(generation)
                self._loop.forget(generation.door.fileno())
                generation.door.close()
                del self._generations[generation.number]
                if self._serving is generation:
                    self._serving = None
                self._step(policy.Ended(generation.number, end.status, str(end)))
                if self._pending.pop(generation.number, None) and not self._pending:
                    self._doors.close_others(self._settings)  # what only the refused configuration had
                    self._shared.keep_only(self._settings.sharing)

    def _hear_out(self, generation: Generation) -> None:
        """What a process said before it ended comes before its end."""
        while generation.door.fileno() >= 0:
            try:
                message = kernel.receive(generation.door, pipes.MAXIMUM)
            except BlockingIOError:
                return
            if not message:
                return
            self._understand(generation, message)

    # -- actions

    def _do(self, action: policy.Action) -> None:
        match action:
            case policy.Start(number, anyway, reread, renew):
                self._renew = renew or self._renew
                self._start(number, anyway=anyway, reread=reread)
            case policy.Tell(number, order):
                self._tell(number, order)
            case policy.Kill(number):
                if generation := self._generations.get(number):
                    kernel.kill(generation.pid, signal.SIGKILL)
            case policy.Log(line):
                logs.say(line)
            case policy.Print(text):
                logs.text(text)
            case policy.TookOver(number, reason):
                self._took_over(number, reason)
            case policy.Watch(files):
                self._watch(files)
            case policy.Leave(status, reason):
                self._end(status, reason)

    def _start(self, number: int, *, anyway: bool, reread: bool) -> None:
        new: list[str] = []
        try:
            settings = self._reread() if reread else self._settings
            tls, warnings = self._certificates.read(settings, again=reread)
            logs.complain(warnings)
            if reread and settings.logs.reopen:
                self._reopen_log()
            if settings.logs != self._settings.logs:
                logs.say("warning: the log goes where it went: what was changed about it counts after a restart")
            if self._log:
                lines = settings.request_log._replace(fd=self._log.request_fd)
                settings = settings._replace(request_log=lines, logs=self._settings.logs)
            if self._emperor and not self._on_demand:
                # An emperor would start it again: it goes cheap instead.
                settings = settings._replace(scaling=settings.scaling._replace(die_on_idle=False))
            if settings.mules.targets:
                try:
                    settings = settings._replace(mules=self._queues().plan(settings.mules))
                except OSError as error:
                    raise Refused(launch.no_room(error)) from error
            if settings.spooling != Spooling():
                from imperator.master import spools

                spools.make(settings)
                spools.check(settings)
                settings = settings._replace(spooling=spools.with_page(settings.spooling, self._shared))
            new = self._doors.open(settings)
            doors = self._doors.plan(settings)
            shared = self._shared.provide(settings.sharing, settings.where)
            chosen = self._footing.choices(settings)
            generation = launch.start(
                chosen, number, self._name, doors, self._environ, anyway=anyway, tls=tls, shared=shared, again=reread
            )
        except Refused as refusal:
            logs.complain(refusal.diagnostics)
            self._doors.undo(new)
            reason = refusal.diagnostics[0].line() if refusal.diagnostics else "the configuration was refused"
            self._step(policy.StartFailed(number, reason))
            return
        self._pending[number] = settings
        self._generations[number] = generation
        if self._paused:
            self._tell(number, pipes.Order.PAUSE)
        self._loop.watch(generation.door.fileno(), lambda: self._heard(generation))

    def _alarmed(self, word: Alarmed) -> None:
        known = [one.name for one in self._settings.alarms.alarms]
        if self._vigil and word.name in known:
            self._vigil.bells.ring([word.name], word.text.encode("utf-8", "surrogateescape"))
        else:
            offer = f"there are {', '.join(known)}" if known else "there are none"
            logs.say(f"warning: the application raises the alarm {word.name}, and {offer}: {word.text[:1000]}")

    def _queues(self) -> Channels:
        if self._channels is None:
            from imperator.master.channels import Channels

            self._channels = Channels()
        return self._channels

    def _reread(self) -> Settings:
        """The settings as the files say now. Raises :class:`Refused` if they cannot be served."""
        if directory := self._settings.conduct.directory:
            try:
                os.chdir(directory)
            except OSError as error:
                what = f"force-cwd: {directory} cannot be entered: {error.strerror}"
                place = self._settings.where.get("force-cwd")
                hint = "names begin where they did"
                logs.complain([Diagnostic("bad-directory", place, what, hint, Severity.WARNING)])
        world = self._make_world(True)
        loaded = load.read(self._argv, world)
        settings, found = build.build(loaded.pairs, world)
        diagnostics = [*loaded.diagnostics, *found]
        errors = [one for one in diagnostics if one.severity is Severity.ERROR]
        if errors:
            raise Refused(*errors)
        logs.complain(diagnostics)
        return startup.adopt_stdin(settings, self._stdin)

    def _tell(self, number: int, order: pipes.Order) -> None:
        if generation := self._generations.get(number):
            try:
                generation.door.send(bytes([order]), socket.MSG_DONTWAIT)
            except OSError:
                pass  # it is dying, and its exit is reaped next; or so deaf that its deadline deals with it

    def _took_over(self, number: int, reason: str) -> None:
        self._serving = self._generations.get(number)
        self._reason = printable(reason)
        self._settings = self._pending.pop(number, self._settings)
        self._pending = {other: value for other, value in self._pending.items() if other > number}
        self._state = self._state._replace(
            need_app=self._settings.need_app,
            mercy=float(self._settings.worker_reload_mercy),
            others=launch.patience(self._settings),
            exit_on_reload=self._settings.orders.exit_on_reload,
        )
        self._heed_touches()
        self._tell_figures()
        self._run_tasks()
        self._heed_hooks()
        if number > 1:
            self._errands.send("master-start", self._settings)
        self._doors.close_others(self._settings)
        self._shared.keep_only(self._settings.sharing)
        logs.complain(self._doors.refit(self._settings))
        self._emperor.keep(self._doors.all())
        if reason:
            self._emperor.state("failed", self._reason)
        else:
            self._emperor.say(FromVassal.ACCEPTING)
            self._emperor.state("running")
            self._emperor.say(FromVassal.LOYAL)
        self._caller.ready()
        if not self._emperor:
            systemd.notify(f"READY=1\nSTATUS={self._reason or 'serving'}")

    def _run_tasks(self) -> None:
        """What runs beside requests is what the configuration says now."""
        why, self._renew = self._renew, ""
        if self._beside is None:
            if not (self._settings.tasks.daemons or self._settings.tasks.crons):
                return
            from imperator.tasks.run import Beside

            self._beside = Beside(self._loop, self._end_asked)
        number = self._serving.number if self._serving else 1
        self._beside.use(self._settings, launch.environment(self._settings, number, self._environ), why)

    def _end_asked(self, why: str) -> None:
        self._doors.refuse()
        self._step(policy.StopAsked(why))

    def _watch(self, files: tuple[str, ...]) -> None:
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
        if files:
            from imperator.master.mending import Mending

            # What was mended while it was being imported counts too.
            began = max((one.began for one in self._generations.values()), default=0.0)
            try:
                self._watcher = Mending(
                    self._loop, files, began, lambda file: self._step(policy.ReloadAsked(f"{file} was changed", True))
                )
            except OSError as error:
                logs.say(f"warning: nobody will tell when it is mended ({error.strerror}): ask for a reload then")

    def _end(self, status: int, reason: str) -> None:
        self._status = self._status or status
        if status:
            self._caller.failed(status, f"error: {reason or 'the instance ended before it served'}\n")
        else:
            self._caller.ready()  # it did all that was wanted of it, if anybody still waits
        if self._beside:
            self._beside.stop(self._loop.stop)
        else:
            self._loop.stop()

    # -- stats

    def _document(self) -> str:
        serving = self._serving
        instance = stats.Instance(
            pid=os.getpid(),
            uid=os.getuid(),
            gid=os.getgid(),
            directory=self._settings.directory or self._settings.start,
            sockets=[
                stats.Socket(one.address, one.protocol, queue, limit)
                for one in self._doors.plan(self._settings)
                for queue, limit in [listeners.queue(one.fd)]
            ],
            generation=serving.number if serving else 0,
            app_loaded=serving is not None and not self._reason,
            reason=self._reason,
            loaded_seconds=self._loaded_seconds,
            paused=self._paused,
            beside=list(serving.beside.values()) if serving else [],
        )
        lists = stats.Lists(
            locks=self._shared.locks(),
            caches=self._shared.caches(self._settings.sharing),
            metrics=self._metrics(),
            **(self._beside.stats() if self._beside else {}),
        )
        if self._settings.spooling.directories:
            from imperator.master import spools

            respawns = {one.number: one.respawns for one in instance.beside if one.kind == "spooler"}
            lists = lists._replace(spoolers=spools.rows(self._settings.spooling, self._shared, respawns))
        workers = serving.scoreboard.read() if serving else []
        return stats.document(instance, workers, self._settings.figures, lists)

    def _metrics(self) -> list[metrics.Metric]:
        figures, serving = self._settings.figures, self._serving
        if not figures.metrics:
            return []
        queues = [listeners.queue(one.fd)[0] for one in self._doors.plan(self._settings)]
        workers = serving.scoreboard.read() if serving else []
        return metrics.collect(workers, queues, no_cores=figures.metrics_no_cores)
