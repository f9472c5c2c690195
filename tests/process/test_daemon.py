"""The foreground process waits until the background has spoken, or is gone."""

from __future__ import annotations

import os
import select

import pytest

from .child import run

LEAVE = """
    import os, sys, time
    from imperator.process.daemon import Caller
    caller = Caller()
    assert not caller.waits
    sys.stdout.write("before ")
    foreground = os.getpid()
    caller.leave()
    assert caller.waits and os.getpid() != foreground and os.getsid(0) == os.getpid()
"""


@pytest.mark.parametrize(
    ("then", "status", "stderr"),
    [
        ("caller.ready()", 0, ""),
        ("caller.failed(22, 'error: città\\n')", 22, "error: città\n"),
        ("caller.failed(1, 'x' * 300_000)", 1, "x" * 300_000),
        ("caller.failed(3, 'half \\ud800')", 3, "half \\ud800"),
        ("caller.failed(3, '')", 3, ""),
        ("os._exit(0)", 1, ""),
        ("os.kill(os.getpid(), 9)", 1, ""),
        ("caller.ready(); caller.ready(); caller.failed(9, 'late')", 0, ""),
    ],
)
def test_what_the_caller_of_the_program_gets(then, status, stderr):
    done = run(LEAVE + "    " + then + "\n    os._exit(0)\n", check=status)
    assert (done.stdout, done.stderr) == ("before ", stderr)


def test_the_background_goes_on_when_the_caller_is_gone(tmp_path):
    reader, writer = os.pipe()
    code = (
        LEAVE.replace("caller.leave()", "fd = int(sys.argv[1]); caller.leave()")
        + """
    os.kill(foreground, 9)
    while os.getppid() == foreground:
        time.sleep(0.01)
    caller.ready()
    os.write(fd, b"went on")
    os._exit(0)
    """
    )
    try:
        run(code, writer, check=-9, pass_fds=[writer])
        assert select.select([reader], [], [], 20)[0]
        assert os.read(reader, 100) == b"went on"
    finally:
        os.close(reader)
        os.close(writer)


def test_without_a_caller_nothing_is_told():
    code = """
        from imperator.process.daemon import Caller
        caller = Caller()
        caller.ready()
        caller.failed(3, "text")
        print("went on")
        """
    done = run(code)
    assert (done.stdout, done.stderr) == ("went on\n", "")
