"""``imperator check --against uwsgi``: the lines of docs/differences.md that concern a configuration.

The page is the one list of differences; a line of it that names options in backticks concerns whoever uses one of them,
one that tells of a default concerns whoever leaves it out, and the others concern everybody. Options known here that
have no effect are told from the table.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from imperator.config.option import Option
from imperator.config.options import lookup
from imperator.ops.examination import Examined
from imperator.ops.paint import BOLD, paint

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "differences.md")
_ROW = re.compile(r"^\|(.+)\|(.+)\|(.*)\|$")
_QUOTED = re.compile(r"`([^`]+)`")
_DEFAULT = re.compile(r"^(?:without `([a-z0-9-]+)`|`([a-z0-9-]+)` is [0-9])")


class Difference(NamedTuple):
    """One row of the page."""

    chapter: str
    uwsgi: str
    imperator: str
    because: str
    options: frozenset[str]
    """The options that it is about; none: it is about everybody."""
    if_absent: bool
    """It tells of a default."""


def differences() -> Iterator[Difference]:
    """Every row."""
    chapter = ""
    with open(PAGE, encoding="utf-8") as file:
        for line in file:
            if line.startswith("## "):
                chapter = line[3:].strip()
            row = _ROW.match(line.strip())
            if row is None or set(row[1].strip()) <= set("-: ") or row[2].strip() == "Imperator":
                continue
            uwsgi, ours, because = (cell.strip() for cell in row.groups())
            default = _DEFAULT.match(uwsgi)
            yield Difference(chapter, uwsgi, ours, because, _options(uwsgi), default is not None)


def _options(text: str) -> frozenset[str]:
    """The options that a row is about: none if the first thing that it quotes is a signal, a file or a command."""
    found = set()
    quotations = _QUOTED.findall(text)
    if not quotations or quotations[0].startswith("--") or lookup(quotations[0].split("=")[0].strip()) is None:
        return frozenset()
    for quoted in quotations:
        if (row := lookup(quoted.split("=")[0].strip())) is not None:
            found.add(row.name)
    return frozenset(found)


def concerning(examined: Sequence[Examined]) -> list[Difference]:
    """The differences that these configurations will notice."""
    used: set[str] = set()
    emperor = any(each.is_emperor for each in examined)
    for each in examined:
        for pair in each.pairs:
            if (row := lookup(pair.key)) is not None:
                used.add(row.name)
    found = []
    for one in differences():
        if one.chapter == "The emperor" and not emperor:
            continue
        if not one.options or (one.options & used and not one.if_absent) or (one.if_absent and not one.options & used):
            found.append(one)
    return found


def against(examined: Sequence[Examined]) -> str:
    """The text for people."""
    lines = [paint("What differs from uWSGI 2.0.31 for these configurations", BOLD)]
    idle: dict[str, Option] = {}
    for each in examined:
        for pair in each.pairs:
            row = lookup(pair.key)
            if row is not None and row.status != "supported":
                idle.setdefault(pair.key, row)
    if idle:
        lines.append("\nOptions without effect here")
        for key, row in sorted(idle.items()):
            told = {"accepted": "nothing to do", "refused": "refused", "not yet": "not supported yet"}[row.status]
            lines.append(f"  {key}: {told}" + (f": {row.reason}" if row.reason else ""))
    chapter = ""
    for one in concerning(examined):
        if one.chapter != chapter:
            chapter = one.chapter
            lines.append(f"\n{chapter}")
        lines.append(f"  uWSGI: {one.uwsgi}\n    here: {one.imperator}" + (f" ({one.because})" if one.because else ""))
    return "\n".join(lines) + "\n"
