"""Which commands are started when, which are left out, which are killed."""

from __future__ import annotations

from imperator.config.crons import Cron
from imperator.cron import Spec
from imperator.errors import Where
from imperator.tasks.timetable import Changed, Ended, Kill, Log, Run, Started, State, Ticked, TimePassed, step

HERE = Where("site.ini", 3)
PLAIN = Cron(Spec(), "job", HERE)
UNIQUE = Cron(Spec(), "long", HERE, unique=True)
BOUND = Cron(Spec(), "slow", HERE, harakiri=5)


class Table:
    """Lines, told one thing after the other; started commands get the next pid."""

    def __init__(self, *crons: Cron) -> None:
        self.state = State()
        self.now = 100.0
        self.lines: list[str] = []
        self.pid = 10
        self.tell(Changed(crons))

    def tell(self, event, after: float = 0.0):
        self.now += after
        self.state, actions = step(self.state, event, self.now)
        self.lines = [one.line for one in actions if isinstance(one, Log)]
        return [one for one in actions if not isinstance(one, Log)]

    def tick(self, minute: int):
        """What was started in this minute."""
        started = []
        for action in self.tell(Ticked(minute), 60):
            assert isinstance(action, Run)
            started.append(action.cron.command)
        for command in started:
            one = next(one for one in self.state.crons if one.command == command)
            self.tell(Started(one, self.pid, 1700000000))
            self.pid += 1
        return started


def test_every_minute_once():
    table = Table(PLAIN)
    assert [table.tick(minute) for minute in (5, 5, 6, 8)] == [["job"], [], ["job"], ["job"]]
    assert table.lines == ['[uwsgi-cron] running "job" (pid 12)']
    assert [one.pid for one in table.state.running] == [10, 11, 12]
    assert table.state.last(PLAIN).pid == 12


def test_its_end_is_told():
    table = Table(PLAIN)
    table.tick(1)
    assert table.tell(Ended(10, "exited with status 4"), 2) == []
    told = '[uwsgi-cron] command "job" running with pid 10 exited after 2 second(s): it exited with status 4'
    assert table.lines == [told]
    assert table.state.running == ()
    assert table.tell(Ended(99, "exited with status 0")) == []
    assert table.lines == []


def test_a_unique_one_never_runs_twice():
    table = Table(UNIQUE)
    assert [table.tick(minute) for minute in (1, 2)] == [["long"], []]
    assert table.lines == ['[uwsgi-cron] "long" still runs (pid 10): it is not started a second time']
    assert (table.tick(3), table.lines) == ([], [])
    table.tell(Ended(10, "exited with status 0"))
    assert table.tick(4) == ["long"]


def test_not_over_a_reload_either():
    table = Table(UNIQUE, PLAIN)
    table.tick(1)
    table.tell(Changed((UNIQUE._replace(where=Where("site.ini", 9)),)))
    assert table.tick(2) == []
    table.tell(Changed((UNIQUE._replace(command="other"),)))
    assert table.tick(3) == ["other"]


def test_a_reload_does_not_run_anything_a_second_time():
    table = Table(PLAIN)
    table.tick(1)
    table.tell(Changed((PLAIN,)))
    assert table.tick(1) == []


def test_one_that_lasts_too_long_is_killed():
    table = Table(BOUND)
    table.tick(1)
    assert table.state.deadline == table.now + 5
    assert table.tell(TimePassed(), 4) == []
    assert table.tell(TimePassed(), 1) == [Kill(10)]
    assert table.lines == ['*** HARAKIRI ON CRON "slow" (pid: 10) ***: its 5 seconds are over']
    table.tell(Ended(10, "was killed by SIGKILL"))
    assert table.state.deadline is None


def test_the_end_is_told_also_of_lines_that_are_gone():
    table = Table(PLAIN)
    table.tick(1)
    table.tell(Changed(()))
    table.tell(Ended(10, "exited with status 0"))
    assert "job" in table.lines[0]
