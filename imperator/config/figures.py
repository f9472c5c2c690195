"""What the stats servers tell, and how: the group of options that ends in :class:`Figures`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import flag

_FLAGS = {"stats-http": "http", "stats-minified": "minified", "stats-no-cores": "no_cores"}


class Figures(NamedTuple):
    """The form of the document."""

    http: bool = False
    """A head of HTTP comes before it."""
    minified: bool = False
    """It has no blanks."""
    no_cores: bool = False


def read(found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> Figures:
    """What the lines mean."""
    return Figures(**{field: flag(found[name][-1], complaints) for name, field in _FLAGS.items() if name in found})
