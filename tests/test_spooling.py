"""Tasks as bytes, their names, and which of them is next."""

from __future__ import annotations

import json
import random

import pytest

from imperator.spooling import Agenda, Found, Spooling, Task, age, decode, encode, name


@pytest.mark.parametrize(
    ("task", "content"),
    [
        (Task({}), "11000000"),
        (Task({b"a": b"1"}), "11060000 0100 61 0100 31"),
        (Task({b"a": b""}, b"body"), "11050000 0100 61 0000 626f6479"),
        (Task({b"a": b"1", b"at": b"99999999999"}), "11170000 0100 61 0100 31 0200 6174 0b00" + "39" * 11),
    ],
)
def test_bytes_of_a_task(task, content):
    """As uWSGI 2.0.31 writes them."""
    assert encode(task) == bytes.fromhex(content)
    assert decode(bytes.fromhex(content)) == task


@pytest.mark.parametrize("content", ["", "11", "110000", "11010000 00", "11020000 0100", "11030000 010061", "11ffff00"])
def test_what_is_no_task(content):
    assert decode(bytes.fromhex(content)) is None


def test_any_bytes_are_a_task_or_none():
    rng = random.Random(1)
    whole = encode(Task({b"key": b"value", b"k2": b""}, b"body"))
    for _ in range(5000):
        broken = bytearray(whole[: rng.randint(0, len(whole))])
        for _ in range(rng.randrange(4)):
            if broken:
                broken[rng.randrange(len(broken))] = rng.randrange(256)
        task = decode(bytes(broken))
        assert task is None or decode(encode(task)) == task


@pytest.mark.parametrize(
    "pairs", [{b"k": b"v" * 65536}, {b"k" * 65536: b""}, {b"%d" % i: b"v" * 30000 for i in range(3)}]
)
def test_what_does_not_fit_is_told(pairs):
    with pytest.raises(ValueError, match="use the key body"):
        encode(Task(pairs))


def test_a_name_tells_the_time():
    first = name("host_of/x", 7, 1, 5, 1_700_000_000_000_001)
    assert first == "uwsgi_spoolfile_on_host_of_x_7_1_5_1700000000_1"
    later = [name("a", 9, 1, 5, 1_700_000_000_000_002), name("a", 1, 1, 5, 1_700_000_001_000_000)]
    assert sorted([*later, first, "uwsgi_spoolfile_on_x"], key=age) == ["uwsgi_spoolfile_on_x", first, *later]


def found(path: str, due: float = 0.0, priority: int | None = None) -> Found:
    return Found(path, path, due, priority)


def test_what_is_due_comes_by_priority_and_age():
    agenda = Agenda()
    tasks = [found("n_2_0"), found("n_1_0"), found("p_9_0", priority=3), found("q_9_0", priority=0)]
    ready, again = agenda.due([*tasks, found("l_0_0", due=105.0)], 100.0, 30)
    assert [one.path for one in ready] == ["q_9_0", "p_9_0", "n_1_0", "n_2_0"] and again == 105.0
    assert agenda.due([], 100.0, 30) == ([], 130.0)


def test_what_fails_waits_longer_each_time():
    agenda, task = Agenda(), [found("a")]
    waits = [agenda.keep("a", 100.0, 10, failed=True) for _ in range(12)]
    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]
    assert agenda.due(task, 101.0, 10) == ([], 111.0) and agenda.due(task, 3700.0, 10)[0] == task
    assert agenda.keep("a", 100.0, 10, failed=False) == 10
    assert agenda.due([], 101.0, 10) == ([], 111.0)  # it is gone, and forgotten
    assert agenda.due(task, 101.0, 10)[0] == task


def test_spooling_survives_json():
    its = Spooling(("/a", "/b"), ("/c",), 3, "/d", True, 5, 6.0, 7, (("m", "x.ini:3"),), 8.0, 9)
    assert Spooling.read(json.loads(json.dumps(its))) == its
    assert (its.number, [its.directory(number) for number in (1, 3, 4)]) == (6, ["/a", "/a", "/b"])
