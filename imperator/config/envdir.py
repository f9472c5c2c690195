"""Directories of variables: each file is one, its name the variable's, its text the value.

An empty file removes the variable. Blanks and line ends behind a value do not belong to it, hidden files are no
variables. Who sets them, and when, is not known here.
"""

from __future__ import annotations

from imperator.config.world import World


def variables(path: str, world: World) -> list[tuple[str, str | None]]:
    """The variables of a directory by name; None removes one. Raises ``Unreadable`` if it cannot be read."""
    found: list[tuple[str, str | None]] = []
    for name in world.names(path):
        one = f"{path}/{name}"
        if not name.startswith(".") and "=" not in name and world.is_file(one):
            found.append((name, world.read(one).partition("\0")[0].rstrip(" \t\r\n") or None))
    return found
