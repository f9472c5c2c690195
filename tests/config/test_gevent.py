"""``gevent`` and its relatives, out of the configuration."""

from __future__ import annotations

import pytest

from imperator.config.combination import combine
from imperator.errors import Severity
from imperator.pipes import Gevent
from tests.config.reading import ini


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (["master = true"], {}),
        (["gevent = 100"], {"greenlets": 100}),
        (["gevent = 1"], {"greenlets": 1}),
        (["loop = gevent", "async = 7"], {"greenlets": 7}),
        (["async = 5", "gevent = 9"], {"greenlets": 9}),
        (["gevent = 9", "async = 5"], {"greenlets": 5}),
        (["gevent = 2", "gevent-monkey-patch = true"], {"greenlets": 2, "monkey_patch": True}),
        (["gevent = 2", "gevent-early-monkey-patch"], {"greenlets": 2, "early_monkey_patch": True}),
        (["gevent = 2", "gevent-wait-for-hub = 1"], {"greenlets": 2, "wait_for_hub": True}),
        (["gevent = 2", "gevent-monkey-patch = false"], {"greenlets": 2}),
        (["gevent-early-monkey-patch = true"], {"early_monkey_patch": True}),
        (["loop = simple"], {}),
    ],
)
def test_fields(tmp_path, lines, fields):
    got = ini(tmp_path, *lines)
    assert got.settings.gevent._replace(where="") == Gevent(**fields)
    assert got.settings.threads == fields.get("greenlets", 1)
    assert got.codes == []


@pytest.mark.parametrize(
    ("lines", "code", "is_error"),
    [
        (["loop = gevent"], "loop-unfinished", True),
        (["loop = asyncio"], "loop-unknown", True),
        (["loop = gevent # the fast one"], "loop-unknown", True),
        (["gevent = 5", "threads = 4"], "threads-and-gevent", False),
        (["async = 5"], "async-alone", False),
        (["gevent = 0"], "number-out-of-range", False),
        (["gevent = lots"], "number-missing", False),
    ],
)
def test_complaints(tmp_path, lines, code, is_error):
    got = ini(tmp_path, *lines)
    assert got.codes == [code]
    assert (got.diagnostics[0].severity is Severity.ERROR) == is_error


def test_the_place_is_that_of_the_line_that_asks(tmp_path):
    assert ini(tmp_path, "master = true", "gevent = 5").settings.gevent.where.endswith(".ini:3")


@pytest.mark.parametrize("option", ["gevent-monkey-patch", "gevent-wait-for-hub"])
def test_some_have_no_effect_alone(tmp_path, option):
    def codes(*lines):
        got = ini(tmp_path, "http-socket = :8000", *lines)
        return [one.code for one in combine(got.settings, got.pairs, vassal=False)]

    assert "no-effect-alone" in codes(f"{option} = true")
    assert "no-effect-alone" not in codes(f"{option} = true", "gevent = 5")


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        (["gevent = 5"], 30),
        (["socket-timeout = 7", "gevent = 5"], 7),
        (["loop = gevent", "async = 5"], 4),
        (["master = true"], 4),
    ],
)
def test_clients_may_take_longer(tmp_path, lines, seconds):
    assert ini(tmp_path, *lines).settings.clients.timeout == seconds
