"""Which worker is ended for a request that takes too long, and when: stories of what the scoreboard shows."""

from __future__ import annotations

import random

from imperator._core import BusyCore
from imperator.generation.harakiri import PATIENCE, TELLING, Kill, Retire, Warn, look

LIMIT = 10.0


def busy(seat: int, core: int, seconds: float) -> BusyCore:
    return BusyCore(seat, core, 1, seconds, 0, "GET /")


def told(actions: list) -> list[str]:
    return [f"{type(one).__name__} {one.seat}" for one in actions]


def test_nobody_works_nobody_is_late():
    assert look({}, [], LIMIT, 0, 100.0) == ({}, [], LIMIT)


def test_the_next_look_is_at_the_first_deadline():
    _, actions, again = look({}, [busy(1, 0, 3.0), busy(2, 0, 8.0)], LIMIT, 0, 100.0)
    assert (actions, again) == ([], 2.0)


def test_a_late_request_is_told_first_and_ends_its_worker_then():
    doomed, actions, again = look({}, [busy(1, 0, 10.0), busy(2, 0, 1.0)], LIMIT, 0, 100.0)
    assert told(actions) == ["Warn 1"]
    assert again == TELLING
    doomed, actions, _ = look(doomed, [busy(1, 0, 10.1), busy(2, 0, 1.1)], LIMIT, 0, 100.1)
    assert actions == []
    _, actions, _ = look(doomed, [busy(1, 0, 10.3), busy(2, 0, 1.3)], LIMIT, 0, 100.3)
    assert told(actions) == ["Kill 1"]


def test_grace_is_the_time_between():
    doomed, actions, _ = look({}, [busy(1, 0, 10.0)], LIMIT, 5.0, 100.0)
    assert told(actions) == ["Warn 1"]
    doomed, actions, again = look(doomed, [busy(1, 0, 14.0)], LIMIT, 5.0, 104.0)
    assert (actions, again) == ([], 1.0)
    _, actions, _ = look(doomed, [busy(1, 0, 15.0)], LIMIT, 5.0, 105.0)
    assert told(actions) == ["Kill 1"]


def test_one_that_ends_after_all_spares_its_worker():
    doomed, _, _ = look({}, [busy(1, 0, 10.0)], LIMIT, 0, 100.0)
    doomed, actions, again = look(doomed, [busy(1, 0, 0.1)], LIMIT, 0, 100.25)
    assert (doomed, actions, again) == ({}, [], LIMIT - 0.1)


def test_the_other_requests_of_a_worker_are_finished_first():
    doomed, actions, _ = look({}, [busy(1, 0, 10.0), busy(1, 1, 4.0)], LIMIT, 0, 100.0)
    assert told(actions) == ["Warn 1", "Retire 1"]
    doomed, actions, again = look(doomed, [busy(1, 0, 11.0), busy(1, 1, 5.0)], LIMIT, 0, 101.0)
    assert (actions, again) == ([], PATIENCE)
    _, actions, _ = look(doomed, [busy(1, 0, 12.0)], LIMIT, 0, 102.0)
    assert told(actions) == ["Kill 1"]


def test_but_not_for_ever():
    doomed, _, _ = look({}, [busy(1, 0, 10.0), busy(1, 1, 4.0)], LIMIT, 0, 100.0)
    _, actions, _ = look(doomed, [busy(1, 0, 16.0), busy(1, 1, 10.0)], LIMIT, 0, 106.0)
    assert actions == [Kill(1, [busy(1, 0, 16.0), busy(1, 1, 10.0)])]


def test_whatever_happens_only_late_workers_die_and_none_escapes():
    chance = random.Random(7)
    for _ in range(300):
        places = [(seat, core) for seat in (1, 2) for core in (0, 1) if chance.random() < 0.7]
        began = {place: 100.0 + chance.random() * 20 for place in places}
        ends = {place: start + chance.choice([1.0, 9.0, 1e9]) for place, start in began.items()}
        doomed: object = {}
        dead: set[int] = set()
        now = 100.0
        while now < 200.0:
            rows = [
                busy(seat, core, now - start)
                for (seat, core), start in began.items()
                if start <= now < ends[seat, core] and seat not in dead
            ]
            doomed, actions, again = look(doomed, rows, LIMIT, 0, now)
            assert 0 < again <= LIMIT
            for action in actions:
                assert isinstance(action, Warn | Retire | Kill)
                if isinstance(action, Kill):
                    assert all(row.seconds >= LIMIT for row in rows if row.seat == action.seat)
                    dead.add(action.seat)
            now += again
        assert dead == {seat for (seat, _), end in ends.items() if end > 1e8}
