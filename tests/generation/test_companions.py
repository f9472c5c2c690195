"""What becomes of the processes beside the workers."""

from __future__ import annotations

import pytest

from imperator.generation import companions
from imperator.generation.companions import (
    Ask,
    Began,
    Companion,
    Ended,
    Fork,
    Kill,
    Left,
    Log,
    Renew,
    TimePassed,
    alive,
    next_deadline,
    step,
)


def state(*kinds):
    terms = companions.terms(5.0)
    return tuple(Companion(kind, number, terms) for number, kind in enumerate(kinds or ("mule", "mule"), 1))


def after(events, found=None):
    """The state and the last actions after ``(now, event)`` pairs."""
    found = found or state()
    actions = []
    for now, event in events:
        found, actions = step(found, event, now)
    return found, actions


DIES = "(pid: 7) died, killed by signal 9"


@pytest.mark.parametrize(
    ("events", "actions"),
    [
        ([(0, Began())], [Fork(0, False), Fork(1, False)]),
        ([(0, Began()), (9, Left())], [Ask(0), Ask(1)]),
        ([(0, Began()), (9, Left(at_once=True))], [Kill(0), Kill(1)]),
        ([(0, Began()), (9, Renew("mule"))], [Ask(0), Ask(1)]),
        ([(0, Began()), (9, Renew("other"))], []),
        ([(0, Left())], []),
        ([(0, Began()), (9, Ended(0, DIES, True))],
         [Log(f"OOOPS mule 1 {DIES} crippled...trying respawn..."), Fork(0, True)]),
        ([(0, Began()), (0.5, Ended(0, DIES, True)), (0.6, Ended(0, DIES, True))],
         [Log(f"OOOPS mule 1 {DIES} crippled...next try in 1 seconds")]),
        ([(0, Began()), (0.5, Ended(0, DIES, True)), (0.6, Ended(0, DIES, True)), (1.6, TimePassed())],
         [Fork(0, True)]),
        ([(0, Began()), (9, Renew("mule")), (10, Ended(0, "(pid: 7)", False))],
         [Log("mule 1 (pid: 7) annihilated"), Fork(0, True)]),
        ([(0, Began()), (9, Left()), (10, Ended(0, "(pid: 7)", False))], [Log("mule 1 (pid: 7) annihilated")]),
        ([(0, Began()), (9, Left()), (15, TimePassed())],
         [Log("mule 1 is taking too much time to die...NO MERCY !!!"), Kill(0),
          Log("mule 2 is taking too much time to die...NO MERCY !!!"), Kill(1)]),
    ],
)  # fmt: skip
def test_what_is_done(events, actions):
    assert after(events)[1] == actions


def test_who_is_left():
    found, _ = after([(0, Began()), (9, Left())])
    assert alive(found)
    assert next_deadline(found) == 15.0
    found, _ = after([(10, Ended(0, "(pid: 7)", False)), (10, Ended(1, "(pid: 8)", False))], found)
    assert not alive(found)
    assert next_deadline(found) is None


def test_each_kind_is_its_own():
    found, _ = step(state("mule", "spooler"), Began(), 0.0)
    assert step(found, Renew("spooler"), 9.0)[1] == [Ask(1)]
