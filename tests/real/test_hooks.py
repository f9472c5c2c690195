"""Hooks and limits of running instances: who does what, when, and what a failure ends."""

from __future__ import annotations

import os
import pwd
import re
import resource
import signal
import socket
from pathlib import Path

import pytest

from tests.harness import app, processes, wait
from tests.harness.http import Client
from tests.harness.server import Server
from tests.real.conftest import Start

pytestmark = pytest.mark.skipif(os.environ.get("IMPERATOR_TEST_REFERENCE", "") == "1", reason="ours only")

START = ["asap", "pre-jail", "in-jail", "as-root", "as-user", "master-start"]
WORKER = ["post-fork", "accepting", "accepting-once", "accepting1", "accepting1-once"]


STACK = """
import ctypes, threading
libc, both = ctypes.CDLL(None), threading.Barrier(2)
libc.pthread_self.restype = ctypes.c_ulong
def told(environ, start_response):
    if environ["PATH_INFO"] == "/meet":
        both.wait(20)
    attributes, size = ctypes.create_string_buffer(256), ctypes.c_size_t()
    libc.pthread_getattr_np(ctypes.c_ulong(libc.pthread_self()), attributes)
    libc.pthread_attr_getstacksize(attributes, ctypes.byref(size))
    start_response("200 OK", [])
    return [str(size.value).encode()]
"""


class Site:
    """An instance with these lines in its configuration."""

    def __init__(self, start: Start, place: Path, *lines: str) -> None:
        self.place = place
        app.write(place / "app.py", "one")
        self.config = place / "site.ini"
        self.write(*lines)
        self.client = Client(place / "http.sock")
        self.server: Server = start.server("--ini", self.config)
        self.log = self.server.log

    def write(self, *lines: str) -> None:
        """Its configuration with other lines."""
        common = ["master = true", "http-socket = http.sock", "wsgi-file = app.py", "need-app = true"]
        self.config.write_text("\n".join(["[uwsgi]", *common, *lines]) + "\n")

    def told(self, pattern: str = "") -> list[str]:
        """What the hooks echoed."""
        return self.log.lines(f"^H {pattern}")


def echoes(*moments: str) -> list[str]:
    return [f"hook-{moment} = exec:echo H {moment} $PPID $(pwd)" for moment in moments]


@pytest.mark.parametrize("lazy", [False, True])
def test_moments_come_in_their_order_in_their_processes(start: Start, tmp_path: Path, lazy: bool):
    (tmp_path / "d").mkdir()
    lines = echoes(*START, "pre-app", "post-app", *WORKER, "as-user-atexit")
    site = Site(start, tmp_path, "processes = 2", "chdir = d", "wsgi-file = ../app.py",
                *lines, *(["lazy-apps = true"] if lazy else []))  # fmt: skip
    site.client = Client(tmp_path / "d" / "http.sock")
    site.log.wait("^H accepting1-once")
    site.log.wait("^H accepting ", count=2)
    site.log.wait("^H accepting-once ", count=2)
    assert site.client.body().startswith("one ")
    said = [line.split() for line in site.told()]
    master = str(site.server.pid)
    assert [words[1] for words in said if words[2] == master] == START
    assert {words[3] for words in said if words[1] in START[:5]} == {str(tmp_path)}
    assert {words[3] for words in said if words[1] not in START[:5]} == {f"{tmp_path}/d"}
    loading = {words[2] for words in said if words[1] in ("pre-app", "post-app")}
    first = next(words[2] for words in said if words[1] == "accepting1")
    of_first = [words[1] for words in said if words[2] == first]
    assert of_first == [WORKER[0], *(["pre-app", "post-app"] if lazy else []), *WORKER[1:]]
    assert len(loading) == (2 if lazy else 1) and (first in loading) is lazy
    text = site.log.text()
    assert text.index("H pre-app") < text.index("WSGI app 0") < text.index("H post-app")
    site.server.stop()
    assert [line.split()[1:3] for line in site.told("as-user-atexit")] == [["as-user-atexit", master]]


def test_a_reload_does_again_what_prepares_an_application(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, *echoes(*START, "pre-app", "accepting1-once", "as-user-atexit"))
    site.log.wait("^H accepting1-once")
    site.log.mark()
    site.server.send(signal.SIGHUP)
    site.log.wait("^H master-start")
    again = ["asap", "in-jail", "pre-app", "accepting1-once", "master-start"]
    assert [line.split()[1] for line in site.told()] == again
    site.server.stop()


