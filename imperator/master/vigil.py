"""Looks at what raises alarms besides lines of the log: descriptors, full queues, workers that crashed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from imperator import logs, pipes
from imperator.config.alarms import Alarms, Descriptor
from imperator.process import listeners
from imperator.process.alarms import Bells
from imperator.process.loop import Loop

CYCLE = 1.0
"""Seconds between two looks at the queues."""


class Vigil:
    """Made only if an alarm is asked for. ``doors`` answers the sockets."""

    def __init__(self, loop: Loop, alarms: Alarms, doors: Callable[[], Sequence[pipes.Door]]) -> None:
        self._loop = loop
        self._alarms = alarms
        self._doors = doors
        self.bells = Bells(alarms, logs.say)
        for one in alarms.descriptors:
            self._watch(one)
        if alarms.backlog:
            self._loop.at(self._loop.now + CYCLE, self._look)

    def crashed(self, text: str) -> None:
        """A worker was ended by a fault of its own."""
        self.bells.ring(self._alarms.crash, text.encode("utf-8", "surrogateescape"))

    def _watch(self, one: Descriptor) -> None:
        try:
            os.set_inheritable(one.fd, False)
            self._loop.watch(one.fd, lambda: self._readable(one))
        except OSError as error:
            logs.say(f"warning: alarm-fd: descriptor {one.fd} cannot be watched: {error.strerror}")

    def _readable(self, one: Descriptor) -> None:
        try:
            data = os.read(one.fd, one.size)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.forget(one.fd)  # it is at its end, and would be for ever
            return
        self.bells.ring((one.name,), one.message.encode("utf-8", "surrogateescape"))

    def _look(self) -> None:
        for door in self._doors():
            waiting, room = listeners.queue(door.fd)
            if room and waiting >= room:
                line = (
                    f'*** uWSGI listen queue of socket "{door.address}" (fd: {door.fd}) full !!! ({waiting}/{room}) ***'
                )
                logs.say(line)
                self.bells.ring(self._alarms.backlog, line.encode("utf-8", "surrogateescape"))
        self._loop.at(self._loop.now + CYCLE, self._look)
