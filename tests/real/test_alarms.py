"""Alarms of a running site: a line of the log, a crash."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.harness import app, program, wait
from tests.harness.http import Client
from tests.harness.instance import Instance
from tests.real.conftest import Start


@pytest.mark.skipif(program.REFERENCE, reason="needs a build with PCRE")
def test_lines_and_crashes_are_told(start: Start, tmp_path: Path):
    app.write(tmp_path / "app.py", "one", "import sys\nprint('the disk is full', file=sys.stderr)")
    instance, told = Instance(tmp_path / "stats.sock"), tmp_path / "told"
    site = app.ini(tmp_path / "site.ini", http_socket=tmp_path / "http.sock", stats=instance.address,
                   wsgi_file="app.py", alarm=["file cmd:cat >>told; echo >>told", "note log:"],
                   log_alarm="file,note disk is (full|gone)", alarm_segfault="file")  # fmt: skip
    server = start.server(site)
    instance.up(1)
    server.log.wait("ALARM: the disk is full")
    wait.until(lambda: told.exists() and "the disk is full\n" in told.read_text(), "the command")
    assert Client(tmp_path / "http.sock").body().startswith("one ")
    [worker] = instance.workers()
    os.kill(worker, signal.SIGSEGV)
    wait.until(lambda: f"worker 1 (pid: {worker}) died, killed by signal 11" in told.read_text(), "the crash")
    server.expected = ("Segmentation",)
    server.stop()
