"""Pairs into Settings, with every complaint at once."""

from __future__ import annotations

from collections.abc import Sequence

from imperator.config.pairs import Pair
from imperator.config.settings import Settings
from imperator.config.world import World
from imperator.errors import Diagnostic


def build(pairs: Sequence[Pair], world: World) -> tuple[Settings, list[Diagnostic]]:
    """The settings that ``pairs`` mean, and what is the matter with them.

    Settings are always made; whoever starts an instance looks for errors among the diagnostics first.
    """
    raise NotImplementedError
