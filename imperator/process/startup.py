"""The first steps of an emperor and of a master, in the order that decides who owns what.

Before privileges are given up: the background, the umask, the log, the pidfile. After: the second log and pidfiles,
and the directory. What lies between, binding sockets, is the caller's. uWSGI opens the same files at the same points,
so that their owners are the same.
"""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING

from imperator import logs, pipes
from imperator.config.limits import Limits
from imperator.config.settings import Endpoint, EnvChange, Listen, Settings
from imperator.errors import COMMAND_LINE, Diagnostic, Refused, Severity, Where
from imperator.process import identity, kernel, logfile
from imperator.process.daemon import Caller
from imperator.process.pidfile import Pidfile

if TYPE_CHECKING:
    from imperator.process.log_process import LogProcess


class Footing:
    """What a process stands on: its log, its pidfiles, its user."""

    def __init__(self, settings: Settings, caller: Caller, *, vassal: bool) -> None:
        self._settings = settings
        self._caller = caller
        self._vassal = vassal
        self._pidfiles: list[Pidfile] = []
        self._locks: list[int] = []
        self.diverted = False
        self.directory = settings.start
        """Where a generation starts without ``chdir``: a hook may say so."""
        self.put: dict[str, str | None] = {}
        """Variables that hooks have changed; None: removed."""
        logs.date(settings.logs.date)

    def prepare(self, warnings: list[Diagnostic]) -> None:
        """The steps before privileges are given up. ``warnings`` are told on the terminal and in the log."""
        settings = self._settings
        self._become_at_once()
        self._lock(late=False)
        if settings.umask is not None:
            os.umask(settings.umask)
        self.do("asap")
        logs.complain(warnings)
        background = settings.daemonize or settings.daemonize2
        if background and not self._vassal:
            self._caller.leave()
        option = "logto" if settings.logto else "daemonize" if settings.daemonize else "daemonize2"
        if path := settings.logto or background:
            logfile.divert(path, self._place(option), logfile.Opening.of(settings))
            self.diverted = True
            logs.complain(warnings)
        if settings.pidfile:
            self._write(settings.pidfile, "pidfile")

    def make_ready(self) -> None:
        """What is left to do before sockets are opened: limits, locks and hooks. Those of the user may make the
        directory that a socket belongs into, and so come before it, too.
        """
        if self._settings.limits != Limits():
            from imperator.process import limits

            logs.complain(limits.begin(self._settings))
        self._lock(late=True)
        jail = ["pre-jail", "post-jail", "in-jail"] if self._settings.conduct.jailed else ["pre-jail", "in-jail"]
        for moment in (*jail, "as-root"):
            self.do(moment)
        if self._settings.hooks.at("as-user"):
            self._do_as_user()

    def do(self, moment: str) -> None:
        """Do what the hooks of a moment ask for. Raises :class:`Refused` when one fails, or asks for the end."""
        if not (steps := self._settings.hooks.at(moment)):
            return
        from imperator.process.hooks import HookExit, HookFailed, Runner

        runner = Runner(self.directory, environment(self._settings, os.environ, self.put), self._settings.hooks)
        try:
            runner.run(steps, moment)
        except HookFailed as failure:
            raise Refused(failure.diagnostic) from failure
        except HookExit as asked:
            raise Refused(status=asked.status) from asked
        finally:
            self._keep(runner.directory, runner.put)

    def keep_variables(self) -> None:
        """Let what hooks have put into the environment be that of every process below: an emperor's vassals."""
        for name, value in self.put.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    def choices(self, settings: Settings) -> Settings:
        """``settings`` with the directory and the variables that hooks have chosen."""
        put = tuple(EnvChange(name, value, COMMAND_LINE) for name, value in self.put.items())
        start = settings.start if self.directory == self._settings.start else self.directory
        return settings._replace(start=start, env=(*settings.env, *put))

    def _keep(self, directory: str, put: Mapping[str, str | None]) -> None:
        self.directory = directory
        self.put.update(put)

    def _do_as_user(self) -> None:
        settings = self._settings
        if os.getuid() != 0 or (settings.uid is None and settings.gid is None):
            self.do("as-user")
            return
        # Root is still needed to open the sockets: a child becomes the user and says what its hooks have changed.
        report, outcome = os.pipe2(os.O_CLOEXEC)

        def child() -> int:
            try:
                self._become()
                self.do("as-user")
            except Refused as refusal:
                logs.complain(refusal.diagnostics)
                os.write(outcome, json.dumps([refusal.status]).encode())
                return refusal.status
            os.write(outcome, json.dumps([self.directory, self.put]).encode())
            return 0

        pid = kernel.fork(child)
        os.close(outcome)
        with open(report, "rb") as file:
            answer = json.loads(file.read() or b"[1]")
        kernel.finish(pid)
        if len(answer) == 1:
            raise Refused(status=answer[0])
        self._keep(*answer)

    def _become_at_once(self) -> None:
        if whom := self._settings.conduct.privileges.at_once:
            place = self._place("immediate-uid") or self._place("immediate-gid")
            if complaint := identity.become(*whom, place, self._settings.conduct.privileges):
                logs.complain([complaint])

    def _become(self) -> None:
        settings = self._settings
        place = self._place("uid") or self._place("gid")
        if complaint := identity.become(
            settings.uid, settings.gid, settings.user, place, settings.conduct.privileges
        ):
            logs.complain([complaint])

    def _lock(self, *, late: bool) -> None:
        for lock in self._settings.conduct.locks:
            if lock.late is late:
                from imperator.process import locks

                self._locks.append(locks.take(lock))

    def give_up_root(self, *, stays: bool = False) -> None:
        """Become the configured user, and take the steps that are that user's. ``stays``: root keeps being root."""
        settings = self._settings
        if not stays and not settings.conduct.privileges.master_stays:
            self._become()
        if settings.logto2:
            logfile.divert(settings.logto2, self._place("logto2"), logfile.Opening.of(settings))
            self.diverted = True
        for option, path in (
            ("pidfile2", settings.pidfile2),
            ("safe-pidfile", settings.safe_pidfile),
            ("safe-pidfile2", settings.safe_pidfile2),
        ):
            if path:
                self._write(path, option)
        if settings.directory is not None:
            self._check_directory(settings.directory, "chdir")
        if settings.directory2 is not None:
            self._check_directory(settings.directory2, "chdir2")

    def begin_log(self) -> LogProcess | None:
        """Start the process that writes the log, if the configuration needs one; privileges were given up."""
        settings = self._settings
        has_file = settings.logto or settings.logto2 or settings.daemonize or settings.daemonize2
        if not settings.logs.needs_process(bool(has_file)) and not settings.alarms.rules:
            return None
        from imperator.process.log_process import LogProcess

        return LogProcess(settings)

    def reopen_log(self) -> None:
        """Open the log by its name again; if that cannot be, it goes on in the old file."""
        path = self._settings.logto2 or self._settings.logto or self._settings.daemonize or self._settings.daemonize2
        if path:
            try:
                logfile.divert(path, None, logfile.Opening.of(self._settings)._replace(truncate=False))
            except Refused as refusal:
                logs.complain(one._replace(severity=Severity.WARNING) for one in refusal.diagnostics)

    def vacuum(self) -> None:
        """Remove the pidfiles."""
        for pidfile in self._pidfiles:
            pidfile.remove()

    def _write(self, path: str, option: str) -> None:
        if not any(os.path.realpath(path) == os.path.realpath(other.path) for other in self._pidfiles):
            try:
                self._pidfiles.append(Pidfile(path, self._place(option)))
            except Refused as refusal:
                # Several vassals may name one file by mistake, and uWSGI starts them all: so do we, and leave it alone.
                if not self._vassal or any(one.code != "already-running" for one in refusal.diagnostics):
                    raise
                logs.complain(one._replace(severity=Severity.WARNING) for one in refusal.diagnostics)

    def _place(self, option: str) -> Where | None:
        return self._settings.where.get(option)

    def _check_directory(self, path: str, option: str) -> None:
        try:
            os.close(os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
            if os.access(path, os.X_OK, effective_ids=True):
                return
            problem, hint = "may not be entered by this user", f"allow it: chmod a+x {path}"
        except FileNotFoundError:
            problem, hint = "does not exist", f"create it, or correct {option}"
        except NotADirectoryError:
            problem, hint = "is not a directory", f"correct {option}"
        except PermissionError:
            closed = identity.barrier(path)
            problem, hint = "cannot be reached by this user", f"allow it: chmod a+x {closed}"
        raise Refused(Diagnostic("bad-directory", self._place(option), f"the directory {path} {problem}", hint))


def adopt_stdin(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """With the listening socket that somebody left us as standard input, if there is one.

    Who names other sockets means those alone, but for a vassal: an emperor waits for its first connection there. If a
    line of it names that very address, it is that line's.
    """
    vassal = pipes.ENV_EMPEROR_FD in environ or pipes.ENV_DEMANDED in environ
    if settings.listen and not vassal:
        return settings
    if any(str(one.endpoint) == environ.get(pipes.ENV_DEMANDED) for one in settings.listen) or not _listens(0):
        return settings
    stdin = Listen("fd://0", settings.protocol, "socket", COMMAND_LINE, Endpoint("fd", fd=0))
    return settings._replace(listen=(*settings.listen, stdin))


def _listens(fd: int) -> bool:
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            return False
        with socket.socket(fileno=os.dup(fd)) as sock:
            return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:
        return False  # it is closed
def environment(
    settings: Settings, environ: Mapping[str, str], put: Mapping[str, str | None] | None = None
) -> dict[str, str]:
    """The environment of what an instance runs: its own, less what is private, changed as the configuration and its
    hooks say.
    """
    env = {name: value for name, value in environ.items() if name not in pipes.PRIVATE}
    changes = [(change.name, change.value) for change in settings.env]
    for name, value in [*changes, *(put or {}).items()]:
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    return env


def socket_umask(settings: Settings, inherited: str | None) -> tuple[int, bool]:
    """The umask for UNIX sockets, and whether it is 0 only because uWSGI's would be.

    ``inherited`` is what a daemonised emperor said in the environment, in octal.
    """
    if settings.umask is not None:
        return settings.umask, False
    if settings.daemonized_umask or inherited is not None:
        return int(inherited, 8) if inherited and inherited.isdecimal() else 0, True
    current = os.umask(0o022)
    os.umask(current)
    return current, False


def world_writable(path: str, place: Where | None) -> Diagnostic:
    """The warning about a socket that anybody may connect to because nobody said otherwise."""
    return Diagnostic(
        "world-writable-socket",
        place,
        f"every user of this machine may connect to {path}: uWSGI makes it so when it is a daemon without a umask",
        "set chmod-socket = 660, or umask = 007",
        Severity.WARNING,
    )
