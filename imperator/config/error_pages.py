"""Pages for errors of our own: ``error-page-403``, ``-404`` and ``-500`` into :class:`~imperator.pipes.ErrorPages`."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from imperator.config.complain import Complaints
from imperator.config.expand import unresolved
from imperator.config.pairs import Pair
from imperator.config.world import World
from imperator.pipes import ErrorPages


def read(found: Mapping[str, Sequence[Pair]], base: str, world: World, complaints: Complaints) -> ErrorPages | None:
    """The files, absolute; None: there are none. ``found``: the pairs by the canonical name of an option."""

    def files(option: str) -> tuple[str, ...]:
        paths = []
        for pair in found.get(option, ()):
            path = posixpath.normpath(posixpath.join(base, pair.text()))
            if not world.is_file(path) and not unresolved(pair.text()):
                complaints.warn("error-page-missing", pair.where, f"{pair.key} names {path}, which is no file",
                                "create it, or correct the path; until then the plain page is sent")
            paths.append(path)
        return tuple(paths)

    pages = ErrorPages(files("error-page-403"), files("error-page-404"), files("error-page-500"))
    return pages if pages != ErrorPages() else None
