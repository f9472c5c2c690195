"""Where vassals come from: one ``emperor =`` line, a directory or a pattern.

A source lists what is there now and names the directories in which something has to happen before its answer changes.
It keeps nothing between two looks and watches nothing itself.

Which names count is uWSGI's rule (a known suffix, a regular file once links are followed), except that hidden files do
not: editors leave them behind, and nobody means them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from imperator.emperor.seen import Seen, Stamp
from imperator.errors import Diagnostic, Refused, Where

SUFFIXES = (".xml", ".ini", ".yml", ".yaml", ".json", ".js")


class Directory(NamedTuple):
    """Every configuration in one directory; a vassal's name is the bare name, its master starts in the directory."""

    path: str
    suffixes: tuple[str, ...] = SUFFIXES
    nofollow: bool = False

    def list(self) -> dict[str, Seen]:
        """The vassals by name. Raises ``OSError`` when the directory cannot be read."""
        found = {}
        for name in sorted(os.listdir(self.path)):
            path = os.path.join(self.path, name)
            if counts(name, self.suffixes) and (stamp := look(path, self.nofollow)):
                found[name] = Seen(stamp, self.path, path, source=self.path)
        return found

    def directories(self) -> Iterator[str]:
        """Where to watch, from the top downwards; what does not exist (yet) is left out."""
        return iter((self.path,) if os.path.isdir(self.path) else ())

    def turning_point(self) -> tuple[str, str]:
        """The nearest existing directory above, and the name in it that must appear (or be replaced)."""
        above, name = os.path.split(self.path)
        while above != "/" and not os.path.isdir(above):
            above, name = os.path.split(above)
        return above, name

    def __str__(self) -> str:
        return self.path


class Pattern(NamedTuple):
    """Every configuration that a pattern matches; a vassal's name is the path as matched."""

    pattern: str
    start: str
    """Where the emperor was started: patterns begin here, masters start here."""
    suffixes: tuple[str, ...] = SUFFIXES
    nofollow: bool = False

    def list(self) -> dict[str, Seen]:
        """The vassals by name."""
        found = {}
        for name in _expand(self.pattern, self.start):
            path = os.path.join(self.start, name)
            if name.endswith(self.suffixes) and (stamp := look(path, self.nofollow)):
                found[name] = Seen(stamp, self.start, path, source=self.pattern)
        return found

    def directories(self) -> Iterator[str]:
        """Where to watch, from the top downwards: a directory is looked for after those above it were answered."""
        absolute = os.path.join(self.start, self.pattern)
        parts = absolute.split("/")
        first = next((at for at, part in enumerate(parts) if has_magic(part)), len(parts) - 1)
        for end in range(max(first, 1), len(parts)):
            above = "/".join(parts[:end]) or "/"
            for path in _expand(above, self.start):
                if os.path.isdir(path):
                    yield path

    def turning_point(self) -> tuple[str, str]:
        """As of a directory: the fixed part of the pattern."""
        parts = os.path.join(self.start, self.pattern).split("/")
        first = next((at for at, part in enumerate(parts) if has_magic(part)), len(parts) - 1)
        return Directory("/".join(parts[:first]) or "/").turning_point()

    def __str__(self) -> str:
        return self.pattern


Source = Directory | Pattern


def sources(
    values: tuple[str, ...], start: str, extra_suffixes: tuple[str, ...] = (), where: Where | None = None,
    *, nofollow: bool = False,
) -> list[Source]:
    """What the ``emperor`` lines mean. ``nofollow``: a link counts as itself.

    Raises :class:`Refused` with a complaint for each one that means nothing.
    """
    suffixes = SUFFIXES + extra_suffixes
    found: list[Source] = []
    complaints = []
    for value in values:
        scheme, separator, rest = value.partition("://")
        if not separator or not scheme.isalnum():
            found.append(_by_looking(value, start, suffixes))
        elif scheme == "dir":
            found.append(Directory(os.path.abspath(os.path.join(start, rest)), suffixes))
        elif scheme == "glob":
            found.append(Pattern(rest, start, suffixes))
        else:
            complaints.append(_unknown(value, scheme, where))
    if complaints:
        raise Refused(*complaints)
    return [one._replace(nofollow=nofollow) for one in found]


def _by_looking(value: str, start: str, suffixes: tuple[str, ...]) -> Source:
    matches = _expand(value, start)
    if len(matches) == 1 and os.path.isdir(os.path.join(start, matches[0])):
        return Directory(os.path.abspath(os.path.join(start, matches[0])), suffixes)
    # Nothing there yet, and it does not look like a file: a directory that somebody will make.
    if not matches and not has_magic(value) and not value.endswith(suffixes):
        return Directory(os.path.abspath(os.path.join(start, value)), suffixes)
    return Pattern(value, start, suffixes)


def _unknown(value: str, scheme: str, where: Where | None) -> Diagnostic:
    return Diagnostic(
        "emperor-source-unknown",
        where,
        f"emperor = {value} names a kind of source that does not exist here: {scheme}",
        "use a directory (dir://PATH) or a pattern (glob://PATTERN)",
    )


def counts(name: str, suffixes: tuple[str, ...]) -> bool:
    """Whether a name in a directory is that of a vassal."""
    # uWSGI takes a name with a colon for a reinforcement of another vassal, never for one of its own.
    return name.endswith(suffixes) and not name.startswith(".") and ":" not in name


def look(path: str, nofollow: bool = False) -> Stamp | None:
    """The stamp of a configuration; None when it is no regular file.

    ``nofollow``: a link is one too, whatever it leads to.
    """
    try:
        found = os.stat(path, follow_symlinks=not nofollow)
    except OSError:
        return None
    return Stamp.of(found) if stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode) else None


def has_magic(text: str) -> bool:
    """Whether ``text`` is a pattern."""
    return any(sign in text for sign in "*?[")


def _expand(pattern: str, start: str) -> list[str]:
    if not has_magic(pattern):
        return [pattern] if os.path.lexists(os.path.join(start, pattern)) else []
    # Patterns need regular expressions, which cost a start some milliseconds; most emperors watch a directory.
    import glob

    return sorted(glob.glob(pattern, root_dir=start))
