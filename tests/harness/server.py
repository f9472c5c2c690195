"""One run of the program under test: start it, hear it, stop it, and see that nothing is left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from . import processes, wait
from .log import Log
from .program import Program

#: Variables that would change what the program does.
UNWANTED = re.compile(r"UWSGI_|IMPERATOR_|NOTIFY_SOCKET|PYTHON|VIRTUAL_ENV")


def environ(**more: str) -> dict[str, str]:
    """The environment of a server: that of the tests without what would steer it."""
    return {name: value for name, value in os.environ.items() if not UNWANTED.match(name)} | more


class Server:
    """A server in the foreground whose output goes to ``log``.

    ``expected`` are patterns of complaints that the test provokes; any other complaint fails ``stop``.
    """

    def __init__(
        self, program: Program, *args: str | Path, cwd: Path, name: str = "server", env: dict[str, str] | None = None
    ) -> None:
        self.command = [str(program.path), *map(str, args)]
        self.log = Log(cwd / f"{name}.log")
        self.expected: tuple[str, ...] = ()
        with self.log.path.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environ(**(env or {})),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The pid of the process that was started."""
        return self.process.pid

    def send(self, number: int) -> None:
        """Send a signal to the process that was started."""
        os.kill(self.pid, number)

    def stop(self, number: int = signal.SIGINT, timeout: float = 15.0, status: int | None = 0) -> float:
        """Stop it; returns the seconds that took. Fails on a wrong exit status, an orphan or a complaint."""
        below = processes.descendants(self.pid)
        start = time.monotonic()
        if self.process.poll() is None:
            self.send(number)
        if not wait.ended(self.pid, timeout):
            picture = processes.tree(self.pid)
            self.kill()
            raise wait.LateError(f"not stopped within {timeout:g} s:\n{picture}\n{self.log.text()}")
        took = time.monotonic() - start
        code = self.process.wait()
        left = processes.gone(below)
        if left:
            titles = "\n".join(f"{pid} {processes.title(pid)}" for pid in left)
            processes.kill_all(left)
            raise AssertionError(f"left behind after the stop:\n{titles}\n{self.log.text()}")
        assert status is None or code == status, f"exit status {code}\n{self.log.text()}"
        bad = self.log.complaints(self.expected)
        assert not bad, "complaints in the log:\n" + "\n".join(bad) + "\n\nthe whole log:\n" + self.log.text()
        return took

    def kill(self) -> None:
        """Clean up, whatever state it is in. Fails on nothing."""
        if self.process.poll() is None:
            below = processes.descendants(self.pid)
            self.process.kill()
            processes.kill_all(below)
            self.process.wait()
