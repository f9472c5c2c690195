"""Where the log goes and what becomes of it on the way: the group of options that ends in
:class:`~imperator.config.settings.Logs`.

What a request's line says is ``request_log.py``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.request_log import DATE_WORDS
from imperator.config.settings import LogEncoder, Logs, LogSink
from imperator.config.values import flag, number, octal

KINDS = ("file", "stdio", "fd", "socket", "syslog", "rsyslog")
"""Of loggers."""
_OF_PLUGINS = {
    "systemd": "remove the line: what is written to standard error is in the journal already",
    "python": "write file:PATH, and let a program read the file; Python's logging is for the application",
    "redis": "write socket:ADDRESS or rsyslog:ADDRESS, and let a log daemon pass it on",
    "mongodblog": "write socket:ADDRESS or rsyslog:ADDRESS, and let a log daemon pass it on",
    "graylog2": "write rsyslog:ADDRESS",
    "pipe": "write socket:ADDRESS, or let the service manager read standard error",
    "zeromq": "write socket:ADDRESS or rsyslog:ADDRESS",
    "crypto": "write rsyslog:ADDRESS to a log daemon of this machine, which can encrypt",
}
"""Loggers that uWSGI has, or gets from a plugin, and what to use instead of each."""
_WITH_TARGET = ("file", "fd", "socket", "rsyslog")
_ENCODERS = ("prefix", "suffix", "nl", "format", "json")
_NAMED = re.compile(r"([^:/ ]+) +(.*)", re.DOTALL)


def read(lines: Mapping[str, Sequence[Pair]], base: str, complaints: Complaints) -> Logs:
    """The settings; relative paths begin at ``base``."""
    return _Reader(lines, base, complaints).logs()


class _Reader:
    def __init__(self, lines: Mapping[str, Sequence[Pair]], base: str, complaints: Complaints) -> None:
        self._lines = lines
        self._base = base
        self._complaints = complaints

    def logs(self) -> Logs:
        date = self._last("log-date")
        backup = self._last("log-backupname")
        size = self._last("log-maxsize")
        mode = self._last("logfile-chmod")
        return Logs(
            date="" if date is None else self._date(date),
            sinks=self._sinks(["logger", "log-socket", "log-syslog"]),
            request_sinks=self._sinks(["req-logger"]),
            routes=self._routes("log-route"),
            request_routes=self._routes("log-req-route"),
            encoders=self._encoders("log-encoder"),
            request_encoders=self._encoders("log-req-encoder"),
            drains=self._patterns("log-drain"),
            filters=self._patterns("log-filter"),
            maxsize=number(size, 0, self._complaints) if size else 0,
            backupname=posixpath.join(self._base, backup.text()) if backup and backup.text() else None,
            truncate=self._flag("log-truncate"),
            reopen=self._flag("log-reopen"),
            chown=self._flag("logfile-chown"),
            chmod=self._mode(mode) if mode else None,
            touch_reopen=self._paths("touch-logreopen"),
            touch_rotate=self._paths("touch-logrotate"),
        )

    def _last(self, name: str) -> Pair | None:
        found = self._lines.get(name)
        return found[-1] if found else None

    def _flag(self, name: str) -> bool:
        pair = self._last(name)
        return pair is not None and flag(pair, self._complaints)

    def _paths(self, name: str) -> tuple[str, ...]:
        return tuple(posixpath.join(self._base, pair.text()) for pair in self._lines.get(name, ()) if pair.text())

    def _mode(self, pair: Pair) -> int | None:
        mode = octal(pair.text())
        if not mode:
            self._complaints.error("mode-invalid", pair.where, f"{pair.key} = {pair.text()} is not a mode of three"
                                   " octal digits", f"write {pair.key} = 640")
        return mode

    def _date(self, pair: Pair) -> str:
        text = pair.text()
        return "%a %b %e %H:%M:%S %Y" if text.lower() in DATE_WORDS else text

    def _sinks(self, names: Sequence[str]) -> tuple[LogSink, ...]:
        found = []
        for pair in (pair for name in names for pair in self._lines.get(name, ())):
            text, label = ("" if pair.value is None else pair.value).strip(), ""
            if pair.key in ("log-socket", "log-syslog"):
                text = f"{pair.key[4:]}:{'' if text == 'true' else text}"
            elif named := _NAMED.fullmatch(text):
                label, text = named[1], named[2].strip()
            kind, _, target = text.partition(":")
            if kind not in KINDS:
                fact = "names no logger that there is"
                hint = "write file:PATH, stdio, fd:NUMBER, socket:ADDRESS, syslog:NAME or rsyslog:ADDRESS"
                if kind in _OF_PLUGINS:
                    fact, hint = f"asks for uWSGI's logger {kind}, which Imperator does not have", _OF_PLUGINS[kind]
                self._complaints.warn("logger-unknown", pair.where, f"{pair.key} = {pair.text()} {fact}",
                                      f"{hint}; until then the log goes where it went before")
            elif (kind in _WITH_TARGET and not target) or (kind == "fd" and not target.isdecimal()):
                self._complaints.error("logger-incomplete", pair.where, f"{pair.key} = {pair.text()} does not say where"
                                       " to", f"write {pair.key} = {kind}:" + ("2" if kind == "fd" else "..."))
            else:
                found.append(self._sink(label, kind, target, pair))
        return tuple(found)

    def _sink(self, label: str, kind: str, target: str, pair: Pair) -> LogSink:
        sink = LogSink(label, kind, target, pair.where)
        if kind != "file":
            return sink
        if "=" in target:
            keys = dict(part.partition("=")[::2] for part in target.split(","))
            backup = keys.get("backupname")
            size = keys.get("maxsize", "")
            sink = sink._replace(
                target=keys.get("logfile", ""), maxsize=int(size) if size.isdecimal() else 0,
                backupname=posixpath.join(self._base, backup) if backup else None,
            )
        return sink._replace(target=posixpath.join(self._base, sink.target))

    def _routes(self, name: str) -> tuple[tuple[str, str], ...]:
        found = []
        for pair in self._lines.get(name, ()):
            label, _, pattern = pair.text().strip().partition(" ")
            if self._compiles(pair, pattern):
                found.append((label, pattern.strip()))
        return tuple(found)

    def _patterns(self, name: str) -> tuple[str, ...]:
        return tuple(pair.text() for pair in self._lines.get(name, ()) if self._compiles(pair, pair.text()))

    def _compiles(self, pair: Pair, pattern: str) -> bool:
        try:
            re.compile(pattern.strip().encode("utf-8", "surrogateescape"))
        except (re.error, OverflowError, RecursionError, UnicodeEncodeError) as error:
            self._complaints.error("regexp-invalid", pair.where, f"{pair.key} = {pattern}: {error}",
                                   "correct the pattern")
            return False
        return True

    def _encoders(self, name: str) -> tuple[LogEncoder, ...]:
        found = []
        for pair in self._lines.get(name, ()):
            head, _, argument = pair.text().partition(" ")
            kind, _, label = head.partition(":")
            if kind in _ENCODERS:
                found.append(LogEncoder(kind, label, argument))
            else:
                self._complaints.warn("log-encoder-unknown", pair.where, f"{pair.key} = {head} names no encoder that"
                                      " there is", f"write {', '.join(_ENCODERS)}; the line is ignored")
        return tuple(found)

