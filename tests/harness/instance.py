"""One instance as its stats socket shows it: its master, its workers, and who stands between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import http, processes, wait


class Instance:
    """Reads the stats socket of one master."""

    def __init__(self, address: Path) -> None:
        self.address = address

    def stats(self) -> dict[str, Any]:
        """The document, or an empty one while nobody answers."""
        try:
            return http.stats(self.address)
        except (OSError, json.JSONDecodeError):
            return {}

    def master(self) -> int:
        """The pid of the master, 0 while there is none."""
        return int(self.stats().get("pid", 0))

    def workers(self) -> list[int]:
        """The pids of the workers that are alive."""
        pids = [int(worker["pid"]) for worker in self.stats().get("workers", [])]
        return sorted(pid for pid in pids if pid > 0 and processes.alive(pid))

    def generation(self) -> int:
        """The parent of the workers. With uWSGI this is the master itself."""
        workers = self.workers()
        return processes.parent(workers[0]) if workers else 0

    def requests(self) -> int:
        """How many requests all workers have answered."""
        return sum(int(worker["requests"]) for worker in self.stats().get("workers", []))

    def up(self, workers: int, timeout: float = 20) -> None:
        """Wait until so many workers accept."""

        def accepting() -> bool:
            rows = self.stats().get("workers", [])
            return sum(1 for row in rows if row["pid"] > 0 and row["accepting"]) == workers

        wait.until(accepting, f"{workers} accepting workers at {self.address.name}", timeout)
