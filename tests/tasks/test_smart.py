"""The life of a daemon that is known by its pidfile."""

from __future__ import annotations

import pytest

from imperator.config.daemons import Daemon
from imperator.errors import Where
from imperator.tasks.daemon import EndInstance, Log, NotSpawned, Signal, Spawn, Spawned, TimePassed
from imperator.tasks.smart import Forgotten, LauncherEnded, Look, Looked, State, Touched, step

LINE = Daemon("work", Where("site.ini", 3), pidfile="/run/w.pid", freq=5)
NOBODY = Looked(0)


class Life:
    """One daemon, told one thing after the other; what it does but for the lines of the log."""

    def __init__(self, daemon: Daemon = LINE) -> None:
        self.state = State(daemon)
        self.now = 100.0
        self.lines: list[str] = []

    def tell(self, event, after: float = 0.0):
        self.now += after
        self.state, actions = step(self.state, event, self.now)
        self.lines = [one.line for one in actions if isinstance(one, Log)]
        return [one for one in actions if not isinstance(one, Log)]

    def wait(self):
        """Let the time pass until it wants to look, and answer what it does."""
        return self.tell(TimePassed(), max(self.state.deadline - self.now, 0))

    def up(self):
        """Started, and gone into the background."""
        self.tell(NOBODY)
        self.tell(Spawned(7, "uid: 0 gid: 0"))
        self.tell(LauncherEnded("exited with status 0"))
        self.tell(Looked(8), 1)
        self.now += 60
        return self


def test_one_that_runs_is_adopted():
    life = Life()
    assert life.tell(Looked(8)) == []
    assert life.lines == ['found valid/active pidfile for "work" (pid: 8)']
    assert (life.state.pid, life.state.respawns) == (8, 0)
    assert life.wait() == [Look()]
    assert life.tell(Looked(8)) == []
    assert life.lines == []


def test_one_that_does_not_is_started():
    life = Life()
    assert life.tell(NOBODY) == [Spawn()]
    life.tell(Spawned(7, "uid: 0 gid: 0"))
    assert life.lines == ['spawning "work" (uid: 0 gid: 0) pid: 7']
    assert life.wait() == [Look()]
    assert life.tell(Looked(8)) == []
    assert life.lines == ['daemon "work" is up (pid: 8)']
    assert life.tell(LauncherEnded("exited with status 0")) == []
    assert (life.wait(), life.tell(Looked(8)), life.lines) == ([Look()], [], [])


def test_one_that_dies_is_started_again():
    life = Life().up()
    life.wait()
    assert life.tell(NOBODY) == [Spawn()]
    assert life.lines == ['daemon "work" (pid: 8) is gone; it is started now']


def test_the_pidfile_may_name_another_one():
    life = Life().up()
    assert life.tell(Looked(9)) == []
    assert life.lines == ['found changed pid for "work" (old_pid: 8 new_pid: 9)']


def test_a_command_that_brings_nobody_about_is_tried_ever_more_seldom():
    life, pauses = Life(LINE._replace(max_throttle=3)), []
    life.tell(NOBODY)
    for pid in range(7, 13):
        life.tell(Spawned(pid, ""))
        life.tell(LauncherEnded("exited with status 1"))
        assert life.wait() == [Look()]
        actions = life.tell(NOBODY)
        pauses.append(life.lines[-1].rpartition("started ")[2])
        assert "exited with status 1 and /run/w.pid names nobody" in life.lines[-1]
        if not actions:
            assert life.wait() == [Look()]
            assert life.tell(NOBODY) == [Spawn()]
    assert pauses == ["now", "in 1 seconds", "in 2 seconds", "in 3 seconds", "in 3 seconds", "in 3 seconds"]


def test_one_that_stays_in_the_foreground_is_mentioned_once_and_waited_for():
    life = Life()
    life.tell(NOBODY)
    life.tell(Spawned(7, ""))
    assert (life.tell(NOBODY, 1), len(life.lines)) == ([], 1)
    assert (life.tell(NOBODY, 5), len(life.lines)) == ([], 0)
    assert life.tell(Looked(7)) == []


def test_somebody_else_may_start_it_during_a_pause():
    life = Life()
    life.tell(NOBODY)
    for _ in range(2):
        life.tell(NotSpawned("no"))
    assert life.wait() == [Look()]
    assert life.tell(Looked(30)) == []
    assert life.state.pid == 30


def test_one_that_we_detach_has_ended_when_its_process_has():
    life = Life(LINE._replace(detached=True))
    life.tell(NOBODY)
    life.tell(Spawned(7, ""))
    life.tell(Looked(7))
    assert life.tell(LauncherEnded("was killed by SIGKILL"), 60) == [Look()]
    assert life.tell(NOBODY) == [Spawn()]
    assert life.lines == ['daemon "work" (pid: 7) was killed by SIGKILL; it is started now']


def test_a_touched_file_ends_it_so_that_it_is_started_again():
    life = Life().up()
    assert life.tell(Touched("/t")) == [Signal(15)]
    assert "/t has been touched" in life.lines[0]


@pytest.mark.parametrize("up", [True, False])
def test_it_is_never_ended(up):
    life = Life().up() if up else Life()
    assert life.tell(Forgotten()) == []
    assert life.lines[0].endswith("any more; it goes on (pid: 8)" if up else "any more")
    assert life.state.deadline is None


def test_the_instance_ends_with_a_control_daemon():
    life = Life(LINE._replace(control=True)).up()
    assert life.tell(NOBODY) == [EndInstance('the control daemon "work" (pid: 8) is gone')]
