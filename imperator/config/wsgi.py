"""How an application is called, and what its failures lead to: :class:`Wsgi`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import flag


class Wsgi(NamedTuple):
    """Liberties beyond PEP 3333, and the exceptions after which a worker is replaced."""

    file_wrapper: bool = True
    """Whether the environ has ``wsgi.file_wrapper``."""
    accept_buffers: bool = False
    """Whether a bytearray or memoryview may stand for bytes."""
    reload_on_exception: bool = False
    """After any exception that the application lets out."""
    reload_on_types: tuple[str, ...] = ()
    """Names of classes, with their module or without."""
    reload_on_values: tuple[str, ...] = ()
    reload_on_reprs: tuple[str, ...] = ()
    tells_waited: bool = False
    """Whether the environ has ``imperator.waited``: microseconds that the request waited for a core."""


def read(pairs: Mapping[str, Sequence[Pair]], complaints: Complaints) -> Wsgi:
    """What the lines mean. ``pairs``: by the canonical name of their option."""

    def said(name: str) -> bool:
        return name in pairs and flag(pairs[name][-1], complaints)

    def texts(name: str) -> tuple[str, ...]:
        return tuple(pair.text() for pair in pairs.get(name, ()))

    return Wsgi(
        file_wrapper=not said("wsgi-disable-file-wrapper"),
        accept_buffers=said("wsgi-accept-buffer"),
        reload_on_exception=said("reload-on-exception"),
        reload_on_types=texts("reload-on-exception-type"),
        reload_on_values=texts("reload-on-exception-value"),
        reload_on_reprs=texts("reload-on-exception-repr"),
        tells_waited=said("environ-waited"),
    )
