"""What runs beside requests: daemons and commands at times, of real instances."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.harness import app, http, processes, wait
from tests.harness.instance import Instance
from tests.harness.log import Log
from tests.harness.server import Server
from tests.real.conftest import Start

DAEMON = """\
import os, signal, sys
name, stays = sys.argv[1], sys.argv[2:] == ["stays"]
def say(line):
    os.write(1, line.encode() + b"\\n")
def told(signum, frame):
    say(f"{name} {os.getpid()} got {signal.Signals(signum).name}")
    if not stays:
        sys.exit(0)
for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(signum, told)
say(f"{name} {os.getpid()} runs in {os.getcwd()} with {os.environ.get('COLOUR')}")
while True:
    signal.pause()
"""


class Site:
    """An instance with something beside it."""

    def __init__(self, start: Start, place: Path, **options: object) -> None:
        self.place = place
        app.write(place / "app.py", "one")
        (place / "daemon.py").write_text(DAEMON)
        self.instance = Instance(place / "stats.sock")
        self.socket = place / "site.sock"
        self.options: dict[str, object] = {
            "http-socket": self.socket, "chdir": place, "wsgi-file": "app.py", "stats": self.instance.address,
            "disable-logging": "true", "env": "COLOUR=blue", "reload-mercy": 1,
        }  # fmt: skip
        self.write(**options)
        self.server: Server = start.server("--ini", place / "site.ini")
        self.log = self.server.log

    def write(self, **options: object) -> None:
        """Write the configuration; ``{py}`` is the daemon's command."""
        filled = {
            name.replace("_", "-"): [str(one).replace("{py}", f"exec /usr/bin/python3 {self.place}/daemon.py")
                                     for one in (value if isinstance(value, list) else [value])]
            for name, value in options.items()
        }  # fmt: skip
        app.ini(self.place / "site.ini", **(self.options | filled))

    def runs(self, name: str, count: int = 1) -> int:
        """Wait until a daemon runs for the n-th time; its pid."""
        return int(self.log.wait(rf"^{name} (\d+) runs", 20, count)[1])

    def rows(self, what: str) -> list[dict]:
        """The daemons, or crons, as stats has them."""
        return self.instance.stats().get(what, [])

    def reload(self) -> None:
        """Reload, and wait until the new generation serves."""
        self.log.mark()
        self.server.send(signal.SIGHUP)
        self.log.wait(r"generation \d+ serves")


@pytest.fixture
def site(start: Start, tmp_path: Path):
    def make(**options: object) -> Site:
        return Site(start, tmp_path, **options)

    return make


def test_a_daemon_runs_as_long_as_the_instance(site):
    one = site(attach_daemon="{py} one", uid=os.getuid())
    pid = one.runs("one")
    assert one.log.lines("^one")[0].endswith(f"runs in {one.place} with blue")
    (row,) = one.rows("daemons")
    assert (row["pid"], row["respawns"], row["cmd"].split()[-1]) == (pid, 0, "one")
    os.kill(pid, signal.SIGKILL)
    again = one.runs("one", 2)
    assert again != pid
    one.log.wait(rf'daemon ".*" \(pid: {pid}\) was killed by SIGKILL; the next one starts now')
    one.server.expected = ("was killed by SIGKILL",)
    one.server.stop()
    assert one.log.lines(f"^one {again} got SIGTERM")


def test_the_whole_group_ends_and_there_never_are_two(site):
    one = site(attach_daemon="({py} child) & {py} one")
    leader, child = one.runs("one"), one.runs("child")
    os.kill(leader, signal.SIGKILL)
    second, other = one.runs("one", 2), one.runs("child", 2)
    assert not processes.alive(child)
    one.server.expected = ("was killed by SIGKILL",)
    one.server.stop()
    assert not processes.alive(second)
    assert not processes.alive(other)


def test_it_is_there_until_the_last_request_is_answered(site):
    one = site(attach_daemon="{py} one")
    pid = one.runs("one")
    client = http.Client(one.socket)
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(client.body("/slow?1500")))
    asking.start()
    wait.until(lambda: any(core["in_request"] for row in one.rows("workers") for core in row["cores"]), "the request")
    one.server.send(signal.SIGINT)
    one.log.wait("SIGINT received")
    assert not one.log.lines("^one .* got")
    asking.join()
    assert wait.ended(one.server.pid, 15)
    one.server.stop()
    assert answers[0].startswith("one ")
    assert one.log.lines(f"^one {pid} got SIGTERM")


def test_one_that_does_not_end_is_killed(site):
    one = site(attach_daemon2="cmd={py} one stays,stopsignal=2")
    pid = one.runs("one")
    one.server.expected = ("was killed by SIGKILL",)
    one.server.stop()
    assert one.log.lines(f"^one {pid} got SIGINT")
    assert one.log.lines(rf"daemon did not die in time, killing \(pid: {pid}\)")


