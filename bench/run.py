"""Measure Imperator and its peers, in turns, in one run.

What is measured is in lines.py, who takes part and how it is started in servers.py. A run of all lines and all
servers writes docs/benchmarks.md and docs/benchmarks.svg; every run prints its tables. The exit status is 1 when a
server failed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import chart, environment, lines, load, machine, nginx, process, report, servers
from bench.lines import Line
from bench.results import Limit, Results, Slice
from bench.servers import Server, Site

ROOT = environment.ROOT
APPS = Path(__file__).resolve().parent / "apps"
BODY = b"Hello, World!"
IMPERATOR = str(Path(sys.executable).with_name("imperator"))
LIMIT_SECONDS = 0.5


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure_limit(app: str) -> float:
    """Calls a second without a server, on the core that servers use."""
    program = [str(environment.VENV / "bin" / "python"), str(APPS / "limit.py"), lines.APPS[app], str(LIMIT_SECONDS)]
    command = ["taskset", "-c", machine.share(1).server, *program]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure(server: Server, line: Line, turn: int, seconds: float, warm_up: float) -> Slice:
    """Start a server, see that it answers right, warm it up, measure, end it."""
    cores = machine.share(line.workers)
    base = Path(tempfile.mkdtemp(prefix="imperator-bench-"))
    programs: list[process.Running] = []
    try:
        port = free_port()
        address = str(base / "server.sock") if line.door == "nginx" else f"127.0.0.1:{port}"
        site = Site(IMPERATOR, environment.VENV, lines.APPS[line.app], APPS, address, line)
        running = process.Running(server.command(site), cores.server, base / "server.log", APPS)
        programs.append(running)
        front = None
        if line.door == "nginx":
            front = process.Running(nginx.command(base, port, address), cores.load, base / "nginx.out")
            programs.append(front)
        process.wait_for_answer(port, BODY, programs)
        if warm_up:
            load.run(port, line.connections, warm_up, cores.load)
        busy_before = machine.busy_seconds()
        before, front_before = running.cpu_seconds(), front.cpu_seconds() if front else 0.0
        count = load.run(port, line.connections, seconds, cores.load)
        after, front_after = running.cpu_seconds(), front.cpu_seconds() if front else 0.0
        busy = machine.busy_seconds() - busy_before
        for program in programs:
            program.check()
        if not count.requests or count.status:
            raise process.Failed(f"{count.requests} requests, {count.status} of them not answered 200")
        worked = count.cpu + after - before + front_after - front_before
        return Slice(
            round=turn,
            line=line.name,
            server=server.name,
            per_second=count.per_second,
            cpu=(after - before) / count.requests * 1e6,
            p50=count.p50,
            p99=count.p99,
            load=(count.cpu + front_after - front_before) / (count.microseconds / 1e6),
            others=max(0.0, busy - worked) / (count.microseconds / 1e6),
            timeouts=count.timeout,
            broken=count.connect + count.read + count.write,
        )
    finally:
        for program in reversed(programs):
            program.stop()
        shutil.rmtree(base, ignore_errors=True)


def turns(chosen: Sequence[Line], who: Sequence[Server], rounds: int) -> Iterator[tuple[int, Line, Server]]:
    """Every server on every line in every round; who begins changes with the round and the line."""
    for turn in range(rounds):
        for index, line in enumerate(chosen):
            takers = [server for server in who if server.takes(line)]
            first = (turn * max(1, len(takers) // rounds) + index) % len(takers) if takers else 0
            yield from ((turn, line, server) for server in takers[first:] + takers[:first])


def compare(
    results: Results, chosen: Sequence[Line], who: Sequence[Server], rounds: int, seconds: float, warm_up: float
) -> None:
    """Fill the results."""
    plan = list(turns(chosen, who, rounds))
    begun, last = time.monotonic(), (-1, "")
    failed: set[tuple[str, str]] = set()
    for done, (turn, line, server) in enumerate(plan):
        if (turn, line.name) != last:
            results.limits.append(Limit(turn, line.name, measure_limit(line.app)))
            last = (turn, line.name)
        left = f", {(time.monotonic() - begun) / done * (len(plan) - done) / 60:.0f} min left" if done else ""
        told = f"[{done + 1}/{len(plan)}{left}] {line.name:20} {server.name:13}"
        try:
            one = measure(server, line, turn, seconds, warm_up)
            results.slices.append(one)
            environment.tell(f"{told} {one.per_second:>9,.0f}/s {one.cpu:7.1f} µs, others {one.others:4.0%}")
        except (process.Failed, subprocess.SubprocessError, OSError) as error:
            environment.tell(f"{told} FAILED: {error}")
            if (server.name, line.name) not in failed:
                failed.add((server.name, line.name))
                results.failures.append((server.name, line.name, str(error).replace(str(ROOT), "…")))


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").partition("\n")[0])
    names = ", ".join(line.name for line in lines.LINES)
    peers = ", ".join(server.name for server in servers.SERVERS)
    parser.add_argument("--lines", metavar="NAME,…", help=f"only these lines, of: {names}")
    parser.add_argument("--peers", metavar="NAME,…", help=f"only these servers, of: {peers}")
    parser.add_argument("--rounds", type=int, help="how often each server is measured on each line (5)")
    parser.add_argument("--seconds", type=float, help="length of a slice, whole seconds (3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every slice there too")
    parser.add_argument("--quick", action="store_true", help="a few lines and servers, one short round: does it run?")
    return parser.parse_args()


def choose(wanted: str | None, quick: bool, few: tuple[str, ...], known: Sequence[str]) -> list[str]:
    """The names to use, in our order; stops at an unknown one."""
    names = wanted.split(",") if wanted else list(few) if quick else list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"bench: there is no {', '.join(unknown)}; there are {', '.join(known)}")
    return [name for name in known if name in names]


def main() -> int:
    """Run the comparison."""
    options = arguments()
    # What was started is ended on the way out, so being asked to end is an exception like any other.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    line_names = choose(options.lines, options.quick, lines.QUICK, [line.name for line in lines.LINES])
    names = choose(options.peers, options.quick, servers.QUICK, [server.name for server in servers.SERVERS])
    rounds = max(1, options.rounds or (1 if options.quick else 5))
    seconds = max(1.0, float(round(options.seconds or (1 if options.quick else 3))))
    warm_up = 0.0 if options.quick else 1.0

    results = Results()
    results.missing = environment.prepare()
    facts = {**machine.describe(), **environment.tools()}
    chosen = [line for line in lines.LINES if line.name in line_names]
    who = [server for server in servers.SERVERS if server.name in names and server.package not in results.missing]
    compare(results, chosen, who, rounds, seconds, warm_up)

    facts["Other work while measuring"] = results.noise()

    print(report.tables(results, chosen))
    print(report.failures(results))
    for package, reason in results.missing.items():
        print(f"{package} did not take part: {reason}")
    if options.json:
        options.json.write_text(json.dumps(results.as_json(facts), indent=1) + "\n")
    if len(chosen) == len(lines.LINES) and len(names) == len(servers.SERVERS):
        everyone = [server for server in servers.SERVERS if server.name in names]
        page = report.page(results, chosen, everyone, facts, rounds, seconds, warm_up, machine.sharing())
        (ROOT / "docs" / "benchmarks.md").write_text(page)
        (ROOT / "docs" / "benchmarks.svg").write_text(chart.draw(results, chosen))
        environment.tell("Written: docs/benchmarks.md, docs/benchmarks.svg")
    return 1 if results.failures else 0


if __name__ == "__main__":
    sys.exit(main())
