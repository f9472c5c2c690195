"""The queue and shared memory below the ``uwsgi`` module: against a model, with several processes, with kills."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import deque

import pytest

from imperator.master.shared import SharedMemory
from imperator.module import areas, memory, queue
from imperator.sharing import Queue, Sharing


@pytest.fixture
def here(monkeypatch):
    """Be a process of an instance that shares this."""
    held = []

    def here(**fields: object) -> None:
        held.append(SharedMemory())
        monkeypatch.setattr(memory, "_memory", memory.Memory(held[-1].provide(Sharing(**fields), {})))

    return here


def in_child(what) -> int:
    pid = os.fork()
    if not pid:
        with contextlib.suppress(BaseException):
            what()
            os._exit(0)
        os._exit(9)
    return pid


@pytest.mark.parametrize("seed", range(4))
def test_it_is_a_ring(here, seed):
    rng = random.Random(seed)
    here(queue=Queue(5, 4096))
    model: deque[bytes] = deque(maxlen=5)  # one that is full forgets its oldest
    for number in range(3000):
        message = b"%d" % number * rng.choice((1, 1, 700))
        match rng.choice("pppuoln"):
            case "p":
                assert queue.queue_push(message) is True
                model.append(message)
            case "u":
                assert queue.queue_pull() == (model.popleft() if model else None)
            case "o":
                assert queue.queue_pop() == (model.pop() if model else None)
            case "l":
                assert queue.queue_last(0) == (model[-1] if model else None)
            case "n":
                assert (queue.queue_slot() - queue.queue_pull_slot()) % 5 == len(model) % 5


def test_no_message_is_lost_or_doubled(here):
    """Two push, two pull; every message comes once and none twice."""
    here(queue=Queue(4000, 4096))
    out, into = os.pipe()

    def pull() -> None:
        while (message := queue.queue_pull()) != b"end":
            if message:
                os.write(into, message.ljust(8))

    def push(who: bytes) -> None:
        for number in range(1500):
            queue.queue_push(b"%s%d" % (who, number))

    senders = [in_child(lambda: push(b"a")), in_child(lambda: push(b"b"))]
    pullers = [in_child(pull), in_child(pull)]
    assert [os.waitpid(pid, 0)[1] for pid in senders] == [0, 0]
    for _ in pullers:
        queue.queue_push(b"end")
    os.close(into)
    with open(out, "rb") as file:
        text = file.read()
    assert [os.waitpid(pid, 0)[1] for pid in pullers] == [0, 0]
    got = sorted(text[at : at + 8].strip() for at in range(0, len(text), 8))
    assert got == sorted(b"%s%d" % (who, i) for who in (b"a", b"b") for i in range(1500))


def test_killed_at_any_time(here):
    """Messages are whole, and the queue goes on."""
    here(queue=Queue(8, 4096))

    def play() -> None:
        rng = random.Random(os.getpid())
        calls = (queue.queue_pull, queue.queue_pop, lambda: queue.queue_push(b"%d" % rng.randrange(10) * 3000))
        while True:
            rng.choice(calls)()

    rng = random.Random(1)
    for _ in range(25):
        pids = [in_child(play), in_child(play)]
        time.sleep(rng.random() * 0.01)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        assert all(message is None or len(set(message)) == 1 for message in queue.queue_last(8))
        queue.queue_push(b"mark")
        while (message := queue.queue_pull()) != b"mark":
            assert message is not None, "the queue stands still"


@pytest.mark.parametrize("slots", [1, 2, 3, 5])
def test_a_step_that_was_not_taken(here, slots):
    """However full the queue, and wherever somebody died: every message that is there comes, in its order."""
    for filled in range(slots + 1):
        for died in ("push", "pull", "pop", "push over"):
            here(queue=Queue(slots, 4096))
            for number in range(slots + filled):  # the ends are not where they began
                queue.queue_push(b"%d" % number)
                if number < slots:
                    queue.queue_pull()
            ring = queue.Ring()
            there = [b"%d" % number for number in range(slots, slots + filled)]
            if died == "push" and filled < slots:
                ring.put(ring.push_at, b"new")
                there.append(b"new")
            elif died == "pull" and filled:
                ring.empty(ring.pull_at)
                del there[0]
            elif died == "pop" and filled:
                ring.empty((ring.push_at - 1) % slots)
                del there[-1]
            elif died == "push over" and filled == slots:
                ring.empty(ring.push_at)
                del there[0]
            ring.settle()
            assert [queue.queue_pull() for _ in range(slots + 1)] == there + [None] * (slots + 1 - len(there))
            assert queue.queue_push(b"x") and queue.queue_pull() == b"x"


@pytest.mark.parametrize("seed", range(3))
def test_memory_that_makes_no_sense(here, seed):
    here(queue=Queue(4, 4096))
    rng = random.Random(seed)
    for _ in range(500):
        at = rng.choice((rng.randrange(16), 16 + 4096 * rng.randrange(4) + rng.randrange(16)))
        memory.memory().queue[at] = rng.randrange(256)
        for call in (queue.queue_pull, queue.queue_pop, queue.queue_last, lambda: queue.queue_last(9)):
            call()
        assert queue.queue_push(b"m") is True and queue.queue_pop() == b"m"


def test_processes_count_in_an_area(here):
    here(areas=(4096, 8192))
    pids = [in_child(lambda: [areas.NAMES["sharedarea_inc32"](1, 8000) for _ in range(2000)]) for _ in range(3)]
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 3
    assert areas.NAMES["sharedarea_read32"](1, 8000) == 6000
    assert areas.sharedarea_read(0, 0) == bytes(4096)


def test_without_a_queue(here):
    here()
    with pytest.raises(ValueError, match="there is no queue"):
        queue.queue_push("x")
