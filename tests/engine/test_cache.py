"""The cache in shared memory: against a dictionary, with processes that are killed, with memory that makes no sense."""

from __future__ import annotations

import contextlib
import mmap
import os
import random
import signal
import struct
import time

import pytest

from imperator._core import Cache, Locks
from imperator.sharing import CacheSettings


def shape(items: int = 10, **fields: object) -> CacheSettings:
    blocks = fields.pop("blocks", items)
    return CacheSettings("test", items, blocks, **{"blocksize": 64, "keysize": 20, **fields})


class Shared:
    """A cache and what it lies in."""

    def __init__(self, settings: CacheSettings) -> None:
        self.settings = settings
        self.locks_fd = Locks.create(1)
        self.locks = Locks(self.locks_fd)
        self.fd = os.memfd_create("test")
        os.ftruncate(self.fd, Cache.size(settings))
        self.cache = self.again()

    def again(self) -> Cache:
        return Cache(self.fd, self.locks, 0, self.settings)


@pytest.fixture
def make():
    made = []

    def make(items: int = 10, **fields: object) -> Shared:
        made.append(Shared(shape(items, **fields)))
        return made[-1]

    yield make
    for one in made:
        os.close(one.fd)
        os.close(one.locks_fd)


@pytest.mark.parametrize("seed", range(6))
def test_it_is_a_dictionary(make, seed):
    """Every kind of cache, against what a dictionary of the same size does."""
    rng = random.Random(seed)
    several = seed % 2 == 1
    one = make(40, blocks=60 if several else 40, bitmap=several, blocksize=rng.choice((8, 24, 64)))
    size, model = one.settings.blocksize, {}
    most = size * (4 if several else 1)
    for _ in range(4000):
        key = f"k{rng.randrange(60)}".encode()
        value = rng.randbytes(rng.randint(1, most))
        blocks = sum(-(-len(kept) // size) for kept in model.values())
        has = -(-len(model[key]) // size) if key in model else 0
        fits = blocks - has - (-len(value) // size) <= one.settings.blocks and (key in model or len(model) < 40)
        match rng.choice("ssuuggdexik"):
            case "s":
                expected = None if key in model else fits
                assert one.cache.set(key, value, 0, False) is expected
                if expected:
                    model[key] = value
            case "u":
                assert one.cache.set(key, value, rng.choice((0, 100)), True) is fits
                if fits:
                    model[key] = value
            case "g":
                assert one.cache.get(key) == model.get(key)
            case "d":
                assert one.cache.delete(key) is (model.pop(key, None) is not None)
            case "e":
                assert one.cache.exists(key) is (key in model)
            case "x" if rng.random() < 0.02:
                one.cache.clear()
                model.clear()
            case "i" if key in model or (len(model) < 40 and blocks < one.settings.blocks):
                number = int.from_bytes(model.get(key, b"")[:8].ljust(8, b"\0"), "little", signed=True)
                if len(model.get(key, b"")) <= size:
                    assert one.cache.reckon(key, "inc", 3, 0)
                    model[key] = ((number + 3) % 2**64).to_bytes(8, "little")
            case "k":
                assert sorted(one.again().keys()) == sorted(model)
    assert {key: one.cache.get(key) for key in model} == model and len(one.cache.keys()) == len(model)


@pytest.mark.parametrize(
    ("key", "value"), [(b"", b"v"), (b"k", b""), (b"k" * 21, b"v"), (b"k", b"v" * 65)], ids=["", "-", "long", "large"]
)
def test_what_does_not_fit_is_refused(make, key, value):
    one = make()
    assert one.cache.set(key, value, 0, True) is None
    assert one.cache.keys() == []


def test_what_is_over_is_gone_at_once_and_leaves_room(make):
    one = make(2)
    began = time.time()
    assert one.cache.set(b"a", b"1", 1, False) and one.cache.set(b"b", b"1", 0, False)
    ends = time.time() + 1
    assert one.cache.set(b"c", b"1", 0, False) is False
    asked = began
    while one.cache.get(b"a") is not None:
        asked = time.time()
        assert asked <= ends or one.cache.get(b"a") is None
    assert time.time() >= began + 1
    assert one.cache.set(b"c", b"1", 0, False) is True
    assert make(1, no_expire=True).cache.set(b"a", b"1", 1, False)


def test_a_sweep_forgets_what_is_over(make):
    one = make()
    for number in range(5):
        one.cache.set(b"%d" % number, b"v", number % 2, False)
    freed, deadline = 0, time.time() + 5
    while freed < 2 and time.time() < deadline:
        freed += one.cache.sweep()
    assert freed == 2 and one.cache.counters()[0] == 3


def test_the_least_used_makes_room(make):
    one = make(3, purge_lru=True)
    for key in (b"a", b"b", b"c"):
        one.cache.set(key, b"v", 0, False)
    one.cache.get(b"a")
    assert one.cache.set(b"d", b"v", 0, False)
    assert sorted(one.cache.keys()) == [b"a", b"c", b"d"]


def test_all_make_room(make):
    one = make(3, clear_on_full=True)
    for key in (b"a", b"b", b"c", b"d"):
        assert one.cache.set(key, b"v", 0, False)
    assert one.cache.keys() == [b"d"]


def test_numbers(make):
    one = make(math_initial=7)
    assert [one.cache.reckon(b"n", how, by, 0) for how, by in (("inc", 5), ("mul", 3), ("dec", 1), ("div", 2))]
    assert one.cache.number(b"n") == 17 and one.cache.get(b"n") == struct.pack("q", 17)
    assert one.cache.reckon(b"n", "div", 0, 0) and one.cache.number(b"n") == 0
    assert one.cache.reckon(b"n", "dec", 1, 0) and one.cache.number(b"n") == -1
    one.cache.set(b"text", b"12", 0, False)
    assert one.cache.number(b"text") == one.cache.number(b"nothing") == 0


def test_a_number_in_small_blocks_hurts_nobody(make):
    """Its bytes need not be neighbours, and what is behind the first of them is another's."""
    one = make(4, blocks=16, bitmap=True, blocksize=4)
    for key in (b"a", b"b", b"c"):
        one.cache.set(key, key * 4, 0, False)
    one.cache.delete(b"a")
    one.cache.delete(b"c")
    for turn in (1, 2, 3):
        assert one.cache.reckon(b"n", "inc", 5 << 32, 0) and one.cache.number(b"n") == turn * 5 << 32
    assert one.cache.get(b"b") == b"bbbb" and one.cache.get(b"n") == struct.pack("q", 15 << 32)


def test_a_process_dies_while_everything_is_dropped(make):
    one = make(4)
    one.cache.set(b"a", b"v", 0, False)
    with mmap.mmap(one.fd, 0) as memory:
        # The mark goes first, then the rest.
        memory[:8] = bytes(8)
        memory[64:4096] = bytes(4096 - 64)
    assert one.cache.set(b"b", b"v", 0, False) and one.cache.keys() == [b"b"]


def test_counters(make):
    one = make(1, lastmod=True)
    one.cache.set(b"a", b"v", 0, False)
    one.cache.get(b"a")
    one.cache.get(b"b")
    one.cache.set(b"b", b"v", 0, False)
    items, hits, misses, full, modified = one.cache.counters()
    assert (items, hits, misses, full) == (1, 1, 1, 1) and abs(modified - time.time()) < 3600


def test_processes_count_together(make):
    one = make(20)
    children = []
    for child in range(4):
        pid = os.fork()
        if not pid:
            cache = one.again()
            for _ in range(2000):
                cache.reckon(b"all", "inc", 1, 0)
                cache.set(b"of%d" % child, b"x" * 60, 0, True)
            os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 4
    assert one.cache.number(b"all") == 8000 and len(one.cache.keys()) == 5


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_writer_leaves_a_sound_cache(make, seed, capfd):
    """Killed anywhere, again and again: values are whole, nobody waits for ever, and all room can be had again."""
    one = make(30, blocks=60, bitmap=True, purge_lru=seed == 1)

    def write() -> None:
        rng = random.Random(os.getpid())
        cache = one.again()
        while True:
            key = b"%d" % rng.randrange(40)
            if rng.random() < 0.3:
                cache.delete(key)
            else:
                cache.set(key, bytes([rng.randrange(256)]) * rng.randint(1, 256), 0, True)

    rng = random.Random(seed)
    for _ in range(25):
        pids = []
        for _ in range(2):
            pid = os.fork()
            if not pid:
                with contextlib.suppress(BaseException):
                    write()
                os._exit(9)
            pids.append(pid)
        until = time.monotonic() + rng.random() * 0.02
        while time.monotonic() < until:
            one.cache.get(b"%d" % rng.randrange(40))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        for key in list(one.cache.keys()):
            value = one.cache.get(key)
            assert value is not None and len(set(value)) == 1
    for key in list(one.cache.keys()):
        assert one.cache.delete(key)
    for number in range(30):
        assert one.cache.set(b"new%d" % number, b"v" * 128, 0, False) is True


@pytest.mark.parametrize("seed", range(8))
def test_memory_that_makes_no_sense_is_mended(make, seed, capfd):
    one = make(20, blocks=40, bitmap=True, purge_lru=seed % 2 == 0)
    rng = random.Random(seed)
    with mmap.mmap(one.fd, Cache.size(one.settings)) as memory:
        for _ in range(120):
            for _ in range(20):
                one.cache.set(b"%d" % rng.randrange(30), b"v" * rng.randint(1, 200), rng.choice((0, 5)), True)
            for _ in range(rng.choice((1, 1, 4, 400))):
                at = rng.choice((rng.randrange(64, 160), rng.randrange(4096, len(memory)), rng.randrange(len(memory))))
                memory[at] = rng.randrange(256)
            cache = one.again()
            for number in range(30):
                cache.get(b"%d" % number)
                cache.set(b"%d" % number, b"w", 0, True)
                cache.delete(b"%d" % rng.randrange(30))
            cache.sweep()
            cache.keys()
        one.cache.clear()
        assert one.cache.set(b"k", b"v", 0, True) is True and one.cache.get(b"k") == b"v"


def test_another_shape_is_another_cache(make):
    one = make(10)
    one.cache.set(b"a", b"v", 0, False)
    assert one.again().get(b"a") == b"v"
    other = Cache(one.fd, one.locks, 0, one.settings._replace(items=9, blocks=9))
    assert other.get(b"a") is None
    with pytest.raises(ValueError, match="too small"):
        Cache(one.fd, one.locks, 0, one.settings._replace(blocks=10000))
    with pytest.raises(ValueError, match="no machine"):
        Cache.size(one.settings._replace(blocks=2**31 - 1, blocksize=2**32 - 1))


def test_what_is_not_used_costs_nothing():
    """A cache of a terabyte is a matter of the items in it."""
    one = Shared(shape(1_000_000, blocksize=1 << 20))
    try:
        one.cache.set(b"a", b"v", 0, False)
        assert one.cache.get(b"a") == b"v" and one.cache.sweep() == 0
        assert os.fstat(one.fd).st_blocks * 512 < 1 << 18
    finally:
        os.close(one.fd)
