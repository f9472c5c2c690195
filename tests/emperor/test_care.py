"""How an emperor treats its vassals: hooks, programs, heartbeats, statistics, an emperor above."""

from __future__ import annotations

import json
import os
import signal
import socket
import time

import pytest

from tests.emperor.test_demand import PATIENCE

ACCEPTING = "a.ini is ready to accept requests"


def read(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(path))
        text = b"".join(iter(lambda: client.recv(65536), b""))
    return json.loads(text)


def test_hooks_run_around_a_life(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    empire = {"start_hook": "f() { echo start $1 in $UWSGI_VASSALS_DIR; return 3; }; f",
              "stop_hook": "f() { echo stop $1 in $UWSGI_VASSALS_DIR; return 4; }; f"}  # fmt: skip
    one = emperor(empire=empire)
    one.wait("running vassal start-hook: .*a.ini", f"^start a.ini in {vassals}$", "a.ini start-hook returned 3",
             "a.ini started", ACCEPTING)  # fmt: skip
    assert one.finish() == 0
    one.wait("running vassal stop-hook: .*a.ini", f"^stop a.ini in {vassals}$", "a.ini stop-hook returned 4",
             "removed uwsgi instance a.ini", "The Emperor is buried")  # fmt: skip


def test_a_vassal_comes_back_when_its_stop_hook_has_run(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    os.mkfifo(vassals / "go")
    one = emperor(empire={"stop_hook": f"read x <{vassals}/go; true"})
    started, *_ = one.wait(r"a.ini started (\d+)", ACCEPTING)
    os.kill(int(started[1]), signal.SIGKILL)
    one.wait("running vassal stop-hook")
    one.barrier()
    assert not any("removed" in line for line in one.lines)
    (vassals / "go").write_text("x\n")
    one.wait("stop-hook returned 0", "removed uwsgi instance", "a.ini started")


def test_a_stop_hook_that_hangs_is_killed_after_the_mercy(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    one = emperor(empire={"stop_hook": "exec sleep 1000 #"}, reload_mercy=1)
    one.wait(ACCEPTING)
    (vassals / "a.ini").unlink()
    one.wait("running vassal stop-hook", "NO MERCY for vassal a.ini", "stop-hook returned 137", "removed uwsgi inst")


def test_the_first_program_that_can_be_executed_is_the_vassal(emperor, vassals, tmp_path):
    (vassals / "a.ini").write_text("ready")
    wrapper = tmp_path / "wrapper"
    wrapper.write_text('#!/bin/sh\necho wrapped "$@"\n')
    wrapper.chmod(0o755)
    one = emperor(empire={"programs": [str(tmp_path / "none"), str(wrapper), ""]})
    one.wait("none: No such file or directory; the next program is tried", "^wrapped --ini a.ini$")


def test_a_file_that_may_be_executed_is(emperor, vassals, monkeypatch):
    monkeypatch.setenv("TELL", "1")
    (vassals / "it's.ini").write_text("#!/bin/sh\necho ready")
    (vassals / "it's.ini").chmod(0o755)
    one = emperor(empire={"magic_exec": True})
    one.wait("No such file or directory: \"exec://'./it'")  # the stand-in opens what it is given


def test_one_that_stops_its_heartbeat_is_killed(emperor, vassals):
    (vassals / "a.ini").write_text("ready\nheartbeat")
    one = emperor(empire={"heartbeat": 1})
    one.wait(ACCEPTING, "vassal a.ini sent no heartbeat in last 1 seconds, brutally respawning it...",
             "was killed by SIGKILL", r"a.ini started \d+")  # fmt: skip


def test_without_a_blacklist_it_is_tried_at_each_look(emperor, vassals):
    (vassals / "a.ini").write_text("exit 1")
    one = emperor(empire={"forgiving": True}, emperor_freq=1)
    one.wait(*["next attempt in 1 seconds"] * 3)


def test_a_link_counts_as_itself(emperor, vassals, tmp_path):
    (tmp_path / "target").write_text("ready")
    (vassals / "a.ini").symlink_to(tmp_path / "target")
    one = emperor(empire={"nofollow": True})
    one.wait(ACCEPTING)
    (tmp_path / "target").write_text("ready\n#2")
    one.signal(signal.SIGWINCH)
    one.barrier()
    assert not any("reload the" in line for line in one.lines)
    os.utime(vassals / "a.ini", (5, 5), follow_symlinks=False)
    one.wait("reload the uwsgi instance a.ini")


def test_the_statistics(emperor, vassals, tmp_path):
    before = int(time.time())
    (vassals / "a.ini").write_text("ready")
    (vassals / "b.ini").write_text("exit 1")
    one = emperor(stats=str(tmp_path / "stats"), empire={"demand_suffix": ".at"})
    one.wait("Emperor stats server enabled on", ACCEPTING)
    one.wait("vassal b.ini failed 2 times")
    found = read(tmp_path / "stats")
    assert {key: found[key] for key in ("pid", "uid", "emperor", "emperor_tyrant")} == {
        "pid": one.process.pid, "uid": os.getuid(), "emperor": [str(vassals)], "emperor_tyrant": 0,
    }  # fmt: skip
    a, b = found["vassals"]
    assert (a["id"], a["accepting"], a["ready"], a["cursed"], a["zerg"], a["on_demand"], a["respawns"]) == (
        "a.ini", 1, 1, 0, 0, "", 0,
    )  # fmt: skip
    assert a["last_mod"] == int(os.stat(vassals / "a.ini").st_mtime) and a["monitor"] == str(vassals)
    assert all(before - 1 <= a[f] <= time.time() + 1 for f in ("first_run", "last_run", "last_ready", "last_accepting"))
    assert (b["pid"], b["accepting"], b["imperator"]["phase"]) == (-1, 0, "waiting")
    [failing] = found["blacklist"]
    assert (failing["id"], failing["attempt"], failing["throttle_level"]) == ("b.ini", 2, 60000)
    assert before - 1 <= failing["first_attempt"] <= failing["last_attempt"] <= time.time() + 1


@pytest.fixture
def above(monkeypatch):
    """The end of an emperor above."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(PATIENCE)
    os.set_inheritable(theirs.fileno(), True)
    monkeypatch.setenv("UWSGI_EMPEROR_FD", str(theirs.fileno()))
    monkeypatch.setenv("IMPERATOR_EMPEROR", "1")
    with ours, theirs:
        yield ours


def test_an_emperor_may_be_a_vassal(emperor, vassals, above):
    (vassals / "a.ini").write_text("ready")
    one = emperor(inherit=True)
    assert [above.recv(100) for _ in range(4)] == [b"\1", b"\5", b'["State", "running", ""]', b"\x11"]
    one.wait(ACCEPTING)
    above.send(b"\1")
    one.wait("received message 1 from emperor", "reload the uwsgi instance a.ini", "a.ini told 1")
    assert above.recv(100) == b"\5"
    above.send(b"\2")
    one.wait("received message 2 from emperor", "a.ini told 2", "The Emperor is buried")


def test_a_vassal_that_is_an_emperor_ends_with_its_own(emperor, vassals, above):
    (vassals / "a.ini").write_text("ready")
    one = emperor(inherit=True)
    one.wait(ACCEPTING)
    above.shutdown(socket.SHUT_RDWR)
    one.wait("lost connection with my emperor", "a.ini told 2", "The Emperor is buried")
