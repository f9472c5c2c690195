"""What is asked for instead of an instance."""

from __future__ import annotations

import pytest

from tests.config.reading import reading


@pytest.mark.parametrize(
    ("argv", "name", "argument"),
    [
        (["--stop", "x"], "stop", "x"), (["--suspend", "x"], "pause", "x"), (["--resume", "x"], "pause", "x"),
        (["--pause", "x"], "pause", "x"), (["--ping", ":1"], "ping", ":1"), (["--extract", "f"], "extract", "f"),
        (["--connect-and-read", "s"], "connect-and-read", "s"), (["--python-version"], "python-version", "true"),
        (["--nagios", "--http-socket", ":1", "--socket", ":2"], "nagios", ":2"), (["--nagios"], "nagios", ""),
        (["--ping", ":1", "--reload", "x"], "reload", "x"), (["--http", ":1"], None, ""),
    ],
)  # fmt: skip
def test_commands(tmp_path, argv, name, argument):
    command = reading(tmp_path, *argv).settings.command
    assert (command and command.name, command.argument if command else "") == (name, argument)


@pytest.mark.parametrize(("argv", "timeout"), [([], 3), (["--ping-timeout", "7"], 7), (["--ping-timeout", "0"], 1)])
def test_the_time_for_an_answer(tmp_path, argv, timeout):
    assert reading(tmp_path, "--ping", ":1", *argv).settings.command.timeout == timeout


def test_lists(tmp_path):
    settings = reading(tmp_path, "--http", ":1", "--loggers-list", "--clock-list").settings
    assert (settings.lists, settings.command) == (("logger-list", "clock-list"), None)
