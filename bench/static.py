"""Static files against nginx: the same file, the same core, slice by slice in turn.

    python -m bench.static [--seconds 3] [--rounds 3]

Both have one worker, pinned to one core, and wrk has another. A figure without its neighbour says little about either:
what counts is the ratio, and it is told with the CPU time of wrk, which is the limit where it comes near 100 %.
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench import load, machine, nginx
from bench.process import Running, wait_for_answer

SIZES = {"4 KiB": 4096, "1 MiB": 1 << 20}
CONNECTIONS = 16

NGINX = """\
{user}daemon off;
error_log {base}/nginx.log warn;
pid {base}/nginx.pid;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    include /etc/nginx/mime.types;
    server {{
        listen 127.0.0.1:{port};
        root {root};
        index index.html;
    }}
}}
"""


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
        return port


def measure(base: Path, size: int, seconds: float, rounds: int) -> dict[str, list[load.Count]]:
    """Slices of each, in turn."""
    root = base / "files"
    root.mkdir()
    content = bytes(range(256)) * (size // 256)
    (root / "index.html").write_bytes(content)
    cores = machine.share(1)
    ports = {"imperator": free_port(), "nginx": free_port()}
    user = "user root;\n"
    (base / "nginx.conf").write_text(NGINX.format(user=user, base=base, port=ports["nginx"], root=root))
    imperator = [str(Path(sys.executable).parent / "imperator"), "--http", f"127.0.0.1:{ports['imperator']}"]
    commands = {
        "imperator": [*imperator, "--check-static", str(root), "--static-index", "index.html", "--disable-logging"],
        "nginx": [nginx.program() or "nginx", "-p", str(base), "-e", str(base / "nginx.log"), "-c",
                  str(base / "nginx.conf")],
    }  # fmt: skip
    programs = {name: Running(command, cores.server, base / f"{name}.out") for name, command in commands.items()}
    counts: dict[str, list[load.Count]] = {name: [] for name in commands}
    try:
        for name, program in programs.items():
            wait_for_answer(ports[name], content, [program])
        for _ in range(rounds):
            for name in commands:
                counts[name].append(load.run(ports[name], CONNECTIONS, seconds, cores.load))
    finally:
        for program in programs.values():
            program.stop()
    return counts


def main() -> int:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description="Static files against nginx.")
    parser.add_argument("--seconds", type=float, default=3, help="length of a slice")
    parser.add_argument("--rounds", type=int, default=3, help="slices of each")
    options = parser.parse_args()
    for label, size in SIZES.items():
        with tempfile.TemporaryDirectory() as name:
            counts = measure(Path(name), size, options.seconds, options.rounds)
        speeds = {who: median(one.per_second for one in found) for who, found in counts.items()}
        busy = max(one.cpu / (one.microseconds / 1e6) for found in counts.values() for one in found)
        errors = sum(one.read + one.write + one.status + one.timeout for found in counts.values() for one in found)
        ratio = speeds["imperator"] / speeds["nginx"]
        figures = ", ".join(f"{who} {speed:,.0f}/s" for who, speed in speeds.items())
        sys.stdout.write(f"{label}: {figures}, ratio {ratio:.2f} (wrk {busy:.0%} busy, {errors} errors)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
