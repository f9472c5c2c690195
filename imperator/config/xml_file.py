"""XML: the children of ``<uwsgi>`` are the options, ``<master/>`` is 1, text is kept with its blanks.

The first ``<uwsgi>`` counts, or the first whose ``id`` is the one asked for; it may be the root or a child of it.
Elements inside an option are no options and are left out with a warning, except ``<app mountpoint="/x">`` with its
``<script>``, which is uWSGI's old spelling of a mount.
"""

from __future__ import annotations

from xml.parsers import expat

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.errors import Where

DEEPEST = 100


class _Walk:
    """What the parser has met."""

    def __init__(self, section: str, place: str, complaints: Complaints) -> None:
        self._wanted = section if section != "uwsgi" else ""
        self._place = place
        self._complaints = complaints
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._depth = 0
        self._inside = 0  # the depth of the <uwsgi> that counts, while inside of it
        self._key = ""
        self._mount: str | None = None
        self._parts: list[str] = []
        self._line = 0
        self._nested = False
        self.found = False
        self.pairs: list[Pair] = []

    def run(self, text: str) -> None:
        self._parser.Parse(text.encode("utf-8", "replace"), True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise expat.ExpatError("elements are nested too deeply")
        if not self._inside:
            its_id = attributes.get("id", "")
            if name == "uwsgi" and self._depth <= 2 and not self.found and (not self._wanted or its_id == self._wanted):
                self._inside, self.found = self._depth, True
        elif self._depth == self._inside + 1:
            self._key, self._parts, self._nested = name, [], False
            self._mount = attributes.get("mountpoint") if name == "app" else None
            self._line = self._parser.CurrentLineNumber
        elif self._mount is not None and name in ("script", "module", "wsgi"):
            self._parts = []
        else:
            self._nested = True

    def _end(self, name: str) -> None:
        if self._inside and self._depth == self._inside + 1:
            where = Where(self._place, self._line)
            text = "".join(self._parts)
            if self._nested:
                self._complaints.warn("value-dropped", where, f"{self._key} holds other elements and is no option",
                                      "write text only")
            elif self._mount is not None:
                self.pairs.append(Pair("mount", f"{self._mount}={text.strip()}", where))
            else:
                self.pairs.append(Pair(self._key, text or "1", where))
            self._key, self._parts = "", []
        elif self._inside == self._depth:
            self._inside = 0
        self._depth -= 1

    def _text(self, data: str) -> None:
        if self._inside and self._depth > self._inside:
            self._parts.append(data)


def parse(text: str, section: str, place: str, complaints: Complaints) -> list[Pair]:
    """The pairs of the element ``<uwsgi>`` whose id is ``section``; ``uwsgi`` means that none was asked for."""
    walk = _Walk(section, place, complaints)
    try:
        walk.run(text)
    except expat.ExpatError as error:
        complaints.error("syntax-error", Where(place, getattr(error, "lineno", 0)), f"this is no XML: {error}",
                         "correct the file")
        return []
    if not walk.found:
        wanted = "<uwsgi>" if section == "uwsgi" else f'<uwsgi id="{section}">'
        complaints.error("section-missing", Where(place), f"the file has no {wanted}", "put the options into it")
    return walk.pairs
