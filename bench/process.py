"""Started programs: pinned to cores, waited for until they give the right answer, ended by pid with all they forked."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from bench import machine

PATIENCE = 20.0
MERCY = 5.0
COMPLAINT = re.compile(r"error|cannot|no module|refused|failed", re.IGNORECASE)


class Failed(Exception):
    """A server did not do what is asked of all; the text says what, for the report."""


class Running:
    """One started program, and the end of everything that came from it."""

    def __init__(self, command: list[str], cores: str, log: Path, path: Path | None = None) -> None:
        environ = dict(os.environ)
        if path is not None:
            environ["PYTHONPATH"] = str(path)
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                ["taskset", "-c", cores, *command],
                cwd=log.parent,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Of the program; taskset became it."""
        return self.process.pid

    def cpu_seconds(self) -> float:
        """Used so far by the program and all that came from it."""
        return machine.cpu_seconds(self.pid)

    def check(self) -> None:
        """Raise if it ended by itself."""
        if self.process.poll() is not None:
            raise Failed(f"ended by itself, status {self.process.returncode}: {self.last_words()}")

    def last_words(self) -> str:
        """The last line of its log that speaks of an error, or else the last one that is not empty."""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 4096))
            said = file.read().decode("utf-8", "replace")
        rows = [row.strip() for row in said.splitlines() if row.strip()]
        errors = [row for row in rows if COMPLAINT.search(row)]
        return (errors or rows or ["it said nothing"])[-1][:200]

    def stop(self) -> None:
        """Ask it to end, wait, and kill what is left of the tree."""
        family = machine.tree(self.pid)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + MERCY
        while time.monotonic() < deadline and self.process.poll() is None:
            time.sleep(0.01)
        for pid, started in family.items():
            fields = machine.stat(pid)
            if fields is not None and fields[19] == started and fields[0] != "Z":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()


def fetch(port: int) -> tuple[int, bytes]:
    """Status and body of the one page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait_for_answer(port: int, body: bytes, programs: list[Running]) -> None:
    """Return when the right answer came; raise when a program ended, or when it never came."""
    deadline = time.monotonic() + PATIENCE
    answer: object = "nothing"
    while time.monotonic() < deadline:
        for program in programs:
            program.check()
        try:
            answer = fetch(port)
            if answer == (200, body):
                return
        except (OSError, http.client.HTTPException) as error:
            answer = error
        time.sleep(0.02)
    raise Failed(f"no right answer within {PATIENCE:.0f} seconds, but {answer!r}"[:300])
