"""What is told of an instance in figures, to whom, and how: the group of options that ends in :class:`Figures`."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import flag, number
from imperator.errors import Where

_FLAGS = {
    "stats-http": "http", "stats-minified": "minified", "stats-no-cores": "no_cores",
    "stats-no-metrics": "no_metrics", "metrics-no-cores": "metrics_no_cores",
}
PUSHERS = ("statsd", "socket", "file")


class Pusher(NamedTuple):
    """Somebody who is told regularly."""

    kind: str
    """``statsd``, ``socket`` or ``file``."""
    target: str
    """An address, or an absolute path."""
    where: Where
    seconds: int
    prefix: str = "uwsgi"
    separator: str = "\n"


class Figures(NamedTuple):
    """The form of the document, and those who are told without asking."""

    http: bool = False
    """A head of HTTP comes before it."""
    minified: bool = False
    """It has no blanks."""
    no_cores: bool = False
    metrics: bool = False
    """It has uWSGI's metrics too."""
    no_metrics: bool = False
    """It has not, though they are on."""
    metrics_no_cores: bool = False
    directory: str = ""
    """Where each metric is a file."""
    pushers: tuple[Pusher, ...] = ()


def read(found: Mapping[str, Sequence[Pair]], base: str, complaints: Complaints) -> Figures:
    """What the lines mean; relative paths begin at ``base``."""
    flags = {field: flag(found[name][-1], complaints) for name, field in _FLAGS.items() if name in found}
    directory = found["metrics-dir"][-1].text() if "metrics-dir" in found else ""
    frequency = "stats-pusher-default-freq"
    seconds = number(found[frequency][-1], 3, complaints, least=1) if frequency in found else 3
    on = flag(found["enable-metrics"][-1], complaints) if "enable-metrics" in found else False
    return Figures(
        metrics=on or any(name in found for name in ("metrics-dir", "metrics-no-cores", "stats-push")),
        directory=posixpath.join(base, directory) if directory else "",
        pushers=tuple(
            one for pair in found.get("stats-push", ()) if (one := _pusher(pair, base, seconds, complaints))
        ),
        **flags,
    )


def _pusher(pair: Pair, base: str, seconds: int, complaints: Complaints) -> Pusher | None:
    kind, _, rest = pair.text().partition(":")
    keys = dict(part.partition("=")[::2] for part in rest.split(",") if "=" in part)
    target, _, prefix = rest.partition(",") if not keys else (keys.get("addr", keys.get("path", "")), "", "")
    if kind not in PUSHERS or not target:
        complaints.warn("pusher-unknown", pair.where, f"{pair.key} = {pair.text()} names nobody who can be told",
                        "write statsd:HOST:PORT[,PREFIX], socket:ADDRESS or file:PATH, or read the stats server;"
                        " the line is ignored")
        return None
    freq = keys.get("freq", "")
    return Pusher(
        kind, posixpath.join(base, target) if kind == "file" else target, pair.where,
        int(freq) if freq.isdecimal() and int(freq) else seconds, keys.get("prefix", prefix) or "uwsgi",
        keys.get("separator", "\n"),
    )  # fmt: skip
