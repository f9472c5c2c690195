"""How an emperor treats its vassals: the group of options that ends in :class:`Empire`.

Where vassals come from, and what all of them are told (``vassals-set`` and its like), is in ``Settings`` itself.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import flag, number

_FLAGS = {
    "emperor-tyrant": "tyrant", "emperor-nofollow": "nofollow", "emperor-no-blacklist": "forgiving",
    "emperor-magic-exec": "magic_exec", "early-emperor": "keeps_root",
}


class Empire(NamedTuple):
    """Times are seconds."""

    tyrant: bool = False
    """Each vassal runs as the owner of its file."""
    tyrant_by_link: bool = False
    """Of a link, the owner of the link counts."""
    nofollow: bool = False
    """A link is a file of its own: its time counts, not that of what it leads to."""
    forgiving: bool = False
    """A vassal that fails is tried again at each look."""
    magic_exec: bool = False
    """Files that may be executed are, and what they print is the configuration."""
    keeps_root: bool = False
    """``uid`` and ``gid`` are for the instance of the emperor's own, not for the emperor."""
    procname: str = ""
    curse_tolerance: int = 30
    """How long a vassal may linger that no longer listens."""
    heartbeat: int = 30
    """How long a vassal that has ever sent one may be without."""
    start_hook: str = ""
    stop_hook: str = ""
    programs: tuple[str, ...] = ()
    """What is executed for a vassal, the first that can be. Empty in between: this program itself."""
    demand_suffix: str = ""
    """Behind the name of a vassal, the name of the file that holds its socket."""
    demand_directory: str = ""
    demand_command: str = ""

    @property
    def on_demand(self) -> bool:
        """Whether vassals may wait for their first connection."""
        return bool(self.demand_suffix or self.demand_directory or self.demand_command)


def read(found: Mapping[str, Sequence[Pair]], start: str, complaints: Complaints) -> Empire:
    """What the lines mean; relative paths begin at ``start``."""

    def text(name: str) -> str:
        return found[name][-1].text() if name in found else ""

    def seconds(name: str, default: int) -> int:
        return number(found[name][-1], default, complaints, least=1) if name in found else default

    on = {field: flag(found[name][-1], complaints) for name, field in _FLAGS.items() if name in found}
    by_link = flag(found["emperor-tyrant-nofollow"][-1], complaints) if "emperor-tyrant-nofollow" in found else False
    directory = text("emperor-on-demand-directory")
    return Empire(
        tyrant_by_link=by_link or on.get("nofollow", False),
        procname=text("emperor-procname"),
        curse_tolerance=seconds("emperor-curse-tolerance", 30),
        heartbeat=seconds("emperor-required-heartbeat", 30),
        start_hook=text("vassals-start-hook"),
        stop_hook=text("vassals-stop-hook"),
        programs=_programs(found),
        demand_suffix=text("emperor-on-demand-extension"),
        demand_directory=posixpath.normpath(posixpath.join(start, directory)) if directory else "",
        demand_command=text("emperor-on-demand-exec"),
        **on,
    )


def _programs(found: Mapping[str, Sequence[Pair]]) -> tuple[str, ...]:
    first, last = (
        [pair.text() for pair in found.get(f"emperor-wrapper-{which}", ())] for which in ("override", "fallback")
    )
    own = [pair.text() for pair in found.get("emperor-wrapper", ())][-1:]
    return (*first, *(own or ("",)), *last) if first or own or last else ()
