"""The load: wrk, pinned to its core, and what it counted."""

from __future__ import annotations

import json
import resource
import subprocess
from pathlib import Path
from typing import NamedTuple

SCRIPT = Path(__file__).with_name("wrk.lua")


class Count(NamedTuple):
    """What wrk says of one slice. Latencies are microseconds."""

    requests: int
    microseconds: int
    p50: float
    p99: float
    connect: int
    read: int
    write: int
    status: int
    timeout: int
    cpu: float
    """Seconds of CPU time that wrk itself used: near the length of the slice, the load was the limit."""

    @property
    def per_second(self) -> float:
        """Throughput."""
        return self.requests / (self.microseconds / 1e6) if self.microseconds else 0.0


def run(port: int, connections: int, seconds: float, core: str) -> Count:
    """Load a port for some whole seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wrk = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(SCRIPT)]
    done = subprocess.run(
        ["taskset", "-c", core, *wrk, f"http://127.0.0.1:{port}/"],
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = next(row for row in done.stdout.splitlines() if row.startswith("JSON "))
    return Count(**json.loads(found.removeprefix("JSON ")), cpu=cpu)
