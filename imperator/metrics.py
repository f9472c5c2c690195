"""The figures of an instance under the names and numbers that uWSGI's metrics have.

Pure: counters in, figures out. They are made when somebody looks; nobody counts in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from imperator._core import CoreCounters, WorkerCounters

COUNTER, GAUGE, ABSOLUTE, ALIAS = range(4)


class Metric(NamedTuple):
    """One figure. ``oid`` is its number in uWSGI's tree."""

    name: str
    kind: int
    oid: str
    value: int


def collect(workers: Sequence[WorkerCounters], queues: Sequence[int], *, no_cores: bool = False) -> list[Metric]:
    """Every figure, in uWSGI's order. ``queues``: how many connections wait at each socket."""
    alive = [one for one in workers if one.pid]
    busy = sum(bool(one.busy_cores) for one in alive)
    sent, running = sum(one.tx for one in workers), sum(one.running_time for one in workers)
    average = sum(one.avg_rt for one in alive) // max(1, len(alive))
    found = [
        Metric("core.routed_signals", COUNTER, "5.1", 0),
        Metric("core.unrouted_signals", COUNTER, "5.2", 0),
        Metric("core.busy_workers", GAUGE, "5.3", busy),
        Metric("core.idle_workers", GAUGE, "5.4", len(alive) - busy),
        Metric("core.overloaded", COUNTER, "5.5", 0),
        *_worker(
            0, sum(one.requests for one in workers), sum(one.exceptions for one in workers),
            sum(one.respawn_count for one in workers), average, sent, running,
        ),
    ]  # fmt: skip
    for one in workers:
        found += _worker(
            one.id, one.requests, one.exceptions, one.respawn_count, one.avg_rt, one.tx, one.running_time
        )
        if not no_cores:
            for core in one.cores:
                found += _core(one.id, core)
    found += [
        Metric("core.total_tx", COUNTER, "5.100", sent),
        Metric("core.total_rss", GAUGE, "5.101", 0),
        Metric("core.total_vsz", GAUGE, "5.102", 0),
        Metric("core.avg_response_time", GAUGE, "5.103", average),
        Metric("core.total_running_time", COUNTER, "5.104", running),
    ]
    found += [Metric(f"socket.{at}.listen_queue", GAUGE, f"7.{at}.1", length) for at, length in enumerate(queues)]
    return [*found, Metric("rss_size", ALIAS, "5.101", 0), Metric("vsz_size", ALIAS, "5.102", 0)]


def as_json(metrics: Sequence[Metric]) -> Mapping[str, object]:
    """As the document of the stats server has them."""
    return {one.name: {"type": one.kind, "oid": one.oid, "value": one.value} for one in metrics}


def _worker(
    number: int, requests: int, failed: int, respawns: int, average: int, sent: int, running: int
) -> Iterator[Metric]:
    for name, kind, oid, value in (
        ("requests", COUNTER, 1, requests), ("delta_requests", ABSOLUTE, 2, requests),
        ("failed_requests", COUNTER, 13, failed), ("respawns", COUNTER, 14, respawns),
        ("avg_response_time", GAUGE, 8, average), ("total_tx", COUNTER, 9, sent), ("rss_size", GAUGE, 11, 0),
        ("vsz_size", GAUGE, 12, 0), ("running_time", COUNTER, 13, running),
    ):  # fmt: skip
        yield Metric(f"worker.{number}.{name}", kind, f"3.{number}.{oid}", value)


def _core(number: int, core: CoreCounters) -> Iterator[Metric]:
    for name, oid, value in (
        ("requests", 1, core.requests), ("write_errors", 3, core.write_errors), ("routed_requests", 4, 0),
        ("static_requests", 5, 0), ("offloaded_requests", 6, 0), ("exceptions", 7, core.exceptions),
        ("read_errors", 8, core.read_errors),
    ):  # fmt: skip
        yield Metric(f"worker.{number}.core.{core.id}.{name}", COUNTER, f"3.{number}.2.{core.id}.{oid}", value)
