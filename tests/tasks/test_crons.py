"""Commands at times, with a clock that stands shortly before a minute."""

from __future__ import annotations

import os
import signal
import time

import pytest

from imperator.config.crons import Cron
from imperator.config.tasks import Tasks
from imperator.cron import Spec
from imperator.errors import Where
from imperator.process import kernel
from imperator.process.loop import Loop
from imperator.tasks.crons import Crons
from imperator.tasks.ground import Ground


@pytest.fixture
def loop():
    made = Loop()
    made.at(made.now + 10, made.stop)
    yield made
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    made.close()


def test_a_minute_that_begins_is_noticed_at_once_and_only_once(loop, tmp_path, capfd):
    began = time.monotonic()
    now = int(time.time()) // 3600 * 3600 + 59.8  # the first minute of an hour is nearly over

    def clock() -> float:
        return now + time.monotonic() - began

    out = tmp_path / "out"
    crons = Crons(loop, clock)
    lines = tuple(Cron(Spec(minute=minute), f"echo {minute} >> {out}", Where("x")) for minute in (0, 1, 2))
    crons.use(Ground(Tasks(crons=lines), dict(os.environ), str(tmp_path)))
    assert [row["pid"] > 0 for row in crons.rows()] == [True, False, False]
    left = 2

    def reaped(_: int) -> None:
        nonlocal left
        ends = kernel.reap()
        left -= len(ends)
        crons.reaped(ends)
        if left <= 0:
            loop.stop()

    loop.on_signals((signal.SIGCHLD,), reaped)
    loop.run()
    crons.rest()
    assert sorted(out.read_text().split()) == ["0", "1"]
    assert [row["pid"] for row in crons.rows()] == [-1, -1, -1]
    assert crons.rows()[1] | {"command": ""} == {
        "minute": 1, "hour": -1, "day": -1, "month": -1, "week": -1, "command": "", "unique": 0, "legion": "",
        "pid": -1, "started_at": 0,
    }  # fmt: skip
    assert capfd.readouterr().err.count("it exited with status 0") == 2
