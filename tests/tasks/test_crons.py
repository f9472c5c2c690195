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


def alone(body):
    """Run it in a process of its own: nobody else there waits for children or minds the time zone."""
    assert kernel.finish(kernel.fork(body)).status == 0


def new_loop():
    loop = Loop()
    loop.at(loop.now + 10, loop.stop)
    return loop


def test_a_minute_that_begins_is_noticed_at_once_and_only_once(tmp_path, capfd):
    def body() -> int:
        began = time.monotonic()
        now = int(time.time()) // 3600 * 3600 + 59.8  # the first minute of an hour is nearly over
        loop, out, left = new_loop(), tmp_path / "out", 2
        crons = Crons(loop, lambda: now + time.monotonic() - began)

        def reaped(_: int) -> None:
            nonlocal left
            ends = kernel.reap()
            left -= len(ends)
            crons.reaped(ends)
            if left <= 0:
                loop.stop()

        loop.on_signals((signal.SIGCHLD,), reaped)
        lines = tuple(Cron(Spec(minute=minute), f"echo {minute} >> {out}", Where("x")) for minute in (0, 1, 2))
        crons.use(Ground(Tasks(crons=lines), dict(os.environ), str(tmp_path)))
        assert [row["pid"] > 0 for row in crons.rows()] == [True, False, False]
        loop.run()
        assert sorted(out.read_text().split()) == ["0", "1"]
        assert [row["pid"] for row in crons.rows()] == [-1, -1, -1]
        assert crons.rows()[1] | {"command": ""} == {
            "minute": 1, "hour": -1, "day": -1, "month": -1, "week": -1, "command": "", "unique": 0, "legion": "",
            "pid": -1, "started_at": 0,
        }  # fmt: skip
        return 0

    alone(body)
    assert capfd.readouterr().err.count("it exited with status 0") == 2


@pytest.mark.parametrize(("zone", "hour"), [("UTC0", 12), ("XXX-5", 17), ("XXX3:30", 8)])
def test_the_time_is_that_of_the_configuration(tmp_path, zone, hour):
    def body() -> int:
        crons = Crons(new_loop(), lambda: 1700049600.0)  # noon, UTC
        line = Cron(Spec(hour=hour), "exec sleep 60", Where("x"))
        crons.use(Ground(Tasks(crons=(line,)), {**os.environ, "TZ": zone}, str(tmp_path)))
        pid = crons.rows()[0]["pid"]
        assert pid > 0
        kernel.kill_group(pid, signal.SIGKILL)
        return 0

    alone(body)


def test_a_unique_one_that_another_master_started_is_not_started_again(tmp_path, capfd):
    def body() -> int:
        unique = Cron(Spec(), "sleep 60; true", Where("x"), unique=True)
        ground = Ground(Tasks(crons=(unique,)), dict(os.environ), str(tmp_path))
        loop = new_loop()
        before, after = Crons(loop), Crons(loop)
        before.use(ground)
        pid = before.rows()[0]["pid"]
        after.use(ground)
        assert after.rows()[0]["pid"] == pid
        kernel.kill_group(pid, signal.SIGKILL)

        def look() -> None:
            if after.rows()[0]["pid"] == -1:
                loop.stop()
            else:
                loop.at(loop.now + 0.02, look)

        look()
        loop.run()
        assert after.rows()[0]["pid"] == -1
        return 0

    alone(body)
    assert "still runs from before" in capfd.readouterr().err
