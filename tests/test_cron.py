"""When cron lines are due. What matches was compared with uWSGI 2.0.31 under a faked clock."""

from __future__ import annotations

import datetime

import pytest

from imperator.cron import Seen, Spec, due, look, matches

EPOCH = datetime.datetime(1970, 1, 1)


def minute(text: str) -> int:
    """The number of the minute that a clock shows."""
    return int((datetime.datetime.fromisoformat(text) - EPOCH).total_seconds()) // 60


@pytest.mark.parametrize(("spec", "when", "matching"), [
    ("-1 -1 -1 -1 -1", "2026-11-29 16:19", True),
    ("19 -1 -1 -1 -1", "2026-11-29 16:19", True),
    ("19 -1 -1 -1 -1", "2026-11-29 16:20", False),
    ("-15 -1 -1 -1 -1", "2026-11-29 16:45", True),
    ("-15 -1 -1 -1 -1", "2026-11-29 16:46", False),
    ("-60 -1 -1 -1 -1", "2026-11-29 16:00", True),
    ("0 0 -1 -1 -1", "2026-11-29 00:00", True),
    ("0 -6 -1 -1 -1", "2026-11-29 18:00", True),
    ("0 0 1 -1 -1", "2026-12-01 00:00", True),
    ("0 0 31 -1 -1", "2026-12-30 00:00", False),
    ("0 0 1 1 -1", "2027-01-01 00:00", True),
    ("0 0 1 -3 -1", "2026-09-01 00:00", True),
    ("0 0 29 2 -1", "2028-02-29 00:00", True),
    ("0 0 -1 -1 0", "2026-11-29 00:00", True),
    ("0 0 -1 -1 7", "2026-11-29 00:00", True),
    ("0 0 -1 -1 0", "2026-11-30 00:00", False),
    ("0 0 -1 -1 6", "2026-11-28 00:00", True),
    ("0 0 13 -1 5", "2026-11-13 00:00", True),
    ("0 0 13 -1 5", "2026-11-20 00:00", True),  # a Friday: one of the two is enough
    ("0 0 13 -1 5", "2026-10-13 00:00", True),
    ("0 0 13 -1 5", "2026-11-21 00:00", False),
    ("0 0 -2 -1 6", "2026-11-28 00:00", True),  # with every second day both are asked for
    ("0 0 -2 -1 0", "2026-11-28 00:00", False),
    ("0 0 28 -1 -2", "2026-08-28 00:00", False),
    ("99 -1 -1 -1 -1", "2026-11-28 00:39", False),
])  # fmt: skip
def test_matches(spec, when, matching):
    assert matches(Spec(*map(int, spec.split())), minute(when)) is matching


def test_every_day_has_its_date():
    day = EPOCH
    for number in range(0, 60000, 7):
        day = EPOCH + datetime.timedelta(days=number)
        assert matches(Spec(0, 0, day.day, day.month, -1), number * 1440)
        assert matches(Spec(0, 0, -1, day.month, (day.weekday() + 1) % 7), number * 1440)


EVERY, NIGHTLY, HOURLY = Spec(), Spec(30, 2), Spec(minute=0)


@pytest.mark.parametrize(("spec", "last", "now", "expected"), [
    (EVERY, "10:00", "10:00", False),  # never twice in a minute
    (EVERY, "10:00", "10:01", True),
    (EVERY, "10:00", "10:07", True),  # a slow loop: once for all of them
    (NIGHTLY, "02:29", "02:31", True),
    (NIGHTLY, "02:30", "02:31", False),
    (NIGHTLY, "01:59", "03:00", True),  # summer begins: there is no half past two
    (NIGHTLY, "03:00", "02:00", False),  # summer ends
    (NIGHTLY, "02:59", "02:30", False),  # and it does not run a second time
    (HOURLY, "02:59", "02:00", True),  # but what runs every hour does
    (EVERY, "10:02", "10:01", False),  # the clock was set right by a moment
    (EVERY, "10:02", "10:00", False),
    (EVERY, "10:09", "10:02", True),
    (NIGHTLY, "02:30", "10:00", False),  # a clock that was wrong: nothing is made up for
    (NIGHTLY, "02:00", "10:00", False),
    (NIGHTLY, "23:00", "02:30", True),
])  # fmt: skip
def test_due(spec, last, now, expected):
    last, now = minute(f"2026-11-29 {last}"), minute(f"2026-11-29 {now}")
    assert due(spec, Seen(last, last), now) is expected


def test_the_first_look_asks_for_this_minute_only():
    assert due(EVERY, None, minute("2026-11-29 10:00"))
    assert not due(NIGHTLY, None, minute("2026-11-29 02:31"))


def walk(spec, *clock):
    """How often a line ran while the clock showed these."""
    seen, ran = None, []
    for text in clock:
        now = minute(f"2026-10-25 {text}")
        if due(spec, seen, now):
            ran.append(text)
        seen = look(seen, now)
    return ran


def test_a_repeated_hour():
    night = [f"{hour:02}:{past:02}" for hour in (1, 2, 2, 3) for past in range(60)]
    assert walk(NIGHTLY, *night) == ["02:30"]
    assert walk(HOURLY, *night) == ["01:00", "02:00", "02:00", "03:00"]
    assert len(walk(EVERY, *night)) == 240


def test_a_clock_that_shivers_at_the_minute():
    assert walk(EVERY, "10:00", "10:01", "10:00", "10:01", "10:02") == ["10:00", "10:01", "10:02"]
