"""How long `imperator check` takes for a directory of vassals, and how much memory.

    python -m bench.check [--vassals 1000] [--runs 3]

Each vassal is a site as people write them, with an application, a chain of variables and a misspelling. Prints the
median times, by the clock and of the processor, the peak of memory, and what one vassal costs. Ends with 1 when a
directory of 1,000 takes more than 3 seconds of the processor, which other programs do not lengthen as much, or 150 MB.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MOST_SECONDS = 3.0
MOST_MEGABYTES = 150
SITE = """\
[uwsgi]
project = site{number}
base = {base}
chdir = %(base)/%(project)
module = %(project).wsgi:application
master = true
processes = 4
threads = 2
socket = {base}/run/%n.sock
chmod-socket = 660
vacuum = true
need-app = true
die-on-term = true
harakiri = 60
max-requests = 5000
buffer-size = 32768
logto = {base}/run/%n.log
env = DJANGO_SETTINGS_MODULE=%(project).settings
touch-reload = %(base)/reload
cron = 0 3 -1 -1 -1 true
plugins = python3
enable_threads = true
"""
APP = """\
import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [os.environ["DJANGO_SETTINGS_MODULE"].encode()]
"""


def prepare(base: Path, count: int) -> Path:
    """Write ``count`` vassals and their applications; answers the directory of the vassals."""
    vassals = base / "vassals"
    for path in (vassals, base / "run"):
        path.mkdir()
    for number in range(count):
        package = base / f"site{number}" / f"site{number}"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "wsgi.py").write_text(APP)
        (vassals / f"site{number}.ini").write_text(SITE.format(number=number, base=base))
    return vassals


def measure(vassals: Path) -> tuple[float, float, float]:
    """Seconds by the clock, seconds of the processor, and megabytes of one run."""
    with open(os.devnull, "wb") as null:
        begin = time.monotonic()
        run = subprocess.Popen([sys.executable, "-m", "imperator", "check", str(vassals)], stdout=null)
        _, status, usage = os.wait4(run.pid, 0)
        seconds = time.monotonic() - begin
    run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode not in (0, 1):
        raise SystemExit(f"the check ended with {run.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> int:
    """Prepare, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--vassals", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as base:
        vassals = prepare(Path(base), asked.vassals)
        runs = [measure(vassals) for _ in range(asked.runs)]
    seconds = statistics.median(run[0] for run in runs)
    busy = statistics.median(run[1] for run in runs)
    megabytes = max(run[2] for run in runs)
    each = busy / asked.vassals * 1000
    print(f"{asked.vassals} vassals: {seconds:.2f} s, {busy:.2f} s of the processor (medians of {asked.runs}),"
          f" {each:.2f} ms each, {megabytes:.0f} MB")
    return 1 if asked.vassals >= 1000 and (busy > MOST_SECONDS or megabytes > MOST_MEGABYTES) else 0


if __name__ == "__main__":
    sys.exit(main())
