"""The loop: one event at a time, in order, and none for those who do not want it any more."""

from __future__ import annotations

import os
import socket
from textwrap import dedent

import pytest

from imperator.process.loop import Loop

from .child import run


@pytest.fixture
def loop():
    made = Loop()
    guard = made.at(made.now + 20, lambda: pytest.fail("the loop did not stop"))
    yield made
    guard.cancel()
    made.close()


def pipe(text: bytes = b"") -> tuple[int, int]:
    reader, writer = os.pipe()
    os.write(writer, text)
    return reader, writer


def test_alarms_ring_in_the_order_of_their_times(loop):
    rung = []
    for when in (0.02, 0.0, 0.01):
        loop.at(loop.now + when, lambda when=when: rung.append(when))
    loop.at(loop.now + 0.03, loop.stop)
    loop.run()
    assert rung == [0.0, 0.01, 0.02]


def test_alarms_of_one_time_ring_in_the_order_of_being_set(loop):
    rung = []
    for number in range(50):
        loop.at(1.0, lambda number=number: rung.append(number))
    loop.at(1.0, loop.stop)
    loop.run()
    assert rung == list(range(50))


def test_an_alarm_rings_once_its_time_has_come_and_not_before(loop):
    when = loop.now + 0.05
    seen = []
    loop.at(when, lambda: (seen.append(loop.now >= when), loop.stop()))
    loop.run()
    assert seen == [True]


def test_a_cancelled_alarm_is_silent_even_if_its_time_has_come(loop):
    alarm = loop.at(1.0, lambda: pytest.fail("cancelled"))
    loop.at(0.5, alarm.cancel)
    loop.at(2.0, alarm.cancel)
    loop.at(3.0, loop.stop)
    loop.run()


def test_an_alarm_may_set_another(loop):
    loop.at(0.0, lambda: loop.at(loop.now, loop.stop))
    loop.run()


def test_what_can_be_read_is_told_until_it_is_read(loop):
    reader, writer = pipe(b"ab")
    read = []
    loop.watch(reader, lambda: (read.append(os.read(reader, 1)), len(read) == 3 and loop.stop()))
    os.close(writer)
    loop.run()
    assert read == [b"a", b"b", b""]
    loop.forget(reader)
    os.close(reader)


def test_what_can_be_written_is_told(loop):
    reader, writer = pipe()
    loop.watch_writable(writer, lambda: (os.write(writer, b"x"), loop.stop()))
    loop.run()
    assert os.read(reader, 9) == b"x"
    loop.forget(writer)
    os.close(reader)
    os.close(writer)


def test_forgetting_twice_or_what_was_never_watched_is_harmless(loop):
    reader, writer = pipe()
    loop.watch(reader, lambda: None)
    loop.forget(reader)
    loop.forget(reader)
    loop.forget(writer)
    os.close(reader)
    os.close(writer)


def test_one_that_was_forgotten_in_the_same_round_is_not_called(loop):
    ends = [pipe(b"x") for _ in range(2)]
    called = []

    def only(me: int) -> None:
        called.append(me)
        for reader, _ in ends:
            loop.forget(reader)
        loop.stop()

    for reader, _ in ends:
        loop.watch(reader, lambda me=reader: only(me))
    loop.run()
    assert len(called) == 1
    for pair in ends:
        for fd in pair:
            os.close(fd)


def test_a_number_that_is_anothers_by_now_is_not_called_for_its_former_owner(loop):
    # Both are in one round; whoever comes first closes the other and opens a silent one under its number.
    ends = [socket.socketpair() for _ in range(2)]
    for _, far in ends:
        far.send(b"x")
    fresh = []

    def reopen(other: socket.socket) -> None:
        number = other.fileno()
        loop.forget(number)
        other.close()
        silent, writer = os.pipe()
        os.dup2(silent, number)
        fresh.extend((silent, writer, number))
        loop.watch(number, lambda: pytest.fail("called for the former owner"))
        loop.at(loop.now, loop.stop)

    loop.watch(ends[0][0].fileno(), lambda: reopen(ends[1][0]))
    loop.watch(ends[1][0].fileno(), lambda: reopen(ends[0][0]))
    loop.run()
    assert fresh
    for one, far in ends:
        loop.forget(one.fileno())
        one.close()
        far.close()
    loop.forget(fresh[2])
    for fd in set(fresh):
        os.close(fd)


def test_nothing_is_called_after_stop(loop):
    ends = [pipe(b"x") for _ in range(5)]
    called = []
    for reader, _ in ends:
        loop.watch(reader, lambda reader=reader: (called.append(reader), loop.stop()))
    loop.at(0.0, lambda: pytest.fail("rung after stop"))
    loop.run()
    assert len(called) == 1
    for pair in ends:
        loop.forget(pair[0])
        for fd in pair:
            os.close(fd)


SIGNALS = """
import os, signal
from imperator.process.loop import Loop
loop, heard = Loop(), []
"""


def test_signals_are_handled_between_events_and_in_their_order():
    code = """
        loop.on_signals([signal.SIGHUP, signal.SIGTERM], lambda signum: heard.append(signal.Signals(signum).name))
        def send():
            for signum in (signal.SIGTERM, signal.SIGHUP):
                os.kill(os.getpid(), signum)
            heard.append("not yet")
            loop.at(loop.now + 0.05, loop.stop)
        loop.at(0, send)
        loop.run()
        print(heard)
        """
    assert run(SIGNALS + dedent(code)).stdout == "['not yet', 'SIGTERM', 'SIGHUP']\n"


def test_a_signal_wakes_a_loop_that_has_nothing_else():
    code = """
        loop.on_signals([signal.SIGALRM], lambda signum: loop.stop())
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        loop.run()
        print("woken")
        """
    assert run(SIGNALS + dedent(code)).stdout == "woken\n"


def test_handlers_may_be_set_in_several_calls_and_the_last_one_counts():
    code = """
        loop.on_signals([signal.SIGHUP], lambda signum: heard.append("old"))
        loop.on_signals([signal.SIGTERM], lambda signum: loop.stop())
        loop.on_signals([signal.SIGHUP], lambda signum: heard.append("new"))
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        loop.run()
        print(heard)
        """
    assert run(SIGNALS + dedent(code)).stdout == "['new']\n"


def test_a_storm_of_signals_breaks_nothing():
    code = """
        loop.on_signals([signal.SIGUSR1], lambda signum: heard.append(1))
        loop.on_signals([signal.SIGUSR2], lambda signum: loop.stop())
        for _ in range(100_000):
            os.kill(os.getpid(), signal.SIGUSR1)
        loop.at(0, lambda: os.kill(os.getpid(), signal.SIGUSR2))
        loop.run()
        print(len(heard) > 0)
        """
    done = run(SIGNALS + dedent(code))
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_a_closed_loop_leaves_no_descriptor():
    code = """
        before = os.listdir("/proc/self/fd")
        other = Loop()
        other.on_signals([signal.SIGHUP], print)
        signal.set_wakeup_fd(-1)
        other.close()
        print(os.listdir("/proc/self/fd") == before)
        """
    assert run(SIGNALS + dedent(code)).stdout == "True\n"


def test_a_signal_at_the_very_end_does_not_kill():
    """The interpreter gives signals back their own meaning before it takes its modules apart."""
    code = """
        class Late:
            def __del__(self, kill=os.kill, pid=os.getpid(), signum=signal.SIGTERM):
                kill(pid, signum)
        late = Late()
        loop.on_signals([signal.SIGTERM], heard.append)
        loop.deafen()
        """
    assert run(SIGNALS + dedent(code)).returncode == 0
