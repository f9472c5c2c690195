"""Spoolers out of pairs, as :class:`imperator.spooling.Spooling`, with complaints."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from imperator.config.complain import Complaints
from imperator.config.lives import Reader
from imperator.config.orders import paths
from imperator.config.pairs import Pair
from imperator.spooling import Spooling


def read(found: Mapping[str, Sequence[Pair]], start: str, base: str, complaints: Complaints) -> Spooling:
    """What the lines mean. Directories of tasks begin at ``start``, that of their work at ``base``."""
    reader = Reader(found, complaints)
    work = found.get("spooler-chdir")
    return Spooling(
        directories=paths(found.get("spooler", ()), start, complaints),
        external=paths(found.get("spooler-external", ()), start, complaints),
        processes=reader.number("spooler-processes", default=1, least=1, most=1024),
        chdir=posixpath.normpath(posixpath.join(base, work[-1].text())) if work and work[-1].text() else "",
        quiet=reader.flag("spooler-quiet"),
        max_tasks=reader.number("spooler-max-tasks"),
        harakiri=float(reader.number("spooler-harakiri")),
        frequency=reader.number("spooler-frequency", default=30, least=1),
        imports=tuple((pair.text(), str(pair.where)) for pair in found.get("spooler-import", ())),
    )
