"""The application's signals in the generation: who raised one is heard here, and it is passed on to those it is for.

Clocks, the calendar and files that raise signals by themselves are kept here too. They run only while the generation
serves: those of the next one begin when it has taken over.
"""

from __future__ import annotations

import calendar
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from imperator import cron, logs
from imperator.generation.targets import Recipient, Seen, recipients
from imperator.module.signals import TABLE
from imperator.pipes import Plan, Registered, Trigger
from imperator.process.loop import Alarm, Loop

if TYPE_CHECKING:
    from imperator.process.touches import Touches


LATE = 0.01
"""Seconds after the beginning of a minute when the calendar is looked at: never a moment before it."""

_NUMBERS = {"timer": 1, "cron": 5}
_CALENDAR = 0
"""The number of the alarm for it; triggers have theirs from 1 on."""


class Signals:
    """All of one generation's. ``see`` answers who is there, ``deliver`` hands a number to one of them."""

    def __init__(
        self, plan: Plan, loop: Loop, see: Callable[[], Seen], deliver: Callable[[Recipient, int], bool]
    ) -> None:
        self._plan = plan
        self._loop = loop
        self._see = see
        self._deliver = deliver
        self._targets = TABLE.targets
        self._serving = False
        self._served = False
        self._waiting: list[int] = TABLE.pending
        """Raised before there was anybody to take them."""
        self._triggers = [*plan.triggers, *TABLE.triggers]
        self._alarms: dict[int, Alarm] = {}
        self._files: list[Touches] = []
        self._crons: list[tuple[cron.Spec, int]] = []
        self._seen: cron.Seen | None = None

    def serve(self) -> None:
        """The generation serves."""
        self._serving = self._served = True
        triggers, self._triggers = self._triggers, []
        for trigger in triggers:
            self._arrange(trigger)
        waiting, self._waiting = self._waiting, []
        for signum in waiting:
            self.raised(signum)

    def leave(self) -> None:
        """Nothing raises a signal by itself any more."""
        self._serving = False
        for alarm in self._alarms.values():
            alarm.cancel()
        for touches in self._files:
            touches.close()
        self._alarms, self._files = {}, []

    def heard(self, word: Registered | Trigger) -> None:
        """A process asks for something that others ask for while they are imported. The same again is not new."""
        if isinstance(word, Registered):
            self._targets[word.signum] = word.target
        elif self._serving:
            self._arrange(word)
        else:
            self._triggers.append(word)

    def raised(self, signum: int) -> None:
        """Pass a signal on."""
        if not self._served:
            self._waiting.append(signum)
            return
        target = self._targets.get(signum)
        if target is None:
            logs.say(f"error managing signal {signum}: no function is registered for it")
            return
        found = recipients(target, self._see())
        if not found:
            why = "UNSUPPORTED SIGNAL TARGET" if found is None else "there is nobody of its target"
            logs.say(f"error managing signal {signum}: {why}: {target or 'worker'}"[:200])
            return
        for one in found:
            if not self._deliver(one, signum):
                logs.say(f"error managing signal {signum}: {one.kind} {one.which} has too many already: it is lost")

    # -- what raises them by itself

    def _arrange(self, trigger: Trigger) -> None:
        if trigger in self._triggers or len(trigger.numbers) < _NUMBERS.get(trigger.kind, 0):
            return
        self._triggers.append(trigger)
        which = len(self._triggers)
        if trigger.kind == "timer":
            seconds, *often = trigger.numbers
            self._tick(which, trigger.signum, max(seconds, 0.001), int(often[0]) if often else 0, self._loop.now)
        elif trigger.kind == "cron":
            self._note(trigger)
        elif trigger.kind == "file":
            self._watch(trigger)

    def _tick(self, which: int, signum: int, seconds: float, left: int, since: float) -> None:
        when = max(since + seconds, self._loop.now)  # what was missed is not made up for

        def ring() -> None:
            if left == 1:
                del self._alarms[which]
            else:
                self._tick(which, signum, seconds, max(0, left - 1), when)
            self.raised(signum)

        self._alarms[which] = self._loop.at(when, ring)

    def _watch(self, trigger: Trigger) -> None:
        from imperator.process.touches import Touches

        path = os.path.abspath(trigger.path)
        self._files.append(Touches(self._loop, [path], lambda _: self.raised(trigger.signum)))

    def _note(self, trigger: Trigger) -> None:
        self._crons.append((cron.Spec(*(int(one) for one in trigger.numbers[:5])), trigger.signum))
        if _CALENDAR not in self._alarms:
            if self._plan.number > 1:
                # What was due in this minute was raised by the generation before this one.
                self._seen = cron.look(None, self._minute())
            # When all that there are at the start have been noted.
            self._alarms[_CALENDAR] = self._loop.at(self._loop.now, self._look_at_the_calendar)

    def _look_at_the_calendar(self) -> None:
        clock = time.time()
        self._alarms[_CALENDAR] = self._loop.at(time.monotonic() + 60 - clock % 60 + LATE, self._look_at_the_calendar)
        minute = self._minute()
        due = [signum for spec, signum in self._crons if cron.due(spec, self._seen, minute)]
        self._seen = cron.look(self._seen, minute)
        for signum in due:
            self.raised(signum)

    @staticmethod
    def _minute() -> int:
        """What the clock on the wall shows."""
        return calendar.timegm(time.localtime()) // 60
