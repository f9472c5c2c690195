"""Processes as /proc shows them: who is whose child, and who was left behind.

The test process is a subreaper (see ``wait.become_subreaper``): whatever is started below it stays below it, so
an orphan is simply a descendant that nobody expects.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from . import wait

#: Roots of trees that live longer than a test, such as a container: nobody in them is an orphan.
EXPECTED: set[int] = set()


def state(pid: int) -> str:
    """The letter of the process's state, or an empty string when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    return state(pid) not in ("", "Z", "X")


def parent(pid: int) -> int:
    """The parent's pid, 0 when there is no such process."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def children(pid: int) -> list[int]:
    """The live children of a process, by pid, whichever thread started them."""
    try:
        return [child for child in sorted(_all_children(pid)) if alive(child)]
    except (FileNotFoundError, ProcessLookupError):
        return []


def descendants(pid: int) -> list[int]:
    """All live processes below one, nearest first."""
    found: list[int] = []
    level = [pid]
    while level:
        level = [child for one in level for child in children(one) if child not in EXPECTED]
        found += level
    return found


def title(pid: int) -> str:
    """The command line, as ps shows it."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def user(pid: int) -> int:
    """The uid that the process runs as."""
    return os.stat(f"/proc/{pid}").st_uid


def tree(pid: int, depth: int = 0) -> str:
    """A picture of a process and all below it, for the message of a failed test."""
    lines = [f"{'  ' * depth}{pid} {title(pid) or '?'}"]
    return "\n".join(lines + [tree(child, depth + 1) for child in children(pid)])


class Reaper(threading.Thread):
    """Collects orphans that end, as init would: somebody may be waiting for their pid to vanish.

    Children made by ``subprocess`` are left to it; they are told apart by being noted when they are made.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True, name="reaper")
        wait.become_subreaper()
        self.noted: set[int] = set()
        make = subprocess.Popen.__init__

        def noting(popen: subprocess.Popen[bytes], *args: object, **options: object) -> None:
            make(popen, *args, **options)  # type: ignore[arg-type]
            self.noted.add(popen.pid)

        subprocess.Popen.__init__ = noting  # type: ignore[method-assign,assignment]

    def run(self) -> None:
        """Look at our children for as long as the tests run."""
        seen: set[int] = set()
        me = os.getpid()
        while True:
            dead = {pid for pid in _all_children(me) - self.noted if state(pid) == "Z"}
            for pid in dead & seen:  # seen twice: not one that subprocess is just about to note
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    pass
            seen = dead
            time.sleep(0.03)


def _all_children(pid: int) -> set[int]:
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found |= {int(word) for word in (task / "children").read_text().split()}
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def gone(pids: list[int], timeout: float = 5.0) -> list[int]:
    """Wait for all to end; return those that did not."""
    deadline = time.monotonic() + timeout
    return [pid for pid in pids if not wait.ended(pid, max(0.0, deadline - time.monotonic()))]


def kill_all(pids: list[int]) -> None:
    """The last resort of a clean-up: exactly these, by pid."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    gone(pids)
