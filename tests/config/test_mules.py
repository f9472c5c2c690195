"""Mules and farms, and what raises signals, out of the configuration."""

from __future__ import annotations

import pytest

from imperator.errors import Severity
from imperator.pipes import Farm, Mules, Trigger
from tests.config.reading import ini, reading


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        ([], {}),
        (["mules = 2"], {"targets": ("", "")}),
        (["mule = true", "mule = worker.py", "mules = 1", "mule = package.module:main"],
         {"targets": ("", "worker.py", "", "package.module:main")}),
        (["mules = 3", "farm = mail:1,3,1", "farm = other:2"],
         {"targets": ("",) * 3, "farms": (Farm("mail", (1, 3)), Farm("other", (2,)))}),
        (["mule-msg-size = 1000000", "mule-harakiri = 30", "mule-reload-mercy = 5"],
         {"size": 1000000, "harakiri": 30.0, "mercy": 5.0}),
    ],
)  # fmt: skip
def test_mules(tmp_path, lines, fields):
    got = ini(tmp_path, "master = true", *lines)
    assert got.settings.mules == Mules(**fields)
    assert got.codes == []


def test_a_mule_of_the_command_line(tmp_path):
    assert reading(tmp_path, "--mule", "--mule=x.py").settings.mules.targets == ("", "x.py")


def test_touching(tmp_path):
    assert ini(tmp_path, "chdir = /srv", "touch-mules-reload = x").settings.orders.mule_touches == ("/srv/x",)


@pytest.mark.parametrize(
    ("lines", "trigger"),
    [
        (["signal-timer = 17 30"], Trigger("timer", 17, [30])),
        (["timer = 1 5"], Trigger("timer", 1, [5])),
        (["rbtimer = 2 5"], Trigger("timer", 2, [5])),
        (["touch-signal = flag 3"], Trigger("file", 3, [], "/srv/flag")),
        (["fs-signal = /etc/hosts 4"], Trigger("file", 4, [], "/etc/hosts")),
    ],
)
def test_triggers(tmp_path, lines, trigger):
    got = ini(tmp_path, "chdir = /srv", *lines)
    assert got.settings.triggers == (trigger,)
    assert got.codes == []


@pytest.mark.parametrize(
    ("line", "code", "severity"),
    [
        ("mule = worker", "mule-odd", Severity.WARNING),
        ("farm = mail", "value-malformed", Severity.ERROR),
        ("farm = :1", "value-malformed", Severity.ERROR),
        ("farm = mail:1,2", "mule-unknown", Severity.ERROR),
        ("farm = mail:x", "mule-unknown", Severity.ERROR),
        ("mules = x", "number-missing", Severity.WARNING),
        ("mule-msg-size = 10", "number-out-of-range", Severity.WARNING),
        ("signal-timer = 5", "value-malformed", Severity.ERROR),
        ("signal-timer = a 5", "number-missing", Severity.WARNING),
        ("signal-rbtimer = 300 5", "number-out-of-range", Severity.WARNING),
        ("touch-signal = /x", "value-malformed", Severity.WARNING),
        ("touch-signal = /x y", "number-missing", Severity.WARNING),
    ],
)
def test_complaints(tmp_path, line, code, severity):
    got = ini(tmp_path, "mule = true", line)
    assert [(one.code, one.severity) for one in got.diagnostics] == [(code, severity)]
    assert got.settings.triggers == ()
