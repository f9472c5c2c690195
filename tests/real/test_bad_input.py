"""What an operator gets wrong: one line that says where, what, and what to do; and nothing is left half-started."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.harness import app, processes, program, wait
from tests.harness.guide import User
from tests.harness.http import free_port
from tests.harness.server import Server
from tests.real.conftest import Start

#: ``error: WHERE: what is the matter; what to do [code]``
LINE = re.compile(r"(?:^|\s)error: (?P<rest>.+; .+) \[(?P<code>[a-z0-9-]+)\]$")


class Told(NamedTuple):
    """How it ended."""

    status: int
    lines: list[str]
    text: str


def run(start: Start, *args: str | Path, **env: str) -> Told:
    """Run to the end, which has to come by itself."""
    server: Server = start.server(*args, **env)
    assert wait.ended(server.pid, 20), f"it runs on:\n{server.log.text()}"
    below = processes.descendants(server.pid)
    status = server.process.wait()
    assert not processes.gone(below, 5)
    text = server.log.text()
    return Told(status, [line for line in text.splitlines() if "error:" in line], text)


def one_line_of_the_application(told: Told, where: str, what: str) -> None:
    """The application failed: Python's own traceback may stand above; one line sums up, with the next step."""
    lines = [line for line in told.text.splitlines() if where in line]
    assert len(lines) == 1, told.text
    assert re.search(rf"{what}.*; \w", lines[0]), lines[0]
    assert "imperator/" not in told.text, f"frames of ours:\n{told.text}"


def one_line(told: Told, where: str, what: str) -> None:
    """One complaint, complete, and nothing of ours in pieces."""
    assert "Traceback" not in told.text, told.text
    assert len(told.lines) == 1, told.text
    match = LINE.search(told.lines[0])
    assert match, f"not `error: where: what; what to do [code]`: {told.lines[0]}"
    assert where in match["rest"], told.lines[0]
    assert re.search(what, match["rest"], re.IGNORECASE), told.lines[0]


class Case(NamedTuple):
    """``write`` makes the situation and answers the options; ``line`` is where the complaint points."""

    write: Callable[[Path], dict[str, object]]
    line: int
    what: str
    status: tuple[int, ...] = (1,)


def port_in_use(place: Path) -> dict[str, object]:
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    holder.listen()
    KEPT.append(holder)
    return {"http_socket": f"127.0.0.1:{holder.getsockname()[1]}", "wsgi_file": "app.py"}


def long_socket(place: Path) -> dict[str, object]:
    return {"socket": place / ("s" * 108), "wsgi_file": "app.py"}


def socket_is_a_file(place: Path) -> dict[str, object]:
    (place / "precious").write_text("not a socket")
    return {"socket": place / "precious", "wsgi_file": "app.py"}


def socket_in_no_directory(place: Path) -> dict[str, object]:
    return {"socket": place / "nowhere" / "a.sock", "wsgi_file": "app.py"}


def no_directory(place: Path) -> dict[str, object]:
    return {"chdir": place / "nowhere", "http_socket": f"127.0.0.1:{free_port()}", "wsgi_file": "app.py"}


def no_log_directory(place: Path) -> dict[str, object]:
    return {"logto": place / "nowhere" / "a.log", "http_socket": f"127.0.0.1:{free_port()}", "wsgi_file": "app.py"}


def unknown_user(place: Path) -> dict[str, object]:
    return {"uid": "nobody-of-that-name", "http_socket": f"127.0.0.1:{free_port()}", "wsgi_file": "app.py"}


def no_module(place: Path) -> dict[str, object]:
    return {"module": "no_such_module:application", "need_app": "true", "http_socket": f"127.0.0.1:{free_port()}"}


def no_callable(place: Path) -> dict[str, object]:
    return {
        "wsgi_file": "app.py",
        "callable": "nothing_of_that_name",
        "need_app": "true",
        "http_socket": f"127.0.0.1:{free_port()}",
    }


def no_file(place: Path) -> dict[str, object]:
    return {"wsgi_file": "nowhere.py", "need_app": "true", "http_socket": f"127.0.0.1:{free_port()}"}


def misspelt_key(place: Path) -> dict[str, object]:
    return {
        "http_sokcet": "127.0.0.1:1",
        "strict": "true",
        "http_socket": f"127.0.0.1:{free_port()}",
        "wsgi_file": "app.py",
    }


#: Sockets that have to stay open while a test runs.
KEPT: list[socket.socket] = []

CASES = {
    "port in use": Case(port_in_use, 2, "in use|already"),
    "socket path too long": Case(long_socket, 2, "107|long"),
    "socket path is an ordinary file": Case(socket_is_a_file, 2, "not a socket|file"),
    "socket in a directory that does not exist": Case(socket_in_no_directory, 2, "exist|no such"),
    "chdir does not exist": Case(no_directory, 2, "exist|no such"),
    "log in a directory that does not exist": Case(no_log_directory, 2, "exist|no such"),
    "unknown user": Case(unknown_user, 2, "nobody-of-that-name"),
    "module not found": Case(no_module, 2, "no_such_module", (22,)),
    "callable not there": Case(no_callable, 2, "nothing_of_that_name", (22,)),
    "file not there": Case(no_file, 2, r"nowhere\.py", (1, 22)),
    "unknown key under strict": Case(misspelt_key, 2, "http-sokcet.*http-socket"),
}
#: uWSGI ends as it should in these, though it says it in another way.
NEEDS_ROOT = {"unknown user"}


