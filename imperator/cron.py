"""When the time of a cron line has come.

Minutes are those that the clock on the wall shows, numbered without a gap: whole minutes of local time since the
beginning of 1970. A change to or from daylight saving time is therefore a step of the clock like any other, and all
steps are treated alike: a line runs once for all the minutes that were skipped, and one with a fixed hour and minute
does not run a second time when they come again. Beyond :data:`STEP` the clock was wrong before, and is only believed.

Pure: who asks says what the clock shows.
"""

from __future__ import annotations

from typing import NamedTuple

STEP = 180
"""Minutes. A step of the clock up to this is lived through, in both directions; a longer one is a new beginning."""

JITTER = 2
"""Minutes. So little back is the clock being corrected: the minutes have been, and are waited for."""


class Spec(NamedTuple):
    """Five numbers: -1 for every one, -N for those that N divides. Sunday is 0 and 7."""

    minute: int = -1
    hour: int = -1
    day: int = -1
    month: int = -1
    week: int = -1

    @property
    def fixed(self) -> bool:
        """Whether it names one minute of a day."""
        return self.minute >= 0 and self.hour >= 0


class Seen(NamedTuple):
    """The minute that was looked at last, and the highest one since the clock was last believed anew."""

    last: int
    highest: int


def matches(spec: Spec, minute: int) -> bool:
    """Whether ``minute`` is one of the line's. One of them is enough, if both a
    day of the month and a weekday are named."""
    days, of_day = divmod(minute, 1440)
    month, day = _date(days)
    if not (_is(spec.minute, of_day % 60) and _is(spec.hour, of_day // 60) and _is(spec.month, month)):
        return False
    weekday = (days + 4) % 7
    on_day, on_weekday = _is(spec.day, day), _is(0 if spec.week == 7 else spec.week, weekday)
    if spec.day >= 0 and spec.week >= 0:
        return on_day or on_weekday
    return on_day and on_weekday


def due(spec: Spec, seen: Seen | None, minute: int) -> bool:
    """Whether the line runs, now that the clock shows ``minute`` and what was ``seen`` is past."""
    if seen is None or abs(minute - seen.last) > STEP:
        return matches(spec, minute)
    if minute <= seen.last:
        return seen.last - minute > JITTER and not spec.fixed and matches(spec, minute)
    begin = seen.highest if spec.fixed else seen.last
    return any(matches(spec, one) for one in range(begin + 1, minute + 1))


def look(seen: Seen | None, minute: int) -> Seen:
    """What has been seen once every line was asked about ``minute``."""
    if seen is None or abs(minute - seen.last) > STEP:
        return Seen(minute, minute)
    if 0 <= seen.last - minute <= JITTER:
        return seen
    return Seen(minute, max(minute, seen.highest))


def _is(wanted: int, value: int) -> bool:
    return wanted in (-1, value) or (wanted < -1 and value % -wanted == 0)


def _date(days: int) -> tuple[int, int]:
    """Month and day of the month of a day since 1970. The years begin in March here, so that a leap day is the last."""
    era_day = (days + 719468) % 146097
    year = (era_day - era_day // 1460 + era_day // 36524 - era_day // 146096) // 365
    of_year = era_day - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    return (month + 2) % 12 + 1, of_year - (153 * month + 2) // 5 + 1
