"""``imperator explain FILE [OPTION ...]``: where every value comes from. ``imperator explain CODE``: what it means."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Sequence

from imperator.config.build import build
from imperator.config.load import Loaded, read
from imperator.config.options import lookup, nearest
from imperator.config.pairs import Pair
from imperator.config.secrets import secrets
from imperator.config.world import World
from imperator.errors import Diagnostic, printable
from imperator.ops import pages
from imperator.ops.finding import Lines
from imperator.ops.origin import named, origin
from imperator.ops.paint import BOLD, DIM, YELLOW, paint
from imperator.ops.person import Person
from imperator.ops.subject import of_argument
from imperator.ops.words import used
from imperator.process.world import RealWorld

USAGE = """\
usage: imperator explain FILE [OPTION ...]
       imperator explain CODE

Show the configuration that comes of FILE: each value, the line it was written in, what it overrode, how its variables
were filled in, and why a line has no effect; only of each OPTION, if any is named. With the code of a diagnostic, such
as unknown-option, show what it means and how to mend it.
"""


def main(argv: Sequence[str]) -> int:
    """Run the command; answers its exit status."""
    if any(word in ("-h", "--help") for word in argv):
        print(USAGE, end="")
        return 0
    if not argv or argv[0].startswith("-"):
        sys.stderr.write(USAGE)
        return 2
    word, options = argv[0], [name.lstrip("-") for name in argv[1:]]
    if not os.path.exists(word) and not options and (text := pages.page(word.strip("[]"))) is not None:
        print(text, end="")
        _words(text)
        return 0
    try:
        subjects = of_argument(word, os.environ, Person.current())
    except OSError as error:
        sys.stderr.write(_unknown(word, error))
        return 2
    if len(subjects) != 1 or subjects[0].vassal:
        sys.stderr.write(f"error: {word} is a directory; name one of its files\n")
        return 2
    world = RealWorld(looks_only=True)
    loaded = read(subjects[0].argv, world)
    _, found = build(loaded.pairs, world)
    return _explain(loaded, [*loaded.diagnostics, *found], world, options)


def _words(text: str) -> None:
    found = used(text)
    if found:
        print("\n## Words\n")
        print("\n".join(f"- {word}: {meaning}" for word, meaning in found.items()))


def _unknown(word: str, error: OSError) -> str:
    if "/" in word or "." in word:
        return f"error: {word}: {error.strerror}\n"
    near = difflib.get_close_matches(word, pages.codes(), 1)
    hint = f"; did you mean {near[0]}" if near else ""
    return f"error: {word} is neither a file nor the code of a diagnostic{hint}\n"


def _explain(loaded: Loaded, diagnostics: Sequence[Diagnostic], world: World, options: Sequence[str]) -> int:
    names: dict[str, None] = {}
    for pair in loaded.pairs:
        if pair.where.line or not _spliced(pair):
            row = lookup(pair.key)
            names.setdefault(row.name if row else pair.key)
    status = 0
    if options:
        names = {}
        for name in options:
            row = lookup(name)
            names.setdefault(row.name if row else name)
    lines = Lines(world.facts.directory)
    hidden = {pair: secret for pair, _, secret in secrets(loaded.pairs)}
    for name in names:
        its = named(name, loaded)
        if not its and lookup(name) is None:
            near = nearest(name)
            sys.stderr.write(
                f"error: {name} is no option and no variable of this file"
                + (f"; did you mean {near}\n" if near else "\n")
            )
            status = 1
            continue
        print("\n".join(_one(name, its, loaded, diagnostics, world, lines, hidden)))
    return status


def _spliced(pair: Pair) -> bool:
    """Whether it is the option that named the file which is being explained."""
    return pair.key in ("ini", "xml", "yaml", "json")


def _one(
    name: str,
    its: Sequence[Pair],
    loaded: Loaded,
    diagnostics: Sequence[Diagnostic],
    world: World,
    lines: Lines,
    hidden: dict[Pair, str],
) -> list[str]:
    row = lookup(name)
    out: list[str] = []
    several = row is not None and row.repeats
    # Of a variable the first line counts, of an option the last.
    count = list(its) if several else list(its[:1]) if row is None else list(its[-1:])
    for pair in count:
        shown = printable(pair.text().replace(hidden[pair], "***") if pair in hidden else pair.text())
        kind = "" if row is not None else paint("  (a variable)", DIM)
        out.append(f"{paint(name, BOLD)} = {shown}{kind}")
        out += _history(pair, name, loaded, world, lines, pair in hidden)
        for one in diagnostics:
            if one.where is not None and one.where == pair.where and one.where.line and name in _near(pair, one):
                out.append(
                    f"    {paint(one.severity.value, YELLOW)}: {printable(one.message)}; {one.hint} [{one.code}]"
                )
    for pair in its:
        if pair not in count:
            why = "the first line counts for a variable" if row is None else "a later line counts"
            out.append(f"    overridden: {printable(pair.text())} of {pair.where} ({why})")
    if not its:
        out.append(f"{paint(name, BOLD)} is not set")
    if row is not None:
        if row.help:
            out.append(paint(f"    {row.help}.", DIM))
        default = row.default if row.default not in ("", "-") else "none"
        out.append(paint(f"    Default: {default}.", DIM))
        if row.status != "supported":
            told = {"accepted": "Nothing to do here", "refused": "No effect", "not yet": "No effect yet"}[row.status]
            out.append(f"    {told}" + (f": {row.reason}." if row.reason else "."))
    out.append("")
    return out


def _near(pair: Pair, one: Diagnostic) -> tuple[str, ...]:
    row = lookup(pair.key)
    return row.names if row is not None else (pair.key,)


def _history(pair: Pair, name: str, loaded: Loaded, world: World, lines: Lines, secret: bool) -> list[str]:
    written = f" as {pair.key}" if pair.key != name else ""
    via = f" ({pair.via})" if pair.via else ""
    out = [f"    from {pair.where}{written}{via}"]
    how = origin(pair, loaded, world, lines)
    if how.steps and not secret:
        out.append(f"    written: {printable(how.written)}")
        out += [f"      {printable(step.reference)} -> {printable(step.value)}  ({step.source})" for step in how.steps]
    return out
