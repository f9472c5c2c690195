"""Where the value of an option comes from: the line, what it overrode, and how its placeholders were filled in.

The reader keeps the outcome only; here the line is taken from its file once more and the same replacements are made one
after the other, each told with its source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from imperator.config import magic
from imperator.config.expand import Endless, expand
from imperator.config.load import Loaded
from imperator.config.options import lookup
from imperator.config.pairs import Pair
from imperator.config.world import World
from imperator.errors import Where
from imperator.ops.finding import Lines

_LETTERS = {
    "d": "the directory of the file", "n": "its name without the ending", "s": "its name", "p": "its path",
    "o": "as given",
    "e": "its ending", "c": "the name of its directory", "x": "the section", "h": "the name of this machine",
    "k": "the number of processors", "v": "where we were started", "u": "our uid", "g": "our gid", "U": "our user",
    "G": "our group", "b": "the program", "V": "the version", "t": "the time of the start", "i": "the inode",
    "j": "a hash",
}  # fmt: skip


class Step(NamedTuple):
    """One replacement."""

    reference: str
    value: str
    source: str


class Origin(NamedTuple):
    """How the value of one line came about."""

    pair: Pair
    written: str
    """The value as it stands in the file."""
    steps: tuple[Step, ...]


def named(name: str, loaded: Loaded) -> list[Pair]:
    """Every line of an option, under whichever of its names, or of a variable; in order."""
    row = lookup(name)
    names = row.names if row is not None else (name,)
    return [pair for pair in loaded.pairs if pair.key in names]


def origin(pair: Pair, loaded: Loaded, world: World, lines: Lines) -> Origin:
    """How the value of ``pair`` came about."""
    text = lines.at(pair.where)
    written = _written(pair, text)
    if written is None:
        return Origin(pair, pair.text(), ())
    steps: list[Step] = []
    now = _magic(written, pair.where, loaded, world, steps)
    known: dict[str, Pair] = {}
    for other in loaded.pairs:
        known.setdefault(other.key, other)

    def from_environment(name: str) -> str | None:
        value = world.facts.environ.get(name)
        return _noted(steps, f"$({name})", value, "the environment")

    def from_list(name: str) -> str | None:
        other = known.get(name)
        value = other.value if other is not None else None
        return _noted(steps, f"%({name})", value, str(other.where) if other is not None else "")

    passes: Sequence[tuple[str, Callable[[str], str | None]]] = (("$", from_environment), ("%", from_list))
    for symbol, resolve in passes:
        try:
            now = expand(now, symbol, resolve)
        except Endless:
            break
    if now != pair.text() and " " in now:
        steps.append(Step(now, pair.text(), "sums and files"))
    return Origin(pair, written, tuple(dict.fromkeys(steps)))


def _written(pair: Pair, line: str) -> str | None:
    """The value in the line of an INI file; None where the line is of another format or makes another option."""
    key, equals, value = line.strip(" \t\r").partition("=")
    if pair.where.line < 1 or key.rstrip(" \t") != pair.key or not equals:
        return None
    return value.lstrip(" \t")


def _magic(text: str, where: Where, loaded: Loaded, world: World, steps: list[Step]) -> str:
    if "%" not in text:
        return text
    variables: Mapping[str, str] = {
        **magic.of_the_machine(world),
        **magic.of_a_file(where.file, "", world),
        **(magic.capitals(magic.of_a_file(loaded.files[0], "", world)) if loaded.files else {}),
    }
    at = text.find("%")
    while 0 <= at < len(text) - 1:
        letter = text[at + 1]
        if letter in variables and letter not in "%[":
            what = _LETTERS.get(letter) or _LETTERS.get(letter.lower(), "a part of the path")
            steps.append(Step("%" + letter, variables[letter], what))
        at = text.find("%", at + 2)
    return magic.substitute(text, variables)[0]


def _noted(steps: list[Step], reference: str, value: str | None, source: str) -> str | None:
    if value is not None:
        steps.append(Step(reference, value, source))
    return value
