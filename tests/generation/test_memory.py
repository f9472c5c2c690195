"""How much is too much."""

from __future__ import annotations

import os

import pytest

from imperator.generation.memory import Memory, is_limited, judge, measure
from imperator.pipes import Lives

MB = 1 << 20
HAS = Memory(address_space=200 * MB, rss=50 * MB)


@pytest.mark.parametrize(
    ("lives", "why", "kill"),
    [
        (Lives(rss=50 * MB), "rss 50 MiB, reload-on-rss = 50", False),
        (Lives(address_space=100 * MB), "address space 200 MiB, reload-on-as = 100", False),
        (Lives(rss=MB, evil_rss=40 * MB), "rss 50 MiB, evil-reload-on-rss = 40", True),
        (Lives(evil_address_space=200 * MB), "address space 200 MiB, evil-reload-on-as = 200", True),
    ],
)
def test_too_much(lives, why, kill):
    assert is_limited(lives)
    assert judge(HAS, lives) == (why, kill)


def test_not_too_much():
    assert judge(HAS, Lives(rss=51 * MB, address_space=201 * MB, evil_rss=51 * MB, evil_address_space=201 * MB)) is None
    assert judge(HAS, Lives()) is None
    assert not is_limited(Lives())


def test_of_a_process():
    mine = measure(os.getpid())
    assert mine
    assert mine.address_space > mine.rss > MB


def test_of_none():
    assert measure(2**22 + 1) is None
