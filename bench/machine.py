"""The machine: which cores play which part, what it is, and how much CPU time a tree of processes has used."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import NamedTuple

TICK = 1 / os.sysconf("SC_CLK_TCK")


class Cores(NamedTuple):
    """Who is pinned where."""

    load: str
    server: str


def share(workers: int) -> Cores:
    """One core for the load, as many as workers for the server; they share when there are not enough."""
    cores = sorted(os.sched_getaffinity(0))
    load, rest = cores[0], cores[1 : workers + 1]
    if len(rest) < workers:
        rest = cores[:workers]
    return Cores(str(load), ",".join(map(str, rest)))


def stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the name, from the state on; None when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def tree(root: int) -> dict[int, str]:
    """A process and all that came from it and lives: pid, and the tick of its start, which makes the pid unique."""
    children: dict[int, list[int]] = {}
    started: dict[int, str] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := stat(int(name))) is not None:
            children.setdefault(int(fields[1]), []).append(int(name))
            started[int(name)] = fields[19]
    found, todo = {}, [root]
    while todo:
        pid = todo.pop()
        if pid in started:
            found[pid] = started[pid]
            todo += children.get(pid, [])
    return found


def cpu_seconds(root: int) -> float:
    """User and system time of a tree, including children that ended and were waited for."""
    total = 0
    for pid in tree(root):
        if (fields := stat(pid)) is not None:
            total += sum(map(int, fields[11:15]))
    return total * TICK


def busy_seconds() -> float:
    """What all cores together have worked since the machine started, whoever it was for; stolen time too."""
    user, nice, system, _idle, _wait, irq, softirq, steal = Path("/proc/stat").read_text().split()[1:9]
    return sum(map(int, (user, nice, system, irq, softirq, steal))) * TICK


def describe() -> dict[str, str]:
    """What a reader needs to judge the figures: no names of hosts or folders."""
    models = [row.partition(":")[2].strip() for row in Path("/proc/cpuinfo").read_text().splitlines()
              if row.startswith("model name")]  # fmt: skip
    flags = Path("/proc/cpuinfo").read_text()
    return {
        "CPU": (models or [platform.machine()])[0] + (" (virtual machine)" if "hypervisor" in flags else ""),
        "Cores": str(len(os.sched_getaffinity(0))),
        "Kernel": f"Linux {platform.release().partition('-')[0]}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "Load before the run": f"{os.getloadavg()[0]:.1f}",
    }


def sharing() -> str:
    """How two workers fit, for the report."""
    if len(os.sched_getaffinity(0)) > 2:
        return "neither is the load's."
    return "this machine has only two, so they share one of them with the load."
