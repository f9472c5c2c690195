"""What steps of hooks do, each on the real machine."""

from __future__ import annotations

import os
import socket
import stat
import threading

import pytest

from imperator import pipes
from imperator.pipes import HookStep
from imperator.process.hooks import HookExit, HookFailed, Runner
from tests.process.child import run


@pytest.fixture
def runner(tmp_path):
    (tmp_path / "f").write_text("old\n")
    (tmp_path / "d").mkdir()
    return Runner(str(tmp_path), dict(os.environ), pipes.Hooks(patience=0.3, socket_patience=0.3))


def do(runner, action, arguments="", option="hook-as-user", hidden=False):
    runner.run([HookStep(action, arguments, option, "a.ini", 3, hidden)], "as-user")


@pytest.mark.parametrize(
    ("action", "arguments", "name", "content"),
    [
        ("write", "f one two", "f", "one two"), ("writen", "f one", "f", "one\n"),
        ("append", "f more", "f", "old\nmore"),
        ("appendn", "f more", "f", "old\nmore\n"), ("append", "n more", "n", "more"), ("create", "f", "f", ""),
        ("creat", "n", "n", ""), ("file-write", "n=a b=c", "n", "a b=c"), ("exec", "echo $((1+1)) > n", "n", "2\n"),
        ("safeexec", "echo x > n; exit 3", "n", "x\n"), ("mkdir", "new", "new", None), ("unlink", "f", "f", None),
    ],
)  # fmt: skip
def test_an_action_on_a_file(runner, tmp_path, action, arguments, name, content):
    do(runner, action, arguments)
    if content is None:
        assert (tmp_path / name).is_dir() == (action == "mkdir")
    else:
        assert (tmp_path / name).read_text() == content


def test_what_is_made_is_never_for_everybody_to_write(tmp_path):
    code = """
        import os, sys
        from imperator import pipes
        from imperator.process.hooks import Runner
        os.umask(0)
        Runner(sys.argv[1], {}, pipes.Hooks()).run([pipes.HookStep("write", "n x", "hook-asap", "a", 1)], "asap")
    """
    run(code, tmp_path)
    assert not (tmp_path / "n").stat().st_mode & 0o002


def test_modes_and_owners(runner, tmp_path):
    do(runner, "chmod", "f 600")
    do(runner, "sticky", "d")
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600
    assert (tmp_path / "d").stat().st_mode & stat.S_ISVTX
    if os.getuid() == 0:
        do(runner, "chown", "f daemon 7")
        assert ((tmp_path / "f").stat().st_uid, (tmp_path / "f").stat().st_gid) == (1, 7)
        do(runner, "chown2", "f 5 6")
        assert ((tmp_path / "f").stat().st_uid, (tmp_path / "f").stat().st_gid) == (5, 6)


def test_directory_and_variables_hold_for_what_follows(runner, tmp_path):
    do(runner, "chdir", "d")
    do(runner, "putenv", "COLOUR=a=b")
    do(runner, "exec", "echo $COLOUR > $(pwd)/n")
    assert (tmp_path / "d" / "n").read_text() == "a=b\n"
    assert (runner.directory, runner.put) == (str(tmp_path / "d"), {"COLOUR": "a=b"})
    assert "COLOUR" not in os.environ
    assert os.getcwd() != str(tmp_path / "d")
    do(runner, "putenv", "COLOUR")
    assert "COLOUR" not in runner.environ


def test_a_pipe(runner, tmp_path):
    os.mkfifo(tmp_path / "p")
    with pytest.raises(HookFailed, match="nobody reads it"):
        do(runner, "writefifo", "p hello")
    writer = threading.Thread(target=do, args=(runner, "spinningfifo", "p hello you"))
    writer.start()
    assert (tmp_path / "p").read_text() == "hello you"
    writer.join()


def test_waiting_ends_when_it_is_there(runner, tmp_path):
    for action, arguments in (
        ("wait_for_fs", "d"), ("wait_for_file", "f"), ("wait_for_dir", "d"), ("wait_for_interface", "lo"),
        ("wait_for_mountpoint", "/proc"),
    ):  # fmt: skip
        do(runner, action, arguments)
    with socket.socket(socket.AF_UNIX) as unix, socket.create_server(("127.0.0.1", 0)) as inet:
        unix.bind(str(tmp_path / "s"))
        unix.listen()
        do(runner, "wait_for_socket", "s")
        do(runner, "wait_for_socket", f"127.0.0.1:{inet.getsockname()[1]}")


@pytest.mark.parametrize(
    ("action", "arguments", "why"),
    [
        ("unlink", "nope", "No such file"), ("chdir", "f", "Not a directory"), ("mkdir", "d", "File exists"),
        ("exec", "exit 3", "exited with status 3"), ("exec", "kill -9 $$", "was killed by SIGKILL"),
        ("chown", "f nosuchuser 0", "no user nosuchuser"), ("wait_for_file", "d", "not there after 0.3 seconds"),
        ("wait_for_socket", "nope", "not there"), ("wait_for_interface", "nope0", "not there"),
        ("umount", "d", ""), ("write", "nope/x y", "No such file"), ("unlink", "a\0b", "null"),
    ],
)  # fmt: skip
def test_a_failure_says_where_and_why(runner, action, arguments, why):
    with pytest.raises(HookFailed) as failed:
        do(runner, action, arguments)
    assert why in failed.value.diagnostic.message
    assert str(failed.value.diagnostic.where) == "a.ini:3"
    assert failed.value.diagnostic.code == "hook-failed"


def test_what_is_hidden_is_not_told(runner, capfd):
    with pytest.raises(HookFailed) as failed:
        do(runner, "exec", "exit 3; secret", hidden=True)
    assert "secret" not in failed.value.diagnostic.line()
    assert "secret" not in capfd.readouterr().err


def test_nothing_follows_a_failure_or_an_exit(runner, tmp_path):
    steps = [HookStep("exit", "7", "hook-asap", "a", 1), HookStep("create", "n", "hook-asap", "a", 2)]
    with pytest.raises(HookExit) as asked:
        runner.run(steps, "asap")
    assert asked.value.status == 7
    assert not (tmp_path / "n").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_mounts_in_a_namespace_of_their_own(tmp_path):
    code = """
        import ctypes, os, sys
        from imperator import pipes
        from imperator.process.hooks import Runner
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(0x00020000 | 0x04000000):
            print("no namespace"); sys.exit(0)
        runner = Runner(sys.argv[1], {}, pipes.Hooks())
        def step(action, text):
            runner.run([pipes.HookStep(action, text, "hook-as-root", "a", 1)], "as-root")
        step("mount", "none none / rec,private")
        os.mkdir(sys.argv[1] + "/m")
        step("mount", "tmpfs none m nosuid,nodev size=1m")
        os.mkdir(sys.argv[1] + "/m/n")
        step("mount", "tmpfs none m/n")
        assert os.path.ismount(sys.argv[1] + "/m/n")
        step("umount", "m rec")
        assert not os.path.ismount(sys.argv[1] + "/m")
        step("hostname", "elsewhere")
        assert os.uname().nodename == "elsewhere"
    """
    before = os.uname().nodename
    run(code, tmp_path)
    assert os.uname().nodename == before
