"""Tells somebody at once: a command that reads the message, or a line of the log.

A message is not told again while the same was told a moment ago: what is wrong is said a thousand times by a busy site.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Sequence

from imperator.config.alarms import Alarms, Rule
from imperator.errors import printable
from imperator.process import kernel

AT_ONCE = 16
"""Commands that run at the same time; beyond, messages are lost."""
REMEMBERED = 1024
"""Messages of which it is known when they were told."""


class Bells:
    """All alarms of an instance. ``say`` writes a line of the log."""

    def __init__(self, alarms: Alarms, say: Callable[[str], None]) -> None:
        self._alarms = alarms
        self._say = say
        self._told: dict[tuple[str, bytes], float] = {}
        self._running: set[int] = set()

    def ring(self, names: Iterable[str], message: bytes) -> None:
        """Raise the alarms of these names."""
        message = message.rstrip(b"\n")[: self._alarms.longest]
        wanted = set(names)
        for alarm in self._alarms.alarms:
            if alarm.name in wanted and self._is_news(alarm.name, message):
                if alarm.kind == "log":
                    self._say("ALARM: " + message.decode("utf-8", "surrogateescape"))
                else:
                    self._run(alarm.name, alarm.argument, message)

    def reap(self) -> None:
        """Collect commands that have ended, where nobody else collects children."""
        self.ended(end.pid for end in kernel.reap(self._running))

    def ended(self, pids: Iterable[int]) -> None:
        """These processes have ended."""
        self._running.difference_update(pids)

    def _is_news(self, name: str, message: bytes) -> bool:
        now = time.monotonic()
        last = self._told.get((name, message))
        if last is not None and now - last < self._alarms.quiet:
            return False
        if len(self._told) >= REMEMBERED:
            self._told = {key: at for key, at in self._told.items() if now - at < self._alarms.quiet}
        if len(self._told) < REMEMBERED:
            self._told[name, message] = now
        return True

    def _run(self, name: str, command: str, message: bytes) -> None:
        if len(self._running) >= AT_ONCE:
            return
        stdin = kernel.memory_file("alarm", message)
        try:
            self._running.add(kernel.spawn(["/bin/sh", "-c", command], os.environ, stdin=stdin))
        except OSError as error:
            self._say(printable(f"error: the alarm {name} cannot be run: {error.strerror}"))
        finally:
            os.close(stdin)


class LineAlarms:
    """Looks at lines of the log."""

    def __init__(self, rules: Sequence[Rule], bells: Bells) -> None:
        self._bells = bells
        self._rules = [
            (one.names, re.compile(one.pattern.encode("utf-8", "surrogateescape")), one.raises) for one in rules
        ]

    def look(self, line: bytes) -> None:
        """Raise what this line raises."""
        raised: set[str] = set()
        spared: set[str] = set()
        for names, pattern, raises in self._rules:
            if pattern.search(line):
                (raised if raises else spared).update(names)
        if raised - spared:
            self._bells.ring(raised - spared, line)
