"""A line of the log is one write, whatever is in it, and a log that cannot be written stops nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def log(code: str, stderr: int) -> subprocess.CompletedProcess[bytes]:
    """Run ``code`` with ``stderr`` as its log; what it prints to standard output comes back."""
    imports = "from imperator import logs\nfrom imperator.errors import Diagnostic, Where, Severity"
    program = f"{imports}\n{code}\nprint('went on')"
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, timeout=30)


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("logs.say('plain')", b"plain\n"),
        ("logs.say('città')", "città\n".encode()),
        (r"logs.say('one\ntwo\x1b')", b"one\\ntwo\\x1b\n"),
        (r"logs.say('caf\udce9')", b"caf\\udce9\n"),
        (r"logs.text('one\ntwo\n')", b"one\ntwo\n"),
        (r"logs.text('caf\udce9\n')", b"caf\xe9\n"),
        (r"logs.text('half \ud800 a character\n')", b"half \\ud800 a character\n"),
        ("logs.text('')", b""),
        ("logs.complain([])", b""),
        (
            r"logs.complain([Diagnostic('a', None, 'x\ny'), Diagnostic('b', Where('f', 2), 'z', 'h', Severity.NOTE)])",
            b"error: x\\ny [a]\nnote: f:2: z; h [b]\n",
        ),
    ],
)
def test_what_is_written(code, written):
    run = log(code, subprocess.PIPE)
    assert (run.stderr, run.stdout) == (written, b"went on\n")


def test_a_line_is_one_write():
    # A pipe in packet mode keeps every write apart.
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_DIRECT)
    try:
        log("logs.say('first'); logs.say('second'); logs.complain([Diagnostic('a', None, 'third')])", writer)
        assert [os.read(reader, 4096) for _ in range(3)] == [b"first\n", b"second\n", b"error: third [a]\n"]
    finally:
        os.close(reader)
        os.close(writer)


def test_a_full_disk_stops_nobody():
    with open("/dev/full", "wb") as full:
        assert log("logs.say('x')", full.fileno()).stdout == b"went on\n"


def test_a_closed_log_stops_nobody():
    run = log("import os\nos.close(2)\nlogs.say('x')\nlogs.text('y')", subprocess.DEVNULL)
    assert run.stdout == b"went on\n"


def test_a_text_larger_than_the_pipe_arrives_whole():
    run = log("logs.text('x' * 1_000_000 + '\\n')", subprocess.PIPE)
    assert run.stderr == b"x" * 1_000_000 + b"\n"
