"""The life of a child, told as lists of events."""

from __future__ import annotations

import itertools

import pytest

from imperator.lifecycle import TABLE, Action, Child, Event, Phase, Terms, step

TERMS = Terms(mercy=30, throttle=2, throttle_limit=5, settled=1)

# The time passes 10 seconds before each event, unless the line says otherwise.
STORIES = {
    "starts and is ready": ("start ready", "spawn", Phase.UP),
    "stops when asked": ("start ready stop exit", "spawn ask", Phase.DOWN),
    "is killed when it does not stop": ("start ready stop deadline exit", "spawn ask kill", Phase.DOWN),
    "is killed again while the kernel hesitates": ("start stop deadline deadline", "spawn ask kill kill", Phase.KILLED),
    "returns at once after a death": ("start ready exit", "spawn spawn", Phase.STARTING),
    "returns when it has left": ("start ready stop start exit", "spawn ask spawn", Phase.STARTING),
    "a last wish counts": ("start ready stop start stop exit", "spawn ask", Phase.DOWN),
    "restarts gently": ("start ready restart exit ready", "spawn ask spawn", Phase.UP),
    "wanted, it returns from a kill": ("start ready restart deadline exit", "spawn ask kill spawn", Phase.STARTING),
    "first failure is free": ("start exit", "spawn spawn", Phase.STARTING),
    "second failure waits": ("start exit exit", "spawn spawn", Phase.WAITING),
    "waits no longer than it must": ("start exit exit deadline", "spawn spawn spawn", Phase.STARTING),
    "what cannot be spawned waits too": ("start unspawned unspawned", "spawn spawn", Phase.WAITING),
    "forgiven, it starts at once": ("start exit exit forgive", "spawn spawn spawn", Phase.STARTING),
    "forgiven, it may fail once more": ("start exit exit forgive exit", "spawn spawn spawn spawn", Phase.STARTING),
    "waiting, it can be stopped": ("start exit exit stop", "spawn spawn", Phase.DOWN),
    "a wish does not shorten the wait": ("start exit exit start restart", "spawn spawn", Phase.WAITING),
    "stopped while starting": ("start stop exit", "spawn ask", Phase.DOWN),
    "forced while stopping": ("start stop force exit", "spawn ask kill", Phase.DOWN),
    "forced while up": ("start ready force exit", "spawn kill", Phase.DOWN),
    "late news of the dead": ("start stop exit ready exit deadline unspawned", "spawn ask", Phase.DOWN),
    "ready too late": ("start stop ready", "spawn ask", Phase.STOPPING),
}
EVENTS = {
    "start": Event.START, "stop": Event.STOP, "restart": Event.RESTART, "force": Event.FORCE, "forgive": Event.FORGIVE,
    "deadline": Event.DEADLINE_PASSED,
    "unspawned": Event.SPAWN_FAILED, "ready": Event.BECAME_READY, "exit": Event.EXITED,
}  # fmt: skip
ACTIONS = {"spawn": Action.SPAWN, "ask": Action.ASK_TO_STOP, "kill": Action.KILL}


@pytest.mark.parametrize("story", STORIES)
def test_stories(story):
    events, expected, phase = STORIES[story]
    child, done, now = Child(), [], 0.0
    for word in events.split():
        now += 10
        child, actions = step(child, EVENTS[word], now, TERMS)
        done += actions
    assert (done, child.phase) == ([ACTIONS[word] for word in expected.split()], phase)


def test_the_table_is_total():
    assert set(TABLE) == set(itertools.product(Phase, Event))


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("event", Event)
def test_what_holds_after_every_step(phase, wanted, event):
    before = Child(phase, wanted, 2, 0.0, 50.0)
    child, actions = step(before, event, 100.0, TERMS)
    # A process appears by SPAWN alone, and goes by EXITED or SPAWN_FAILED alone.
    if Action.SPAWN in actions:
        assert not before.alive or event in (Event.EXITED, Event.SPAWN_FAILED)
        assert child.phase is Phase.STARTING
    elif event not in (Event.EXITED, Event.SPAWN_FAILED):
        assert child.alive == before.alive
    # Every order has a deadline.
    if child != before and child.phase in (Phase.STOPPING, Phase.KILLED, Phase.WAITING):
        assert child.deadline is not None
    if event is Event.STOP:
        assert not child.wanted
    if event is Event.START:
        assert child.wanted
    if Action.KILL in actions:
        assert child.phase is Phase.KILLED


def test_delays_grow_by_the_step_up_to_the_limit():
    assert [TERMS.delay(n) for n in range(6)] == [0, 0, 2, 4, 5, 5]


def test_failures_are_forgotten_once_it_has_settled():
    child = Child(Phase.UP, True, failures=4, since=100.0)
    child, actions = step(child, Event.EXITED, 101.0, TERMS)
    assert (child.failures, actions) == (0, (Action.SPAWN,))


def test_one_that_dies_as_soon_as_it_is_ready_is_slowed_down():
    child = Child(Phase.UP, True, failures=1, since=100.0)
    child, actions = step(child, Event.EXITED, 100.5, TERMS)
    assert (child.phase, child.deadline, actions) == (Phase.WAITING, 102.5, ())


def test_one_that_is_never_ready_is_killed_when_patience_ends():
    terms = TERMS._replace(patience=60)
    child, _ = step(Child(), Event.START, 5.0, terms)
    assert child.deadline == 65.0
    child, actions = step(child, Event.DEADLINE_PASSED, 65.0, terms)
    assert (child.phase, child.failures, actions) == (Phase.KILLED, 1, (Action.KILL,))


def test_asking_twice_does_not_move_the_deadline():
    child, _ = step(Child(Phase.UP, True), Event.STOP, 10.0, TERMS)
    child, _ = step(child, Event.STOP, 20.0, TERMS)
    assert child.deadline == 40.0