@pytest.mark.parametrize("moment", ["asap", "as-root", "master-start", "pre-app", "accepting1"])
def test_a_hook_that_fails_keeps_the_instance_from_starting(start: Start, tmp_path: Path, moment: str):
    site = Site(start, tmp_path, f"hook-{moment} = unlink:nowhere", "pidfile = site.pid")
    assert wait.ended(site.server.pid, 20)
    [line] = site.log.lines(r"^error: .*\[hook-failed\]")
    assert f"site.ini:6: hook-{moment}: unlink:nowhere: No such file or directory" in line
    site.server.expected = ("hook-failed", "GAME OVER", "before the generation served")
    site.server.stop(status=1)
    assert not (tmp_path / "site.pid").exists() or moment in ("pre-app", "accepting1")


@pytest.mark.parametrize("moment", ["asap", "post-app", "accepting"])
def test_a_hook_that_fails_at_a_reload_changes_nothing(start: Start, tmp_path: Path, moment: str):
    site = Site(start, tmp_path, f"hook-{moment} = exec:test ! -e broken")
    site.log.wait("spawned uWSGI worker 1")
    before = site.client.body()
    (tmp_path / "broken").touch()
    site.server.send(signal.SIGHUP)
    site.log.wait("reload refused: generation 2 did not start, generation 1 goes on: [^ ]*site.ini:6: .*hook-failed")
    assert site.client.body() == before
    (tmp_path / "broken").unlink()
    site.server.send(signal.SIGHUP)
    site.log.wait("generation 3 serves")
    assert site.client.body() != before
    site.server.expected = ("hook-failed", "before the generation served")
    site.server.stop()


def test_a_command_may_fail_if_that_is_said(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, "hook-asap = safeexec:exit 3", "exec-as-user-atexit = exit 4")
    site.log.wait("spawned uWSGI worker 1")
    assert site.client.body()
    site.server.expected = ("hook-failed",)
    site.server.stop()
    assert "exit 4: the command exited with status 4" in site.log.text()


@pytest.mark.parametrize(("moment", "status"), [("as-user", 0), ("pre-app", 7)])
def test_a_hook_may_ask_for_the_end(start: Start, tmp_path: Path, moment: str, status: int):
    site = Site(start, tmp_path, f"hook-{moment} = exit:{status}")
    assert wait.ended(site.server.pid, 20)
    site.server.expected = ("GAME OVER",)
    site.server.stop(status=status)


def test_variables_and_directory_reach_the_application(start: Start, tmp_path: Path):
    (tmp_path / "d").mkdir()
    code = "import os\ndef told(e, s):\n s('200 OK', []); return [(os.getcwd() + os.environ['COLOUR']).encode()]"
    (tmp_path / "told.py").write_text(code)
    site = Site(start, tmp_path, "env = COLOUR=blue", "hook-as-root = putenv:COLOUR=red", "hook-post-fork = chdir:d",
                "wsgi-file = told.py", "callable = told")
    site.log.wait("spawned uWSGI worker 1")
    assert site.client.body() == f"{tmp_path}/dred"
    site.server.stop()


def test_mules(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, "mules = 1", *echoes("post-fork", "as-mule"))
    site.log.wait("^H as-mule")
    site.log.wait("^H post-fork", count=2)
    mule = site.told("as-mule")[0].split()[2]
    assert mule in [line.split()[2] for line in site.told("post-fork")]
    site.server.stop()


def test_touched_files(start: Start, tmp_path: Path):
    (tmp_path / "a").touch()
    site = Site(start, tmp_path, "touch-exec = a echo H touched $((20+3)); sleep 0.1", "hook-touch = b append:c x")
    site.log.wait("spawned uWSGI worker 1")
    site.log.wait("unable to stat.* b|unable to stat.*/b,")
    os.utime(tmp_path / "a")
    site.log.wait("^H touched 23")
    (tmp_path / "b").touch()
    wait.until((tmp_path / "c").exists, "what the touch appends")
    assert site.client.body()
    site.server.stop()


def test_signals_mean_what_hooks_bind_them_to(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, "hook-master-start = unix_signal:15 gracefully_kill_them_all",
                "hook-master-start = unix_signal:10 grace_them_all", "hook-master-start = unix_signal:34 kill_them_all")
    site.log.wait("spawned uWSGI worker 1")
    before = site.client.body()
    site.server.send(signal.SIGUSR1)
    site.log.wait("generation 2 serves")
    assert site.client.body() != before
    site.server.send(34)
    site.server.stop(34)


