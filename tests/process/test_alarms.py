"""Alarms: who is told what, and how often."""

from __future__ import annotations

import os

import pytest

from imperator.config.alarms import Alarm, Alarms, Rule
from imperator.errors import Where
from imperator.process import kernel
from imperator.process.alarms import AT_ONCE, Bells, LineAlarms

WHERE = Where("site.ini", 2)


def bells(*commands, **fields):
    """Alarms a, b, … that run these commands, and one called log; and what the latter has said."""
    said = []
    alarms = [Alarm(name, "cmd", command, WHERE) for name, command in zip("abcdef", commands, strict=False)]
    return Bells(Alarms((*alarms, Alarm("log", "log", "", WHERE)), **fields), said.append), said


def test_a_line_of_the_log():
    one, said = bells()
    one.ring(["log"], b"caf\xe9\n")
    one.ring(["nobody"], b"x")
    assert said == ["ALARM: caf\udce9"]


def test_a_command_reads_the_message(tmp_path):
    one, _ = bells(f"cat >{tmp_path}/told", longest=5)
    one.ring(["a"], b"$(touch evil) and so on\n")
    for pid in list(one._running):
        kernel.finish(pid)
    assert (tmp_path / "told").read_text() == "$(tou"


@pytest.mark.parametrize(("quiet", "count"), [(1000, 2), (0, 4)])
def test_the_same_is_not_told_again_at_once(quiet, count):
    one, said = bells(quiet=quiet)
    for message in (b"x", b"x", b"y", b"x"):
        one.ring(["log"], message)
    assert len(said) == count


def test_commands_that_hang_are_not_joined_by_more():
    reader, writer = os.pipe()
    os.set_inheritable(reader, True)
    one, _ = bells(f"exec 0<&-; read x </proc/{os.getpid()}/fd/{reader}", quiet=0)
    for number in range(AT_ONCE + 5):
        one.ring(["a"], b"%d" % number)
    running = list(one._running)
    assert len(running) == AT_ONCE
    os.close(writer)
    for pid in running:
        kernel.kill(pid, 9)
        kernel.finish(pid)
    os.close(reader)
    one.ended(running)
    assert not one._running


@pytest.mark.parametrize(
    ("line", "told"), [(b"an error here\n", 1), (b"an error, boring\n", 0), (b"boring\n", 0), (b"fine\n", 0)]
)
def test_lines(line, told):
    one, said = bells()
    LineAlarms([Rule(("log",), "error", True), Rule(("log",), "boring", False)], one).look(line)
    assert len(said) == told