@pytest.fixture(autouse=True)
def _kept():
    yield
    while KEPT:
        KEPT.pop().close()


def prepare(name: str, place: Path) -> tuple[Case, Path]:
    if name in NEEDS_ROOT and os.getuid() != 0:
        pytest.skip("a user can be changed by root alone")
    app.write(place / "app.py")
    case = CASES[name]
    return case, app.ini(place / "site.ini", **case.write(place), master="true", pidfile=place / "site.pid")


@pytest.mark.parametrize("name", [n for n in CASES if n != "socket path too long"])
def test_it_ends_and_leaves_nothing(name: str, start: Start, tmp_path: Path):
    if name == "socket path is an ordinary file" and program.REFERENCE:
        pytest.xfail("unlinks whatever is there")
    case, config = prepare(name, tmp_path)
    told = run(start, "--ini", config)
    assert told.status in case.status, told.text


@pytest.mark.better("says it in several lines, without the place")
@pytest.mark.parametrize("name", CASES)
def test_it_is_said_in_one_line(name: str, start: Start, tmp_path: Path):
    case, config = prepare(name, tmp_path)
    told = run(start, "--ini", config)
    assert told.status in case.status, told.text
    if 22 in case.status:
        one_line_of_the_application(told, f"{config.name}:{case.line}", case.what)
    else:
        one_line(told, f"{config.name}:{case.line}:", case.what)
        assert not (tmp_path / "site.pid").exists(), "a pid file of nobody"


@pytest.mark.better("unlinks whatever is there")
def test_an_ordinary_file_is_never_deleted(start: Start, tmp_path: Path):
    _, config = prepare("socket path is an ordinary file", tmp_path)
    run(start, "--ini", config)
    assert (tmp_path / "precious").read_text() == "not a socket"


@pytest.mark.better("says it in several lines")
def test_missing_configuration(start: Start, tmp_path: Path):
    told = run(start, "--ini", tmp_path / "nowhere.ini")
    assert told.status == 1
    one_line(told, "nowhere.ini", "no such|exist|cannot read")


@pytest.mark.root
@pytest.mark.better("says it in several lines")
@pytest.mark.parametrize("what", ["configuration", "log"])
def test_no_permission(start: Start, tmp_path_factory: pytest.TempPathFactory, nginx_user: User, what: str):
    # Root may read and write everything, so the program runs as somebody else from the start.
    place = Path("/tmp") / f"imperator-permission-{os.getpid()}"
    place.mkdir()
    try:
        app.write(place / "app.py")
        config = app.ini(
            place / "site.ini", logto=place / "a.log", http_socket=f"127.0.0.1:{free_port()}", wsgi_file="app.py"
        )
        if what == "configuration":
            config.chmod(0o600)
        told = run_as(start, nginx_user, place, "--ini", config)
        assert told.status == 1, told.text
        one_line(told, config.name if what == "configuration" else "site.ini:2:", "permission")
    finally:
        for path in place.iterdir():
            path.unlink()
        place.rmdir()


def run_as(start: Start, user: User, place: Path, *args: str | Path) -> Told:
    """Run as another user, by setpriv. The program is put in place of setpriv, so pids are as usual."""
    setpriv = ("--reuid", str(user.uid), "--regid", str(user.gid), "--clear-groups", "--", str(start.program.path))
    start.program = start.program._replace(path=Path("/usr/bin/setpriv"))
    start.place.chmod(0o755)
    return run(start, *setpriv, *args)


@pytest.mark.better("an unknown long option is named, the rest is not said")
def test_unknown_option_of_the_command_line(start: Start):
    told = run(start, "--wsgi-fiel", "app.py")
    assert told.status == 1
    one_line(told, "command line", "--wsgi-fiel.*--wsgi-file")


@pytest.mark.root
@pytest.mark.better("signals its own process group, or everything")
@pytest.mark.parametrize("content", ["", "garbage\n", "0\n", "-1\n", "1\n"], ids=["empty", "words", "0", "-1", "1"])
@pytest.mark.parametrize("verb", ["--stop", "--reload"])
def test_a_pid_file_without_a_pid_harms_nobody(start: Start, tmp_path: Path, verb: str, content: str):
    pidfile = tmp_path / "site.pid"
    pidfile.write_text(content)
    # In a pid namespace of its own: who does get this wrong must not signal this machine's init, or everybody.
    inside = (
        "--fork",
        "--pid",
        "--mount-proc",
        "--kill-child",
        "--",
        "sh",
        "-c",
        '"$@"; exit $?',
        "sh",
        str(start.program.path),
    )
    start.program = start.program._replace(path=Path("/usr/bin/unshare"))
    told = run(start, *inside, verb, pidfile)
    assert told.status == 1
    one_line(told, "site.pid", "pid")


def test_missing_pid_file(start: Start, tmp_path: Path):
    told = run(start, "--stop", tmp_path / "nowhere.pid")
    assert told.status == 1
    assert "nowhere.pid" in told.text or "No such file" in told.text
