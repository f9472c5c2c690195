"""A generation as its master sees it: start.py is executed with a plan and a door, and everything else is observed."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imperator import _core, pipes
from imperator.generation import start
from imperator.pipes import Door, Failed, Loaded, Loader, Order, Plan, Ready
from tests.harness.pythons import VERSIONS, required

ROOT = Path(__file__).resolve().parents[2]
START = start.__file__

GOOD = """
import json
import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['PATH_INFO']} by {os.getpid()}".encode()]
"""
SLOW = """
import os, time
def application(environ, start_response):
    os.write(int(os.environ["STARTED"]), b"x")
    os.read(int(os.environ["GATE"]), 1)
    start_response("200 OK", [])
    return [b"late"]
"""
TIMEOUT = 20


class Generation:
    """A generation under test, and the master's end of its door."""

    def __init__(self, directory: Path, app: str = GOOD, *, python: str = sys.executable, **changes: object) -> None:
        (directory / "app.py").write_text(app)
        self.listening = socket.socket()
        self.listening.bind(("127.0.0.1", 0))
        self.listening.listen(64)
        self.port = self.listening.getsockname()[1]
        workers = int(changes.get("workers", 1))  # type: ignore[call-overload]
        scoreboard = _core.Scoreboard.create(workers, int(changes.get("threads", 1)))  # type: ignore[call-overload]
        self.scoreboard = _core.Scoreboard(scoreboard)
        plan = Plan(
            number=1, name="test.ini", doors=[Door(self.listening.fileno(), "http", "test")],
            loaders=[Loader("file", "app.py", "test.ini:2")], callable="", chdir="", chdir2="", pythonpath=[],
            workers=1, threads=1, scoreboard_fd=scoreboard, buffer_size=32768, trusted=["127.0.0.0/8"],
            socket_timeout=4.0, mercy=10.0, log_requests=False, hostname="h", serve_without_app=False, titles=[],
        )._replace(**changes)  # fmt: skip
        plan_fd = os.memfd_create("plan")
        os.write(plan_fd, plan.write())
        os.lseek(plan_fd, 0, os.SEEK_SET)
        self.door, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.door.settimeout(TIMEOUT)
        self.log_path = directory / "log"
        kept = [plan_fd, scoreboard, its.fileno(), self.listening.fileno()]
        kept += [int(os.environ[name]) for name in ("GATE", "STARTED") if name in os.environ]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [python, START, str(its.fileno()), str(plan_fd), "generation 1 of test"],
                cwd=directory, pass_fds=kept, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        its.close()
        os.close(plan_fd)
        os.close(scoreboard)

    def hear(self) -> pipes.Word | None:
        """The next word, None at the end."""
        message = self.door.recv(pipes.MAXIMUM)
        return pipes.hear(message) if message else None

    def order(self, order: Order) -> None:
        """Give an order."""
        self.door.send(bytes([order]))

    def serve(self) -> list[int]:
        """Until it serves; the pids of its workers."""
        loaded, ready = self.hear(), self.hear()
        assert isinstance(loaded, Loaded), self.log()
        assert isinstance(ready, Ready), self.log()
        self.order(Order.SERVE)
        return ready.pids

    def ask(self, path: str = "/") -> tuple[int, str]:
        """The status and body of one request."""
        with self.send(path) as client:
            return answer(client)

    def send(self, path: str = "/") -> socket.socket:
        """One request under way."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return client

    def end(self) -> int:
        """The exit status, once it has ended."""
        return self.process.wait(TIMEOUT)

    def log(self) -> str:
        """What it printed so far."""
        return self.log_path.read_text(errors="replace")

    def logged(self, text: str) -> str:
        """The log, once it has ``text``."""
        deadline = time.monotonic() + TIMEOUT
        while text not in (log := self.log()):
            assert time.monotonic() < deadline, f"{text!r} is not in the log:\n{log}"
            time.sleep(0.01)
        return log


def answer(client: socket.socket) -> tuple[int, str]:
    data = b""
    while piece := client.recv(65536):
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def gone(pid: int) -> bool:
    """Wait until a process that is not our child has ended."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], TIMEOUT)[0])
    finally:
        os.close(fd)


@pytest.fixture
def begin(tmp_path):
    started: list[Generation] = []

    def make(*args: object, **options: object) -> Generation:
        started.append(Generation(tmp_path, *args, **options))
        return started[-1]

    yield make
    for one in started:
        pids = [worker.pid for worker in one.scoreboard.read() if worker.pid]
        one.door.close()
        one.listening.close()
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait(TIMEOUT)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


