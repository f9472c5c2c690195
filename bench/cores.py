"""Measure what threads are for: requests that wait, clients that are slow, and clients that want everything.

``python -m bench.cores`` runs three measurements and writes docs/benchmarks-cores.md, which says what each is:
throughput of an application that sleeps, the latency of one client beside a crowd, and shares beside a client that
pipelines. Servers run one after the other, in turns; the figures are medians over the rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench import environment, load, machine, process
from bench.report import table
from bench.run import APPS, IMPERATOR, ROOT, free_port

THREADS = 8
SLEEP = 0.005
IDEAL = THREADS / SLEEP
CONNECTIONS = 32
IDLE, SLOW = 1000, 100
DEPTH = 64
BARE = "no server, only threads that sleep"
BODY = b"Hello, World!"
REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
PAGE = ROOT / "docs" / "benchmarks-cores.md"
#: The page keeps from here on what other commands found.
KEPT = "\n## Why the stable ABI\n"


class Server(NamedTuple):
    """One contestant: eight threads in one worker."""

    name: str
    command: Callable[[str, int, Path], list[str]]


def imperator(module: str, port: int, base: Path) -> list[str]:
    """Workers speak HTTP themselves."""
    command = [IMPERATOR, "--http-socket", f"127.0.0.1:{port}", "--threads", str(THREADS), "--disable-logging"]
    command += ["--pythonpath", str(APPS), "--module", f"{module}:application", "--need-app"]
    return [*command, "--stats", str(base / "stats.sock")]


def uwsgi(module: str, port: int, base: Path) -> list[str]:
    """HTTP in the worker, which knows no keep-alive and says so."""
    command = [str(environment.VENV / "bin/uwsgi"), "--http-socket", f"127.0.0.1:{port}", "--listen", "1024"]
    command += ["--add-header", "Connection: close", "--master", "--threads", str(THREADS), "--disable-logging"]
    command += ["--single-interpreter", "--need-app", "--die-on-term", "--virtualenv", str(environment.VENV)]
    return [*command, "--pythonpath", str(APPS), "--module", f"{module}:application"]


def gunicorn(module: str, port: int, base: Path) -> list[str]:
    """gthread with as many threads, and room for the crowd."""
    command = [str(environment.VENV / "bin/gunicorn"), "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    command += ["--threads", str(THREADS), "--keep-alive", "75", "--worker-connections", "2048", "--backlog", "1024"]
    return [*command, "--no-control-socket", f"{module}:application"]


OURS = Server("imperator", imperator)
SERVERS = (OURS, Server("uwsgi", uwsgi), Server("gunicorn", gunicorn))


@contextlib.contextmanager
def running(server: Server, module: str) -> Iterator[tuple[int, Path]]:
    """A started server: its port, and its directory."""
    base = Path(tempfile.mkdtemp(prefix="imperator-bench-"))
    port = free_port()
    every = ",".join(map(str, range(int(machine.describe()["Cores"]))))
    started = process.Running(server.command(module, port, base), every, base / "server.log", APPS)
    try:
        process.wait_for_answer(port, BODY, [started])
        yield port, base
        started.check()
    finally:
        started.stop()
        shutil.rmtree(base, ignore_errors=True)


def throughput(server: Server, seconds: float) -> float:
    """Requests a second of the sleeping application."""
    every = ",".join(map(str, range(int(machine.describe()["Cores"]))))
    with running(server, "sleepy") as (port, _):
        load.run(port, CONNECTIONS, 1, every)
        return load.run(port, CONNECTIONS, seconds, every).per_second


def bare(seconds: float) -> float:
    """What as many threads do that only sleep: the machine's own part of what is missing."""
    counts = [0] * THREADS
    until = time.perf_counter() + seconds

    def sleep(number: int) -> None:
        while time.perf_counter() < until:
            time.sleep(SLEEP)
            counts[number] += 1

    threads = [threading.Thread(target=sleep, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


class Latency(NamedTuple):
    """Microseconds of one client's requests."""

    median: float
    p99: float


def one_client(port: int, seconds: float) -> Latency | None:
    """One client, one request after the other; None when nobody answers it."""
    times = []
    until = time.perf_counter() + seconds
    try:
        client = socket.create_connection(("127.0.0.1", port), 5)
        while (begun := time.perf_counter()) < until:
            client.sendall(REQUEST)
            got = client.recv(4096)
            while got and not got.endswith(BODY):
                got += client.recv(4096)
            times.append(time.perf_counter() - begun)
            if not got or b"Connection: close" in got:
                client.close()
                client = socket.create_connection(("127.0.0.1", port), 5)
        client.close()
    except OSError:
        return None
    times.sort()
    return Latency(statistics.median(times) * 1e6, times[int(len(times) * 0.99)] * 1e6)


@contextlib.contextmanager
def crowd(port: int) -> Iterator[bool]:
    """The crowd; False when the server does not take it."""
    command = [sys.executable, "-m", "bench.crowd", str(port), str(IDLE), str(SLOW)]
    started = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, text=True
    )
    assert started.stdin and started.stdout
    try:
        yield started.stdout.readline() == "ready\n"
    finally:
        started.stdin.close()
        started.wait()
        started.stdout.close()


def latencies(server: Server, seconds: float, rounds: int) -> tuple[Latency, Latency | None]:
    """Alone and beside the crowd, in turns on the same server: medians of the rounds."""
    alone, beside = [], []
    with running(server, "hello") as (port, _):
        one_client(port, 0.5)
        for _ in range(rounds):
            alone.append(one_client(port, seconds))
            with crowd(port) as taken:
                beside.append(one_client(port, seconds) if taken else None)
    first, second = [one for one in alone if one], [one for one in beside if one]
    if not first:
        raise process.Failed("one client alone was not answered")

    def middle(many: list[Latency]) -> Latency:
        return Latency(statistics.median(one.median for one in many), statistics.median(one.p99 for one in many))

    return middle(first), middle(second) if len(second) == len(beside) else None


class Shares(NamedTuple):
    """Requests a second: the client that pipelines, and the least, middle and most of the others; requests by core."""

    greedy: float
    others: tuple[float, float, float]
    cores: tuple[int, int]


def keep_asking(port: int, depth: int, until: float, counts: list[int], number: int) -> None:
    """One kept connection with ``depth`` requests on their way."""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(REQUEST * depth)
        rest = b""
        while time.perf_counter() < until:
            got = rest + client.recv(65536)
            answers = got.count(BODY)
            rest = got[got.rfind(BODY) + len(BODY) :] if answers else got
            counts[number] += answers
            client.sendall(REQUEST * answers)


def shares(seconds: float) -> Shares:
    """One client that pipelines against 31 that do not."""
    with running(OURS, "sleepy") as (port, base):
        counts = [0] * CONNECTIONS
        until = time.perf_counter() + seconds
        clients = [
            threading.Thread(target=keep_asking, args=(port, 1 if number else DEPTH, until, counts, number))
            for number in range(CONNECTIONS)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        with socket.socket(socket.AF_UNIX) as stats:
            stats.connect(str(base / "stats.sock"))
            text = b"".join(iter(lambda: stats.recv(65536), b""))
        by_core = [core["requests"] for core in json.loads(text)["workers"][0]["cores"]]
    others = sorted(count / seconds for count in counts[1:])
    spread = (others[0], statistics.median(others), others[-1])
    return Shares(counts[0] / seconds, spread, (min(by_core), max(by_core)))


HEAD = """\
# Benchmarks of cores

Written by `python -m bench.cores`; do not edit above "Why the stable ABI". One worker with {threads} threads.
The figures are medians over {rounds} rounds. {facts}

"""

SLEEPING = """\
## An application that waits

Every request sleeps {sleep:g} ms, as for a database. {threads} threads can answer {ideal:,.0f} requests a second and
no more; {connections} connections ask for as many as they get. The goal is 95 % of the ideal.

"""

CROWD = """
## A client beside a crowd

One client asks again and again, alone; then beside {idle:,} idle clients that keep their connections and {slow} that
send one byte a second. The goal is that its median changes by less than 10 %.

"""

FAIR = """
## A client that wants everything

One client keeps {depth} requests on their way on one connection, {others} others keep one each; the application
sleeps {sleep:g} ms. Nobody may starve, neither a client nor a core.

"""


def page(speeds: dict[str, float], slow: dict[str, tuple[Latency, Latency | None]], fair: Shares, rounds: int) -> str:
    """The page, up to what is kept."""
    known = machine.describe()
    if os.sched_getscheduler(0) != os.SCHED_OTHER:
        known["Priority"] = "real-time, since the machine had other work (`chrt -f 1 python -m bench.cores`)"
    facts = "; ".join(f"{name}: {value}" for name, value in known.items()) + "."
    text = HEAD.format(threads=THREADS, rounds=rounds, facts=facts)
    text += SLEEPING.format(sleep=SLEEP * 1000, threads=THREADS, ideal=IDEAL, connections=CONNECTIONS)
    text += table([["server", "requests/s", "of the ideal", "of the threads alone"]]
                  + [[name, f"{speed:,.0f}", f"{speed / IDEAL:.1%}", f"{speed / speeds[BARE]:.1%}"]
                     for name, speed in speeds.items()])  # fmt: skip
    text += CROWD.format(idle=IDLE, slow=SLOW)
    rows = [["server", "median alone", "p99 alone", "median beside", "p99 beside", "median changes by"]]
    for name, (alone, beside) in slow.items():
        row = [name, f"{alone.median:.0f} µs", f"{alone.p99:.0f} µs"]
        if beside is None:
            row += ["no answer", "", ""]
        else:
            change = beside.median / alone.median - 1
            row += [f"{beside.median:.0f} µs", f"{beside.p99:.0f} µs", f"{change:+.1%}"]
        rows.append(row)
    text += table(rows)
    text += FAIR.format(depth=DEPTH, others=CONNECTIONS - 1, sleep=SLEEP * 1000)
    least, middle, most = fair.others
    text += table([["who", "requests/s"], ["the one that pipelines", f"{fair.greedy:.0f}"],
                   ["the others: least", f"{least:.0f}"], ["the others: median", f"{middle:.0f}"],
                   ["the others: most", f"{most:.0f}"]])  # fmt: skip
    text += f"\nRequests by core: at least {fair.cores[0]:,}, at most {fair.cores[1]:,}.\n"
    return text


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.cores", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--servers", default=",".join(server.name for server in SERVERS))
    parser.add_argument("--dry", action="store_true", help="print only")
    options = parser.parse_args()
    who = [server for server in SERVERS if server.name in options.servers.split(",")]
    found: dict[str, list[float]] = {server.name: [] for server in who}
    found[BARE] = []
    for turn in range(options.rounds):
        found[BARE].append(bare(options.seconds))
        for server in who[turn % len(who) :] + who[: turn % len(who)]:
            found[server.name].append(throughput(server, options.seconds))
            environment.tell(f"{server.name}: {found[server.name][-1]:.0f}/s")
    speeds = {name: statistics.median(many) for name, many in found.items()}
    slow = {}
    for server in who:
        slow[server.name] = latencies(server, options.seconds, options.rounds)
        environment.tell(f"{server.name}: {slow[server.name]}")
    text = page(speeds, slow, shares(options.seconds), options.rounds)
    print(text)
    if not options.dry:
        kept = PAGE.read_text().partition(KEPT) if PAGE.exists() else ("", "", "")
        PAGE.write_text(text + kept[1] + kept[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
