"""How an emperor treats its vassals, out of the configuration."""

from __future__ import annotations

import pytest

from imperator.config.empire import Empire
from imperator.config.figures import Figures
from tests.config.reading import ini


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        ([], {}),
        (["emperor-tyrant = true", "emperor-tyrant-nofollow = true"], {"tyrant": True, "tyrant_by_link": True}),
        (["emperor-nofollow = true"], {"nofollow": True, "tyrant_by_link": True}),
        (["emperor-no-blacklist = true", "emperor-magic-exec = 1"], {"forgiving": True, "magic_exec": True}),
        (["early-emperor = yes", "emperor-procname = king"], {"keeps_root": True, "procname": "king"}),
        (["emperor-curse-tolerance = 5", "emperor-required-heartbeat = 7"], {"curse_tolerance": 5, "heartbeat": 7}),
        (["vassals-start-hook = /x a", "vassals-stop-hook = /y"], {"start_hook": "/x a", "stop_hook": "/y"}),
        (["emperor-wrapper = /w"], {"programs": ("/w",)}),
        (["emperor-wrapper-override = /a", "emperor-wrapper-override = /b"], {"programs": ("/a", "/b", "")}),
        (["emperor-wrapper = /w", "emperor-wrapper-fallback = /f"], {"programs": ("/w", "/f")}),
        (["emperor-on-demand-extension = .at"], {"demand_suffix": ".at"}),
        (["emperor-on-demand-exec = /x"], {"demand_command": "/x"}),
    ],
)
def test_empire(tmp_path, lines, fields):
    got = ini(tmp_path, "emperor = /etc/vassals", *lines)
    assert got.settings.empire == Empire(**fields)
    assert got.codes == []


def test_the_directory_of_sockets_begins_at_the_start(tmp_path):
    got = ini(tmp_path, "emperor = v", "emperor-on-demand-dir = run", "chmod-socket = 660")
    assert got.settings.empire.demand_directory == f"{tmp_path}/run"
    assert got.codes == []
    assert ini(tmp_path, "emperor = v", "chmod-socket = 660").codes == ["no-effect-in-emperor"]


@pytest.mark.parametrize(
    ("line", "code"),
    [("emperor-curse-tolerance = x", "number-missing"), ("emperor-tyrant = maybe", "flag-unclear"),
     ("emperor-stats = 80", "address-is-number"), ("emperor-required-heartbeat = 0", "number-out-of-range")],
)  # fmt: skip
def test_complaints(tmp_path, line, code):
    assert ini(tmp_path, "emperor = v", line).codes == [code]


def test_the_addresses_of_statistics(tmp_path):
    got = ini(tmp_path, "emperor = v", "emperor-stats = :8001", "emperor-stats-server = run/x", "chdir = /srv")
    assert [str(one.endpoint) for one in got.settings.emperor_stats] == ["0.0.0.0:8001", f"{tmp_path}/run/x"]


@pytest.mark.parametrize(
    ("lines", "fields"),
    [([], {}), (["stats-http = true", "stats-min = 1"], {"http": True, "minified": True}),
     (["stats-no-cores = true"], {"no_cores": True}), (["enable-metrics = true"], {"metrics": True}),
     (["chdir = /srv", "metrics-dir = m"], {"metrics": True, "directory": "/srv/m"}),
     (["metrics-no-cores = 1", "stats-no-metrics = 1"],
      {"metrics": True, "metrics_no_cores": True, "no_metrics": True})],
)  # fmt: skip
def test_figures(tmp_path, lines, fields):
    assert ini(tmp_path, *lines).settings.figures == Figures(**fields)


@pytest.mark.parametrize(
    ("line", "told"),
    [("statsd:h:1", ("statsd", "h:1", 9, "uwsgi")), ("statsd:h:1,shop", ("statsd", "h:1", 9, "shop")),
     ("file:f", ("file", "/srv/f", 9, "uwsgi")), ("file:path=/f,freq=60", ("file", "/f", 60, "uwsgi")),
     ("socket:/run/x", ("socket", "/run/x", 9, "uwsgi")), ("mongodb:h", None), ("statsd", None)],
)  # fmt: skip
def test_pushers(tmp_path, line, told):
    got = ini(tmp_path, "chdir = /srv", "stats-pusher-default-freq = 9", f"stats-push = {line}")
    pushers = [(one.kind, one.target, one.seconds, one.prefix) for one in got.settings.figures.pushers]
    assert pushers == ([told] if told else [])
    assert got.codes == ([] if told else ["pusher-unknown"])
