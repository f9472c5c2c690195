"""How fast a body comes in and goes out, and what memory that takes: ``python -m bench.bodies [MIB]``.

One worker each, uWSGI's from ``scripts/install-reference-uwsgi``. The application reads its body in pieces of 64 KiB,
or answers one bytes object. The client is plain sockets in this process, on the same machine; the figures compare the
servers with one another and mean nothing else.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MIB = 1 << 20
PIECE = bytes(MIB)
ROUNDS = 5

APPLICATION = """
BIG = bytes(%d)

def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "GET":
        start_response("200 OK", [("Content-Length", str(len(BIG)))])
        return [BIG]
    total = 0
    while piece := environ["wsgi.input"].read(65536):
        total += len(piece)
    body = str(total).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def command(program: list[str], place: Path) -> list[str]:
    """The same for both: one worker, a UNIX socket that speaks HTTP, no log."""
    return [*program, "--http-socket", str(place / "socket"), "--wsgi-file", str(place / "app.py"), "--master",
            "--workers", "1", "--disable-logging", "--need-app", "--die-on-term"]  # fmt: skip


def connect(place: Path) -> socket.socket:
    """A connection, as soon as somebody listens."""
    deadline = time.monotonic() + 20
    while True:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(60)
        try:
            sock.connect(str(place / "socket"))
            return sock
        except OSError:
            sock.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def ask(place: Path, head: str, pieces: int) -> tuple[float, int]:
    """Seconds, and bytes of the answer."""
    with connect(place) as sock:
        began = time.perf_counter()
        sock.sendall(f"{head} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode())
        sock.sendall(f"Content-Length: {pieces * MIB}\r\n\r\n".encode() if pieces else b"\r\n")
        for _ in range(pieces):
            sock.sendall(PIECE)
        received = 0
        while piece := sock.recv(MIB):
            received += len(piece)
        return time.perf_counter() - began, received


def memory(pid: int) -> float:
    """MiB resident, of the largest of a process and all below it."""
    pids, most = [pid], 0
    while pids:
        one = pids.pop()
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                pids += [int(word) for word in (task / "children").read_text().split()]
            most = max(most, int(Path(f"/proc/{one}/statm").read_text().split()[1]))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return most * os.sysconf("SC_PAGESIZE") / MIB


def measure(name: str, program: list[str], size: int) -> None:
    """One line of the table."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "app.py").write_text(APPLICATION % (size * MIB))
        with open(place / "log", "wb") as log:
            server = subprocess.Popen(command(program, place), stdout=log, stderr=log)
        try:
            ask(place, "POST /", 1)
            before = memory(server.pid)
            up = max(size / ask(place, "POST /", size)[0] for _ in range(ROUNDS))
            after_up = memory(server.pid)
            down = max(size / ask(place, "GET /", 0)[0] for _ in range(ROUNDS))
            after_down = memory(server.pid)
            print(f"| {name} | {up:.0f} | {after_up - before:+.1f} | {down:.0f} | {after_down - after_up:+.1f} |")
        finally:
            server.terminate()
            server.wait(20)


def main() -> int:
    """Print the table."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    found = subprocess.run([ROOT / "scripts/install-reference-uwsgi"], stdout=subprocess.PIPE, text=True, check=True)
    reference = found.stdout.strip().splitlines()[-1]
    print(f"One body of {size} MiB over a UNIX socket, the best of {ROUNDS}.\n")
    print("| server | upload, MiB/s | memory, MiB | download, MiB/s | memory, MiB |\n|---|---|---|---|---|")
    measure("imperator", [str(Path(sys.executable).with_name("imperator"))], size)
    measure("uwsgi", [reference], size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
