"""Colour, for a terminal that wants it. ``NO_COLOR`` and anything that is no terminal get plain text."""

from __future__ import annotations

import os
import sys

BOLD, RED, YELLOW, GREEN, BLUE, DIM = "1", "31", "33", "32", "36", "2"


def wanted() -> bool:
    """Whether standard output is a terminal of somebody who wants colour."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, *how: str) -> str:
    """``text`` in a colour, if any is wanted."""
    return f"\033[{';'.join(how)}m{text}\033[0m" if text and wanted() else text
