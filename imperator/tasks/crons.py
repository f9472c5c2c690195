"""Runs the commands at times that :mod:`timetable` decides on. It wakes once a minute, when the minute begins."""

from __future__ import annotations

import calendar
import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from imperator import logs
from imperator.config.crons import Cron
from imperator.process import kernel, task
from imperator.process.kernel import Exit
from imperator.process.loop import Alarm, Loop
from imperator.process.task import Manner
from imperator.tasks import timetable
from imperator.tasks.ground import Ground

LATE = 0.01
"""Seconds after the beginning of a minute: never a moment before it."""


class Crons:
    """The lines of one instance."""

    def __init__(self, loop: Loop, clock: Callable[[], float] = time.time) -> None:
        """``clock`` answers the seconds since the epoch."""
        self._loop = loop
        self._clock = clock
        self._state = timetable.State()
        self._ground: Ground | None = None
        self._tick: Alarm | None = None
        self._deadline: Alarm | None = None

    def use(self, ground: Ground) -> None:
        """These are the lines from now on. What runs of former ones goes on."""
        first = self._ground is None
        self._ground = ground
        _live_in(ground.env.get("TZ"))
        self._step(timetable.Changed(ground.tasks.crons))
        if first:
            self._find()
        if ground.tasks.crons and not self._tick:
            self._ticked()
        elif not ground.tasks.crons:
            self.rest()

    def rest(self) -> None:
        """Start no more. What runs goes on."""
        if self._tick:
            self._tick.cancel()
            self._tick = None

    def reaped(self, ends: Iterable[Exit]) -> None:
        """Some processes ended."""
        for end in ends:
            self._step(timetable.Ended(end.pid, str(end)))

    def rows(self) -> list[dict[str, Any]]:
        """For the stats, in uWSGI's words."""
        rows = []
        for one in self._state.crons:
            running = self._state.last(one)
            rows.append({
                **one.spec._asdict(),
                "command": one.command,
                "unique": int(one.unique),
                "legion": "",
                "pid": running.pid if running else -1,
                "started_at": running.started_at if running else 0,
            })  # fmt: skip
        return rows

    def _find(self) -> None:
        """Unique ones may still run from before, if the master that started them was killed."""
        for cron in self._state.crons:
            if cron.unique and (pid := task.find(self._mark(cron))):
                try:
                    began = int(os.stat(f"/proc/{pid}").st_ctime)
                    end = os.pidfd_open(pid)
                except OSError:
                    continue  # it has ended
                self._loop.watch(end, partial(self._over, end, pid))
                self._step(timetable.Found(cron, pid, began))

    def _over(self, end: int, pid: int) -> None:
        self._loop.forget(end)
        os.close(end)
        self._step(timetable.Ended(pid, "ended"))

    def _mark(self, cron: Cron) -> str:
        assert self._ground
        return " ".join((self._ground.cwd, cron.where.file, *map(str, cron.spec), cron.command))

    def _ticked(self) -> None:
        clock = self._clock()
        shown = calendar.timegm(time.localtime(clock)) // 60
        self._tick = self._loop.at(time.monotonic() + 60 - clock % 60 + LATE, self._ticked)
        self._step(timetable.Ticked(shown))

    def _step(self, event: timetable.Event) -> None:
        events = [event]
        while events:
            self._state, actions = timetable.step(self._state, events.pop(0), self._loop.now)
            for action in actions:
                match action:
                    case timetable.Run(cron):
                        events.append(self._run(cron))
                    case timetable.Kill(pid):
                        kernel.kill_group(pid, 9)
                    case timetable.Log(line):
                        logs.say(line)
        if self._deadline:
            self._deadline.cancel()
        when = self._state.deadline
        self._deadline = None if when is None else self._loop.at(when, lambda: self._step(timetable.TimePassed()))

    def _run(self, cron: Cron) -> timetable.Event:
        assert self._ground
        manner = Manner(self._ground.tasks.shells, self._ground.cwd)
        try:
            pid = task.start(cron.command, self._ground.env, manner, self._mark(cron) if cron.unique else "")
            return timetable.Started(cron, pid, int(self._clock()))
        except (OSError, ValueError) as error:
            return timetable.NotStarted(cron, reason(error))


def _live_in(zone: str | None) -> None:
    """Tell the time as the configuration's ``TZ`` wants it."""
    if zone != os.environ.get("TZ"):
        os.environ.pop("TZ", None)
        if zone is not None:
            os.environ["TZ"] = zone
        time.tzset()


def reason(error: OSError | ValueError) -> str:
    """Why something could not be started, with the name of what was missing."""
    if isinstance(error, OSError):
        name = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return f"{name}{error.strerror or error}"
    return str(error)
