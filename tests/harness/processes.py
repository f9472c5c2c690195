"""Processes as /proc shows them: who is whose child, and who was left behind.

The test process is a subreaper (see ``wait.become_subreaper``): whatever is started below it stays below it, so an orphan
is simply a descendant that nobody expects.
"""

from __future__ import annotations

import os
import signal
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
    """The live children of a process, in the order in which they were started, whichever thread started them."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(word) for word in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        pass
    return [child for child in sorted(found) if alive(child)]


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


def reap() -> None:
    """Collect dead children that were adopted. Those of ``subprocess`` collect themselves."""
    me = os.getpid()
    for task in Path(f"/proc/{me}/task").iterdir():
        try:
            words = (task / "children").read_text().split()
        except FileNotFoundError:
            continue
        for pid in map(int, words):
            if pid in ADOPTED and state(pid) == "Z":
                os.waitpid(pid, os.WNOHANG)
                ADOPTED.discard(pid)


#: Processes that became ours when their parent died.
ADOPTED: set[int] = set()


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
