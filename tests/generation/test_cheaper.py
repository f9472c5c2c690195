"""How many workers there should be, told as what is seen each second."""

from __future__ import annotations

import random

import pytest

from imperator.generation.cheaper import Seen, State, look
from imperator.pipes import Scaling

SPARE = Scaling(least=1, most=4, overload=3)


def run(terms: Scaling, looks: list[Seen]) -> list[int]:
    """What each look asks for."""
    state, asked = State(), []
    for seen in looks:
        state, by, _ = look(state, seen, terms)
        asked.append(by)
    return asked


def seen(running: int, busy: int, waiting: int = 0, worked: float = 0.0) -> Seen:
    return Seen(running, running, busy, waiting, worked)


def test_spare_adds_when_all_are_busy_for_longer_than_overload():
    assert run(SPARE, [seen(1, 1)] * 4) == [0, 0, 0, 1]


def test_spare_begins_to_count_again_when_one_was_idle():
    assert run(SPARE, [seen(1, 1)] * 3 + [seen(1, 0)] + [seen(1, 1)] * 3) == [0] * 7


def test_spare_adds_several_at_once():
    assert run(SPARE._replace(step=2, overload=1), [seen(1, 1)] * 2) == [0, 2]


def test_spare_never_goes_beyond_the_most():
    assert run(SPARE._replace(step=9, overload=1), [seen(3, 3)] * 2) == [0, 1]
    assert run(SPARE._replace(overload=1), [seen(4, 4)] * 2) == [0, 0]


def test_spare_takes_one_away_when_more_than_one_is_idle():
    assert run(SPARE, [seen(4, 1)] * 6) == [0, 0, -1, 0, 0, -1]


def test_spare_keeps_one_that_is_idle():
    assert run(SPARE, [seen(3, 2)] * 9) == [0] * 9


def test_spare_never_goes_below_the_least():
    assert run(SPARE._replace(least=3), [seen(3, 0)] * 9) == [0] * 9


def test_backlog_goes_by_those_who_wait():
    terms = SPARE._replace(algorithm="backlog")
    looks = [seen(2, 2, 4), seen(3, 3, 3), seen(3, 3, 2), seen(1, 1, 0)]
    assert run(terms, looks) == [1, 0, -1, 0]


def test_manual_does_nothing():
    assert run(SPARE._replace(algorithm="manual"), [seen(1, 1, 99), seen(4, 0)] * 5) == [0] * 10


BUSYNESS = SPARE._replace(algorithm="busyness", overload=2, multiplier=2, penalty=1)


def busy_for(seconds: list[float], running: int = 1) -> list[Seen]:
    """Looks a second apart, in each of which so much was worked."""
    total, looks = 0.0, [seen(running, 0)]
    for one in seconds:
        total += one
        looks.append(seen(running, 0, 0, total))
    return looks


def test_busyness_adds_above_its_most():
    assert run(BUSYNESS, busy_for([0.6, 0.6, 0.6, 0.6])) == [0, 0, 1, 0, 1]
    assert run(BUSYNESS, busy_for([0.5, 0.5, 0.5, 0.5])) == [0] * 5


def test_busyness_is_an_average_of_all():
    assert run(BUSYNESS, busy_for([0.6, 0.6], running=2)) == [0, 0, 0]


def test_busyness_takes_one_away_after_a_while_below_its_least():
    assert run(BUSYNESS, busy_for([0.1] * 8, running=3)) == [0, 0, 0, 0, -1, 0, 0, 0, -1]


def test_busyness_is_slower_after_it_was_too_fast():
    # Two idle periods, one less; then a busy one: from now on it takes three.
    seconds = [0.0] * 4 + [3.0] * 2 + [0.0] * 6
    assert run(BUSYNESS, busy_for(seconds, running=3)) == [0, 0, 0, 0, -1, 0, 1, 0, 0, 0, 0, 0, -1]


def test_busyness_helps_at_once_when_many_wait():
    assert run(BUSYNESS._replace(backlog_alert=10, backlog_step=2), [seen(1, 1, 11)]) == [2]


def test_busyness_helps_when_somebody_waits_for_long():
    terms = BUSYNESS._replace(overload=99, backlog_nonzero=3)
    assert run(terms, [seen(1, 1, 1)] * 4) == [0, 0, 0, 1]


@pytest.mark.parametrize("algorithm", ["spare", "backlog", "busyness", "manual"])
def test_whatever_is_seen_the_number_stays_between(algorithm):
    chance = random.Random(algorithm)
    for _ in range(100):
        most = chance.randint(2, 6)
        terms = SPARE._replace(
            algorithm=algorithm, most=most, least=chance.randint(1, most - 1), step=chance.randint(1, 9),
            overload=chance.randint(1, 3), multiplier=chance.randint(0, 3),
        )  # fmt: skip
        running, worked, state = chance.randint(terms.least, most), 0.0, State()
        for _ in range(100):
            worked += chance.random() * running
            row = Seen(running, chance.randint(0, running), 0, chance.randint(0, 40), worked)
            state, by, why = look(state, row._replace(busy=chance.randint(0, row.serving)), terms)
            running += by
            assert terms.least <= running <= most
            assert why or not by
