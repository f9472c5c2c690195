"""The demo: one command brings the deployment up, Ctrl-C takes it down, and nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "scripts" / "demo"


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Where the demo makes its folder. A short path: UNIX sockets have little room for theirs."""
    with tempfile.TemporaryDirectory(prefix="d") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)
        assert list(Path(folder).iterdir()) == []


def start(*arguments: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, DEMO, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environ},
        start_new_session=True,
    )


def test_it_serves_through_nginx(room):
    demo = start("--check")
    text, _ = demo.communicate(timeout=60)
    assert demo.returncode == 0, text
    assert "uwsgi_pass unix:" in text
    assert re.search(r"GET / answered 200, \d+ bytes", text)


def test_ctrl_c_takes_it_down(room):
    demo = start()
    lines = []
    assert demo.stdout is not None
    for line in demo.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    found = re.search(r"http://127\.0\.0\.1:\d+/", "".join(lines))
    assert found, "".join(lines)
    with urllib.request.urlopen(found[0] + "login", timeout=10) as page:
        assert page.status == 200
    assert b"SkyFlask" in urllib.request.urlopen(found[0] + "login", timeout=10).read()
    emperor = re.search(r"emperor\s+pid (\d+)", "".join(lines))
    assert emperor
    demo.send_signal(signal.SIGINT)
    text, _ = demo.communicate(timeout=60)
    assert demo.returncode == 0, text
    assert not Path(f"/proc/{emperor[1]}").exists()


def test_bad_usage_starts_nothing(room):
    demo = start("--nonsense")
    text, _ = demo.communicate(timeout=60)
    assert demo.returncode == 2
    assert "usage: scripts/demo" in text
