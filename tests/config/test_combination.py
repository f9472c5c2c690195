"""What lines do to one another: ports that are asked for twice, workers that are too few, instances that only route."""

import pytest

from imperator.config.advice import advise
from imperator.config.combination import combine
from imperator.errors import Severity
from tests.config.reading import RealWorld, ini


def told(tmp_path, *lines):
    got = ini(tmp_path, *lines)
    return [(d.code, d.severity) for d in combine(got.settings, got.pairs, vassal=False) if d.code != "no-application"]


def advice(tmp_path, *lines):
    got = ini(tmp_path, *lines)
    return [d.code for d in advise(got.settings, got.pairs, RealWorld())]


@pytest.mark.parametrize("lines", [
    ("http = :8000", "http-socket = 127.0.0.1:8000"), ("http-socket = 127.0.0.1:8000", "socket = :8000"),
    ("http = :8000", "stats = :8000"), ("http = :8000", "stats = 127.0.0.1:8000"),
    ("http = [::]:8000", "socket = :8000"), ("http = [::]:8000", "socket = [::1]:8000"),
    ("http = [::]:8000", "socket = 127.0.0.1:8000"),
    ("socket = x.sock", "stats = x.sock"),
])
def test_a_port_goes_to_one_socket_only(tmp_path, lines):
    assert told(tmp_path, *lines) == [("address-duplicate", Severity.ERROR)]


@pytest.mark.parametrize("lines", [
    ("http = :8000", "http-socket = :8001"), ("http = 127.0.0.1:8000", "socket = 127.0.0.2:8000"),
    ("http = 127.0.0.1:8000", "socket = [::1]:8000"), ("http = :0", "socket = :0"),
    ("socket = a.sock", "stats = b.sock"),
    ("socket = @a", "socket = a"), ("http = :8000", "socket = fd://3"),
    ("http = 0.0.0.0:8000", "socket = [::1]:8000"),
])
def test_other_addresses_stand_side_by_side(tmp_path, lines):
    assert told(tmp_path, *lines) == []


def test_an_instance_that_only_routes_serves_nothing(tmp_path):
    got = ini(tmp_path, "http = :8000", "http-to = 127.0.0.1:9000")
    found = [d for d in combine(got.settings, got.pairs, vassal=False) if d.code == "no-application"]
    assert [(d.severity, d.where.line) for d in found] == [(Severity.ERROR, 3)]


def test_an_instance_without_a_socket_of_its_own(tmp_path):
    got = ini(tmp_path, "fastrouter = :8000", "wsgi-file = app.py")
    found = [d for d in combine(got.settings, got.pairs, vassal=False) if d.code == "no-socket"]
    assert [d.severity for d in found] == [Severity.ERROR]


def test_who_may_connect(tmp_path):
    assert "socket-closed" in advice(tmp_path, "socket = x.sock")
    for line in ("chmod-socket = 660", "chown-socket = :0", "umask = 007"):
        assert "socket-closed" not in advice(tmp_path, "socket = x.sock", line)
    assert "socket-closed" not in advice(tmp_path, "http = :8000")
    assert "world-writable-socket" in advice(tmp_path, "socket = x.sock", "chmod-socket = 666")


def test_statistics_for_everybody(tmp_path):
    assert "public-socket" in advice(tmp_path, "http = :8000", "stats = :8001")
    for address in ("127.0.0.1:8001", "[::1]:8001", "x.sock"):
        assert "public-socket" not in advice(tmp_path, "http = :8000", f"stats = {address}")


def test_what_another_environment_would_do_is_not_missed(tmp_path):
    lines = ["http = :8000", "if-env = NOWHERE_SET", "cheaper = 2", "endif =", "cheaper-step = 1"]
    got = ini(tmp_path, *lines)
    assert got.left_out == {"cheaper"}
    assert "no-effect-alone" in [d.code for d in combine(got.settings, got.pairs, vassal=False)]
    assert "no-effect-alone" not in [
        d.code for d in combine(got.settings, got.pairs, vassal=False, left_out=got.left_out)]