def test_the_words_of_an_emperor(start: Start, tmp_path: Path):
    (tmp_path / "vassals").mkdir()
    app.write(tmp_path / "app.py", "one")
    vassal = tmp_path / "vassals" / "one.ini"
    hooks = {f"hook-emperor-{word}": f"exec:echo H {word}" for word in ("stop", "reload")}
    app.ini(vassal, **{"chdir": tmp_path, "wsgi-file": "app.py", "http-socket": "one.sock", **hooks})
    app.ini(tmp_path / "emperor.ini", **{
        "emperor": "vassals", "exec-as-vassal": "echo H as-vassal $$ $(pwd)", "hook-as-vassal": "putenv:COLOUR=red",
        "exec-as-emperor": "echo H as-emperor $UWSGI_VASSAL_CONFIG $UWSGI_VASSAL_PID $UWSGI_VASSAL_UID",
        "hook-emperor-start": "print:H emperor-start",
    })  # fmt: skip
    emperor = start.server("emperor.ini")
    emperor.log.wait("vassal one.ini is ready to accept requests")
    assert Client(tmp_path / "one.sock").body().startswith("one ")
    [(master, uid)] = re.findall(r"H as-emperor one.ini (\d+) (\d+)", emperor.log.text())
    assert int(uid) == os.getuid() and int(master) in processes.children(emperor.pid)
    assert emperor.log.lines(f"^H as-vassal [0-9]+ {tmp_path}/vassals$")
    environ = Path(f"/proc/{processes.children(int(master))[0]}/environ").read_bytes()
    assert b"\0COLOUR=red\0" in environ
    assert "H emperor-start" in emperor.log.text()
    os.utime(vassal)
    emperor.log.wait("^H reload")
    emperor.stop()
    assert emperor.log.lines("^H stop")


def test_a_vassal_whose_preparation_fails_is_tried_again(start: Start, tmp_path: Path):
    (tmp_path / "vassals").mkdir()
    app.write(tmp_path / "app.py", "one")
    app.ini(tmp_path / "vassals" / "one.ini", **{"chdir": tmp_path, "wsgi-file": "app.py", "http-socket": "one.sock"})
    emperor = start.server("--emperor", "vassals", "--exec-as-vassal", f"test -e {tmp_path}/ready")
    emperor.log.wait("hook-failed")
    (tmp_path / "ready").touch()
    emperor.log.wait("vassal one.ini is ready to accept requests", 30)
    emperor.expected = ("hook-failed", "one.ini")
    emperor.stop()


# -- limits


