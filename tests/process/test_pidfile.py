"""Pidfiles that are locked, stale, garbage, links, somebody else's."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading

import pytest

from imperator.errors import Refused, Where
from imperator.process import pidfile
from imperator.process.pidfile import Pidfile, send, target

from .child import ROOT, run

WHERE = Where("site.ini", 2)


def refusal(call, *args: object):
    with pytest.raises(Refused) as raised:
        call(*args)
    [complaint] = raised.value.diagnostics
    assert complaint.hint
    return complaint, raised.value.status


@pytest.fixture
def instance(tmp_path):
    """A process with a pidfile, and a name that is ours."""
    code = """if True:
        import signal, sys
        from imperator.process.pidfile import Pidfile
        def over(*_): print("signalled", flush=True); sys.exit(0)
        signal.signal(signal.SIGINT, over)
        kept = Pidfile(sys.argv[1], None)
        print("up", flush=True)
        while True: signal.pause()
        """
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "pid")], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    with process:
        yield process
        process.kill()


def test_written_readable_and_removed(tmp_path):
    before = os.umask(0)
    kept = Pidfile(str(tmp_path / "pid"), WHERE)
    os.umask(before)
    assert (tmp_path / "pid").read_text() == f"{os.getpid()}\n"
    assert (tmp_path / "pid").stat().st_mode & 0o777 == 0o644
    kept.remove()
    assert not (tmp_path / "pid").exists()


@pytest.mark.parametrize("text", ["", "999999999\n", "garbage" * 100])
def test_a_stale_one_is_overwritten(tmp_path, text):
    (tmp_path / "pid").write_text(text)
    (tmp_path / "pid").chmod(0o666)
    Pidfile(str(tmp_path / "pid"), WHERE)
    assert (tmp_path / "pid").read_text() == f"{os.getpid()}\n"
    assert (tmp_path / "pid").stat().st_mode & 0o777 == 0o644


def test_that_of_a_running_process_is_refused_and_left(tmp_path, instance):
    complaint, status = refusal(Pidfile, str(tmp_path / "pid"), WHERE)
    assert (complaint.code, complaint.where, status) == ("already-running", WHERE, 1)
    assert f"(pid {instance.pid})" in complaint.message
    assert (tmp_path / "pid").read_text() == f"{instance.pid}\n"


def test_a_reader_who_looks_at_the_lock_keeps_nobody_from_starting(tmp_path, monkeypatch):
    path = tmp_path / "pid"
    path.write_text("")
    reader = os.open(path, os.O_RDONLY)
    fcntl.flock(reader, fcntl.LOCK_EX)
    naps = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        os.close(reader)

    monkeypatch.setattr(pidfile.time, "sleep", nap)
    Pidfile(str(path), WHERE)
    assert len(naps) == 1


def test_one_removed_while_it_was_opened_is_made_anew(tmp_path, monkeypatch):
    path = tmp_path / "pid"
    path.write_text("")
    lock = fcntl.flock

    def late(fd: int, how: int) -> None:
        monkeypatch.undo()
        os.unlink(path)  # its last owner ends between our opening and our locking
        lock(fd, how)

    monkeypatch.setattr(pidfile.fcntl, "flock", late)
    Pidfile(str(path), WHERE)
    assert path.read_text() == f"{os.getpid()}\n"


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "pid").symlink_to("precious")
    assert refusal(Pidfile, str(tmp_path / "pid"), WHERE)[0].code == "pidfile-is-link"
    assert (tmp_path / "precious").read_text() == "precious"


@pytest.mark.parametrize(
    ("path", "code"), [("/nowhere/pid", "no-directory"), ("/proc/pid", "no-directory"), ("/", "cannot-write-pidfile")]
)
def test_one_that_cannot_be_written(path, code):
    assert refusal(Pidfile, path, WHERE)[0].code == code


def test_a_full_disk_is_a_complaint(tmp_path):
    assert refusal(Pidfile, "/dev/full", WHERE)[0].code == "cannot-write-pidfile"


def test_a_device_is_written_and_never_removed(tmp_path):
    kept = Pidfile("/dev/null", WHERE)
    kept.remove()
    assert os.path.exists("/dev/null")


def test_failures_leave_no_descriptor(tmp_path):
    (tmp_path / "pid").symlink_to("x")
    before = os.listdir("/proc/self/fd")
    for path in (tmp_path / "pid", "/dev/full", "/nowhere/pid", "/"):
        refusal(Pidfile, str(path), WHERE)
    assert os.listdir("/proc/self/fd") == before


def test_one_that_is_another_by_now_is_left(tmp_path):
    kept = Pidfile(str(tmp_path / "pid"), WHERE)
    os.rename(tmp_path / "pid", tmp_path / "old")
    (tmp_path / "pid").write_text("1\n")
    kept.remove()
    assert (tmp_path / "pid").read_text() == "1\n"
    os.unlink(tmp_path / "pid")
    kept.remove()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_one_that_may_not_be_removed_is_emptied(tmp_path):
    code = """
        import os, sys
        from imperator.process.pidfile import Pidfile
        kept = Pidfile(sys.argv[1], None)
        os.setgroups([]); os.setgid(12345); os.setuid(12345)
        kept.remove()
        """
    run(code, tmp_path / "pid")
    assert (tmp_path / "pid").read_text() == ""


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_another_users_file_that_may_be_written_is_used(tmp_path):
    (tmp_path / "pid").write_text("")
    (tmp_path / "pid").chmod(0o666)
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    code = """
        import os, sys
        from imperator.process.pidfile import Pidfile
        os.setgroups([]); os.setgid(12345); os.setuid(12345)
        Pidfile(sys.argv[1], None)
        print(os.getpid())
        """
    out = run(code, tmp_path / "pid").stdout
    assert (tmp_path / "pid").read_text() == out


# -- reading


def test_a_signal_reaches_its_process(tmp_path, instance):
    send(str(tmp_path / "pid"), signal.SIGINT)
    assert instance.stdout.readline() == "signalled\n"
    assert instance.wait(20) == 0
    # Its pid may be anybody's from now on; the lock is gone with it.
    complaint, status = refusal(send, str(tmp_path / "pid"), signal.SIGINT)
    assert (complaint.code, status) == ("not-running", 255)


def test_the_pid_itself_will_do(instance):
    assert target(str(instance.pid)) == instance.pid


def test_a_reused_pid_is_not_signalled(tmp_path):
    # Something that says when it is itself: right after its exec a program has no command line yet.
    command = ["sh", "-c", "echo; read forever", "stranger"]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None and other.stdout.readline() == b"\n"
        (tmp_path / "pid").write_text(f"{other.pid}\n")
        complaint, _ = refusal(send, str(tmp_path / "pid"), signal.SIGKILL)
        assert complaint.code == "not-ours"
        assert "stranger" in complaint.message
        assert refusal(target, str(other.pid))[0].code == "not-ours"
        assert other.poll() is None
    finally:
        other.kill()
        other.communicate()


@pytest.mark.parametrize("text", ["", "\n", "0\n", "1\n", "-1\n", "-5", "12x", "abc", "\x00\x01", "1.5", "7" * 70])
def test_a_pidfile_without_a_pid_signals_nobody(tmp_path, text):
    (tmp_path / "pid").write_text(text)
    complaint, _ = refusal(send, str(tmp_path / "pid"), signal.SIGKILL)
    assert complaint.code in ("bad-pidfile", "not-running")
    if complaint.code == "bad-pidfile":
        assert complaint.where == Where(str(tmp_path / "pid"))


@pytest.mark.parametrize("path", ["/nowhere/pid", "/tmp", "no-such-file"])
def test_a_pidfile_that_cannot_be_read(path):
    assert refusal(target, path)[0].code == "no-pidfile"


def test_a_fifo_keeps_nobody_waiting(tmp_path):
    os.mkfifo(tmp_path / "pid")
    assert refusal(target, str(tmp_path / "pid"))[0].code == "bad-pidfile"


@pytest.mark.parametrize("text", ["0", "999999999999", "4194305"])
def test_numbers_that_are_no_process(text):
    assert refusal(target, text)[1] == 255


def test_reading_does_not_break_the_lock(tmp_path, instance):
    threads = [threading.Thread(target=target, args=(str(tmp_path / "pid"),)) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert refusal(Pidfile, str(tmp_path / "pid"), WHERE)[0].code == "already-running"


@pytest.mark.parametrize(("content", "number"), [
    (b"123\n", 123), (b" 7 \nmore", 7), (b"", 0), (b"-5", 0), (b"no", 0), (b"\0\0", 0), (None, 0),
])  # fmt: skip
def test_the_number_in_the_pidfile_of_another_program(tmp_path, content, number):
    path = tmp_path / "other.pid"
    if content is not None:
        path.write_bytes(content)
    assert pidfile.named(str(path)) == number


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert pidfile.named(str(tmp_path / "pipe")) == 0
    assert pidfile.named(str(tmp_path)) == 0
    assert pidfile.named("/no\0thing") == 0
