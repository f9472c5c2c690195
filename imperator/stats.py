"""The JSON document of the stats server: uWSGI's keys, which ``uwsgitop`` and exporters read.

Pure: numbers in, text out. The variables of requests in progress, which hold cookies and passwords, are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from imperator.config.figures import Figures
from imperator.metrics import Metric, as_json
from imperator.pipes import Attendant

if TYPE_CHECKING:
    from imperator._core import CoreCounters, WorkerCounters

VERSION = "2.0.31"
"""The version of uWSGI whose document this is; readers look at it."""


PLAIN = Figures()


class Socket(NamedTuple):
    """A listening socket: its queue of waiting connections now and at most."""

    name: str
    protocol: str
    queue: int
    limit: int


class Instance(NamedTuple):
    """What the master knows of itself."""

    pid: int
    uid: int
    gid: int
    directory: str
    sockets: Sequence[Socket]
    generation: int
    app_loaded: bool
    reason: str
    loaded_seconds: float
    paused: bool = False
    beside: Sequence[Attendant] = ()
    """Processes of the serving generation that are no workers."""


class Lists(NamedTuple):
    """What appears only if it is configured, as readers expect it."""

    locks: Sequence[tuple[str, int]] = ()
    """Names, and the pid of who has it, or 0."""
    caches: Sequence[dict[str, Any]] = ()
    spoolers: Sequence[dict[str, Any]] = ()
    daemons: Sequence[dict[str, Any]] = ()
    crons: Sequence[dict[str, Any]] = ()
    metrics: Sequence[Metric] = ()


def document(
    instance: Instance, workers: Sequence[WorkerCounters], figures: Figures = PLAIN, lists: Lists | None = None
) -> str:
    """The document, with a final newline."""
    lists = lists or Lists()
    queue = max((socket.queue for socket in instance.sockets), default=0)
    content: dict[str, Any] = {
        "version": VERSION,
        "listen_queue": queue,
        "listen_queue_errors": 0,
        "signal_queue": 0,
        "load": queue,
        "pid": instance.pid,
        "uid": instance.uid,
        "gid": instance.gid,
        "cwd": instance.directory,
        "imperator": {
            "generation": instance.generation,
            "app_loaded": instance.app_loaded,
            "reason": instance.reason,
        },
        **({"daemons": list(lists.daemons)} if lists.daemons else {}),
        "locks": [{name: holder} for name, holder in lists.locks],
        **({"caches": list(lists.caches)} if lists.caches else {}),
        "sockets": [
            {
                "name": socket.name,
                "proto": socket.protocol,
                "queue": socket.queue,
                "max_queue": socket.limit,
                "shared": 0,
                "can_offload": 0,
            }
            for socket in instance.sockets
        ],
        "workers": [_worker(worker, instance, figures) for worker in workers],
        **({"spoolers": list(lists.spoolers)} if lists.spoolers else {}),
        **({"crons": list(lists.crons)} if lists.crons else {}),
    }
    if mules := [one for one in instance.beside if one.kind == "mule"]:
        content["mules"] = [{"id": one.number, "pid": one.pid, "respawns": one.respawns} for one in mules]
    if lists.metrics and not figures.no_metrics:
        content["metrics"] = as_json(lists.metrics)
    return written(content, figures)


def written(content: Mapping[str, Any], figures: Figures) -> str:
    """A document as text."""
    if figures.minified:
        return json.dumps(content, separators=(",", ":")) + "\n"
    return json.dumps(content, indent="\t") + "\n"


def _worker(worker: WorkerCounters, instance: Instance, figures: Figures) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": worker.id,
        "pid": worker.pid,
        "accepting": int(worker.accepting),
        "requests": worker.requests,
        "delta_requests": worker.requests,
        "exceptions": worker.exceptions,
        "harakiri_count": worker.harakiri_count,
        "signals": 0,
        "signal_queue": 0,
        "status": ("busy" if worker.busy_cores else "idle") if worker.pid else "pause" if instance.paused else "cheap",
        "rss": 0,
        "vsz": 0,
        "running_time": worker.running_time,
        "last_spawn": worker.last_spawn,
        "respawn_count": worker.respawn_count,
        "tx": worker.tx,
        "avg_rt": worker.avg_rt,
        "avg_wait": worker.avg_wait,
        "apps": [
            {
                "id": 0,
                "modifier1": 0,
                "mountpoint": "",
                "startup_time": int(instance.loaded_seconds),
                "requests": worker.requests,
                "exceptions": worker.exceptions,
                "chdir": "",
            }
        ]
        if instance.app_loaded
        else [],
    }
    if not figures.no_cores:
        found["cores"] = [_core(core) for core in worker.cores]
    return found


def _core(core: CoreCounters) -> dict[str, Any]:
    return {
        "id": core.id,
        "requests": core.requests,
        "static_requests": 0,
        "routed_requests": 0,
        "offloaded_requests": 0,
        "write_errors": core.write_errors,
        "read_errors": core.read_errors,
        "in_request": int(core.in_request),
        "vars": [core.request, ""] if core.in_request else [],
        "req_info": {"request_start": core.request_start} if core.in_request else {},
    }
