"""What the machine will refuse: looked up by modes, for the user who will ask."""

import os
import sys

import pytest

from imperator.config.build import build
from imperator.config.load import read
from imperator.ops import ground
from imperator.ops.person import Person
from imperator.process.world import RealWorld

ROOT = Person(0, frozenset((0,)))
ANN = Person(12345, frozenset((12345,)))


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Examine a file of these lines, started by somebody."""
    monkeypatch.setattr(sys, "executable", "/bin/sh")  # the Python of these tests may lie where only we may go
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)

    def examine(*lines, starter=ROOT):
        (tmp_path / "site.ini").write_text("\n".join(["[uwsgi]", *lines, ""]))
        world = RealWorld(directory=str(tmp_path), environ={})
        settings, _ = build(read(["site.ini"], world).pairs, world)
        return [one.code for one in ground.examine(settings, starter)]

    return examine


CASES = {
    "socket = x.sock": [],
    "socket = none/x.sock": ["no-directory"],
    "socket = site.ini": ["socket-path-taken"],
    "chdir = none": ["bad-directory"],
    "chdir = site.ini": ["bad-directory"],
    "chdir2 = none": ["bad-directory"],
    "pidfile = none/x.pid": ["no-directory"],
    "logto = none/x.log": ["no-directory"],
    "pidfile = /tmp": ["cannot-write-pidfile"],
    "logto = /tmp": ["cannot-open-log"],
    "home = none": ["no-interpreter"],
    "logger = file:none/x.log": ["no-directory"],
    "req-logger = web file:none/x.log": ["no-directory"],
    "logger = file:x.log": [],
    "http-socket = :80": [],
    "http-socket = 203.0.113.99:80": ["address-not-here"],
    "freebind = 1\nhttp-socket = 203.0.113.99:80": [],
}


@pytest.mark.parametrize("line", CASES)
def test_root_meets(look, line):
    assert look(line) == CASES[line]


def test_a_link_as_pidfile(look, tmp_path):
    (tmp_path / "x.pid").symlink_to("elsewhere")
    assert look("pidfile = x.pid") == ["pidfile-is-link"]


def test_a_socket_that_is_left_is_no_trouble(look, tmp_path):
    import socket

    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "x.sock"))
    assert look("socket = x.sock") == []


@pytest.mark.parametrize("line", ["socket = x.sock", "pidfile = x.pid", "logto = x.log", "logto2 = x.log"])
def test_an_ordinary_user_writes_where_it_may(look, tmp_path, line):
    tmp_path.chmod(0o755)
    assert look(line, starter=ANN) == ["no-permission"]
    tmp_path.chmod(0o777)
    assert look(line, starter=ANN) == []


def test_root_opens_before_it_becomes_somebody(look, tmp_path):
    assert look("uid = 12345", "socket = x.sock", "pidfile = x.pid", "logto = x.log") == []
    assert look("uid = 12345", "logto2 = x.log", "pidfile2 = x.pid") == ["no-permission", "no-permission"]
    assert look("uid = 12345", "socket = x.sock", "vacuum = true") == ["vacuum-not-permitted"]


def test_closed_directories(look, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed" / "inner").mkdir()
    assert look("uid = 12345", "chdir = closed/inner") == ["bad-directory"]
    assert look("chdir = closed/inner") == []


def test_ports_of_root(look):
    if ground.first_free_port() <= 80:
        pytest.skip("this kernel gives every port to everybody")
    assert look("http-socket = :80", starter=ANN) == ["port-not-permitted"]


def test_only_root_gives_away_and_becomes(look, tmp_path):
    tmp_path.chmod(0o777)
    assert look("socket = x.sock", "chown-socket = 0:0", starter=ANN) == ["cannot-give-socket"]
    assert look("socket = x.sock", "chown-socket = 12345:12345", starter=ANN) == []
    assert look("socket = x.sock", "uid = 54321", starter=ANN) == ["not-root"]


def test_a_python_out_of_reach(look, tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed" / "bin").mkdir()
    python = tmp_path / "closed" / "bin" / "python3"
    python.touch(mode=0o755)
    python.chmod(0o755)
    assert look("home = closed", "uid = 12345") == ["interpreter-out-of-reach"]
    monkeypatch.setattr(sys, "executable", str(python))
    assert look("uid = 12345") == ["interpreter-out-of-reach"]
    assert look("uid = 0") == []
    assert look("home = closed") == []
    os.chmod(tmp_path / "closed", 0o755)
    assert look("home = closed", "uid = 12345") == []


def test_a_python_path_that_is_not_there(look, tmp_path):
    (tmp_path / "lib").mkdir()
    assert look("pythonpath = lib") == []
    assert look("pythonpath = lib", "pythonpath = nowhere") == ["bad-directory"]
    assert look("pythonpath = %(nowhere)/x") == []
