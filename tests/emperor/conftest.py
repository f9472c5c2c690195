"""A running emperor, told and heard from outside."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 20


class Emperor:
    """An emperor's process and everything that it and its vassals print, in order."""

    def __init__(self, directory, inherit=False, **fields):
        self.directory = directory
        self.lines = []
        self._at = 0
        self._rest = b""
        settings = {"emperor": [str(directory)], "emperor_freq": 3600, "emperor_throttle": 60000, **fields}
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "emperor.py"), json.dumps(settings)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=directory.parent,
            close_fds=not inherit,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def wait(self, *patterns):
        """The match of each pattern, in this order, in lines not waited for yet; lines in between are passed over."""
        return [self._wait(pattern) for pattern in patterns]

    def _wait(self, pattern):
        until = time.monotonic() + PATIENCE
        while True:
            while self._at < len(self.lines):
                self._at += 1
                if match := re.search(pattern, self.lines[self._at - 1]):
                    return match
            if not self._read(until):
                pytest.fail(f"{pattern!r} did not come; heard:\n" + "\n".join(self.lines))

    def _read(self, until):
        out = self.process.stdout
        able, _, _ = select.select([out], [], [], max(0, until - time.monotonic()))
        data = os.read(out.fileno(), 65536) if able else b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.lines += [line.decode() for line in lines]
        return bool(data)

    def signal(self, signum):
        self.process.send_signal(signum)

    def barrier(self):
        """Everything that happened before this has been dealt with, and its lines are in :attr:`lines`."""
        self.signal(signal.SIGURG)
        self._wait("cleaning up blacklist")

    def finish(self):
        """Stop it and answer its exit status."""
        self.signal(signal.SIGTERM)
        return self.exit_status()

    def exit_status(self):
        """Its exit status, once it and its vassals have closed their output."""
        until = time.monotonic() + PATIENCE
        while self._read(until):
            pass
        return self.process.wait(PATIENCE)


@pytest.fixture
def vassals(tmp_path):
    directory = tmp_path / "vassals"
    directory.mkdir()
    return directory


@pytest.fixture
def emperor(vassals):
    """Starts emperors that watch ``vassals``; none of them outlives the test."""
    running = []

    def start(**fields):
        running.append(Emperor(vassals, **fields))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            # Two different ones: the kernel delivers a pending signal once.
            one.signal(signal.SIGTERM)
            one.signal(signal.SIGINT)
            try:
                one.process.wait(5)
            except subprocess.TimeoutExpired:
                one.process.kill()
        one.process.stdout.close()
        one.process.wait()
