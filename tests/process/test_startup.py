"""The first steps, in the order that decides who owns what."""

from __future__ import annotations

import os

import pytest

from imperator.config.settings import Settings
from imperator.process import startup

from .child import run

ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="needs root")
START = """
import os, sys
from imperator.config.settings import Settings
from imperator.errors import Diagnostic, Refused, Severity, Where
from imperator.process.daemon import Caller
from imperator.process.startup import Footing
here = sys.argv[1]
warning = Diagnostic("odd", None, "something is odd", "", Severity.WARNING)
def footing(vassal=False, **changes):
    return Footing(Settings(start="/", where={"chdir": Where("site.ini", 9)}, **changes), Caller(), vassal=vassal)
"""


@pytest.fixture
def here(tmp_path):
    """A directory that every user may enter and write to."""
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    tmp_path.chmod(0o777)
    return tmp_path


@ROOT_ONLY
def test_who_owns_what(here):
    run(START + """
one = footing(uid=12345, gid=23456, pidfile=here + "/pid", pidfile2=here + "/pid2", safe_pidfile=here + "/safe",
              logto=here + "/log", logto2=here + "/log2", directory=here)
one.prepare([])
print("first", flush=True)
one.give_up_root()
print("second", flush=True)
""", here)  # fmt: skip
    found = {path.name: (path.stat().st_uid, oct(path.stat().st_mode & 0o777)) for path in here.iterdir()}
    assert found == {
        "pid": (0, "0o644"), "log": (0, "0o640"),
        "pid2": (12345, "0o644"), "safe": (12345, "0o644"), "log2": (12345, "0o640"),
    }  # fmt: skip
    assert (here / "log").read_text() == "first\n"
    assert (here / "log2").read_text() == "second\n"


def test_warnings_are_on_the_terminal_and_in_the_log(here):
    done = run(START + "footing(logto=here + '/log').prepare([warning])\n", here)
    assert done.stderr == (here / "log").read_text() == "warning: something is odd [odd]\n"


def test_the_umask_comes_before_the_files(here):
    run(START + "footing(umask=0o077, logto=here + '/log').prepare([])\n", here)
    assert (here / "log").stat().st_mode & 0o777 == 0o600


def test_a_daemon_writes_its_own_pid(here):
    done = run(START + """
one = footing(daemonize=here + "/log", pidfile=here + "/pid")
before = os.getpid()
one.prepare([])
assert os.getpid() != before
print(os.getpid(), flush=True)
one._caller.ready()
os._exit(0)
""", here)  # fmt: skip
    assert done.stdout == ""
    assert (here / "pid").read_text() == (here / "log").read_text()


def test_a_vassal_stays_where_it_is_and_logs(here):
    run(START + """
one = footing(vassal=True, daemonize=here + "/log")
before = os.getpid()
one.prepare([])
print(os.getpid() == before, one.diverted)
""", here)  # fmt: skip
    assert (here / "log").read_text() == "True True\n"


def test_a_vassal_leaves_the_pidfile_of_another_one_alone(here):
    taken = """
held = footing(pidfile=here + "/pid")
held.prepare([])
before = open(here + "/pid").read()
if os.fork() == 0:
    try:
        footing(vassal=sys.argv[2] == "vassal", pidfile=here + "/pid").prepare([])
        os._exit(0)
    except Refused:
        os._exit(7)
print(os.waitstatus_to_exitcode(os.wait()[1]), open(here + "/pid").read() == before)
"""
    done = run(START + taken, here, "vassal")
    assert done.stdout == "0 True\n"
    assert "warning: the pidfile" in done.stderr and "[already-running]" in done.stderr
    assert run(START + taken, here, "alone").stdout == "7 True\n"


def test_one_path_named_twice_is_written_once_and_removed(here):
    run(START + """
one = footing(pidfile=here + "/pid", pidfile2=here + "/./pid", safe_pidfile=here + "/safe")
one.prepare([])
one.give_up_root()
assert sorted(os.listdir(here)) == ["pid", "safe"]
one.vacuum()
assert os.listdir(here) == []
""", here)  # fmt: skip


@pytest.mark.parametrize(
    ("directory", "message"),
    [("missing", "missing does not exist"), ("file", "file is not a directory"), ("shut/in", "in cannot be reached"),
     ("shut", "shut may not be entered by this user")],
)  # fmt: skip
@ROOT_ONLY
def test_a_directory_that_cannot_be_entered_is_known_before_anything_starts(here, directory, message):
    (here / "file").write_text("")
    (here / "shut" / "in").mkdir(parents=True)
    (here / "shut").chmod(0o700)
    out = run(START + f"""
one = footing(uid=12345, gid=23456, directory=here + "/{directory}")
one.prepare([])
try:
    one.give_up_root()
except Refused as refused:
    print(refused)
""", here).stdout  # fmt: skip
    assert message in out
    assert out.startswith("error: site.ini:9: the directory ")
    assert out.endswith("[bad-directory]\n")


@pytest.mark.parametrize(
    ("changes", "inherited", "answer"),
    [
        ({"umask": 0o027}, None, (0o027, False)),
        ({"umask": 0o027, "daemonized_umask": True}, "0", (0o027, False)),
        ({"daemonized_umask": True}, None, (0, True)),
        ({}, "0", (0, True)),
        ({}, "022", (0o022, True)),
        ({}, None, (0o031, False)),
    ],
)
def test_the_umask_of_sockets(changes, inherited, answer):
    before = os.umask(0o031)
    try:
        assert startup.socket_umask(Settings(start="/", where={}, **changes), inherited) == answer
        assert os.umask(0o031) == 0o031
    finally:
        os.umask(before)


def test_a_socket_for_everybody_is_a_warning_and_says_how_to_mend_it():
    complaint = startup.world_writable("/run/a.sock", None)
    assert complaint.severity.value == "warning"
    assert "/run/a.sock" in complaint.message
    assert "chmod-socket" in complaint.hint
