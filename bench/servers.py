"""The servers and, in this one place, how each is started: what its documentation recommends for one worker and speed.

The same for all: one worker with one thread unless the line says two workers, request log off unless the line says
on, a backlog of 1024, room for more than 512 connections, the same interpreter and the same site packages, no other
tuning. Where the documentation knows several ways to serve HTTP, each is a server of its own here, so that none is
judged by its worst.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench.lines import Line
from bench.results import NOTHING

BACKLOG = "1024"
ROOM = "2048"


class Site(NamedTuple):
    """Where a server shall run."""

    imperator: str
    venv: Path
    """The environment that holds the peers and Flask; every application runs in it."""
    module: str
    apps: Path
    address: str
    """``127.0.0.1:PORT``, or the path of a UNIX socket when nginx is in front."""
    line: Line

    @property
    def port(self) -> str:
        """The number alone."""
        return self.address.rpartition(":")[2]

    def program(self, name: str) -> str:
        """A program of the environment."""
        return str(self.venv / "bin" / name)


class Server(NamedTuple):
    """One contestant."""

    name: str
    package: str | None
    """The distribution in requirements.txt; None for ourselves."""
    command: Callable[[Site], list[str]]
    remark: str
    speaks_uwsgi: bool = False
    speaks_http: bool = True
    logs: bool = False
    """Takes part in the lines with a request log: ourselves and what we succeed."""
    workers: int = 2
    """The most that it can run."""
    apps: tuple[str, ...] = ("hello", "flask")
    """What it answers like."""

    def takes(self, line: Line) -> bool:
        """Whether the server can run this line."""
        door = self.speaks_http if line.door == "http" else self.speaks_uwsgi
        return door and (self.logs or not line.logging) and line.workers <= self.workers and line.app in self.apps


def imperator(site: Site) -> list[str]:
    """Workers speak HTTP/1.1 themselves; everything else is the default."""
    door = "--http" if site.line.door == "http" else "--socket"
    command = [site.imperator, door, site.address, "--workers", str(site.line.workers), "--listen", BACKLOG]
    command += ["--home", str(site.venv), "--pythonpath", str(site.apps), "--module", f"{site.module}:application"]
    return command + ["--need-app"] + ["--disable-logging"] * (not site.line.logging)


def uwsgi(site: Site, *door: str) -> list[str]:
    """A master, the main interpreter, no thread support: uWSGI's "things to know" and the quickest it has."""
    command = [site.program("uwsgi"), *door, "--workers", str(site.line.workers), "--listen", BACKLOG]
    command += ["--master", "--single-interpreter", "--need-app", "--die-on-term", "--vacuum"]
    command += ["--virtualenv", str(site.venv), "--pythonpath", str(site.apps)]
    command += ["--module", f"{site.module}:application"]
    return command + ["--disable-logging"] * (not site.line.logging) + ["--thunder-lock"] * (site.line.workers > 1)


def uwsgi_socket(site: Site) -> list[str]:
    """Behind nginx its own protocol; alone HTTP in the worker, which knows no keep-alive and should say so."""
    if site.line.door == "nginx":
        return uwsgi(site, "--socket", site.address)
    return uwsgi(site, "--http-socket", site.address, "--add-header", "Connection: close")


def uwsgi_http11(site: Site) -> list[str]:
    """HTTP with keep-alive in the worker."""
    return uwsgi(site, "--http11-socket", site.address)


def uwsgi_router(site: Site) -> list[str]:
    """HTTP with keep-alive in a process of its own."""
    return uwsgi(site, "--http", site.address, "--http-keepalive")


def gunicorn(site: Site) -> list[str]:
    """The worker for keep-alive, with the parser in C where the door is HTTP."""
    nginx = site.line.door == "nginx"
    command = [site.program("gunicorn"), "--bind", f"unix:{site.address}" if nginx else site.address]
    command += ["--worker-class", "gthread", "--threads", "1", "--workers", str(site.line.workers)]
    command += ["--keep-alive", "75", "--worker-connections", ROOM, "--backlog", BACKLOG, "--no-control-socket"]
    return command + ["--protocol", "uwsgi"] * nginx + [f"{site.module}:application"]


def granian(site: Site) -> list[str]:
    """One thread for Python, one for the network, HTTP/1 alone."""
    command = [site.program("granian"), "--interface", "wsgi", "--http", "1", "--no-ws", "--no-log"]
    command += [
        "--port",
        site.port,
        "--workers",
        str(site.line.workers),
        "--blocking-threads",
        "1",
        "--runtime-threads",
        "1",
    ]
    return [*command, "--backlog", ROOM, f"{site.module}:application"]


def waitress(site: Site) -> list[str]:
    """One thread for the application, one for the network; poll, since select ends at 1024 descriptors."""
    command = [site.program("waitress-serve"), "--listen", site.address, "--threads", "1", "--backlog", BACKLOG]
    return [*command, "--connection-limit", ROOM, "--asyncore-use-poll", f"{site.module}:application"]


def nothing(site: Site) -> list[str]:
    """No server: apps/nothing.py."""
    return [site.program("python"), str(site.apps / "nothing.py"), site.address]


def by_program(name: str) -> Callable[[Site], list[str]]:
    """For servers that are started from Python: apps/serve.py."""

    def command(site: Site) -> list[str]:
        program = str(site.apps / "serve.py")
        return [site.program("python"), program, name, site.module, site.port, str(site.line.workers)]

    return command


SERVERS = (
    Server("imperator", None, imperator, "`--http`, or `--socket` behind nginx", speaks_uwsgi=True, logs=True),
    Server("uwsgi", "uwsgi", uwsgi_socket,
           "`--http-socket`, a new connection for each request (it knows no keep-alive); `--socket` behind nginx",
           speaks_uwsgi=True, logs=True),
    Server("uwsgi-http11", "uwsgi", uwsgi_http11,
           "`--http11-socket`: keep-alive, but a worker stays with one connection and the others wait until it ends",
           logs=True),
    Server("uwsgi-router", "uwsgi", uwsgi_router, "`--http --http-keepalive`: a router process before the worker",
           logs=True),
    Server("gunicorn", "gunicorn", gunicorn,
           "gthread, one thread, with gunicorn_h1c; `--protocol uwsgi` behind nginx", speaks_uwsgi=True),
    Server("granian", "granian", granian, "`--interface wsgi`, one blocking thread; its network thread comes on top"),
    Server("bjoern", "bjoern", by_program("bjoern"), "one thread, libev; two workers are forks that share the socket"),
    Server("fastwsgi", "fastwsgi", by_program("fastwsgi"), "one thread, libuv"),
    Server("waitress", "waitress", waitress, "one thread for the application; its network thread comes on top",
           workers=1),
    Server("socketify", "socketify", by_program("socketify"), "its WSGI interface, one thread, uWebSockets"),
    Server(NOTHING, None, nothing, "no server: a loop that reads once and sends an answer that was ready before",
           speaks_uwsgi=True, speaks_http=False, workers=1, apps=("hello",)),
)  # fmt: skip

QUICK = ("imperator", "uwsgi", "bjoern", "granian")