def test_a_second_signal_waits_for_nothing(site):
    one = site(attach_daemon="{py} one stays", reload_mercy=60)
    one.runs("one")
    one.server.send(signal.SIGINT)
    one.log.wait("^one .* got SIGTERM")
    one.server.expected = ("was killed by SIGKILL",)
    one.server.stop()


def test_a_reload_starts_daemons_anew(site):
    one = site(attach_daemon2="cmd={py} one,reloadsignal=1", attach_daemon="{py} two")
    before = one.runs("one")
    one.runs("two")
    one.reload()
    one.runs("one")
    one.runs("two")
    assert one.log.lines(f"^one {before} got SIGHUP")
    one.server.stop()


def test_a_reload_that_fails_leaves_them_alone(site):
    one = site(attach_daemon="{py} one")
    pid = one.runs("one")
    (one.place / "app.py").write_text("nonsense(")
    one.server.send(signal.SIGHUP)
    one.log.wait("reload refused")
    assert [row["pid"] for row in one.rows("daemons")] == [pid]
    assert not one.log.lines("got SIG")
    one.server.expected = (".",)
    one.server.stop()


def test_what_the_configuration_changed(site):
    one = site(attach_daemon=["{py} stays", "{py} goes"], touch_chain_reload="touched")
    kept = one.runs("stays")
    gone = one.runs("goes")
    one.write(attach_daemon=["{py} comes", "{py} stays"], touch_chain_reload="touched")
    (one.place / "touched").touch()  # workers only: what stays goes on
    one.runs("comes")
    assert one.log.lines(f"^goes {gone} got SIGTERM")
    assert sorted(row["pid"] == kept for row in one.rows("daemons")) == [False, True]
    one.write()
    one.reload()
    one.log.wait(f"^stays {kept} got SIGTERM")
    wait.until(lambda: not one.rows("daemons"), "no daemon")
    one.server.stop()


def test_a_touched_file_starts_one_anew(site):
    one = site(attach_daemon2="cmd={py} one,touch=code", attach_daemon="{py} two")
    pid, other = one.runs("one"), one.runs("two")
    (one.place / "code").touch()
    again = one.runs("one", 2)
    assert {row["pid"] for row in one.rows("daemons")} == {again, other}
    assert one.log.lines(f"^one {pid} got SIGTERM")
    one.server.stop()


def test_the_instance_ends_with_its_control_daemon(site):
    one = site(attach_control_daemon="{py} one", attach_daemon="{py} two")
    pid = one.runs("one")
    one.runs("two")
    os.kill(pid, signal.SIGTERM)
    assert wait.ended(one.server.pid, 15)
    one.server.stop()
    assert one.log.lines("the control daemon .* exited with status 0 received...stopping")


def test_nobody_outlives_a_master_that_is_killed(site):
    one = site(attach_daemon="({py} child) & {py} one")
    pids = [one.runs("one"), one.runs("child")]
    one.server.send(signal.SIGKILL)
    for pid in pids:
        assert wait.ended(pid, 10)
    one.server.process.wait()


def test_what_watches_over_them_may_be_killed_too(site):
    one = site(attach_daemon="({py} child) & {py} one")
    pids = [one.runs("one"), one.runs("child")]
    below = set(processes.children(one.server.pid))
    warden = next(pid for pid in below if pid not in pids and os.getsid(pid) == pid)
    os.kill(warden, signal.SIGKILL)
    wait.until(lambda: set(processes.children(one.server.pid)) - below, "another one")
    one.server.send(signal.SIGKILL)
    for pid in pids:
        assert wait.ended(pid, 10)
    one.server.process.wait()


@pytest.mark.parametrize("kind", ["smart-attach-daemon", "smart-attach-daemon2"])
def test_a_smart_one_outlives_the_instance_and_is_adopted(site, start, kind):
    command = "{py} one" if kind[-1] == "2" else "sh -c 'echo $$ > d.pid; {py} one' &"
    one = site(**{kind: f"d.pid,1 {command}"})
    pid = one.runs("one")
    wait.until(lambda: [row["pid"] for row in one.rows("daemons")] == [pid], "the daemon in the stats")
    one.reload()
    assert processes.alive(pid)
    one.server.process.send_signal(signal.SIGINT)
    one.server.process.wait(15)
    assert processes.alive(pid)
    second = start.server("--ini", one.place / "site.ini", name="second")
    second.log.wait(rf"found valid/active pidfile for .* \(pid: {pid}\)")
    os.kill(pid, signal.SIGKILL)
    other = int(second.log.wait(r"^one (\d+) runs", 15)[1])
    second.process.send_signal(signal.SIGINT)
    second.process.wait(15)
    os.kill(other, signal.SIGKILL)


