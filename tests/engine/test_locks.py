"""Locks that processes share: one at a time, and nobody waits for a dead one."""

from __future__ import annotations

import mmap
import os
import random
import signal
import threading
import time

import pytest

from imperator._core import Locks


@pytest.fixture
def locks():
    fd = Locks.create(3)
    yield Locks(fd)
    os.close(fd)


def in_child(what) -> int:
    pid = os.fork()
    if not pid:
        os._exit(what() or 0)
    return pid


def test_a_thread_has_it_or_not(locks):
    assert locks.holder(0) == 0 and not locks.release(0)
    assert locks.acquire(0) == 1
    assert locks.acquire(0) == locks.acquire(0, False) == 3
    assert locks.holder(0) == os.getpid()
    assert os.waitstatus_to_exitcode(os.waitpid(in_child(lambda: locks.acquire(0, False)), 0)[1]) == 0
    answers: list[int] = []
    threading.Thread(target=lambda: answers.append(locks.acquire(0, False))).start()
    threading.Thread(target=lambda: answers.append(locks.acquire(0))).start()
    while answers != [0]:
        time.sleep(0.001)
    assert locks.release(0)
    while answers[1:] != [1] and answers[1:] != [2]:
        time.sleep(0.001)


def test_there_is_no_other(locks):
    for call in (locks.acquire, lambda number: locks.acquire(number, False)):
        with pytest.raises(IndexError, match="there is no lock 3"):
            call(3)
    assert locks.holder(3) == 0 and not locks.release(3)


def test_a_dead_holder_is_succeeded(locks):
    os.waitpid(in_child(lambda: locks.acquire(1)), 0)
    assert locks.acquire(1) == 2
    assert locks.release(1) and locks.acquire(1) == 1


def test_killed_at_any_time(locks):
    """Two count in turns, one is killed; the other never waits, and no two are ever in it."""
    with mmap.mmap(-1, 4096) as place:

        def count() -> None:
            while True:
                locks.acquire(2)
                before = int.from_bytes(place[:8], "little")
                place[8] = place[8] + 1 if place[8] == 0 else 99
                place[:8] = (before + 1).to_bytes(8, "little")
                place[8] = 0
                locks.release(2)

        rng = random.Random(1)
        for _ in range(40):
            pids = [in_child(count), in_child(count)]
            time.sleep(rng.random() * 0.005)
            os.kill(pids[0], signal.SIGKILL)
            os.waitpid(pids[0], 0)
            locks.acquire(2)
            assert place[8] in (0, 1)
            place[8] = 0
            locks.release(2)
            at = int.from_bytes(place[:8], "little")
            while int.from_bytes(place[:8], "little") == at:
                time.sleep(0.001)
            os.kill(pids[1], signal.SIGKILL)
            os.waitpid(pids[1], 0)
            place[8] = 0


def test_more_are_added():
    fd = Locks.create(1)
    before = Locks(fd)
    assert before.acquire(0) == 1
    Locks.grow(fd, 200)
    after = Locks(fd)
    assert after.acquire(0) == 3 and after.acquire(199) == 1
    with pytest.raises(IndexError):
        before.acquire(1)
    os.close(fd)


def test_what_holds_no_locks():
    fd = os.memfd_create("no locks")
    os.write(fd, b"x" * 5000)
    with pytest.raises(ValueError, match="no locks"):
        Locks(fd)
    os.close(fd)