@pytest.fixture
def gate(monkeypatch):
    """Two pipes of an application: what it writes when a request began, what it waits for before it answers."""
    began, started = os.pipe()
    waits, opens = os.pipe()
    monkeypatch.setenv("STARTED", str(started))
    monkeypatch.setenv("GATE", str(waits))
    yield began, opens
    for fd in (began, started, waits, opens):
        os.close(fd)


def test_it_says_that_it_loaded_and_is_ready_and_serves_when_told(begin):
    generation = begin(workers=2)
    loaded, ready = generation.hear(), generation.hear()
    assert isinstance(loaded, Loaded)
    assert isinstance(ready, Ready)
    assert len(set(ready.pids)) == 2
    client = generation.send("/a")
    # Nobody accepts before the order: the request waits in the socket's queue.
    assert not select.select([client], [], [], 0.2)[0]
    generation.order(Order.SERVE)
    status, body = answer(client)
    assert (status, body.split(" by ")[0], int(body.split()[-1]) in ready.pids) == (200, "/a", True)
    assert [worker.pid for worker in generation.scoreboard.read()] == ready.pids


@pytest.mark.parametrize("end", ["drain", "term", "master"])
def test_it_drains_and_leaves(begin, gate, end):
    began, opens = gate
    generation = begin(SLOW)
    [worker] = generation.serve()
    client = generation.send()
    os.read(began, 1)
    if end == "drain":
        generation.order(Order.DRAIN)
    elif end == "term":
        generation.process.send_signal(signal.SIGTERM)
    else:
        generation.door.close()
    os.write(opens, b"x")
    assert answer(client) == (200, "late")
    client.close()
    assert generation.end() == 0
    assert gone(worker)


def test_told_to_stop_it_waits_for_nobody(begin, gate):
    generation = begin(SLOW, mercy=300.0)
    [worker] = generation.serve()
    client = generation.send()
    os.read(gate[0], 1)
    generation.order(Order.STOP)
    assert generation.end() == 0
    assert gone(worker)
    client.close()


def test_a_killed_worker_is_replaced(begin):
    generation = begin()
    [worker] = generation.serve()
    os.kill(worker, signal.SIGKILL)
    log = generation.logged("Respawned uWSGI worker 1")
    assert f"DAMN ! worker 1 (pid: {worker}) died, killed by signal 9 :( trying respawn ..." in log
    status, body = generation.ask()
    assert status == 200
    assert int(body.split()[-1]) != worker
    [counters] = generation.scoreboard.read()
    assert (counters.pid, counters.respawn_count) == (int(body.split()[-1]), counters.respawn_count)


UNLUCKY = """
from imperator.process import kernel
fork, forks = kernel._fork_process, []
def once_unlucky():
    forks.append(1)
    if len(forks) == 2:
        raise BlockingIOError(11, "no room")
    return fork()
kernel._fork_process = once_unlucky
"""


def test_a_worker_that_cannot_be_forked_is_forked_later(begin):
    generation = begin(GOOD + UNLUCKY)
    [worker] = generation.serve()
    os.kill(worker, signal.SIGKILL)
    generation.logged("worker 1 could not be forked: no room")
    generation.logged("Respawned uWSGI worker 1")
    assert generation.ask()[0] == 200


def test_a_mule_that_cannot_be_forked_is_forked_later(begin):
    generation = begin(GOOD + UNLUCKY, mules=pipes.Mules(("time:monotonic",), mercy=1.0))
    generation.serve()
    generation.logged("mule 1 could not be forked: no room")
    generation.logged("mule 1 (pid: ")
    assert generation.ask()[0] == 200


def test_all_workers_killed_at_once_are_replaced(begin):
    generation = begin(workers=4)
    for worker in generation.serve():
        os.kill(worker, signal.SIGKILL)
    for number in range(1, 5):
        generation.logged(f"Respawned uWSGI worker {number} ")
    assert generation.ask()[0] == 200


def test_workers_leave_when_their_generation_is_killed(begin):
    generation = begin(workers=3)
    workers = generation.serve()
    assert generation.ask()[0] == 200
    generation.process.kill()
    generation.end()
    assert all(gone(worker) for worker in workers)


def test_a_worker_holds_no_descriptor_of_its_generation(begin):
    generation = begin(workers=3)
    workers = generation.serve()
    doors = []
    for worker in workers:
        links = [os.readlink(f"/proc/{worker}/fd/{fd}") for fd in os.listdir(f"/proc/{worker}/fd")]
        sockets = [link for link in links if link.startswith("socket:")]
        doors.append(set(sockets))
    # What all have is the listening socket; the rest is the worker's own door and its ear for signals.
    shared = set.intersection(*doors)
    assert [len(one - shared) for one in doors] == [2, 2, 2]
    assert len(shared) == 1


