"""An emperor's process from outside: real files, real signals, stand-in vassals (``vassal.py``)."""

from __future__ import annotations

import json
import os
import signal
import socket
import time

import pytest

ACCEPTING = "a.ini is ready to accept requests"


def test_the_first_line_is_what_watchers_look_for(emperor):
    one = emperor()
    one.wait("READY")
    assert one.lines[0] == "*** starting uWSGI Emperor ***"
    assert one.finish() == 0
    assert one.lines[-1] == "The Emperor is buried."


def test_ready_is_said_when_the_first_vassals_were_started(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    one = emperor()
    one.wait(r"READY")
    assert one.process.poll() is None
    one.wait(r"a.ini has been spawned|a.ini is ready to accept")


def test_a_new_file_starts_a_vassal_in_its_directory(emperor, vassals):
    one = emperor()
    one.wait("READY")
    (vassals / "a.ini").write_text("ready")
    started, *_ = one.wait(r"a.ini started \d+ in (.*)", "a.ini has been spawned", ACCEPTING)
    assert started[1] == str(vassals)
    assert one.finish() == 0


def test_a_pattern_names_vassals_by_path_and_starts_them_where_the_emperor_was(emperor, vassals):
    (vassals / "a").mkdir()
    (vassals / "a" / "v.ini").write_text("ready")
    one = emperor(emperor=["vassals/*/v.ini"])
    started, *_ = one.wait(r"v.ini started \d+ in (.*)", "vassal vassals/a/v.ini is ready to accept requests")
    assert started[1] == str(vassals.parent)


def test_a_touched_file_reloads_the_same_master(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    one = emperor()
    one.wait(ACCEPTING)
    os.utime(vassals / "a.ini")
    one.wait("^.emperor. reload the uwsgi instance a.ini$", "a.ini told 1", ACCEPTING)


def test_a_change_to_an_older_time_is_a_change(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    one = emperor()
    one.wait(ACCEPTING)
    os.utime(vassals / "a.ini", (1, 1))
    one.wait("reload the uwsgi instance a.ini", "a.ini told 1")


def test_a_change_within_the_same_second_and_of_the_same_size_is_a_change(emperor, vassals):
    (vassals / "a.ini").write_text("ready\n#1")
    one = emperor()
    one.wait(ACCEPTING)
    for number in range(2, 5):
        (vassals / "a.ini").write_text(f"ready\n#{number}")
        one.wait("reload the uwsgi instance a.ini", "a.ini told 1")


def test_a_file_moved_over_another_is_a_change(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    one = emperor()
    one.wait(ACCEPTING)
    (vassals / "new").write_text("ready")
    os.replace(vassals / "new", vassals / "a.ini")
    one.wait("reload the uwsgi instance a.ini", "a.ini told 1")


def test_an_editor_that_moves_the_old_file_away_does_not_stop_the_vassal(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    one = emperor()
    one.wait(ACCEPTING)
    os.rename(vassals / "a.ini", vassals / "a.ini~")
    (vassals / "a.ini").write_text("ready\n")
    one.wait("reload the uwsgi instance a.ini", "a.ini told 1")
    assert not any("stop the uwsgi instance" in line for line in one.lines)


def test_a_new_owner_alone_reloads_nothing(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    one = emperor()
    one.wait(ACCEPTING)
    os.chown(vassals / "a.ini", 1, 1)
    one.signal(signal.SIGWINCH)
    one.barrier()
    assert not any("reload the" in line for line in one.lines)


def test_a_removed_file_stops_its_vassal_gracefully(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    one = emperor()
    one.wait(ACCEPTING)
    (vassals / "a.ini").unlink()
    one.wait("^.emperor. stop the uwsgi instance a.ini$", "a.ini told 2", "^.emperor. removed uwsgi instance a.ini$")


def test_a_renamed_vassal_starts_when_the_old_one_has_left(emperor, vassals, tmp_path):
    (vassals / "a.ini").write_text("ready\nstubborn")
    one = emperor(reload_mercy=1)
    one.wait(ACCEPTING)
    os.rename(vassals / "a.ini", vassals / "b.ini")
    one.wait(
        "stop the uwsgi instance a.ini",
        "b.ini starts as soon as a.ini has left",
        "NO MERCY for vassal a.ini !!!",
        "removed uwsgi instance a.ini",
        r"b.ini started \d+",
    )


def test_a_killed_masters_socket_stays_open_and_its_successor_serves_who_waited(emperor, vassals, tmp_path):
    address = str(tmp_path / "a.socket")
    (vassals / "a.ini").write_text(f"listen {address}\nready")
    one = emperor(emperor_throttle=300)
    started, *_ = one.wait(r"a.ini started (\d+)", "bound", ACCEPTING)
    assert ask(address) == started[1]
    # Twice quickly is a failure too: the second successor has to wait, while the connection is there already.
    for _ in range(2):
        os.kill(int(started[1]), signal.SIGKILL)
        client = connect(address)
        started, *_ = one.wait(r"a.ini started (\d+)", "a.ini inherited", ACCEPTING)
        assert client.recv(64).decode() == started[1]


def test_a_vassal_inherits_its_own_sockets_only(emperor, vassals, tmp_path):
    for name in "ab":
        (vassals / f"{name}.ini").write_text(f"listen {tmp_path}/{name}.socket\nready")
    one = emperor()
    pids = dict(match.groups() for match in one.wait(*[r"([ab]).ini started (\d+)"] * 2))
    while sum("is ready to accept" in line for line in one.lines) < 2:
        one.wait("is ready to accept")
    (vassals / "c.ini").write_text("ready")
    assert one.wait("c.ini sockets (.*)")[0][1] == "1"  # the pair
    os.kill(int(pids["a"]), signal.SIGKILL)
    assert one.wait("a.ini sockets (.*)")[0][1] == "2"


def test_a_socket_whose_file_is_gone_is_not_handed_on(emperor, vassals, tmp_path):
    address = str(tmp_path / "a.socket")
    (vassals / "a.ini").write_text(f"listen {address}\nvacuum {address}\nready\nstop-me")
    one = emperor()
    one.wait("a.ini bound", "a.ini told 2", "removed uwsgi instance a.ini", "a.ini bound")


def test_workers_of_a_killed_master_come_to_the_emperor(emperor, vassals):
    (vassals / "a.ini").write_text("worker\nready")
    one = emperor()
    started, worker = one.wait(r"a.ini started (\d+)", r"a.ini worker (\d+)")
    os.kill(int(started[1]), signal.SIGKILL)
    (parent,) = one.wait(r"a.ini worker's parent (\d+)")
    assert int(parent[1]) == one.process.pid
    # It is reaped too. Nothing tells of that but the list of processes.
    wait_until(lambda: process_state(worker[1]) is None)


def test_what_the_kernel_does_not_tell_is_found_by_the_regular_look(emperor, tmp_path):
    for version in "12":
        (tmp_path / version / "v").mkdir(parents=True)
        (tmp_path / version / "v" / f"a{version}.ini").write_text("ready")
    (tmp_path / "current").symlink_to("1")
    one = emperor(emperor=[f"{tmp_path}/current/v"], emperor_freq=1)
    one.wait(r"a1.ini is ready to accept requests")
    (tmp_path / "next").symlink_to("2")
    os.replace(tmp_path / "next", tmp_path / "current")
    one.wait("stop the uwsgi instance a1.ini", "a2.ini is ready to accept requests")


def test_sockets_of_a_removed_vassal_are_given_up(emperor, vassals, tmp_path):
    address = str(tmp_path / "a.socket")
    (vassals / "a.ini").write_text(f"listen {address}\nready")
    one = emperor()
    one.wait(ACCEPTING)
    (vassals / "a.ini").unlink()
    one.wait("removed uwsgi instance a.ini")
    with pytest.raises(ConnectionRefusedError):
        connect(address)


def test_a_vassal_that_was_ready_returns_at_once(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    one = emperor()
    started, *_ = one.wait(r"a.ini started (\d+)", ACCEPTING)
    os.kill(int(started[1]), signal.SIGKILL)
    one.wait(
        rf"curse the uwsgi instance a.ini \(pid: {started[1]}\)",
        "a.ini .* was killed by SIGKILL",
        "removed uwsgi instance a.ini",
        r"a.ini started \d+",
    )


def test_a_vassal_that_is_never_ready_is_slowed_down_and_the_length_is_told(emperor, vassals):
    (vassals / "a.ini").write_text("exit 22")
    one = emperor()
    one.wait(
        r"a.ini started \d+", "exited with status 22",
        r"a.ini started \d+", "exited with status 22",
        "unloyal bad behaving vassal found: a.ini throttling it...",
        "a.ini failed 2 times; next attempt in 60 seconds",
    )  # fmt: skip
    # Whoever mends the file does not have to wait.
    (vassals / "a.ini").write_text("ready")
    one.wait(r"a.ini started \d+", ACCEPTING)


def test_the_back_off_ends_by_itself(emperor, vassals):
    (vassals / "a.ini").write_text("exit 1")
    one = emperor(emperor_throttle=10)
    one.wait(*[r"a.ini started \d+"] * 5)


def test_the_end_of_all_back_offs_can_be_asked_for(emperor, vassals):
    (vassals / "a.ini").write_text("exit 1")
    one = emperor()
    one.wait("next attempt in 60 seconds")
    one.signal(signal.SIGURG)
    one.wait("cleaning up blacklist ...", r"a.ini started \d+")


def test_why_a_vassal_is_not_ready_is_told_once(emperor, vassals):
    (vassals / "a.ini").write_text("failed no module named x\nfailed no module named x\nready")
    one = emperor()
    one.wait("vassal a.ini is not ready: no module named x", ACCEPTING)
    assert sum("not ready" in line for line in one.lines) == 1


def test_last_words_are_heard_from_one_that_did_not_listen(emperor, vassals):
    os.mkfifo(vassals / "a.ini.go")
    (vassals / "a.ini").write_text("ready\nmute")
    one = emperor()
    started, *_ = one.wait(r"a.ini started (\d+)", ACCEPTING)
    os.utime(vassals / "a.ini")
    one.wait("a.ini mute")
    one.signal(signal.SIGSTOP)
    with open(vassals / "a.ini.go", "w"):
        pass
    wait_until(lambda: process_state(started[1]) == "Z")
    one.signal(signal.SIGCONT)
    one.wait("a.ini is not ready: last words", "removed uwsgi instance a.ini")


def test_all_reload_a_few_at_a_time(emperor, vassals):
    names = [f"{letter}.ini" for letter in "abcd"]
    for name in names:
        os.mkfifo(vassals / f"{name}.go")
        (vassals / name).write_text("ready\nslow")
    one = emperor()
    for _ in names:
        one.wait(r"is ready to accept")
    one.signal(signal.SIGHUP)
    told = [match[1] for match in one.wait(*[r"^(.)\.ini told 1"] * 2)]
    one.barrier()
    assert sum("told 1" in line for line in one.lines) == 2
    done = []
    while len(done) < 4:
        done.append(told.pop(0))
        with open(vassals / f"{done[-1]}.ini.go", "w"):
            pass
        if len(done) + len(told) < 4:
            told.append(one.wait(r"^(.)\.ini told 1")[0][1])
    assert sorted(done) == list("abcd")


def test_a_vassal_that_dies_over_a_reload_does_not_hold_up_the_others(emperor, vassals):
    for letter in "abc":
        (vassals / f"{letter}.ini").write_text("ready")
        os.mkfifo(vassals / f"{letter}.ini.go")
    (vassals / "a.ini").write_text("ready\nslow")
    (vassals / "b.ini").write_text("ready\nslow")
    one = emperor()
    pids = dict(match.groups() for match in one.wait(*[r"^(.)\.ini started (\d+)"] * 3))
    while sum("is ready to accept" in line for line in one.lines) < 3:
        one.wait("is ready to accept")
    one.signal(signal.SIGHUP)

    def heard(*texts: str) -> None:
        # In any order: news of its start that the emperor has not read yet count as a vassal's answer to the reload.
        while not all(any(text in line for line in one.lines) for text in texts):
            one.wait(".")

    heard("a.ini told 1", "b.ini told 1")
    os.kill(int(pids["a"]), signal.SIGKILL)
    heard("c.ini told 1")


def test_a_stubborn_vassal_is_killed_after_the_mercy(emperor, vassals):
    (vassals / "a.ini").write_text("ready\nstubborn")
    one = emperor(reload_mercy=1)
    one.wait(ACCEPTING)
    one.signal(signal.SIGINT)
    one.wait(
        r"^.emperor. \*\*\* RAGNAROK EVOKED \*\*\*$",
        "a.ini told 2",
        "^.emperor. NO MERCY for vassal a.ini !!!$",
        "removed uwsgi instance a.ini",
        "The Emperor is buried.",
    )
    assert one.exit_status() == 0


def test_asked_twice_it_waits_for_nobody(emperor, vassals):
    (vassals / "a.ini").write_text("ready\nstubborn")
    one = emperor(reload_mercy=600)
    one.wait(ACCEPTING)
    one.signal(signal.SIGTERM)
    one.wait("a.ini told 2")
    one.signal(signal.SIGQUIT)
    one.wait(r"RAGNAROK ALREADY EVOKED \(mercyless in (600|599|59\d) seconds\)", "NO MERCY", "The Emperor is buried.")
    assert one.exit_status() == 0


def test_a_vassal_that_hangs_up_but_stays_is_killed(emperor, vassals):
    (vassals / "a.ini").write_text("deaf")
    one = emperor(empire={"curse_tolerance": 1})
    one.wait("curse the uwsgi instance a.ini", "NO MERCY", "was killed by SIGKILL", r"a.ini started \d+")


def test_vassals_learn_of_the_emperors_death_by_end_of_file(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    one = emperor()
    one.wait("a.ini waits")
    one.process.kill()
    one.wait("a.ini eof")


def test_the_status_of_each_vassal_can_be_asked_for(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    one = emperor()
    one.wait(ACCEPTING)
    one.signal(signal.SIGUSR1)
    modified = int((vassals / "a.ini").stat().st_mtime)
    one.wait(rf"^vassal instance a.ini \(last modified {modified}\) status 0 loyal 0 zerg 0")


def test_options_for_vassals_and_their_environment(emperor, vassals, monkeypatch):
    monkeypatch.setenv("TELL", "1")
    monkeypatch.setenv("UWSGI_VASSAL_THREADS", "3")
    monkeypatch.setenv("UWSGI_EMPEROR", "/nowhere")
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere")
    (vassals / "a.ini").write_text("ready")
    one = emperor(vassals_set=["x=1"], vassals_include=["inc.ini"], daemonized_umask=True)
    options, env = (json.loads(match[1]) for match in one.wait("a.ini options (.*)", "a.ini env (.*)"))
    assert options == ["--set", "x=1", "--ini", "a.ini", "--include", "inc.ini"]
    assert env["UWSGI_THREADS"] == "3" and env["IMPERATOR_SOCKET_UMASK"] == "0"
    assert not {"UWSGI_EMPEROR", "NOTIFY_SOCKET", "UWSGI_VASSAL_THREADS"} & set(env)


def test_the_pidfile_lives_as_long_as_the_emperor(emperor, tmp_path):
    path = tmp_path / "emperor.pid"
    one = emperor(emperor_pidfile=str(path))
    one.wait("READY")
    assert path.read_text() == f"{one.process.pid}\n"
    one.finish()
    assert not path.exists()


def test_the_emperors_own_instance_is_supervised_like_a_vassal(emperor, tmp_path):
    own = tmp_path / "own.ini"
    own.write_text("ready")
    one = emperor(own=str(own))
    started, *_ = one.wait(r"own.ini started (\d+)", "vassal the emperor's own instance is ready to accept requests")
    os.kill(int(started[1]), signal.SIGKILL)
    one.wait("removed uwsgi instance the emperor's own instance", r"own.ini started \d+")
    assert one.finish() == 0


def test_an_unknown_source_is_refused(emperor):
    one = emperor(emperor=["pg://host=x"])
    one.wait("error: .*pg.*emperor-source-unknown")
    assert one.exit_status() == 1


def test_a_launcher_that_cannot_be_executed_is_told_and_slowed_down(emperor, vassals):
    (vassals / "a.ini").write_text("ready")
    one = emperor(emperor=["vassals"], launcher="/nowhere/imperator")
    one.wait("a.ini cannot be started: /nowhere/imperator: No such file", "next attempt in 60 seconds")


def connect(address):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(address)
    return client


def ask(address):
    with connect(address) as client:
        return client.recv(64).decode()


def process_state(pid):
    """``Z`` for one that has ended and was not reaped; None for one that is no more."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def wait_until(condition):
    """Where nothing tells of an event but looking again."""
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        os.sched_yield()


def test_a_vassal_that_never_stops_talking_keeps_nobody_waiting(emperor, vassals):
    (vassals / "a.ini").write_text("ready\nflood")
    one = emperor()
    one.wait("a.ini floods")
    (vassals / "b.ini").write_text("ready")
    one.wait("b.ini is ready to accept requests")
    (vassals / "a.ini.stop").touch()
    one.wait("a.ini waits")
    assert one.finish() == 0
