"""A worker as the generation would make it: sockets, a scoreboard, a control socket, a fork that enters the engine."""

from __future__ import annotations

import functools
import os
import signal
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from imperator import _core
from imperator.generation import gevent_loop
from imperator.pipes import Gevent

from . import speak

PROTOCOLS = ("http", "uwsgi", "fastcgi", "scgi")
PATIENCE = 20.0


class Worker:
    """A forked worker, and its front-end's side of the sockets."""

    def __init__(
        self,
        directory: Path,
        app: Any,
        *,
        start: bool = True,
        expect: int = 0,
        beside: Worker | None = None,
        stderr: int | None = None,
        greenlets: int = 0,
        **settings: Any,
    ) -> None:
        self.directory = directory
        self.expect = expect
        self.status: int | None = None
        self.log_path = directory / "log"
        self.log_path.touch()
        self.sockets: dict[str, socket.socket] = dict(beside.sockets) if beside else {}
        for protocol in () if beside else PROTOCOLS:
            tcp = socket.create_server(("127.0.0.1", 0), backlog=256)
            unix = socket.socket(socket.AF_UNIX)
            unix.bind(str(directory / protocol))
            unix.listen(256)
            self.sockets |= {f"tcp-{protocol}": tcp, protocol: unix}
        if settings.get("tls") and not beside:
            for name in ("tls-http", "tls-uwsgi"):
                self.sockets[name] = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.control, theirs = socket.socketpair()
        self.control.settimeout(PATIENCE)
        threads = greenlets or settings.get("threads", 1)
        settings["clients"] = SimpleNamespace(**settings.get("clients", {}))
        board = _core.Scoreboard.create(2, threads)
        self.board = _core.Scoreboard(board)
        defaults: dict[str, Any] = {
            "listeners": [
                SimpleNamespace(
                    fd=s.fileno(),
                    protocol=name.split("-")[-1],
                    tls=0 if name.startswith("tls-") else None,
                    announcers=settings.get("announcers", ""),
                    router=settings.get("router", False),
                    https_port=settings.get("https_port"),
                )
                for name, s in self.sockets.items()
            ],
            "worker_id": 1,
            "threads": 1,
            "workers": 2,
            "control_fd": theirs.fileno(),
            "scoreboard_fd": board,
            "buffer_size": 32768,
            "trusted": ["127.0.0.0/8"],
            "socket_timeout": 10.0,
            "mercy": 30.0,
            "log_requests": False,
            "hostname": "vm",
        }
        self.stderr = stderr
        self.pid = os.fork()
        if self.pid == 0:
            self._be_the_worker(app, SimpleNamespace(**(defaults | settings)), greenlets)
        self.board.spawned(1, self.pid)
        os.close(board)
        theirs.close()
        assert self.control.recv(1) == b"R"
        if start:
            self.control.send(b"S")

    def _be_the_worker(self, app: Any, settings: SimpleNamespace, greenlets: int) -> None:
        status = 70
        try:
            log = os.open(self.log_path, os.O_WRONLY | os.O_APPEND) if self.stderr is None else self.stderr
            os.dup2(log, 2)
            os.close(log)
            self.control.close()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if greenlets:
                settings.threads = greenlets
                gevent_loop.serve(functools.partial(_core.Greenlets, app, settings), Gevent(greenlets))
                status = 0
            else:
                status = _core.serve(app, settings)
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(status)

    def connect(self, name: str = "tcp-http") -> socket.socket:
        sock = socket.socket(self.sockets[name].family)
        sock.settimeout(PATIENCE)
        sock.connect(self.sockets[name].getsockname())
        return sock

    def send(self, data: bytes, name: str = "tcp-http") -> bytes:
        with self.connect(name) as sock:
            sock.sendall(data)
            return speak.read_all(sock)

    def ask(
        self, method: str = "GET", path: str = "/", body: bytes = b"", protocol: str = "http", **more: str
    ) -> speak.Answer:
        raw = self.send(speak.encode(protocol, method, path, body, **more), protocol)
        return speak.decode(protocol, raw)

    def log(self) -> str:
        return self.log_path.read_text(errors="backslashreplace")

    def wait_for(self, condition: Callable[[], Any], what: str) -> Any:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if found := condition():
                return found
            time.sleep(0.005)
        raise AssertionError(f"{what} did not come; log:\n{self.log()}")

    def wait_for_log(self, text: str) -> str:
        return self.wait_for(lambda: self.log() if text in self.log() else None, f"{text!r} in the log")

    def row(self) -> _core.WorkerCounters:
        return self.board.read()[0]

    def wait(self) -> int:
        """The exit status, once it has ended; negative: by a signal."""
        if self.status is None:
            until = time.monotonic() + PATIENCE
            while True:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.status = os.waitstatus_to_exitcode(status)
                    break
                if time.monotonic() > until:
                    os.kill(self.pid, signal.SIGKILL)
                    os.waitpid(self.pid, 0)
                    self.status = -9
                    raise AssertionError(f"the worker does not end; log:\n{self.log()}")
                time.sleep(0.005)
        return self.status

    def drain(self) -> int:
        self.control.send(b"D")
        return self.wait()

    def has_ended(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def finish(self) -> None:
        if not self.has_ended():
            try:
                self.control.send(b"D")
            except OSError:
                pass  # the test took the socket away
        status = self.wait()
        self.control.close()
        for sock in self.sockets.values():
            sock.close()
        log = self.log()
        assert "internal error" not in log, log
        assert status == self.expect, log


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []

    def make(app: Any, **settings: Any) -> Worker:
        directory = tmp_path / str(len(workers))
        directory.mkdir()
        workers.append(Worker(directory, app, **settings))
        return workers[-1]

    yield make
    for one in workers:
        one.finish()


class Gate:
    """Requests wait in the application until the test opens it."""

    def __init__(self) -> None:
        self.wait_end, self.open_end = os.pipe()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] == "/wait":
            environ["wsgi.errors"].write("waiting\n")
            os.read(self.wait_end, 1)
        start_response("200 OK", [("Content-Length", "5")])
        return [b"hello"]

    def open(self, count: int = 1) -> None:
        os.write(self.open_end, b"x" * count)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    os.close(gate.wait_end)
    os.close(gate.open_end)
