"""What a generation does about its workers, told as lists of events, and what holds whatever happens."""

from __future__ import annotations

import random

import pytest

from imperator.generation import policy
from imperator.generation.policy import (
    Announce,
    Begin,
    Fork,
    Kill,
    Leave,
    Limits,
    Log,
    Ordered,
    Retire,
    Scaled,
    State,
    Tell,
    Temper,
    TimePassed,
    WorkerEnded,
    WorkerReady,
    WorkerWorn,
    begin,
    next_deadline,
    step,
)
from imperator.lifecycle import Phase
from imperator.pipes import Order

# Words of a story: "begin", "ready 1", "crash 1", "quit 1" (with status 0), "serve", "drain", "stop", "wait 2.5" (then
# time has passed), "worn 1" and "stuck 1" (worn, and no time to lose), "more 1" and "fewer 1" workers. Numbers are
# seats: of N workers, the one on seat N + 1 is the successor of the one on seat 1.
# Words of the outcome: "fork 1", "again 1", "S1" "D1" "K1" (tell), "kill 1", "retire 1", "announce", "leave 0".
STORIES = {
    "proves itself": (2, "begin ; ready 1 ; ready 2", "fork 1, fork 2, announce"),
    "announces once": (1, "begin ; ready 1 ; ready 1", "fork 1, announce"),
    "serves when told": (2, "begin ; ready 2 ; ready 1 ; serve", "fork 1, fork 2, announce, S1, S2"),
    "pauses and goes on": (
        2, "begin ; ready 1 ; ready 2 ; serve ; pause ; pause ; quit 1 ; quit 2 ; resume ; ready 1 ; ready 2",
        "fork 1, fork 2, announce, S1, S2, D1, D2, fork 1, fork 2, S1, S2",
    ),
    "goes on before all have paused": (
        1, "begin ; ready 1 ; serve ; pause ; resume ; quit 1", "fork 1, announce, S1, D1, again 1",
    ),
    "is not scaled in a pause": (
        2, "begin ; ready 1 ; ready 2 ; serve ; fewer 1 ; quit 2 ; pause ; quit 1 ; more 1 ; resume",
        "fork 1, fork 2, announce, S1, S2, D2, D1, fork 1",
    ),
    "takes over in a pause": (
        1, "begin ; pause ; ready 1 ; serve ; quit 1 ; resume", "fork 1, announce, D1, fork 1",
    ),
    "a pause ends with the end": (
        1, "begin ; ready 1 ; serve ; pause ; quit 1 ; drain", "fork 1, announce, S1, D1, leave 0",
    ),
    "told twice": (1, "begin ; ready 1 ; serve ; serve", "fork 1, announce, S1"),
    "told before all are ready": (2, "begin ; ready 1 ; serve ; ready 2", "fork 1, fork 2, S1, S2"),
    "a worker that dies before is the end": (2, "begin ; ready 1 ; crash 2", "fork 1, fork 2, D1"),
    "and the end has status 1": (2, "begin ; ready 1 ; crash 2 ; quit 1", "fork 1, fork 2, D1, leave 1"),
    "so is one that quits": (1, "begin ; quit 1", "fork 1, leave 1"),
    "all die": (2, "begin ; crash 1 ; crash 2", "fork 1, fork 2, D2, leave 1"),
    "one that was ready dies before the others": (2, "begin ; ready 1 ; crash 1", "fork 1, fork 2, D2"),
    "the dead are replaced": (
        1, "begin ; ready 1 ; serve ; wait 5 ; crash 1 ; ready 1", "fork 1, announce, S1, again 1, S1",
    ),
    "so are those who went": (1, "begin ; ready 1 ; serve ; wait 5 ; quit 1", "fork 1, announce, S1, again 1"),
    "the second failure waits": (
        1, "begin ; ready 1 ; serve ; crash 1 ; crash 1", "fork 1, announce, S1, again 1",
    ),
    "but not for ever": (
        1, "begin ; ready 1 ; serve ; crash 1 ; crash 1 ; wait 1 ; ready 1",
        "fork 1, announce, S1, again 1, again 1, S1",
    ),
    "drains": (2, "begin ; ready 1 ; ready 2 ; serve ; drain ; quit 1 ; quit 2",
               "fork 1, fork 2, announce, S1, S2, D1, D2, leave 0"),
    "told to drain twice": (1, "begin ; ready 1 ; serve ; drain ; drain ; quit 1", "fork 1, announce, S1, D1, leave 0"),
    "drains what only starts": (1, "begin ; drain ; quit 1", "fork 1, D1, leave 0"),
    "a drained worker that crashes is gone too": (1, "begin ; ready 1 ; serve ; drain ; crash 1",
                                                  "fork 1, announce, S1, D1, leave 0"),
    "drains while one waits to return": (
        1, "begin ; ready 1 ; serve ; crash 1 ; crash 1 ; drain", "fork 1, announce, S1, again 1, leave 0",
    ),
    "stops": (1, "begin ; ready 1 ; serve ; stop ; quit 1", "fork 1, announce, S1, D1, K1, leave 0"),
    "ends what drains": (1, "begin ; ready 1 ; serve ; drain ; stop ; quit 1", "fork 1, announce, S1, D1, K1, leave 0"),
    "no mercy": (1, "begin ; ready 1 ; serve ; drain ; wait 11 ; crash 1", "fork 1, announce, S1, D1, kill 1, leave 0"),
    "mercy is long enough": (1, "begin ; ready 1 ; serve ; drain ; wait 10.5", "fork 1, announce, S1, D1"),
    "a late order": (1, "begin ; ready 1 ; drain ; serve ; quit 1", "fork 1, announce, D1, leave 0"),
    "a worn worker serves until its successor is ready": (
        1, "begin ; ready 1 ; serve ; wait 5 ; worn 1 ; wait 5 ; ready 2 ; quit 1",
        "fork 1, announce, S1, retire 1, again 2, S2, D1",
    ),
    "and its seat is the next one's": (
        1, "begin ; ready 1 ; serve ; wait 10 ; worn 1 ; ready 2 ; quit 1 ; wait 10 ; worn 2 ; ready 1 ; quit 2",
        "fork 1, announce, S1, retire 1, again 2, S2, D1, retire 2, again 1, S1, D2",
    ),
    "not while the one before it still leaves": (
        1, "begin ; ready 1 ; serve ; wait 10 ; worn 1 ; ready 2 ; worn 2 ; wait 10 ; quit 1",
        "fork 1, announce, S1, retire 1, again 2, S2, D1, retire 2, again 1",
    ),
    "a worker may be worn twice": (
        1, "begin ; ready 1 ; serve ; worn 1 ; worn 1 ; wait 10 ; worn 1",
        "fork 1, announce, S1, retire 1, again 2",
    ),
    "worn before it has lived": (
        1, "begin ; ready 1 ; serve ; wait 9 ; worn 1 ; wait 0.5", "fork 1, announce, S1",
    ),
    "worn for a reason that does not wait": (
        1, "begin ; ready 1 ; serve ; stuck 1", "fork 1, announce, S1, retire 1, again 2",
    ),
    "one successor at a time": (
        2, "begin ; ready 1 ; ready 2 ; serve ; wait 10 ; worn 1 ; worn 2 ; ready 3",
        "fork 1, fork 2, announce, S1, S2, retire 1, again 3, S3, D1, retire 2, again 4",
    ),
    "a successor that fails costs nothing": (
        1, "begin ; ready 1 ; serve ; wait 10 ; worn 1 ; crash 2 ; crash 2 ; wait 1 ; ready 2",
        "fork 1, announce, S1, retire 1, again 2, again 2, again 2, S2, D1",
    ),
    "a worn worker that crashes": (
        1, "begin ; ready 1 ; serve ; wait 10 ; worn 1 ; crash 1 ; ready 2",
        "fork 1, announce, S1, retire 1, again 2, S2",
    ),
    "one that crashes is no longer worn": (
        1, "begin ; ready 1 ; serve ; wait 5 ; worn 1 ; crash 1 ; ready 1 ; wait 20",
        "fork 1, announce, S1, again 1, S1",
    ),
    "a worn worker without mercy": (
        1, "begin ; ready 1 ; serve ; wait 10 ; worn 1 ; ready 2 ; wait 11 ; crash 1",
        "fork 1, announce, S1, retire 1, again 2, S2, D1, kill 1",
    ),
    "drained while it is replaced": (
        1, "begin ; ready 1 ; serve ; wait 10 ; worn 1 ; drain ; quit 1 ; quit 2",
        "fork 1, announce, S1, retire 1, again 2, D2, D1, leave 0",
    ),
    "fewer": (2, "begin ; ready 1 ; ready 2 ; serve ; fewer 1 ; quit 2", "fork 1, fork 2, announce, S1, S2, D2"),
    "fewer and more": (
        2, "begin ; ready 1 ; ready 2 ; serve ; fewer 1 ; quit 2 ; more 1 ; ready 2",
        "fork 1, fork 2, announce, S1, S2, D2, fork 2, S2",
    ),
    "more than there may be": (1, "begin ; ready 1 ; serve ; more 5", "fork 1, announce, S1"),
    "more of one that is still leaving": (
        1, "begin ; ready 1 ; serve ; fewer 1 ; more 1 ; quit 1 ; ready 1", "fork 1, announce, S1, D1, again 1, S1",
    ),
    "ready too late": (1, "begin ; drain ; ready 1 ; quit 1", "fork 1, D1, leave 0"),
}  # fmt: skip


