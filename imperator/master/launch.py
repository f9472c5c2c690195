"""Start a generation: which interpreter, which environment, which plan.

Decides nothing about when; ``run`` does that for ``policy``.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import NamedTuple

from imperator import pipes
from imperator._core import Scoreboard
from imperator.config.apps import Apps, Loader
from imperator.config.interpreter import Import, Interpreter
from imperator.config.routing import needs_files
from imperator.config.settings import Settings
from imperator.config.statics import Statics
from imperator.errors import Diagnostic, Refused
from imperator.pipes import Attendant, Door, Plan, Tls
from imperator.process import identity, kernel, startup
from imperator.sharing import Shared

START = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "generation", "start.py")

_STARTED = time.time()
"""When this process was started, nearly: what applications are told."""


class Generation(NamedTuple):
    """A generation's process, as its master holds it."""

    number: int
    pid: int
    door: socket.socket
    scoreboard: Scoreboard
    began: float
    """When it was started, seconds since the epoch."""
    beside: dict[tuple[str, int], Attendant]
    """Its processes that are no workers, as far as it has told."""


def start(
    settings: Settings,
    number: int,
    name: str,
    doors: list[Door],
    environ: Mapping[str, str],
    *,
    anyway: bool,
    tls: Tls | None = None,
    shared: Shared | None = None,
    again: bool = False,
) -> Generation:
    """Start generation ``number``; ``again``: for a reload. Raises :class:`Refused` when its interpreter cannot be
    executed.
    """
    python = interpreter(settings)
    with ExitStack() as closing:
        try:
            scoreboard_fd = Scoreboard.create(settings.workers, settings.threads)
            closing.callback(os.close, scoreboard_fd)
            scoreboard = Scoreboard(scoreboard_fd)
            text = plan(settings, number, name, doors, scoreboard_fd, anyway, tls, shared, again).write()
            plan_fd = kernel.memory_file("plan", text)
            closing.callback(os.close, plan_fd)
            ours, its = kernel.pair()
        except OSError as error:
            raise Refused(no_room(error)) from error
        closing.callback(its.close)
        argv = [python, *switches(settings), START, str(its.fileno()), str(plan_fd), f"generation {number} of {name}"]
        keep = [its.fileno(), plan_fd, scoreboard_fd, *(door.fd for door in doors)]
        keep += shared.fds() if shared else []
        keep += settings.spooling.fds()
        keep += [fd for channel in settings.mules.channels for fd in (channel.reader, channel.writer)]
        if settings.request_log.fd > 2:
            keep.append(settings.request_log.fd)
        env = environment(settings, number, environ)
        try:
            become = _become(settings) if settings.conduct.privileges.master_stays else None
            pid = kernel.spawn(argv, env, keep=keep, cwd=settings.directory or settings.start, become=become,
                               stdin=0 if settings.honour_stdin else None)
        except (OSError, ValueError) as error:
            ours.close()
            raise Refused(_not_executed(error, python, settings)) from error
    return Generation(number, pid, ours, scoreboard, time.time(), {})


def _become(settings: Settings) -> Callable[[], None]:
    """What the child of a master that stays root does before it executes anything."""

    def become() -> None:
        try:
            identity.become(settings.uid, settings.gid, settings.user, None, settings.conduct.privileges)
        except Refused as refusal:
            raise PermissionError(errno.EPERM, refusal.diagnostics[0].message) from refusal

    return become


def interpreter(settings: Settings) -> str:
    """The Python that runs the application: the virtualenv's, or the one that runs us."""
    if settings.home is None:
        return sys.executable
    for name in ("python3", "python"):
        path = os.path.join(settings.home, "bin", name)
        if os.path.exists(path):
            return path
    if closed := _closed(settings.home):
        raise Refused(
            Diagnostic(
                "interpreter-out-of-reach",
                settings.where.get("home"),
                f"the user of this instance may not look into {settings.home}: {closed} is closed to it",
                f"open the way (chmod a+x {closed}) or make the virtualenv where that user can read",
            )
        )
    raise Refused(
        Diagnostic(
            "no-interpreter",
            settings.where.get("home"),
            f"no bin/python3 in {settings.home}: it is no virtualenv",
            f"make one: python3 -m venv {settings.home}",
        )
    )


def _closed(home: str) -> str | None:
    """What keeps this user from seeing whether ``home`` has an interpreter; None if it exists or nothing does."""
    closed = identity.barrier(os.path.join(home, "bin", "python3"))
    return closed if closed and os.path.exists(closed) and not os.access(closed, os.X_OK, effective_ids=True) else None


