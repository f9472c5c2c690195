"""Measure what a short connection over a UNIX socket costs a server that does nothing with it, by epoll and io_uring.

``python -m bench.connections`` compiles apps/connections.c, runs its three ways in turns, and writes
docs/benchmarks-connections.md. It tells two things: what no server behind nginx can fall below, and whether another way
to make the same system calls would be worth its while. Needs a C compiler, and liburing's headers (``liburing-dev``).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench import environment, machine
from bench.report import table
from bench.run import APPS, ROOT

PAGE = ROOT / "docs" / "benchmarks-connections.md"
WAYS = {
    "epoll": "epoll, then accept, recv, send, close",
    "uring": "io_uring: an accept that stays, and the close linked to the answer",
    "uring-direct": "io_uring, without descriptors in the process's table",
}
TEXT = """# What a connection costs

Written by `python -m bench.connections`; do not edit. {facts}.

nginx makes a connection to a UNIX socket for each request that it passes on by `uwsgi_pass`, `fastcgi_pass` or
`scgi_pass`. So each request is an accept, a read, a write and a close for whoever serves it. This is what these cost a
server that does nothing else: no parsing, no application. {count:,} connections, {together} at a time, from a thread on
another core; medians of {rounds} rounds, taken in turns.

{rows}
Two things follow. A server's CPU time per request behind nginx (docs/benchmarks.md) contains the first of these
figures, whoever wrote it. And io_uring, which makes the same calls without entering the kernel for each, would change
it by {change:+.0%} at best here: the work is in the sockets, not in the way to them. Imperator uses epoll.
"""
TOGETHER = 32


def measure(program: Path, way: str, count: int) -> float:
    """Microseconds of processor time a connection."""
    cores = machine.share(1)
    command = [str(program), way, str(count), cores.load, cores.server]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)


def main() -> int:
    """Compile, measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.connections", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--count", type=int, default=60_000, help="connections of a round")
    parser.add_argument("--dry", action="store_true", help="print only")
    options = parser.parse_args()
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory(prefix="imperator-bench-") as place:
        program = Path(place) / "connections"
        source = APPS / "connections.c"
        made = subprocess.run(
            ["cc", "-O2", "-o", program, source, "-luring", "-lpthread"], capture_output=True, text=True
        )
        if made.returncode:
            environment.tell(f"{made.stderr}bench.connections: not compiled; install a C compiler and liburing-dev")
            return 1
        for turn in range(options.rounds):
            ways = list(WAYS)
            for way in ways[turn % 3 :] + ways[: turn % 3]:
                found[way].append(measure(program, way, options.count))
                environment.tell(f"[{turn + 1}/{options.rounds}] {way}: {found[way][-1]:.1f} µs")
    medians = {way: statistics.median(costs) for way, costs in found.items()}
    rows = table(
        [["way", "µs a connection", "least", "most", "of epoll"]]
        + [
            [WAYS[way], f"{medians[way]:.1f}", f"{min(costs):.1f}", f"{max(costs):.1f}",
             f"{medians[way] / medians['epoll']:.2f}"]
            for way, costs in found.items()
        ]
    )  # fmt: skip
    best = min(cost for way, cost in medians.items() if way != "epoll")
    text = TEXT.format(
        facts="; ".join(f"{name}: {value}" for name, value in machine.describe().items()), count=options.count,
        together=TOGETHER, rounds=options.rounds, rows=rows, change=best / medians["epoll"] - 1,
    )  # fmt: skip
    print(text)
    if not options.dry:
        PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
