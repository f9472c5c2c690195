"""What is changed in the head of every answer: :class:`Headers`, out of ``add-header`` and ``del-header``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONNECTION = ("connection", "keep-alive", "transfer-encoding", "te", "trailer", "trailers", "upgrade")


class Headers(NamedTuple):
    """Headers to take away from every answer of the application, then those to add."""

    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()


def read(pairs: Mapping[str, Sequence[Pair]], complaints: Complaints) -> Headers:
    """The changes that the lines mean. ``pairs``: by the canonical name of their option."""
    add = [header for pair in pairs.get("add-header", ()) if (header := _header(pair, complaints))]
    remove = []
    for pair in pairs.get("rem-header", ()):
        name = pair.text().strip()
        if _NAME.fullmatch(name):
            remove.append(name)
        else:
            complaints.warn("header-invalid", pair.where, f"{pair.key} = {pair.text()} is no name of a header",
                            f"write {pair.key} = X-Powered-By; the line is ignored")
    return Headers(tuple(add), tuple(remove))


def _header(pair: Pair, complaints: Complaints) -> tuple[str, str] | None:
    name, colon, value = pair.text().partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not _NAME.fullmatch(name) or any(c in value for c in "\r\n\0"):
        complaints.warn("header-invalid", pair.where, f"{pair.key} = {pair.text()} is no header",
                        f"write {pair.key} = Name: value; the line is ignored")
        return None
    if name.lower() == "content-length" or (
        name.lower() in _CONNECTION and (name.lower(), value.lower()) != ("connection", "close")
    ):
        complaints.warn("header-invalid", pair.where, f"{pair.key} = {pair.text()}: {name} belongs to the server",
                        "remove the line, which is ignored")
        return None
    return name, value