def test_commands_at_times(site):
    one = site(
        cron="-1 -1 -1 -1 -1 echo ran in $(pwd) with $COLOUR; exit 4",
        unique_cron="-1 -1 -1 -1 -1 {py} unique", cron2="harakiri=1 {py} slow stays", cron_harakiri=300,
        binsh="/bin/sh",
    )
    one.log.wait(rf"^ran in {one.place} with blue")
    one.log.wait(r'\[uwsgi-cron\] command "echo ran.*" running with pid \d+ exited after .*: it exited with status 4')
    unique = one.runs("unique")
    one.log.wait(r'HARAKIRI ON CRON ".* slow stays"')
    row = next(row for row in one.rows("crons") if row["unique"])
    assert (row["pid"], row["minute"]) == (unique, -1)
    assert abs(row["started_at"] - time.time()) < 60
    one.reload()
    assert processes.alive(unique)
    os.kill(unique, signal.SIGTERM)
    one.log.wait(r"slow stays.* was killed by SIGKILL|unique.* it exited with status 0")
    one.server.expected = ("was killed by SIGKILL",)
    one.server.process.send_signal(signal.SIGINT)
    one.server.process.wait(15)


def test_a_unique_command_stays_alone_when_its_master_is_killed(start, tmp_path):
    (tmp_path / "vassals").mkdir()
    (tmp_path / "daemon.py").write_text(DAEMON)
    app.write(tmp_path / "app.py", "one")
    app.ini(
        tmp_path / "vassals" / "site.ini", http_socket=tmp_path / "site.sock", chdir=tmp_path, wsgi_file="app.py",
        stats=tmp_path / "stats.sock", unique_cron="-1 -1 -1 -1 -1 exec /usr/bin/python3 daemon.py one",
    )  # fmt: skip
    server = start.server("--emperor", tmp_path / "vassals")
    instance = Instance(tmp_path / "stats.sock")
    pid = int(server.log.wait(r"^one (\d+) runs")[1])
    os.kill(instance.master(), signal.SIGKILL)
    server.log.wait(rf"still runs from before \(pid {pid}\)")
    os.kill(pid, signal.SIGTERM)
    server.log.wait(rf"running with pid {pid} exited after .*: it ended")
    server.expected = ("SIGKILL",)
    server.stop()
    assert len(server.log.lines("^one .* runs")) == 1


def test_an_emperor_has_daemons_too(start, tmp_path):
    (tmp_path / "vassals").mkdir()
    (tmp_path / "daemon.py").write_text(DAEMON)
    daemon = f"exec /usr/bin/python3 {tmp_path}/daemon.py one"
    config = app.ini(tmp_path / "emperor.ini", emperor=tmp_path / "vassals", attach_daemon=daemon)
    server = start.server("--ini", config)
    pid = int(server.log.wait(r"^one (\d+) runs")[1])
    os.kill(pid, signal.SIGKILL)
    again = int(server.log.wait(r"^one (\d+) runs", count=2)[1])
    server.expected = ("was killed by SIGKILL",)
    server.stop()
    assert not processes.alive(again)


def test_an_instance_of_the_emperors_own_has_them_once(start, tmp_path):
    (tmp_path / "vassals").mkdir()
    (tmp_path / "daemon.py").write_text(DAEMON)
    app.write(tmp_path / "app.py", "own")
    config = app.ini(
        tmp_path / "emperor.ini", emperor=tmp_path / "vassals", http_socket=tmp_path / "own.sock", wsgi_file="app.py",
        stats=tmp_path / "stats.sock", attach_daemon=f"exec /usr/bin/python3 {tmp_path}/daemon.py one",
    )  # fmt: skip
    server = start.server("--ini", config)
    server.log.wait(r"^one (\d+) runs")
    instance = Instance(tmp_path / "stats.sock")
    instance.up(1)
    assert len(instance.stats()["daemons"]) == 1
    assert processes.parent(instance.master()) == server.pid
    server.stop()
    assert len(server.log.lines("^one .* runs")) == 1
    assert len(server.log.lines("starting uWSGI Emperor")) == 1


def test_standard_input_is_there_for_those_who_want_it(start, tmp_path):
    app.write(tmp_path / "app.py", extra="import sys\nprint('app read', sys.stdin.readline(), flush=True)")
    config = app.ini(
        tmp_path / "site.ini", http_socket=tmp_path / "site.sock", wsgi_file="app.py", honour_stdin="true",
        attach_daemon='read line; echo "second read nothing$line"; exec sleep 60',
        attach_daemon2='cmd=read line; echo "first read $line"; exec sleep 60,stdin',
    )  # fmt: skip
    log = Log(tmp_path / "log")
    with log.path.open("wb") as out:
        command = [start.program.path, "--ini", config]
        process = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=out, stderr=out)
    assert process.stdin
    for word, answer in ((b"one", "^app read one"), (b"two", "^first read two")):
        process.stdin.write(word + b"\n")
        process.stdin.flush()
        log.wait(answer)
    log.wait("^second read nothing$")
    process.send_signal(signal.SIGINT)
    process.stdin.close()
    assert process.wait(15) == 0
