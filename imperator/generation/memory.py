"""How much memory a worker has, and whether that is too much. Asks the kernel; kills nobody."""

from __future__ import annotations

import os
from typing import NamedTuple

from imperator.pipes import Lives

_PAGE = os.sysconf("SC_PAGE_SIZE")
_MEGABYTE = 1 << 20


class Memory(NamedTuple):
    """What a process has, in bytes."""

    address_space: int
    rss: int


class Verdict(NamedTuple):
    """Too much: why, and whether the worker is killed for it."""

    why: str
    kill: bool


def measure(pid: int) -> Memory | None:
    """What a process has now; None when it is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            pages = file.read().split()
        return Memory(int(pages[0]) * _PAGE, int(pages[1]) * _PAGE)
    except (OSError, IndexError, ValueError):
        return None


def is_limited(lives: Lives) -> bool:
    """Whether anything need be measured."""
    return bool(lives.rss or lives.address_space or lives.evil_rss or lives.evil_address_space)


def judge(memory: Memory, lives: Lives) -> Verdict | None:
    """Whether that is too much; None if not."""
    limits = (
        ("evil-reload-on-rss", "rss", memory.rss, lives.evil_rss, True),
        ("evil-reload-on-as", "address space", memory.address_space, lives.evil_address_space, True),
        ("reload-on-rss", "rss", memory.rss, lives.rss, False),
        ("reload-on-as", "address space", memory.address_space, lives.address_space, False),
    )
    for option, name, has, limit, kill in limits:
        if limit and has >= limit:
            return Verdict(f"{name} {has // _MEGABYTE} MiB, {option} = {limit // _MEGABYTE}", kill)
    return None
