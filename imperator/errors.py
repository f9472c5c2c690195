"""What went wrong, said so that the reader can mend it.

A :class:`Diagnostic` is one complaint: where it is, what is the matter, what to do. It is plain data; who finds it does
not print it, and who prints it does not judge it. Complaints are collected, not thrown one at a time: a
:class:`Refused` carries all of those that keep something from starting.

This is a leaf: it imports nothing of ours and reads no file, clock or log.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Severity(enum.Enum):
    """How far a complaint reaches. ``ERROR`` keeps something from starting, ``WARNING`` does not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Where(NamedTuple):
    """A place that an administrator can open: a file and a line, or a name such as ``command line``.

    ``line`` counts from 1; 0 means that the place has no lines.
    """

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


COMMAND_LINE = Where("command line")
ENVIRONMENT = Where("environment")


class Diagnostic(NamedTuple):
    """One complaint.

    ``code`` is a stable kebab-case word, unique to the kind of complaint (``port-in-use``); ``message`` states the
    fact in one sentence without a full stop; ``hint`` is the next step, in one sentence without a full stop.
    """

    code: str
    where: Where | None
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    def line(self) -> str:
        """The complaint on one line, as it is printed and logged."""
        place = f"{self.where}: " if self.where else ""
        hint = f"; {self.hint}" if self.hint else ""
        return printable(f"{self.severity.value}: {place}{self.message}{hint} [{self.code}]")


class Refused(Exception):
    """Something cannot start. Carries every complaint that was found, and the exit status that tells of it."""

    def __init__(self, *diagnostics: Diagnostic, status: int = 1) -> None:
        super().__init__("\n".join(d.line() for d in diagnostics))
        self.diagnostics = diagnostics
        self.status = status


def printable(text: str) -> str:
    """``text`` with control characters shown as escapes, so that no name or value can forge a line of a log."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
