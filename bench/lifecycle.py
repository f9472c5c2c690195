"""How long an administrator waits: from what is done to a file or a process until what it causes is there.

An emperor with two trivial vassals beside one that is added, touched, killed and removed, over several rounds. Prints
the median, least and greatest of each figure, in milliseconds, beside the time that Python and the application take
alone.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

APP = """\
import os
GENERATION = os.getppid()
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getppid()).encode()]
"""
VASSAL = """\
[uwsgi]
http-socket = {socket}
chdir = {base}
wsgi-file = app.py
workers = 2
disable-logging = true
"""
PATIENCE = 20.0


def ask(path: Path) -> str:
    """The generation that answers at a UNIX socket; empty while nobody does."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(str(path))
            client.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            answer = b""
            while piece := client.recv(4096):
                answer += piece
    except OSError:
        return ""
    return answer.partition(b"\r\n\r\n")[2].decode()


def until(true: Callable[[], bool]) -> float:
    """Milliseconds until ``true`` holds."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > PATIENCE:
            raise SystemExit("nothing happened for too long")
    return (time.monotonic() - began) * 1000


def measure_round(base: Path, number: int) -> dict[str, float]:
    """One vassal's life: the figures by what was done."""
    config, sock = base / "vassals" / f"site{number}.ini", base / f"{number}.sock"
    figures = {}
    config.write_text(VASSAL.format(base=base, socket=sock))
    figures["file added: it serves"] = until(lambda: bool(ask(sock)))
    first = ask(sock)
    os.utime(config)
    figures["file touched: the new generation serves"] = until(lambda: ask(sock) not in ("", first))
    second = ask(sock)
    os.kill(int(second), signal.SIGKILL)
    figures["generation killed: another one serves"] = until(lambda: ask(sock) not in ("", second))
    config.unlink()
    figures["file removed: it is gone"] = until(lambda: not ask(sock))
    return figures


def import_alone() -> float:
    """Milliseconds that the interpreter and the application take without us."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", APP], check=True)
    return (time.monotonic() - began) * 1000


def main() -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="life") as folder:
        base = Path(folder)
        (base / "vassals").mkdir()
        (base / "app.py").write_text(APP)
        for number in ("a", "b"):
            sock = base / f"{number}.sock"
            (base / "vassals" / f"{number}.ini").write_text(VASSAL.format(base=base, socket=sock))
        command = [sys.executable, "-m", "imperator", "--emperor", str(base / "vassals"), "--emperor-freq", "60"]
        with (base / "log").open("wb") as log:
            emperor = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until(lambda: bool(ask(base / "a.sock")) and bool(ask(base / "b.sock")))
            for turn in range(rounds):
                for name, value in measure_round(base, turn).items():
                    found.setdefault(name, []).append(value)
                found.setdefault("python starts and imports the application, alone", []).append(import_alone())
        finally:
            emperor.send_signal(signal.SIGTERM)
            found["emperor with two idle vassals told to stop: it has"] = [until(lambda: emperor.poll() is not None)]
    width = max(map(len, found))
    print(f"{'milliseconds':{width}}  median     least  greatest")
    for name, values in found.items():
        print(f"{name:{width}}  {statistics.median(values):6.0f}  {min(values):8.0f}  {max(values):8.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
