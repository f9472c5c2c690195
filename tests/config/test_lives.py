"""The options about workers' lives, as the value that the generation gets."""

from __future__ import annotations

import pytest

from imperator.config.build import build
from imperator.config.pairs import Pair
from imperator.errors import Severity, Where
from imperator.pipes import Lives
from imperator.process.world import RealWorld

MB = 1 << 20


def settings(**lines: str):
    pairs = [Pair(name.replace("_", "-"), value, Where("a.ini", 1)) for name, value in lines.items()]
    return build(pairs, RealWorld())


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        ({}, {}),
        ({"harakiri": "30", "harakiri_verbose": "1"}, {"harakiri": 30.0, "harakiri_verbose": True}),
        ({"harakiri_graceful_timeout": "5", "harakiri_graceful_signal": "1"},
         {"harakiri_grace": 5.0, "harakiri_signal": 1}),
        ({"reload_on_rss": "150", "evil_reload_on_as": "512"}, {"rss": 150 * MB, "evil_address_space": 512 * MB}),
        ({"reload_on_as": "150", "evil_reload_on_rss": "512"}, {"address_space": 150 * MB, "evil_rss": 512 * MB}),
        ({"lazy": "true"}, {"lazy": True}),
        ({"lazy_apps": "true"}, {"lazy": True}),
        ({"lazy_apps": "false"}, {}),
        ({"min_worker_lifetime": "0"}, {"least": 0.0}),
        ({"mem_collector_freq": "5"}, {"memory_interval": 5.0}),
        ({"harakiri_queue_threshold": "20"}, {"harakiri_queue": 20}),
    ],
)  # fmt: skip
def test_fields(lines, fields):
    found, complaints = settings(**lines)
    assert found.lives == Lives(**fields)
    assert complaints == []


@pytest.mark.parametrize(
    ("lines", "limits"),
    [
        ({"max_requests": "1000"}, [1000]),
        ({"max_requests": "1000", "processes": "4"}, [1000, 1025, 1050, 1075]),
        ({"max_requests": "1000", "processes": "3", "max_requests_delta": "0"}, [1000, 1000, 1000]),
        ({"max_requests": "1000", "processes": "3", "max_requests_delta": "10"}, [1010, 1020, 1030]),
        ({"max_requests": "3", "processes": "3"}, [3, 4, 5]),
        ({"max_requests": "1", "processes": "2"}, [1, 2]),
        ({"max_requests": "1"}, [1]),
        ({"max_requests_delta": "5", "processes": "2"}, [0, 0]),
    ],
)
def test_workers_do_not_have_their_requests_at_the_same_time(lines, limits):
    found, _ = settings(**lines)
    assert [found.lives.requests(number) for number in range(1, found.workers + 1)] == limits


def test_a_life_shorter_than_the_shortest():
    found, complaints = settings(max_worker_lifetime="10")
    assert [(one.code, one.severity) for one in complaints] == [("lifetime-too-short", Severity.ERROR)]
    found, complaints = settings(max_worker_lifetime="10", min_worker_lifetime="9", processes="2")
    assert complaints == []
    assert (found.lives.most, found.lives.most_delta) == (10.0, 1.0)
