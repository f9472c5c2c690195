"""The one ordered list that a configuration is: :class:`Pair`.

Environment, command line and every file in every format append to the same list; nothing is a tree. A pair remembers
where it was written, because every complaint names that place, and how it came here if not by being written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from imperator.errors import Where

Via = Literal["", "set-placeholder", "declare-option", "inherit", "positional"]


class Pair(NamedTuple):
    """A key, its value, and where it was written. ``value`` None: a flag of the command line, which had none."""

    key: str
    value: str | None
    where: Where
    via: Via = ""
    """``inherit``, ``positional``: it stood in such a file. The others: a line made it that is not itself."""

    def text(self) -> str:
        """The value as a line of a file would spell it."""
        return "true" if self.value is None else self.value


def listing(pairs: Iterable[Pair]) -> list[str]:
    """The list as ``show-config`` shows it: what was written, without what declared options were taken apart into."""
    return [f"{pair.key} = {pair.text()}" for pair in pairs if pair.via != "declare-option"]