def event(word: str) -> policy.Event:
    name, _, number = word.partition(" ")
    if name in ("ready", "crash", "quit"):
        return {
            "ready": WorkerReady(int(number)),
            "crash": WorkerEnded(int(number), "(pid: 7) died", True),
            "quit": WorkerEnded(int(number), "(pid: 7)", False),
        }[name]
    if name in ("worn", "stuck"):
        return WorkerWorn(int(number), "because", name == "stuck")
    if name in ("more", "fewer"):
        return Scaled(int(number) if name == "more" else -int(number), "because")
    if name in ("serve", "drain", "stop", "pause", "resume"):
        return Ordered(Order[name.upper()], "told")
    return Begin()


def word(action: policy.Action) -> str | None:
    match action:
        case Fork(number, again):
            return f"{'again' if again else 'fork'} {number}"
        case Tell(number, order):
            return f"{chr(order)}{number}"
        case Kill(number):
            return f"kill {number}"
        case Retire(number, _):
            return f"retire {number}"
        case Announce():
            return "announce"
        case Leave(status):
            return f"leave {status}"
    return None


@pytest.mark.parametrize("story", STORIES)
def test_stories(story):
    workers, events, expected = STORIES[story]
    state, now, done = begin(workers, 10.0), 100.0, []
    for one in events.split(" ; "):
        if one.startswith("wait"):
            now += float(one.split()[1])
            state, actions = step(state, TimePassed(), now)
        else:
            state, actions = step(state, event(one), now)
        done += [said for said in map(word, actions) if said]
    assert ", ".join(done) == expected


