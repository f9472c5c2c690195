"""Spoolers out of pairs, as :class:`imperator.spooling.Spooling`, with complaints."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from imperator.config.complain import Complaints
from imperator.config.lives import Reader
from imperator.config.pairs import Pair
from imperator.config.values import split_comment
from imperator.spooling import Spooling


def read(found: Mapping[str, Sequence[Pair]], start: str, base: str, complaints: Complaints) -> Spooling:
    """What the lines mean. Directories of tasks begin at ``start``, that of their work at ``base``."""
    reader = Reader(found, complaints)
    work = found.get("spooler-chdir")
    return Spooling(
        directories=_directories(found.get("spooler", ()), start, complaints),
        external=_directories(found.get("spooler-external", ()), start, complaints),
        processes=reader.number("spooler-processes", default=1, least=1, most=1024),
        chdir=posixpath.normpath(posixpath.join(base, work[-1].text())) if work and work[-1].text() else "",
        quiet=reader.flag("spooler-quiet"),
        max_tasks=reader.number("spooler-max-tasks"),
        harakiri=float(reader.number("spooler-harakiri")),
        frequency=reader.number("spooler-frequency", default=30, least=1),
        imports=tuple((pair.text(), str(pair.where)) for pair in found.get("spooler-import", ())),
    )


def _directories(pairs: Sequence[Pair], start: str, complaints: Complaints) -> tuple[str, ...]:
    paths: list[str] = []
    for pair in pairs:
        text = pair.text()
        plain, comment = split_comment(text)
        if not text:
            complaints.warn("value-empty", pair.where, f"{pair.key} has no path", "the line is ignored")
            continue
        if comment:
            complaints.warn("comment-in-value", pair.where, f"the comment behind {pair.key} is part of its path",
                            f"write {pair.key} = {plain} and put the comment on a line of its own")
        paths.append(posixpath.normpath(posixpath.join(start, text)))
    return tuple(dict.fromkeys(paths))
