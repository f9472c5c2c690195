"""Lines of the log. One line is one write, so that lines of several processes never mix.

Nothing is dated unless ``log-date`` asks for it, as with uWSGI: people's tools read the lines so. Tracebacks and the
lines of requests never are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from imperator.errors import Diagnostic, printable

_date = ""


def date(template: str) -> None:
    """From now on, begin each line with the time as ``strftime`` writes it, if there is a template."""
    global _date
    _date = template


def _now() -> str:
    return time.strftime(_date) + " - " if _date else ""


def say(line: str) -> None:
    """Write one line to standard error."""
    text(_now() + printable(line) + "\n")


def complain(diagnostics: Iterable[Diagnostic]) -> None:
    """Write complaints, one line each."""
    for diagnostic in diagnostics:
        text(_now() + diagnostic.line() + "\n")


def text(lines: str) -> None:
    """Write text as it is, such as a traceback. A log that cannot be written to stops nobody."""
    try:
        data = lines.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = lines.encode("utf-8", "backslashreplace")  # half a character, in an exception's text
    try:
        while data:
            data = data[os.write(2, data) :]
    except OSError:
        pass  # the disk is full or the terminal is gone: serving goes on
