"""Files of tasks."""

from __future__ import annotations

import fcntl
import os
import signal

import pytest

from imperator.process import spool_files


def claimed_by_another(path: str) -> bool:
    """Whether uWSGI's spooler, which takes a lock of the other kind, would leave it alone."""
    pid = os.fork()
    if not pid:
        fd = os.open(path, os.O_RDWR)
        try:
            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1


def test_a_task_is_left_found_and_done(tmp_path):
    path = spool_files.leave(str(tmp_path), b"content", "host", due=5.0)
    urgent = spool_files.leave(str(tmp_path), b"urgent", "host", priority=3)
    (tmp_path / "other").write_text("")
    (tmp_path / "uwsgi_spoolfile_on_directory").mkdir()
    os.symlink("/etc/passwd", tmp_path / "uwsgi_spoolfile_on_link")
    assert os.stat(path).st_mode & 0o777 == 0o600
    tasks, below = spool_files.find(str(tmp_path))
    assert sorted((one.path, one.due == 5.0, one.priority) for one in tasks) == sorted(
        [(path, True, None), (urgent, False, 3)]
    )
    assert below == [str(tmp_path / "3")]
    claim = spool_files.claim(path)
    assert claim and claim.content == b"content" and claimed_by_another(path)
    assert spool_files.claim(path) is None
    claim.done()
    claim.done()
    claim.drop()
    assert spool_files.claim(path) is None
    assert [one.path for one in spool_files.find(str(tmp_path))[0]] == [urgent]


def test_a_task_of_the_dead_is_free(tmp_path):
    path = spool_files.leave(str(tmp_path), b"content", "host")
    ready, told = os.pipe()
    pid = os.fork()
    if not pid:
        assert spool_files.claim(path)
        os.write(told, b"x")
        signal.pause()
    os.read(ready, 1)
    assert spool_files.claim(path) is None
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    claim = spool_files.claim(path)
    assert claim
    claim.drop()


def test_a_task_that_is_done_meanwhile_is_not_done_again(tmp_path, monkeypatch):
    path = spool_files.leave(str(tmp_path), b"content", "host")
    lock = fcntl.fcntl

    def slow(fd, command, argument=0):
        if command == fcntl.F_OFD_SETLK:
            os.unlink(path)
        return lock(fd, command, argument)

    monkeypatch.setattr(fcntl, "fcntl", slow)
    assert spool_files.claim(path) is None


def test_what_is_no_task_is_put_aside(tmp_path):
    path = spool_files.leave(str(tmp_path), b"content", "host")
    claim = spool_files.claim(path)
    assert claim and os.path.exists(claim.put_aside())
    claim.drop()
    assert spool_files.find(str(tmp_path)) == ([], [])


def test_a_link_is_not_followed(tmp_path):
    os.symlink("/etc/passwd", tmp_path / "x")
    with pytest.raises(OSError, match="symbolic"):
        spool_files.claim(str(tmp_path / "x"))


def test_leftovers_are_removed(tmp_path):
    for name, age in ((".new-old", 5000), (".new-fresh", 0), ("other", 5000)):
        (tmp_path / name).write_text("")
        now = os.stat(tmp_path / name).st_mtime
        os.utime(tmp_path / name, (now - age, now - age))
    spool_files.tidy(str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == [".new-fresh", "other"]
