"""A real nginx in the foreground: a prefix of its own, one server on loopback, one location as the test wants it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import processes, wait
from .http import Client, free_port

CONFIG = """
daemon off;
worker_processes 1;
pid {prefix}/nginx.pid;
error_log {prefix}/error.log warn;
{user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_max_body_size 20m;
    client_body_temp_path {prefix}/body;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
    keepalive_requests 100000;
    server {{
        listen 127.0.0.1:{port};
        {server}
        {location}
    }}
    {sites}
}}
"""


def choose(block: str, directive: str, value: str) -> str:
    """The guide's location block with another of its lines made active: as its reader does it, by moving the ``##``."""
    wanted = re.compile(rf"^(\s*)## ({directive} {re.escape(value)};)$")
    lines = []
    for line in block.splitlines():
        if match := wanted.match(line):
            lines.append(match[1] + match[2])
        elif re.match(r"\s*\w+_pass ", line):
            lines.append(f"## {line}")
        else:
            lines.append(line)
    assert any(line.strip() == f"{directive} {value};" for line in lines), f"no such line to make active: {directive}"
    return "\n".join(lines)


def own(site: str, port: int) -> str:
    """A site on a port of its own, its upstream under a name of its own."""
    assert "listen 80" in site
    site = site.replace("listen 80", f"listen 127.0.0.1:{port}")
    return re.sub(r"(upstream |http://|_pass )app\b", rf"\g<1>app{port}", site)


class Nginx:
    """``location`` stands in the server block as given; ``server`` before it.

    ``sites`` are whole server blocks beside it that ``listen 80``; each gets a port, and they are in ``ports``.
    """

    def __init__(
        self, prefix: Path, location: str, server: str = "", user: str | None = None, sites: Sequence[str] = ()
    ) -> None:
        self.prefix = prefix
        prefix.mkdir(exist_ok=True)
        if user:
            prefix.chmod(0o755)
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.client = Client(self.address)
        for name in ("uwsgi_params", "fastcgi_params", "scgi_params", "proxy_params"):
            shutil.copy(f"/etc/nginx/{name}", prefix / name)
        line = f"user {user or 'root'};" if os.getuid() == 0 else ""
        self.ports = [free_port() for _ in sites]
        blocks = "".join(map(own, sites, self.ports))
        (prefix / "nginx.conf").write_text(
            CONFIG.format(prefix=prefix, port=self.port, user=line, server=server, location=location, sites=blocks)
        )
        binary = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        assert binary, "nginx is not installed: run scripts/install-test-servers"
        self.process = subprocess.Popen(
            [binary, "-p", prefix, "-e", prefix / "error.log", "-c", prefix / "nginx.conf"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        pidfile = prefix / "nginx.pid"
        # nginx writes its pid file once it listens.
        wait.for_file(
            pidfile,
            lambda: (pidfile.exists() and pidfile.read_text().strip()) or self.process.poll() is not None,
            "nginx's pid file",
        )
        assert self.process.poll() is None, self.process.stderr.read().decode() if self.process.stderr else ""

    def errors(self) -> str:
        """What nginx logged."""
        return (self.prefix / "error.log").read_text()

    def stop(self) -> None:
        """Stop it and its workers."""
        if self.process.poll() is None:
            below = processes.descendants(self.process.pid)
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)
            processes.gone(below)
        if self.process.stderr:
            self.process.stderr.close()
