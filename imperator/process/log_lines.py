"""Lines on their way: which end each goes to, and what is done to it before.

Knows no pipe and no process; where there is nothing to choose and nothing to do, bytes pass as they came.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imperator.config.settings import LogEncoder
from imperator.process.log_sinks import Sink

if TYPE_CHECKING:
    from imperator.process.alarms import LineAlarms

LONGEST = 65536
"""A line without an end is passed on in pieces of this size."""

_PLACE = re.compile(r"\$\{(msg|msgnl|unix|micros|strftime:[^}]*)\}")


class Lines:
    """One stream of lines. ``sinks`` have names; those with an empty one get what no route takes."""

    def __init__(
        self, sinks: Sequence[tuple[str, Sink]], routes: Sequence[tuple[str, str]] = (),
        encoders: Sequence[LogEncoder] = (), drains: Sequence[str] = (), filters: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.alarms: LineAlarms | None = None
        """Who looks at each line; to be set before the first one."""
        self._usual = [(name, sink) for name, sink in sinks if not name]
        self._routes = [
            (_compiled(pattern), [one for one in sinks if one[0] == name])
            for name, pattern in routes
            if any(one[0] == name for one in sinks)
        ]
        self._encoders = encoders
        self._drains = [_compiled(pattern) for pattern in drains]
        self._filters = [_compiled(pattern) for pattern in filters]
        chooses = self._routes or encoders or drains or filters
        self._as_they_come = not chooses and all(sink.whole for _, sink in self._usual)
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Pass on what came."""
        if self._as_they_come and not self.alarms:
            for _, sink in self._usual:
                sink.write(data)
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._pass(line + b"\n")
        while len(self._rest) >= LONGEST:
            self._pass(self._rest[:LONGEST])
            self._rest = self._rest[LONGEST:]

    def end(self) -> None:
        """Nothing more comes."""
        if self._rest:
            self._pass(self._rest)
            self._rest = b""

    def _pass(self, line: bytes) -> None:
        if self.alarms:
            self.alarms.look(line)
        self.put(line)

    def put(self, line: bytes) -> None:
        """Pass on a line of our own, which raises no alarm."""
        if any(pattern.search(line) for pattern in self._drains):
            return
        if self._filters and not any(pattern.search(line) for pattern in self._filters):
            return
        taken = [sinks for pattern, sinks in self._routes if pattern.search(line)]
        for name, sink in [one for sinks in taken for one in sinks] or self._usual:
            sink.write(self._encoded(line, name))

    def _encoded(self, line: bytes, name: str) -> bytes:
        for encoder in self._encoders:
            if not encoder.logger or encoder.logger == name:
                line = encode(line, encoder)
        return line


def encode(line: bytes, encoder: LogEncoder) -> bytes:
    """The line after one encoder."""
    argument = encoder.argument.encode("utf-8", "surrogateescape")
    if encoder.kind == "prefix":
        return argument + line
    if encoder.kind == "suffix":
        return line + argument
    if encoder.kind == "nl":
        return line + b"\n"
    return _fill(encoder.argument, line, json_strings=encoder.kind == "json")


def _fill(template: str, line: bytes, *, json_strings: bool) -> bytes:
    now = time.time()

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name == "unix":
            return str(int(now))
        if name == "micros":
            return str(int(now * 1_000_000))
        if name.startswith("strftime:"):
            text = time.strftime(name[9:], time.localtime(now))
        else:
            whole = line if name == "msgnl" else line.removesuffix(b"\n")
            text = whole.decode("utf-8", "backslashreplace" if json_strings else "surrogateescape")
        return json.dumps(text, ensure_ascii=False)[1:-1] if json_strings else text

    return _PLACE.sub(value, template).encode("utf-8", "surrogateescape")


def _compiled(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode("utf-8", "surrogateescape"))
