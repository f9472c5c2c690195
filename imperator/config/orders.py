"""Where orders to a running instance come from besides signals: files that are touched, named pipes.

Out of pairs into :class:`Orders`, with complaints. Whether the files exist is nobody's matter yet: one that appears
later counts as touched.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import flag, split_comment

TOUCHES = ("touch-reload", "touch-workers-reload", "touch-chain-reload", "fs-reload", "fs-brutal-reload")
"""Options whose files reload the instance. Every reload here is one without a gap."""

WORKERS = ("touch-workers-reload", "touch-chain-reload")


class Orders(NamedTuple):
    """What an instance listens to. Paths are absolute."""

    touches: tuple[str, ...] = ()
    """A change of one of these reloads."""
    worker_touches: tuple[str, ...] = ()
    """Those of them that mean the workers: daemons go on."""
    pipes: tuple[str, ...] = ()
    """``master-fifo``."""
    exit_on_reload: bool = False
    mule_touches: tuple[str, ...] = ()
    """A change of one of these starts the mules anew."""
    spooler_touches: tuple[str, ...] = ()
    """Likewise the spoolers."""


def read(found: Mapping[str, Sequence[Pair]], base: str, complaints: Complaints) -> Orders:
    """What the lines mean; relative paths begin at ``base``."""
    exits = found.get("exit-on-reload")
    return Orders(
        touches=paths([pair for name in TOUCHES for pair in found.get(name, ())], base, complaints),
        worker_touches=paths([pair for name in WORKERS for pair in found.get(name, ())], base, Complaints()),
        pipes=paths(found.get("master-fifo", ()), base, complaints),
        exit_on_reload=flag(exits[-1], complaints) if exits else False,
        mule_touches=paths(found.get("touch-mules-reload", ()), base, complaints),
        spooler_touches=paths(found.get("touch-spoolers-reload", ()), base, complaints),
    )


def paths(pairs: Sequence[Pair], base: str, complaints: Complaints) -> tuple[str, ...]:
    """The paths that lines name, absolute, each once; relative ones begin at ``base``."""
    found = []
    for pair in pairs:
        text = pair.text()
        plain, comment = split_comment(text)
        if not text:
            complaints.warn("value-empty", pair.where, f"{pair.key} has no path", "the line is ignored")
            continue
        if comment:
            complaints.warn("comment-in-value", pair.where, f"the comment behind {pair.key} is part of its path",
                            f"write {pair.key} = {plain} and put the comment on a line of its own")
        found.append(posixpath.normpath(posixpath.join(base, text)))
    return tuple(dict.fromkeys(found))
