"""``imperator options``: every option that uWSGI knows, what it does, and how far it is supported here."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from imperator.config.option import Option
from imperator.config.options import nearest, rows
from imperator.ops.wording import facts, sentence, spelled

USAGE = """\
usage: imperator options [--json] [--status STATUS] [WORD ...]

Show the options whose name, alias or help contains every WORD; all of them without a word.

  --status STATUS   only: supported, accepted, refused, "not yet"
  --json            one JSON array of objects
"""


def main(argv: Sequence[str]) -> int:
    """Run the command; answers its exit status: 0, 1 when nothing was found, 2 for bad usage."""
    words: list[str] = []
    status = None
    as_json = False
    rest = iter(argv)
    for word in rest:
        if word in ("-h", "--help"):
            print(USAGE, end="")
            return 0
        if word == "--json":
            as_json = True
        elif word == "--status":
            status = next(rest, None)
            if status not in ("supported", "accepted", "refused", "not yet"):
                sys.stderr.write(f"error: --status wants supported, accepted, refused or 'not yet', not {status!r}\n")
                return 2
        elif word.startswith("--") and len(word) > 2:
            words.append(word[2:])
        else:
            words.append(word)
    found = [row for row in rows() if _matches(row, words) and status in (None, row.status)]
    if not found:
        hint = nearest(words[0]) if len(words) == 1 else None
        sys.stderr.write(f"no option matches {' '.join(words)!r}" + (f"; did you mean {hint}?\n" if hint else "\n"))
        return 1
    if as_json:
        print(json.dumps([row._asdict() for row in found], indent=2))
    else:
        _show(found)
    return 0


def _matches(row: Option, words: Sequence[str]) -> bool:
    text = " ".join((*row.names, row.help)).lower()
    return all(word.lower() in text for word in words)


def _show(found: Sequence[Option]) -> None:
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    for row in found:
        names = ", ".join(f"--{name}" for name in row.names) + (f", -{row.short}" if row.short else "")
        print(f"{bold}{names}{spelled(row)}{plain}  ({row.status})")
        print(f"    {sentence(row.help)}")
        print(f"    {sentence('; '.join(facts(row)))}")
        if row.reason:
            print(f"    {sentence(row.reason)}")
