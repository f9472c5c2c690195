"""The life of an attached daemon."""

from __future__ import annotations

import random

import pytest

from imperator.config.daemons import Daemon
from imperator.errors import Where
from imperator.lifecycle import Phase
from imperator.tasks.daemon import (
    Emptied,
    Ended,
    EndInstance,
    Log,
    NotSpawned,
    Renew,
    Signal,
    Spawn,
    Spawned,
    Start,
    State,
    Stop,
    TimePassed,
    step,
)

LINE = Daemon("work", Where("site.ini", 3), reload_signal=1)
MERCY = 3.0


class Life:
    """One daemon, told one thing after the other; what it does but for the lines of the log."""

    def __init__(self, daemon: Daemon = LINE) -> None:
        self.state = State(daemon)
        self.now = 100.0
        self.lines: list[str] = []

    def tell(self, event, after: float = 0.0):
        self.now += after
        self.state, actions = step(self.state, event, self.now, MERCY)
        self.lines = [one.line for one in actions if isinstance(one, Log)]
        return [one for one in actions if not isinstance(one, Log)]

    def up(self, after: float = 60.0):
        self.tell(Start())
        self.tell(Spawned(7, "uid: 0 gid: 0"))
        self.now += after
        return self


def test_it_is_started():
    life = Life()
    assert life.tell(Start()) == [Spawn()]
    assert life.tell(Spawned(7, "uid: 0 gid: 0")) == []
    assert life.lines == ['spawning "work" (uid: 0 gid: 0) pid: 7']
    assert (life.state.child.phase, life.state.pid, life.state.respawns) == (Phase.UP, 7, 0)


def test_one_that_dies_is_started_again_at_once():
    life = Life().up()
    assert life.tell(Ended("was killed by SIGKILL", alone=True)) == [Spawn()]
    assert life.lines == ['daemon "work" (pid: 7) was killed by SIGKILL; the next one starts now']
    life.tell(Spawned(8, "uid: 0 gid: 0"))
    assert life.lines == ['respawning "work" (uid: 0 gid: 0) pid: 8']
    assert life.state.respawns == 1


def test_one_that_keeps_dying_waits_for_longer_and_longer():
    life, pauses = Life(LINE._replace(max_throttle=4)).up(1), []
    for pid in range(10, 17):
        life.tell(Ended("exited with status 3", alone=True))
        pauses.append(life.lines[-1].rpartition("starts ")[2])
        if life.state.deadline is not None:
            assert life.tell(TimePassed(), life.state.deadline - life.now) == [Spawn()]
        life.tell(Spawned(pid, ""))
    assert pauses == ["now", *(f"in {seconds} seconds" for seconds in (1, 2, 3, 4, 4, 4))]


def test_one_that_cannot_be_started_is_tried_again():
    life = Life()
    life.tell(Start())
    assert life.tell(NotSpawned("/x: No such file")) == [Spawn()]
    assert life.tell(NotSpawned("/x: No such file")) == []
    assert life.lines == ['error: daemon "work" cannot be started: /x: No such file; the next one starts in 1 seconds']
    assert life.tell(TimePassed(), 1) == [Spawn()]


def test_the_rest_of_its_group_is_asked_and_then_killed_before_the_next_one_starts():
    life = Life().up()
    assert life.tell(Ended("was killed by SIGKILL", alone=False)) == [Signal(15)]
    assert life.tell(TimePassed(), 1) == []
    assert life.tell(TimePassed(), 2) == [Signal(9)]
    assert life.tell(Emptied()) == [Spawn()]
    assert life.tell(Spawned(8, "")) == []
    assert life.tell(Emptied()) == []  # late news


@pytest.mark.parametrize(("reload", "signum"), [(True, 1), (False, 15)])
def test_it_is_started_anew(reload, signum):
    life = Life().up()
    assert life.tell(Renew("because", reload)) == [Signal(signum)]
    assert life.lines == ['daemon "work" (pid: 7) is started anew: because', "stopping daemon (pid: 7): work"]
    assert life.tell(Renew("again", reload)) == []
    assert life.tell(Ended("exited with status 0", alone=False), 1) == []
    assert life.tell(TimePassed(), 2) == [Signal(9)]
    assert life.tell(Emptied()) == [Spawn()]


def test_a_reload_ends_the_waiting():
    life = Life().up(1)
    life.tell(Ended("exited with status 3", alone=True))
    life.tell(Spawned(8, ""))
    life.tell(Ended("exited with status 3", alone=True))
    assert life.state.child.phase is Phase.WAITING
    assert life.tell(Renew("SIGHUP", reload=True)) == [Spawn()]


def test_it_is_stopped():
    life = Life(LINE._replace(stop_signal=2)).up()
    assert life.tell(Stop()) == [Signal(2)]
    assert life.tell(TimePassed(), 3) == [Signal(9)]
    assert life.lines == ["daemon did not die in time, killing (pid: 7): work"]
    assert life.tell(Ended("was killed by SIGKILL", alone=True)) == []
    assert (life.state.child.phase, life.state.pid, life.state.deadline) == (Phase.DOWN, 0, None)


def test_it_is_stopped_at_once():
    life = Life().up()
    life.tell(Stop())
    assert life.tell(Stop(now=True)) == [Signal(9)]


def test_one_that_waits_is_stopped_without_a_word():
    life = Life().up(1)
    life.tell(Ended("exited with status 3", alone=True))
    life.tell(NotSpawned("no"))
    assert life.tell(Stop()) == []
    assert life.state.deadline is None


def test_the_instance_ends_with_a_control_daemon():
    life = Life(LINE._replace(control=True)).up()
    assert life.tell(Ended("exited with status 5", alone=True)) == [
        EndInstance('the control daemon "work" (pid: 7) exited with status 5')
    ]
    assert life.state.child.phase is Phase.DOWN


def test_it_does_not_when_it_was_asked_to_end():
    life = Life(LINE._replace(control=True)).up()
    life.tell(Renew("SIGHUP", reload=True))
    assert life.tell(Ended("exited with status 0", alone=True)) == [Spawn()]


def test_whatever_happens_there_never_are_two():
    dice = random.Random(7)
    for _ in range(300):
        life = Life(LINE._replace(control=dice.random() < 0.2))
        alive, others = 0, 0  # the process that was started; whoever else is in its group
        for _ in range(60):
            known = [Start(), Renew("x", dice.random() < 0.5), Stop(), Stop(now=True), TimePassed()]
            if alive:
                known += [Ended("ended", alone=not others)] * 3
            elif others:
                known += [Emptied()] * 3
            event = dice.choice(known)
            actions = life.tell(event, dice.choice([0, 1, 3, 20]))
            if isinstance(event, Ended):
                alive = 0
            elif isinstance(event, Emptied):
                others = 0
            while Spawn() in actions:
                assert not alive
                assert not others
                if dice.random() < 0.2:
                    actions = life.tell(NotSpawned("no"))
                    continue
                alive, others = 1, dice.randint(0, 1)
                actions = life.tell(Spawned(dice.randint(2, 99), ""))
            assert bool(life.state.pid) == bool(alive or others)