def test_limits_are_those_of_the_workers_and_not_of_the_master(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, "limit-as = 4000", "cpu-affinity = 1", "prio = 3", "processes = 2")
    site.log.wait("spawned uWSGI worker 2")
    assert site.client.body()
    master, [generation] = site.server.pid, processes.children(site.server.pid)
    workers = processes.children(generation)
    assert [resource.prlimit(pid, resource.RLIMIT_AS)[0] for pid in (generation, *workers)] == [4000 << 20] * 3
    assert resource.prlimit(master, resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY
    assert {len(os.sched_getaffinity(pid)) for pid in workers} == {1}
    assert [os.getpriority(os.PRIO_PROCESS, pid) for pid in (master, *workers)] == [3, 3, 3]
    site.server.stop()


def test_no_more_files_than_there_may_be(start: Start, tmp_path: Path):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    site = Site(start, tmp_path, f"max-fd = {hard - 100}")
    site.log.wait("spawned uWSGI worker 1")
    assert resource.prlimit(site.server.pid, resource.RLIMIT_NOFILE) == (hard - 100, hard - 100)
    site.server.stop()


def test_an_address_space_too_small_is_explained(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, "hook-pre-app = exec:true", "limit-as = 5")
    assert wait.ended(site.server.pid, 20)
    assert "too little for Python" in site.log.text()
    assert site.server.process.wait() != 0


@pytest.mark.root
def test_a_control_group_gets_its_options_and_the_master(start: Start, tmp_path: Path):
    (tmp_path / "group").mkdir()
    for name in ("cgroup.procs", "memory.max"):
        (tmp_path / "group" / name).touch()
    site = Site(start, tmp_path, f"cgroup = {tmp_path}/group", "cgroup-opt = memory.max=512M")
    site.log.wait("spawned uWSGI worker 1")
    assert (tmp_path / "group" / "cgroup.procs").read_text() == str(site.server.pid)
    assert (tmp_path / "group" / "memory.max").read_text() == "512M"
    site.server.stop()


# -- habits


def test_no_server_loads_the_application_and_ends(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, "no-server = true", *echoes("post-app", "as-user-atexit"))
    site.server.process.wait(20)
    assert [line.split()[1] for line in site.told()] == ["post-app", "as-user-atexit"]
    site.server.stop()


def test_a_locked_file_keeps_a_second_one_from_starting(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, f"flock = {tmp_path}/lock")
    site.log.wait("spawned uWSGI worker 1")
    other = ["--http-socket", "other.sock", "--wsgi-file", "app.py"]
    second = start.server(*other, "--flock", tmp_path / "lock", name="second")
    assert second.process.wait(20) == 1
    second.log.wait("file-locked")
    third = start.server(*other, "--flock-wait", tmp_path / "lock", name="third")
    third.log.wait("waiting for the lock")
    site.server.process.kill()
    third.log.wait("spawned uWSGI worker 1")
    third.stop()


def test_a_descriptor_orders_a_reload(start: Start, tmp_path: Path):
    reader, writer = os.pipe()
    os.set_inheritable(reader, True)
    app.write(tmp_path / "app.py", "one")
    out = tmp_path / "out.log"
    import subprocess

    from tests.harness.log import Log
    from tests.harness.server import environ

    with out.open("ab") as file:
        process = subprocess.Popen(
            [str(start.program.path), "--http-socket", "h.sock", "--wsgi-file", "app.py",
             "--reload-on-fd", f"{reader}:4 out of memory"],
            cwd=tmp_path, stdout=file, stderr=file, pass_fds=[reader], env=environ(),
        )  # fmt: skip
    try:
        wait.until(lambda: Client(tmp_path / "h.sock").body().startswith("one "), "the application")
        os.write(writer, b"1234")
        Log(out).wait(r"reloading \(out of memory\)")
        Log(out).wait("generation 2 serves")
        os.close(writer)
        Log(out).wait("is at its end")
    finally:
        process.terminate()
        assert process.wait(20) == 0
        os.close(reader)


def test_stacks_can_be_asked_for(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, "py-tracebacker = tb", "processes = 2")
    site.log.wait("tracebacker for process", count=2)
    assert (tmp_path / "tb2").stat().st_mode & 0o777 == 0o600
    for _ in range(2):
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(str(tmp_path / "tb1"))
            text = b"".join(iter(lambda: one.recv(65536), b"")).decode()
        assert "thread_id = MainThread" in text and "serve(" in text
    site.server.stop()


def test_the_stack_of_each_thread(start: Start, tmp_path: Path):
    (tmp_path / "stack.py").write_text(STACK)
    site = Site(start, tmp_path, "thread-stacksize = 1236", "threads = 2", "wsgi-file = stack.py", "callable = told")
    site.log.wait("spawned uWSGI worker 1")
    wait.until(lambda: site.client.status() == 200, "the application")
    first, second = site.client.connect(), site.client.connect()
    for one in (first, second):
        one.request("GET", "/meet")
    assert 1236 << 10 in {int(one.getresponse().read()) for one in (first, second)}
    site.server.stop()


# -- privileges


@pytest.mark.root
def test_hooks_of_the_user_come_before_the_sockets(start: Start, tmp_path: Path):
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    tmp_path.chmod(0o777)
    nobody = pwd.getpwnam("nobody")
    start.server(
        "--http-socket", "run/http.sock", "--uid", "nobody", "--gid", str(nobody.pw_gid), "--wsgi-file", "app.py",
        "--hook-as-user", "mkdir:run", "--hook-as-user", "putenv:COLOUR=red", "--hook-as-root", "write:r x",
        "--hook-master-start", "exec:echo H $COLOUR $(id -un)",
    ).log.wait("H red nobody")  # fmt: skip
    assert ((tmp_path / "run").stat().st_uid, (tmp_path / "r").stat().st_uid) == (nobody.pw_uid, 0)


def test_the_caller_of_a_daemon_is_told(start: Start, tmp_path: Path):
    app.write(tmp_path / "app.py", "one")
    server = start.server(
        "--http-socket", "one.sock", "--wsgi-file", "app.py", "--need-app", "--daemonize", "daemon.log",
        "--umask", "077", "--hook-pre-app", "unlink:nowhere",
    )  # fmt: skip
    assert server.process.wait(20) == 1
    server.log.wait("^error: command line: hook-pre-app: unlink:nowhere: No such file")
