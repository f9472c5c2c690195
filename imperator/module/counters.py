"""What the scoreboard says: how many requests, and what each worker is at."""

from __future__ import annotations

from typing import Any

from imperator._core import Scoreboard, WorkerCounters
from imperator.module.here import HERE


def _rows() -> list[WorkerCounters]:
    return Scoreboard(HERE.plan.scoreboard_fd).read()


def total_requests() -> int:
    """Requests that all workers of this generation have answered."""
    return sum(row.requests for row in _rows())


def request_id() -> int:
    """Requests that this worker has answered; 0 in other processes."""
    if HERE.place.role != "worker":
        return 0
    return next((row.requests for row in _rows() if row.id == HERE.place.number), 0)


def workers() -> tuple[dict[str, Any], ...]:
    """One dictionary a worker, with uWSGI's keys. Times are microseconds, ``last_spawn`` seconds since 1970."""
    return tuple(_worker(row) for row in _rows())


def _worker(row: WorkerCounters) -> dict[str, Any]:
    return {
        "id": row.id,
        "pid": row.pid,
        "requests": row.requests,
        "delta_requests": row.requests,
        "signals": 0,
        "exceptions": row.exceptions,
        "status": (b"busy" if row.busy_cores else b"idle") if row.pid else b"cheap",
        "rss": 0,
        "vsz": 0,
        "running_time": row.running_time,
        "last_spawn": row.last_spawn,
        "respawn_count": max(0, row.respawn_count - 1),
        "tx": row.tx,
        "avg_rt": row.avg_rt,
        "apps": (
            {
                "id": 0,
                "modifier1": 0,
                "mountpoint": b"",
                "startup_time": 0,
                "requests": row.requests,
                "exceptions": row.exceptions,
                "chdir": b"",
            },
        ),
    }


NAMES: dict[str, Any] = {"total_requests": total_requests, "request_id": request_id, "workers": workers}
