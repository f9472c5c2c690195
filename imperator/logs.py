"""Lines of the log. One line is one write, so that lines of several processes never mix.

Nothing is dated here: uWSGI's lines are not, unless ``log-date`` asks for it, and people's tools read them so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from imperator.errors import Diagnostic, printable


def say(line: str) -> None:
    """Write one line to standard error."""
    text(printable(line) + "\n")


def complain(diagnostics: Iterable[Diagnostic]) -> None:
    """Write complaints, one line each."""
    for diagnostic in diagnostics:
        text(diagnostic.line() + "\n")


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
