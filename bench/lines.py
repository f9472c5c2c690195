"""The lines: what is measured of every server. A line is an application, a door and a number of connections."""

from __future__ import annotations

from typing import NamedTuple

APPS = {"hello": "hello", "flask": "flask_hello"}
"""The name of an application, and its module below ``bench/apps``."""


class Line(NamedTuple):
    """One thing to measure."""

    name: str
    app: str
    door: str
    """``http``: the load speaks to the server. ``nginx``: to nginx, which speaks uwsgi to the server's UNIX socket."""
    connections: int
    logging: bool = False
    """Every request is logged, to a file. Only for servers whose log is in the line's interest: see servers.py."""
    workers: int = 1

    @property
    def title(self) -> str:
        """For the heading of a table."""
        app = {"hello": "Bare WSGI application", "flask": "Flask"}[self.app]
        door = "HTTP keep-alive" if self.door == "http" else "nginx with uwsgi_pass"
        parts = [app, door, f"{self.connections} connection{'s' * (self.connections > 1)}"]
        parts += ["requests logged"] * self.logging
        parts += [f"{self.workers} workers"] * (self.workers > 1)
        return ", ".join(parts)


LINES = (
    Line("hello-1", "hello", "http", 1),
    Line("hello-32", "hello", "http", 32),
    Line("hello-512", "hello", "http", 512),
    Line("flask-1", "flask", "http", 1),
    Line("flask-32", "flask", "http", 32),
    Line("flask-512", "flask", "http", 512),
    Line("nginx-hello", "hello", "nginx", 32),
    Line("nginx-flask", "flask", "nginx", 32),
    Line("hello-log", "hello", "http", 32, logging=True),
    Line("nginx-hello-log", "hello", "nginx", 32, logging=True),
    Line("hello-2workers", "hello", "http", 32, workers=2),
    Line("flask-2workers", "flask", "http", 32, workers=2),
    Line("nginx-flask-2workers", "flask", "nginx", 32, workers=2),
)

QUICK = ("hello-32", "flask-32", "nginx-hello")
