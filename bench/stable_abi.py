"""Measure what the stable ABI costs: instructions of a request with the engine built with it, and without.

``python -m bench.stable_abi`` builds the engine twice, runs each under valgrind, and writes the last section of
docs/benchmarks-cores.md. Counted instructions do not depend on what else the machine does. The difference of a long run
and a short one is counted, so that starting costs nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from bench import environment
from bench.cores import KEPT, PAGE
from bench.report import table
from bench.run import APPS, ROOT

BODY = b"Hello, World!"
REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"
SHORT = 200
#: A start differs from the next by some millions of instructions: the requests between the two must be many more.
LONG = {"hello": 20_200, "flask_hello": 3_200}
ROUNDS = 3
BUILDS = {"stable ABI": [], "this Python alone": ["--no-default-features"]}
TEXT = """{kept}
One file of the engine serves every Python from 3.10 on, each virtualenv's own, because it is built for Python's
stable ABI. That forbids looking into objects, so some of what would be a read from memory is a call. What a request
costs in instructions, the interpreter's and the application's among them, with the engine built so and built for
CPython {version} alone:

{rows}
Counted by `python -m bench.stable_abi` with valgrind {valgrind}, in user space, as the difference of a long run and
one of {short} requests on one kept connection, medians of {rounds}. The goal is less than 3 %.
"""


def build(place: Path) -> dict[str, Path]:
    """The engine, built both ways."""
    built = {}
    for name, options in BUILDS.items():
        command = ["cargo", "build", "--quiet", "--release", "--package", "core-engine", *options]
        environ = {**os.environ, "PYO3_PYTHON": sys.executable}
        subprocess.run([*command, "--features", "extension-module"], check=True, cwd=ROOT, env=environ)
        target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
        built[name] = place / name.replace(" ", "-") / "_core.so"
        built[name].parent.mkdir()
        shutil.copy(target / "release" / "lib_core.so", built[name])
    return built


def serve(core: str, module: str, listener: int, control: int) -> int:
    """Be the worker. The other end of ``control`` says when to end."""
    spec = importlib.util.spec_from_file_location("imperator._core", core)
    assert spec and spec.loader
    engine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(engine)
    sys.path.insert(0, str(APPS))
    application = importlib.import_module(module).application
    settings = SimpleNamespace(
        listeners=[SimpleNamespace(fd=listener, protocol="http")], worker_id=1, threads=1, workers=1,
        control_fd=control, scoreboard_fd=engine.Scoreboard.create(1, 1), buffer_size=32768, trusted=[],
        socket_timeout=60.0, mercy=60.0, log_requests=False, hostname="bench",
    )  # fmt: skip
    return int(engine.serve(application, settings))


def instructions(core: Path, module: str, requests: int) -> int:
    """All that a worker executes which answers so many requests."""
    ours, theirs = socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as listener, ours, theirs:
        python = [str(environment.VENV / "bin/python"), "-m", "bench.stable_abi", "serve", str(core), module]
        command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", *python]
        descriptors = (listener.fileno(), theirs.fileno())
        worker = subprocess.Popen(
            [*command, *map(str, descriptors)], pass_fds=descriptors, cwd=ROOT, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        theirs.close()
        if ours.recv(1) != b"R":
            raise SystemExit(worker.communicate()[1])
        ours.send(b"S")
        with socket.create_connection(listener.getsockname()) as client:
            for _ in range(requests):
                client.sendall(REQUEST)
                got = b""
                while not got.endswith(BODY):
                    piece = client.recv(4096)
                    if not piece:
                        raise SystemExit(f"closed after {got!r}")
                    got += piece
        ours.send(b"D")
        said = worker.communicate(timeout=120)[1]
    found = re.search(r"I\s+refs:\s+([\d,]+)", said)
    if worker.returncode or not found:
        raise SystemExit(said)
    return int(found[1].replace(",", ""))


def main() -> int:
    """Build, measure, write."""
    if sys.argv[1:2] == ["serve"]:
        return serve(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    parser = argparse.ArgumentParser(prog="bench.stable_abi", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--built", nargs=2, type=Path, metavar="FILE", help="engines built before: stable, not stable")
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="imperator-bench-"))
    try:
        built = dict(zip(BUILDS, options.built, strict=True)) if options.built else build(place)
        rows = [["application", *BUILDS, "the stable ABI costs"]]
        for title, module in {"bare": "hello", "Flask": "flask_hello"}.items():
            costs = []
            for name, core in built.items():
                long, short = (
                    statistics.median(instructions(core, module, requests) for _ in range(ROUNDS))
                    for requests in (LONG[module], SHORT)
                )
                costs.append((long - short) / (LONG[module] - SHORT))
                environment.tell(f"{title}, {name}: {costs[-1]:.0f}")
            rows.append([title, *(f"{cost:,.0f}" for cost in costs), f"{costs[0] / costs[1] - 1:+.1%}"])
    finally:
        shutil.rmtree(place)
    said = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True).stdout
    text = TEXT.format(
        kept=KEPT, version=".".join(map(str, sys.version_info[:3])), rows=table(rows), short=SHORT, rounds=ROUNDS,
        valgrind=said.strip().removeprefix("valgrind-"),
    )  # fmt: skip
    print(text)
    PAGE.write_text(PAGE.read_text().partition(KEPT)[0] + text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
