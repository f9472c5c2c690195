"""Placeholders in values: ``$(NAME)`` from the environment, ``@(file)`` from files, ``%(name)`` from the list itself.

Three passes over the whole list, in that order, once. What a reference is replaced with is read again from its second
letter on, so that a value may refer to further ones; the innermost of nested references goes first. A reference that
has no answer stays as it is: log formats and templates live on that. Keys are never expanded, nor are lines that took
effect while they were read.

References that lead to each other have an end here: after so many steps the value is left as written and an error
names the names. This file does not know which values need an answer; ``judge.py`` complains about what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from imperator.config.arithmetic import evaluate
from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.world import Unreadable, Withheld
from imperator.errors import Where

MOST_STEPS = 2000
MOST_WORK = 1 << 22
"""Letters read again, one value's replacements together."""
MOST_ALTOGETHER = 1 << 23
"""The same for all values: what takes about a second."""
A_LOOK = 32
"""What the search for one name costs, in letters."""

Resolve = Callable[[str], str | None]


class Endless(Exception):
    """References lead to each other. Carries the names, in order, up to the first that comes again."""


class Work:
    """How much was done so far, for all values of a configuration."""

    def __init__(self) -> None:
        self.letters = 0


def expand(
    text: str, symbol: str, resolve: Resolve, tell: Callable[[str], None] | None = None, work: Work | None = None
) -> str:
    """``text`` with each reference that ``resolve`` has an answer for replaced; ``tell`` hears of every step."""
    opening = symbol + "("
    at = 0
    trail: list[str] = []
    work = work or Work()
    before = work.letters
    ends = _ends(text)
    while (start := text.find(opening, at)) >= 0:
        end = ends.get(start + 1, -1)
        at = start + 2
        if end < 0 or text.find(symbol, at, end) >= 0:
            continue  # never closed; or a reference is inside, which goes first, or what could begin one
        inner = text[at:end]
        answer = resolve(inner)
        work.letters += A_LOOK
        if answer is None:
            continue
        text = text[:start] + answer + text[end + 1 :]
        trail.append(inner)
        work.letters += len(text)
        done = work.letters - before
        if len(trail) > MOST_STEPS or done > MOST_WORK or work.letters > MOST_ALTOGETHER:
            raise Endless(*_circle(trail))
        if tell is not None:
            tell(text)
        at = 1
        ends = _ends(text)
    return text


def expand_all(
    pairs: list[Pair], done: Callable[[Pair], bool], environ: Mapping[str, str], read: Callable[[str], str],
    complaints: Complaints,
) -> set[str]:
    """Run the three passes over ``pairs``, in place; the names that were asked for by ``%()``.

    ``done`` tells of a pair that took effect while it was read and is left alone; ``read`` answers with the text of a
    file, or raises ``Unreadable``.
    """
    asked: set[str] = set()
    first: dict[str, int] = {}
    for index, pair in enumerate(pairs):
        first.setdefault(pair.key, index)
    here = Where("")

    def from_files(name: str) -> str | None:
        try:
            text = read(name)
        except Withheld as error:
            complaints.warn("not-examined", here, f"@({name}) is not filled in: {error}", "only a start does")
            return None
        except Unreadable as error:
            complaints.error("file-unreadable", here, f"cannot read {name}: {error}",
                             f"create the file or remove @({name})")
            return ""
        text = text[:-1] if text.endswith(("\n", "\r")) else text
        if "\0" in text:
            complaints.warn("zero-byte", here, f"{name} holds a zero byte, what is behind it is left out",
                            f"remove @({name}), or save the file as plain text")
        return text.partition("\0")[0]

    def from_list(text: str) -> str | None:
        if " " in text:
            return evaluate(text, lambda name: value_of(name) or "")
        return value_of(text)

    def value_of(name: str) -> str | None:
        asked.add(name)
        index = first.get(name) if name else None
        return None if index is None else pairs[index].value

    work = Work()
    resolvers: Sequence[tuple[str, Resolve]] = (("$", environ.get), ("@", from_files), ("%", from_list))
    for symbol, resolve in resolvers:
        for index, pair in enumerate(pairs):
            if pair.value is None or symbol + "(" not in pair.value or done(pair):
                continue
            here = pair.where

            def keep(text: str, index: int = index, pair: Pair = pair) -> None:
                pairs[index] = pair._replace(value=text)  # a value that refers to itself sees what it has become

            try:
                expand(pair.value, symbol, resolve, keep, work)
            except Endless as error:
                pairs[index] = pair
                names = " -> ".join(f"{symbol}({name})" for name in error.args)
                complaints.error("placeholder-cycle", pair.where, f"placeholders in {pair.key} never end: {names}",
                                 "give one of them a value without placeholders")
    return asked


def references(text: str) -> list[str]:
    """The names that ``text`` refers to by ``%()``, those in sums included."""
    found: list[str] = []
    ends = _ends(text)
    at = text.find("%(")
    while at >= 0:
        found.extend(word for word in text[at + 2 : ends.get(at + 1, len(text))].split(" ")[:1000] if word)
        at = text.find("%(", at + 2)
    return found


def unresolved(text: str) -> str | None:
    """The first reference that is left in ``text``: ``$(X)``, ``%(x)`` or ``@(x)``."""
    for start, end in sorted(_ends(text).items()):
        if start and text[start - 1] in "$%@" and end > start + 1:
            return text[start - 1 : end + 1]
    return None


def _ends(text: str) -> dict[int, int]:
    """Where each parenthesis is closed; one that never is, is absent."""
    ends: dict[int, int] = {}
    if ")" not in text:
        return ends
    open_ones: list[int] = []
    for index, letter in enumerate(text):
        if letter == "(":
            open_ones.append(index)
        elif letter == ")" and open_ones:
            ends[open_ones.pop()] = index
    return ends


def _circle(trail: Sequence[str]) -> list[str]:
    last = trail[-1]
    for length in range(1, min(len(trail), 50)):
        if trail[-1 - length] == last:
            return [*trail[-1 - length : -1], last]
    return list(trail[-3:])