def environment(settings: Settings, number: int, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a generation: ours, less what is private, changed as the configuration says."""
    before = {"UWSGI_RELOADS": str(number - 1)} if number > 1 else {}
    return startup.environment(settings, {**environ, **before})


def plan(
    settings: Settings,
    number: int,
    name: str,
    doors: list[Door],
    scoreboard_fd: int,
    anyway: bool,
    tls: Tls | None = None,
    shared: Shared | None = None,
    again: bool = False,
) -> Plan:
    """What a generation must know, out of what the administrator wrote."""
    return Plan(
        number=number,
        name=name,
        doors=doors,
        loaders=[_loader(one) for one in settings.loaders],
        callable=settings.callable or "",
        chdir=settings.directory or "",
        chdir2=settings.directory2 or "",
        pythonpath=list(settings.pythonpath),
        workers=settings.workers,
        threads=settings.threads,
        scoreboard_fd=scoreboard_fd,
        buffer_size=settings.buffer_size,
        trusted=list(settings.trusted),
        socket_timeout=float(settings.clients.timeout),
        mercy=float(settings.worker_reload_mercy),
        log_requests=not settings.disable_logging,
        hostname=os.uname().nodename,
        serve_without_app=anyway,
        titles=titles(settings),
        lives=settings.lives,
        request_log=settings.request_log,
        statics=_statics(settings),
        apps=_apps(settings.apps),
        headers=pipes.Headers(*settings.headers),
        wsgi=pipes.Wsgi(*settings.wsgi),
        interpreter=_interpreter(settings.interpreter),
        scaling=settings.scaling,
        tls=tls,
        clients=settings.clients,
        mules=settings.mules,
        spooling=settings.spooling._replace(mercy=float(settings.worker_reload_mercy)),
        triggers=settings.triggers,
        facts=pipes.Facts(settings.options, int(_STARTED), settings.pidfile or settings.pidfile2 or ""),
        shared=shared or Shared(),
        routing=settings.routing,
        error_pages=settings.error_pages,
        hooks=settings.hooks.for_generation(again=again),
        limits=settings.limits.generation,
        conduct=settings.conduct.generation,
        gevent=settings.gevent,
    )


def _statics(settings: Settings) -> pipes.StaticFiles | None:
    """None: no request is answered with a file."""
    if settings.statics == Statics() and not needs_files(settings.routing):
        return None
    return pipes.StaticFiles.of(settings.statics)


def switches(settings: Settings) -> list[str]:
    """What the command line of a generation's Python has before the program."""
    level = settings.interpreter.optimize
    return [*(["-" + "O" * level] if level else []), *(["-S"] if settings.interpreter.no_site else [])]


def _loader(one: Loader) -> pipes.Loader:
    return pipes.Loader(one.kind, one.target, str(one.where))


def _apps(apps: Apps) -> pipes.Apps:
    mounts = [pipes.Mount(one.host, one.prefix, _loader(one.loader), one.callable) for one in apps.mounts]
    return pipes.Apps(tuple(mounts), *apps[1:])


def _interpreter(told: Interpreter) -> pipes.Interpreter:
    def imports(some: tuple[Import, ...]) -> tuple[pipes.Import, ...]:
        return tuple(pipes.Import(one.target, str(one.where), one.alias) for one in some)

    return pipes.Interpreter(told.executable, told.argv, imports(told.aliases), imports(told.imports))


def patience(settings: Settings) -> float:
    """How long the processes beside the workers may take to end, seconds."""
    mercies = [settings.mules.mercy] if settings.mules.targets else []
    mercies += [float(settings.worker_reload_mercy)] if settings.spooling.directories else []
    return max(mercies, default=0.0)


def titles(settings: Settings) -> list[str]:
    """The titles of a worker and a mule, with ``%d`` for the number; none if processes keep their command lines."""
    if not (settings.auto_procname or settings.procname):
        return []
    return [title(settings, settings.procname or f"uWSGI {kind} %d") for kind in ("worker", "mule", "spooler")]


def title(settings: Settings, name: str) -> str:
    """A process title with what the configuration puts around every one."""
    return settings.titled(name)


def no_room(error: OSError) -> Diagnostic:
    """There are too many open files, or too little memory."""
    return Diagnostic(
        "no-room-for-generation",
        None,
        f"cannot prepare a generation: {error.strerror or error}",
        "raise the limit that it names, such as LimitNOFILE or the memory of the container",
    )


def _not_executed(error: OSError | ValueError, python: str, settings: Settings) -> Diagnostic:
    place = settings.where.get("home")
    if isinstance(error, PermissionError) and (closed := identity.barrier(python)):
        return Diagnostic(
            "interpreter-out-of-reach",
            place or settings.where.get("uid"),
            f"the user of this instance may not execute {python}: {closed} is closed to it",
            f"open the way (chmod a+x {closed}) or install Python and the virtualenv where that user can read",
        )
    reason = f"{error.filename or python}: {error.strerror}" if isinstance(error, OSError) else str(error)
    hint = "check home and chdir" if place else "check chdir"
    return Diagnostic("no-interpreter", place, f"cannot start Python: {reason}", hint)
