"""A log file that somebody else writes: wait for a line, read what came since, find complaints."""

from __future__ import annotations

import re
from pathlib import Path

from . import wait

#: What must not stand in a log unless the test expects it.
COMPLAINT = re.compile(r"Traceback \(most recent|\berror\b|\bpanicked\b|SIGKILL|Segmentation", re.IGNORECASE)


class Log:
    """The lines of a file. ``mark`` forgets those already there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.start = 0

    def mark(self) -> None:
        """From now on, look at new lines only."""
        self.start = self.path.stat().st_size if self.path.exists() else 0

    def text(self) -> str:
        """What was written since the mark."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.start)
                return file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def lines(self, pattern: str = "") -> list[str]:
        """The lines that match."""
        return [line for line in self.text().splitlines() if re.search(pattern, line)]

    def wait(self, pattern: str, timeout: float = 10.0, count: int = 1) -> re.Match[str]:
        """Wait until the pattern stands in the log ``count`` times; return the last of those."""
        compiled = re.compile(pattern, re.MULTILINE)

        def found() -> list[re.Match[str]]:
            matches = list(compiled.finditer(self.text()))
            return matches if len(matches) >= count else []

        try:
            return wait.for_file(self.path, found, f"{pattern!r} in {self.path.name}", timeout)[count - 1]
        except wait.LateError as late:
            raise wait.LateError(f"{late}; the log is:\n{self.text()}") from None

    def complaints(self, expected: tuple[str, ...] = ()) -> list[str]:
        """Lines that speak of an error and match none of the expected patterns."""
        return [
            line for line in self.lines() if COMPLAINT.search(line) and not any(re.search(e, line) for e in expected)
        ]
