"""Every source of a configuration, read into one list of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from imperator.config.pairs import Pair
from imperator.config.world import World
from imperator.errors import Diagnostic


class Loaded(NamedTuple):
    """What was read: the pairs in order and expanded, and every complaint on the way."""

    pairs: tuple[Pair, ...]
    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]
    """The files that were read, absolute, in order: what a reload depends on."""


def read(argv: Sequence[str], world: World) -> Loaded:
    """Read environment, command line (``argv`` without the program's name) and all the files that they name."""
    raise NotImplementedError
