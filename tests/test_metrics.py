"""Figures under uWSGI's names."""

from __future__ import annotations

import json

from imperator import metrics, stats
from imperator.config.figures import Figures
from imperator.metrics import COUNTER, GAUGE, Metric
from tests.test_stats import INSTANCE, Worker

WORKERS = [Worker(), Worker(id=2, busy_cores=1, requests=7, tx=10), Worker(id=3, pid=0, cores=())]

LISTS = stats.Lists(metrics=metrics.collect(WORKERS, []))


def test_the_figures():
    found = {one.name: one for one in metrics.collect(WORKERS, [3, 0])}
    assert found["worker.0.requests"] == Metric("worker.0.requests", COUNTER, "3.0.1", 17)
    assert found["worker.2.requests"].value == 7 and found["worker.2.total_tx"].oid == "3.2.9"
    assert (found["core.busy_workers"].value, found["core.idle_workers"].value) == (1, 1)
    assert found["core.total_tx"].value == 2010
    assert found["socket.0.listen_queue"] == Metric("socket.0.listen_queue", GAUGE, "7.0.1", 3)
    assert found["worker.1.core.0.write_errors"].value == 3
    assert found["rss_size"].kind == metrics.ALIAS


def test_without_cores():
    names = [one.name for one in metrics.collect(WORKERS, [], no_cores=True)]
    assert not [name for name in names if ".core." in name] and "core.busy_workers" in names


def test_names_are_told_once():
    names = [one.name for one in metrics.collect(WORKERS, [0, 0])]
    assert len(names) == len(set(names))


def test_they_are_in_the_document_unless_they_shall_not_be():
    found = json.loads(stats.document(INSTANCE, (), Figures(), LISTS))
    assert found["metrics"]["worker.2.requests"] == {"type": 0, "oid": "3.2.1", "value": 7}
    text = stats.document(INSTANCE, (), Figures(no_metrics=True, minified=True), LISTS)
    assert "metrics" not in json.loads(text) and " " not in text
    assert "metrics" not in json.loads(stats.document(INSTANCE, ()))