@pytest.mark.parametrize("order", [Order.DRAIN, Order.STOP])
def test_it_can_be_ended_before_it_serves(begin, order):
    generation = begin()
    assert isinstance(generation.hear(), Loaded)
    assert isinstance(generation.hear(), Ready)
    generation.order(order)
    assert generation.end() == 0


def test_a_master_that_dies_while_the_application_loads_is_noticed(begin):
    generation = begin("import sys, time\nprint('loading', flush=True)\nsys.stdin.read()\ntime.sleep(0.2)\n" + GOOD)
    generation.logged("loading")
    generation.door.close()
    assert generation.end() == 0


BROKEN = {
    "syntax": ("def application(:\n", "app.py:1: SyntaxError"),
    "import": ("import os\nimport no_such_module\n", "app.py:2: ModuleNotFoundError"),
    "exception": ("x = 1\n\n1 / 0\n", "app.py:3: ZeroDivisionError"),
    "exit": ("import sys\nsys.exit(3)\n", "app.py:2: SystemExit: 3"),
    "missing": ("def app(environ, start_response): ...\n", 'unable to find "application" callable'),
}


@pytest.mark.parametrize("case", BROKEN)
def test_without_its_application_it_says_why_and_ends_with_22(begin, tmp_path, case):
    code, reason = BROKEN[case]
    generation = begin(code)
    failed = generation.hear()
    assert isinstance(failed, Failed)
    assert reason in failed.reason
    assert "\n" not in failed.reason
    assert str(tmp_path / "app.py") in failed.files
    assert generation.end() == 22
    assert generation.hear() is None


def test_asked_to_serve_anyway_it_answers_500(begin):
    generation = begin("1 / 0", serve_without_app=True)
    assert isinstance(generation.hear(), Failed)
    assert isinstance(generation.hear(), Ready)
    generation.order(Order.SERVE)
    assert generation.ask()[0] == 500


@pytest.mark.parametrize("app", [GOOD, "1 / 0"], ids=["good", "broken"])
def test_a_thread_that_the_application_started_keeps_nobody(begin, app):
    generation = begin("import threading\nthreading.Thread(target=threading.Event().wait, name='busy').start()\n" + app)
    if app is GOOD:
        generation.serve()
        assert "[threads-lost]" in generation.log()
        generation.order(Order.DRAIN)
    assert generation.end() == (0 if app is GOOD else 22)


def test_a_worker_that_fails_before_it_is_ready_ends_the_generation(begin):
    generation = begin(chdir2="/nowhere", workers=2)
    assert isinstance(generation.hear(), Loaded)
    assert generation.end() == 1
    assert "before the generation served" in generation.log()


def test_noise_on_the_door_is_no_order(begin):
    generation = begin()
    generation.serve()
    generation.door.send(b"?")
    generation.logged("which is no order")
    assert generation.ask()[0] == 200


def test_a_hangup_is_no_order(begin):
    generation = begin()
    [worker] = generation.serve()
    generation.process.send_signal(signal.SIGHUP)
    assert generation.ask() == (200, f"/ by {worker}")
    generation.order(Order.DRAIN)
    assert generation.end() == 0


def test_the_interpreter_is_as_under_uwsgi(begin, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "found.py").write_text("")
    code = "import sys, found\nprint('argv', sys.argv, 'path', sys.path[:3], flush=True)\n" + GOOD
    generation = begin(code, pythonpath=["lib"])
    generation.serve()
    assert "argv ['uwsgi'] path ['lib', '.', '']" in generation.log()


def test_our_package_is_all_that_the_application_finds_of_ours(begin):
    # What the interpreter has without us, an editable installation included, is its own.
    own = json.loads(subprocess.check_output([sys.executable, "-c", "import json, sys; print(json.dumps(sys.path))"]))
    code = f"import sys\nprint('ours', [p for p in sys.path if p not in {[*own, '.', '']!r}], flush=True)\n"
    generation = begin(code + GOOD)
    generation.serve()
    assert "ours []" in generation.log()


def test_what_the_application_registered_is_done_when_a_worker_ends(begin):
    generation = begin("import atexit, os\natexit.register(lambda: print('farewell of', os.getpid()))\n" + GOOD)
    [worker] = generation.serve()
    generation.order(Order.DRAIN)
    assert generation.end() == 0
    assert f"farewell of {worker}\n" in generation.log()


@pytest.mark.parametrize("version", VERSIONS)
def test_it_runs_under_every_python_that_is_promised(begin, version):
    code = "\nimport sys; print('this is', sys.version_info[:2], flush=True)\n"
    generation = begin(GOOD + code, python=required(version))
    generation.serve()
    assert generation.ask("/x")[0] == 200
    major, minor = version.split(".")
    assert f"this is ({major}, {minor})" in generation.log()
    generation.order(Order.DRAIN)
    assert generation.end() == 0
