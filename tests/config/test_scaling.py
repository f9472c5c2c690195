"""How many workers, out of the configuration."""

from __future__ import annotations

import pytest

from imperator.errors import Severity
from imperator.pipes import Scaling
from tests.config.reading import ini


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        ([], {}),
        (["cheaper = 2"], {"least": 2, "initial": 2}),
        (["cheaper = 1", "cheaper-initial = 3", "cheaper-step = 2", "cheaper-overload = 5"],
         {"least": 1, "initial": 3, "step": 2, "overload": 5}),
        (["cheaper = 1", "cheaper-algo = busyness", "cheaper-busyness-max = 70", "cheaper-busyness-min = 20",
          "cheaper-busyness-multiplier = 30", "cheaper-busyness-penalty = 3", "cheaper-busyness-verbose = true"],
         {"least": 1, "initial": 1, "algorithm": "busyness", "busyness_most": 70, "busyness_least": 20,
          "multiplier": 30, "penalty": 3, "verbose": True}),
        (["cheaper = 1", "cheaper-busyness-backlog-alert = 16", "cheaper-busyness-backlog-step = 2",
          "cheaper-busyness-backlog-nonzero = 9"],
         {"least": 1, "initial": 1, "backlog_alert": 16, "backlog_step": 2, "backlog_nonzero": 9}),
        (["cheap = true", "idle = 60", "die-on-idle = true"], {"cheap": True, "idle": 60.0, "die_on_idle": True}),
        (["cheaper = 1", "cheaper-rss-limit-soft = 134217728", "cheaper-rss-limit-hard = 10000000000"],
         {"least": 1, "initial": 1, "memory_soft": 134217728, "memory_hard": 10000000000}),
    ],
)  # fmt: skip
def test_fields(tmp_path, lines, fields):
    got = ini(tmp_path, "processes = 4", *lines)
    assert got.settings.scaling == Scaling(**{"most": 4, **fields})
    assert got.codes == []


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["cheaper = 4"], "cheaper-too-high"),
        (["cheaper = 9"], "cheaper-too-high"),
        (["cheaper = 1", "cheaper-initial = 9"], "number-out-of-range"),
        (["cheaper = 2", "cheaper-initial = 1"], "number-out-of-range"),
        (["cheaper = 2", "cheaper-algo = spar"], "algorithm-unknown"),
        (["cheaper = 2", "cheaper-algo = spare2"], "algorithm-unknown"),
    ],
)
def test_complaints(tmp_path, lines, code):
    got = ini(tmp_path, "processes = 4", *lines)
    assert got.codes == [code]
    [one] = got.diagnostics
    assert (one.severity is Severity.ERROR) == (code == "cheaper-too-high")


def test_the_next_best_algorithm(tmp_path):
    assert ini(tmp_path, "cheaper-algo = backlog2").settings.scaling.algorithm == "backlog"
    assert ini(tmp_path, "cheaper-algo = what").settings.scaling.algorithm == "spare"