LINES = {
    "crash": (5.0, True, "DAMN ! worker 1 (pid: 7) died, killed by signal 9 :( trying respawn ..."),
    "end": (5.0, False, "worker 1 killed successfully (pid: 7) died, killed by signal 9"),
    "again": (0.0, True, "DAMN ! worker 1 (pid: 7) died, killed by signal 9 :( next try in 1 seconds"),
}


@pytest.mark.parametrize("case", LINES)
def test_the_line_that_tells_of_a_dead_worker(case):
    lived, failed, line = LINES[case]
    state = begin(1, 10.0)
    for one in (Begin(), WorkerReady(1), Ordered(Order.SERVE, "")):
        state, _ = step(state, one, 0.0)
    if case == "again":
        state, _ = step(state, WorkerEnded(1, "", True), 0.0)
    _, actions = step(state, WorkerEnded(1, "(pid: 7) died, killed by signal 9", failed), lived)
    assert Log(line) in actions


def test_one_worker_s_end_is_no_matter_of_the_others():
    state = begin(3, 10.0)
    for one in (Begin(), *map(WorkerReady, (1, 2, 3)), Ordered(Order.SERVE, "")):
        state, _ = step(state, one, 0.0)
    others = state.workers[::2]
    state, _ = step(state, WorkerEnded(2, "died", True), 9.0)
    assert state.workers[::2] == others


