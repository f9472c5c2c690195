"""Which requests are logged, and how: the group of options that ends in :class:`~imperator.pipes.RequestLog`.

Where the lines go is not this group's matter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import flag, number
from imperator.pipes import RequestLog

_FLAGS = {
    "log-json": "json", "log-zero": "empty", "log-4xx": "client_errors", "log-5xx": "server_errors",
    "log-sendfile": "sendfile", "log-ioerror": "io_errors", "log-micros": "micros", "memory-report": "memory",
    "log-x-forwarded-for": "forwarded",
}
_NUMBERS = {"log-slow": "slow", "log-big": "big"}

VARIABLES = (
    "addr", "app", "cl", "core", "ctime", "epoch", "ftime", "headers", "host", "hsize", "ioerr", "isotime", "ltime",
    "method", "micros", "modifier1", "modifier2", "msecs", "pid", "pktsize", "proto", "referer", "rerr", "rsize", "rss",
    "rssM", "secs", "size", "status", "switches", "time", "tmicros", "tmsecs", "uagent", "uri", "user", "vars", "vsz",
    "vszM", "waited", "waitedmicros", "werr", "wid",
)
"""What may stand between ``%(`` and ``)`` in a log format, besides ``var.NAME``, ``metric.NAME`` and NAME."""

_VARIABLE = re.compile(r"%\(([^)]*)\)")
_OPEN = re.compile(r"(var|metric)\..+|[A-Z][A-Z0-9_]*")
DATE_WORDS = frozenset(("", "true", "1", "on", "yes"))
"""Values of ``log-date`` that ask for its usual format."""


def read(last: Callable[[str], Pair | None], complaints: Complaints) -> RequestLog:
    """The settings; ``last`` finds the line that decides an option."""
    found: dict[str, bool | int] = {}
    for name, field in _FLAGS.items():
        if pair := last(name):
            found[field] = flag(pair, complaints)
    for name, field in _NUMBERS.items():
        if pair := last(name):
            found[field] = number(pair, 0, complaints)
    pair = last("log-format")
    if pair:
        _check(pair, complaints)
    return RequestLog(
        format=pair.text() if pair else "", time_format=_time_format(last, complaints)
    )._replace(**found)  # type: ignore[arg-type]  # the fields of two tables of this file


def _time_format(last: Callable[[str], Pair | None], complaints: Complaints) -> str:
    """How ``%(ftime)`` is written: as ``log-date`` says, if ``logformat-strftime`` asks for it."""
    asked, date = last("logformat-strftime"), last("log-date")
    if asked is None or date is None or not flag(asked, complaints):
        return ""
    text = date.text()
    return "" if text.lower() in DATE_WORDS else text


def _check(pair: Pair, complaints: Complaints) -> None:
    """Complain about what the format will not do."""
    text = pair.text()
    names = [n for n in dict.fromkeys(_VARIABLE.findall(text)) if n not in VARIABLES and not _OPEN.fullmatch(n)]
    if names:
        shown = ", ".join(f"%({name})" for name in names)
        hint = "if it does not, take it out: a `-` is logged in its place"
        word = next((name for name in names if re.fullmatch(r"\w+", name)), "")
        if word:
            hint += f"; if a header of the request is meant, write %(var.HTTP_{word.upper()})"
        complaints.warn("log-variable-unknown", pair.where,
                        f"{shown} in {pair.key}: there is no such variable of the log, unless the application sets it"
                        " with uwsgi.set_logvar", hint)
    if text.lstrip().startswith("{") and not _is_json(_VARIABLE.sub("0", text)):
        complaints.warn("log-format-not-json", pair.where, f"{pair.key} begins like JSON, and its lines will be none",
                        "close every quote and bracket, or leave the brace at the front out")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
