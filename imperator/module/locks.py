"""Locks that all processes of the instance share: number 0, and as many more as ``locks`` says."""

from __future__ import annotations

from operator import index
from typing import Any

from imperator.module.memory import ALREADY, BUSY, memory


def lock(number: int = 0) -> None:
    """Wait until this thread has the lock. ``RuntimeError``: it has it already, and would wait for itself for ever."""
    if memory().locks.acquire(_valid(number)) == ALREADY:
        raise RuntimeError(f"this thread has lock {number} already: uwsgi.unlock({number}) comes before another lock")


def unlock(number: int = 0) -> None:
    """Give it back; nothing happens if this thread does not have it."""
    memory().locks.release(_valid(number))


def is_locked(number: int = 0) -> bool:
    """Whether anybody has it."""
    locks = memory().locks
    taken = locks.acquire(_valid(number), wait=False)
    if taken not in (BUSY, ALREADY):
        locks.release(number)
    return taken in (BUSY, ALREADY)


def _valid(number: int) -> int:
    most = memory().shared.sharing.locks
    if not 0 <= index(number) <= most:
        raise ValueError(f"Invalid lock number {number}: there are 0 to {most} (the option locks)")
    return number


NAMES: dict[str, Any] = {"lock": lock, "unlock": unlock, "is_locked": is_locked}
