"""Commands of the administrator's: what they find when they start."""

from __future__ import annotations

import os
import signal

import pytest

from imperator.process import kernel, task
from imperator.process.task import Manner

root = pytest.mark.skipif(os.getuid() != 0, reason="needs root")


def told(tmp_path, command, *, status=0, **manner):
    """What a command writes to its standard output."""
    out = tmp_path / "out"
    pid = task.start(f"exec > {out}; {command}", {"PATH": os.environ["PATH"], "A": "b"}, Manner(**manner))
    assert kernel.finish(pid).status == status
    return out.read_text().split()


def test_what_it_finds(tmp_path):
    open_fd = os.open("/", os.O_RDONLY)
    os.set_inheritable(open_fd, True)
    try:
        command = 'echo $$ $(ps -o pgid=,sid= -p $$) $A; pwd; readlink /proc/$$/fd/0; ls /proc/$$/fd | xargs echo'
        pid, group, session, variable, folder, stdin, *fds = told(tmp_path, command, cwd=str(tmp_path))
    finally:
        os.close(open_fd)
    assert pid == group == session
    assert (variable, folder, stdin) == ("b", str(tmp_path), "/dev/null")
    assert set(fds) <= {"0", "1", "2", "10", "255"}  # the shell's own


def test_a_pipeline_ends_as_in_any_shell(tmp_path):
    assert told(tmp_path, "yes | head -n 1") == ["y"]
    ignored = told(tmp_path, "grep SigIgn /proc/self/status")[1]
    assert int(ignored, 16) & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGHUP - 1)) == 0


def test_the_first_shell_that_exists(tmp_path):
    mine = tmp_path / "shell"
    mine.write_text('#!/bin/sh\necho mine; exec /bin/sh "$@"\n')
    mine.chmod(0o755)
    out = tmp_path / "out"
    pid = task.start("true", {}, Manner(("/no/shell", str(mine), "/bin/sh")))
    assert kernel.finish(pid).status == 0
    pid = task.start(f"echo $0 > {out}", {}, Manner(("/no/shell", "/bin/sh")))
    assert kernel.finish(pid).status == 0
    assert out.read_text() == "/bin/sh\n"


@pytest.mark.parametrize("manner", [{"cwd": "/no/where"}, {"shells": ("/no/shell",)}])
def test_what_cannot_be_started_says_what_is_missing(manner):
    with pytest.raises(FileNotFoundError) as caught:
        task.start("true", {}, Manner(**manner))
    assert caught.value.filename.startswith("/no/")


@root
def test_as_another_user(capfd):
    pid = task.start("id -u; id -g; id -G", {"PATH": os.environ["PATH"]}, Manner(uid=33, gid=33))
    assert kernel.finish(pid).status == 0
    assert capfd.readouterr().out.split() == ["33", "33", "33"]


@root
def test_in_a_namespace_of_its_own(tmp_path):
    try:
        assert told(tmp_path, "echo $$", own_pids=True) == ["1"]
    except PermissionError:
        pytest.skip("this machine gives no namespaces")
    assert told(tmp_path, "echo $$")[0] != "1"  # we are where we were


def test_it_dies_with_whoever_started_it(tmp_path):
    out = tmp_path / "out"

    def starter() -> int:
        pid = task.start("exec sleep 60", {"PATH": os.environ["PATH"]}, Manner(bound=True))
        out.write_text(str(pid))
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    kernel.adopt_orphans()
    assert kernel.finish(kernel.fork(starter)).signal == signal.SIGKILL
    assert kernel.finish(int(out.read_text())).signal == signal.SIGKILL
