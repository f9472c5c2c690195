"""Lines that a later line of the same section replaces: of an option that counts once, the last one wins.

A line in a condition replaces another on purpose, and so does one beside a section or file that it takes over, so only
two lines that stand below one header, the second outside of any block, are spoken of.
"""

from __future__ import annotations

from collections.abc import Sequence

from imperator.config.options import lookup
from imperator.config.pairs import Pair
from imperator.config.values import split_comment
from imperator.errors import Diagnostic, Severity
from imperator.ops.finding import Lines


def replaced(pairs: Sequence[Pair], lines: Lines) -> list[Diagnostic]:
    """Each line that has no effect because of a later one."""
    last: dict[str, Pair] = {}
    found = []
    for pair in pairs:
        row = lookup(pair.key)
        if row is None or row.repeats or row.immediate or not pair.where.line or row.name == "chmod-socket":
            continue
        if pair.via in ("inherit", "declare-option") or row.subsystem in ("config", "config-logic"):
            continue
        old = last.get(row.name)
        last[row.name] = pair
        if (
            old is None
            or split_comment(old.text())[0] == split_comment(pair.text())[0]
            or old.where.file != pair.where.file
        ):
            continue
        if old.where.line < pair.where.line and _plain(lines.of(pair.where.file), old.where.line, pair.where.line):
            found.append(
                Diagnostic(
                    "value-replaced",
                    old.where,
                    f"{old.key} = {old.text()} has no effect: line {pair.where.line} says {pair.key} = {pair.text()}",
                    "remove one of the two lines",
                    Severity.WARNING,
                )
            )
    return found


def _plain(text: Sequence[str], first: int, second: int) -> bool:
    """Whether no header and no block is between the lines, or around the second."""
    for line in text[first - 1 : second]:
        plain = line.strip()
        if plain.startswith(("[", "<uwsgi")):
            return False
    depth = 0
    for line in text[:second]:
        word = line.strip().partition("=")[0].partition(":")[0].strip()
        if word.startswith(("if-", "for-")) or word in ("for", "foreach"):
            depth += 1
        elif word.startswith("end"):
            depth = 0
    return not depth
