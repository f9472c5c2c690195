"""One worker: a fork of the generation that enters the engine and serves until told to end.

The only file that enters ``_core`` to serve.
"""

from __future__ import annotations

import faulthandler
import functools
import os
import signal
import sys
from typing import NamedTuple

from imperator import _core, logs, pipes
from imperator.generation.apps import Mounts, Table
from imperator.module import install
from imperator.pipes import (
    Clients,
    Door,
    ErrorPages,
    Gevent,
    Limits,
    Plan,
    RequestLog,
    Routing,
    Rule,
    StaticFiles,
    Tls,
    Wsgi,
)


class HeaderChanges(NamedTuple):
    """Headers of every answer, as bytes; see ``_core.pyi``."""

    remove: list[bytes]
    add: list[tuple[bytes, bytes]]


class Rules(NamedTuple):
    """Internal routing, with bytes for what is compared with bytes of a request; see ``_core.pyi``."""

    request: list[tuple[str, str, bytes, str, bytes]]
    error: list[tuple[str, str, bytes, str, bytes]]
    response: list[tuple[str, str, bytes, str, bytes]]
    last: list[tuple[str, str, bytes, str, bytes]]
    collected: list[tuple[bytes, bytes, bool]]
    variables: list[tuple[bytes, bytes]]
    names_by_host: bool
    compresses: bool


class WorkerSettings(NamedTuple):
    """What the engine asks for; see ``_core.pyi``."""

    listeners: list[Door]
    worker_id: int
    seat: int
    max_requests: int
    threads: int
    stack: int
    workers: int
    control_fd: int
    scoreboard_fd: int
    buffer_size: int
    trusted: list[str]
    socket_timeout: float
    mercy: float
    log_requests: bool
    request_log: RequestLog
    hostname: str
    statics: StaticFiles | None
    mounts: Mounts | None
    headers: HeaderChanges | None
    wsgi: Wsgi
    tls: Tls | None
    clients: Clients
    routing: Rules | None
    error_pages: ErrorPages | None
    log_variables: object


def prepare(plan: Plan, number: int, control_fd: int) -> None:
    """Make this freshly forked process worker ``number``. Raises :class:`imperator.errors.Refused`."""
    # Whoever wonders what a worker is at asks it with SIGUSR2, also if it holds the GIL for ever.
    faulthandler.register(signal.SIGUSR2, file=2, all_threads=True)
    if plan.chdir2:
        os.chdir(plan.chdir2)
    install.call_hook("post_fork_hook")
    signals = sys.modules.get("imperator.module.signals")  # there, if the application has asked the module anything
    if signals:
        signals.listen()
    if plan.limits != Limits():
        from imperator.process import limits

        if cpus := limits.worker(plan.limits, number):
            logs.say(f"mapping worker {number} to CPUs: {' '.join(map(str, cpus))}")
    if plan.conduct.tracebacker:
        from imperator.generation import tracebacker

        tracebacker.start(f"{plan.conduct.tracebacker}{number}")
    if plan.lives.autoreload and number == 1:
        _reload_when_changed(plan, control_fd)


def serve(table: Table, plan: Plan, number: int, seat: int, control_fd: int) -> int:
    """Serve as worker ``number`` in this process, which is prepared; answers its exit status."""
    status = _serve(
        table,
        plan.gevent,
        WorkerSettings(
            listeners=plan.doors,
            worker_id=number,
            seat=seat,
            max_requests=plan.lives.requests(number),
            threads=plan.threads,
            stack=plan.limits.stack,
            workers=plan.workers,
            control_fd=control_fd,
            scoreboard_fd=plan.scoreboard_fd,
            buffer_size=plan.buffer_size,
            trusted=plan.trusted,
            socket_timeout=plan.socket_timeout,
            mercy=plan.mercy,
            log_requests=plan.log_requests,
            request_log=plan.request_log,
            hostname=plan.hostname,
            statics=plan.statics,
            mounts=table.mounts,
            headers=_headers(plan),
            wsgi=plan.wsgi,
            tls=plan.tls,
            clients=plan.clients,
            routing=_rules(plan.routing) if plan.routing else None,
            error_pages=plan.error_pages,
            log_variables=_log_variables() if plan.request_log.format else None,
        ),
    )
    if signals := sys.modules.get("imperator.module.signals"):
        signals.finish()
    if plan.conduct.atexit:
        install.call_hook("atexit")
        run_atexit()
    return status


def _log_variables() -> object:
    from imperator.module.noted import LOG_VARIABLES

    return LOG_VARIABLES


def _serve(table: Table, how: Gevent, settings: WorkerSettings) -> int:
    if not how.greenlets:
        return _core.serve(table.app, settings)
    from imperator.generation import gevent_loop

    gevent_loop.serve(functools.partial(_core.Greenlets, table.app, settings), how)
    return 0


def _headers(plan: Plan) -> HeaderChanges | None:
    add, remove = plan.headers
    if not add and not remove:
        return None
    return HeaderChanges([_bytes(name) for name in remove], [(_bytes(name), _bytes(value)) for name, value in add])


def _rules(told: Routing) -> Rules:
    def chain(rules: tuple[Rule, ...]) -> list[tuple[str, str, bytes, str, bytes]]:
        return [(rule.place, rule.test, _bytes(rule.pattern), rule.action, _bytes(rule.argument)) for rule in rules]

    return Rules(
        chain(told.request),
        chain(told.error),
        chain(told.response),
        chain(told.last),
        [(_bytes(header), _bytes(variable), pulls) for header, variable, pulls in told.collected],
        [(_bytes(name), _bytes(value)) for name, value in told.variables],
        told.names_by_host,
        told.compresses,
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _reload_when_changed(plan: Plan, control_fd: int) -> None:
    from imperator.generation import autoreload

    def changed(file: str) -> None:
        logs.say(f"[uwsgi-python-reloader] module/file {file} has been modified")
        os.write(control_fd, pipes.say(pipes.ReloadMe(f"{file} was changed")))

    autoreload.start(plan.lives.autoreload, plan.lives.autoreload_ignored.split(","), changed)


def run_atexit() -> None:
    """What the application asked to be done at the end of its process."""
    import atexit

    atexit._run_exitfuncs()
