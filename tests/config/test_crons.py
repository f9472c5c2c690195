"""Commands at times, out of the configuration. What stops uWSGI 2.0.31 was seen to stop it."""

from __future__ import annotations

import pytest

from imperator.cron import Spec
from imperator.errors import Severity
from tests.config.reading import ini


@pytest.mark.parametrize(("lines", "expected"), [
    (["cron = 59 2 -1 -1 -1 /usr/bin/backup --all"], [(Spec(59, 2), "/usr/bin/backup --all", False, 0)]),
    (["unique-cron = -15 -1 -1 -1 -1 ./manage.py runjobs quarter_hourly"],
     [(Spec(-15), "./manage.py runjobs quarter_hourly", True, 0)]),
    (["cron = -1 -1 -1 -1 7 echo * , ;", "cron-harakiri = 60"], [(Spec(week=7), "echo * , ;", False, 60)]),
    (["cron2 = minute=-5,unique=1 x y"], [(Spec(-5), "x y", True, 0)]),
    (["cron2 = hour=2,minute=0,week=1,harakiri=9 x", "cron-harakiri = 60"], [(Spec(0, 2, week=1), "x", False, 9)]),
    (["cron2 = day=1,month=12 x"], [(Spec(day=1, month=12), "x", False, 0)]),
    (["cron2 = command alone"], [(Spec(), "command alone", False, 0)]),
])  # fmt: skip
def test_crons(tmp_path, lines, expected):
    got = ini(tmp_path, *lines)
    found = got.settings.tasks.crons
    assert [(one.spec, one.command, one.unique, one.harakiri) for one in found] == expected
    assert got.codes == []
    assert got.settings.master


@pytest.mark.parametrize("line", [
    "cron = * * * * * x", "cron = 1 2 3 4 x y", "unique-cron = 5", "cron = */5 1 2 3 4 x",
])  # fmt: skip
def test_what_stops_uwsgi_is_an_error(tmp_path, line):
    assert [(d.code, d.severity) for d in ini(tmp_path, line).diagnostics] == [("value-malformed", Severity.ERROR)]


@pytest.mark.parametrize(("line", "code", "kept"), [
    ("cron = 75 2 3 4 5 x", "cron-never", 1), ("cron = 0 24 -1 -1 -1 x", "cron-never", 1),
    ("cron = 0 0 -1 -1 9 x", "cron-never", 1), ("cron = 0 0 -40 -1 -1 x", "cron-never", 1),
    ("unique-cron = 1 2 3 4 5", "value-malformed", 0), ("cron2 = FOO=1 command", "key-unknown", 1),
    ("cron2 = minute=5,foo=2 x", "key-unknown", 1), ("cron2 = minute=5,unique=0 x", "key-always-on", 1),
    ("cron2 = minute=5", "value-malformed", 0), ("cron2 = minute=x x", "number-missing", 1),
    ("cron2 = minute=5,legion=l x", "key-unknown", 1), ("cron-harakiri = 5m", "number-trailing", 0),
])  # fmt: skip
def test_what_uwsgi_swallows_is_a_warning(tmp_path, line, code, kept):
    got = ini(tmp_path, line)
    assert [(d.code, d.severity) for d in got.diagnostics] == [(code, Severity.WARNING)]
    assert len(got.settings.tasks.crons) == kept


def test_a_time_that_nobody_filled_in(tmp_path):
    assert "placeholder-unresolved" in ini(tmp_path, "cron = $(MINUTE) 2 3 4 5 x").codes