@pytest.mark.parametrize("seed", range(300))
def test_what_holds_whatever_happens(seed):
    chance = random.Random(seed)
    count = chance.randint(1, 4)
    initial = chance.randint(1, count)
    limits = Limits(chance.choice([0.0, 2.0]), chance.choice([0.0, 5.0]))
    state, now = begin(count, chance.choice([0.0, 10.0]), initial, limits), 0.0
    serving: set[int] = set()
    alive: set[int] = set()
    left: list[int] = []
    announced = told_to_serve = 0
    pending: list[policy.Event] = [Begin()]
    for _ in range(120):
        if left:
            break
        before: State = state
        one = pending.pop() if pending else chance.choice(possible(chance, alive, count))
        if isinstance(one, WorkerEnded):
            alive.discard(one.seat)
            serving.discard(one.seat)
        if isinstance(one, TimePassed):
            # Time passes in steps that may be early, exact or late.
            due = next_deadline(state)
            now = max(now, due) if due is not None and chance.random() < 0.7 else now + chance.random()
        capacity = len(serving)
        state, actions = step(state, one, now)
        for action in actions:
            match action:
                case Fork(number, again):
                    assert number not in alive, "two on a seat"
                    assert state.temper is not Temper.LEAVING, "a fork while leaving"
                    assert state.temper is Temper.SERVING or not again
                    alive.add(number)
                case Tell(number, Order.SERVE):
                    assert number in alive
                    assert state.temper is Temper.SERVING
                    serving.add(number)
                    told_to_serve += 1
                case Kill(number) | Tell(number, _):
                    assert number in alive
                    serving.discard(number)
        if state.temper is Temper.SERVING and not isinstance(one, Scaled):
            assert len(serving) >= capacity, "replacing a worker left fewer"
        for action in actions:
            match action:
                case Announce():
                    announced += 1
                    assert alive == set(range(1, initial + 1))
                    assert before.temper is Temper.PROVING
                case Leave(status):
                    assert not alive, "left somebody behind"
                    left.append(status)
        assert {slot.seat for slot in state.workers if slot.child.alive} | {
            state.other(slot.seat) for slot in state.workers if slot.old
        } == alive
        assert sum(slot.old is not None and slot.old.phase is Phase.UP for slot in state.workers) <= 1
        assert announced <= 1
        # It never serves again once it leaves.
        assert before.temper is not Temper.LEAVING or state.temper is Temper.LEAVING
    # Whatever state that was: told to drain, and its workers gone, it leaves exactly once.
    if not left:
        state, actions = step(state, Ordered(Order.DRAIN, ""), now)
        left += [action.status for action in actions if isinstance(action, Leave)]
        for number in sorted(alive):
            assert not left
            state, actions = step(state, WorkerEnded(number, "", False), now)
            left += [action.status for action in actions if isinstance(action, Leave)]
    assert len(left) == 1


def possible(chance: random.Random, alive: set[int], count: int) -> list[policy.Event]:
    """Events that can happen now, the usual ones more often."""
    events: list[policy.Event] = [TimePassed(), TimePassed()]
    for number in alive:
        events += [WorkerReady(number)] * 3
        events += [WorkerEnded(number, "ended", chance.random() < 0.5)]
        events += [WorkerWorn(number, "worn", chance.random() < 0.3)]
    events += [Scaled(chance.choice([-1, 1, 2]), "load")]
    events += [WorkerReady(chance.randint(1, 2 * count))]  # late news
    events += [Ordered(Order.SERVE, "")]
    if chance.random() < 0.1:
        events += [Ordered(Order.DRAIN, ""), Ordered(Order.STOP, "")]
    return events
