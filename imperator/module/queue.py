"""The queue that all processes of the instance share: slots in a ring, of which one end pushes and pops and the other
pulls.

Its memory is laid out as uWSGI's, so that a file that keeps a queue is the same for both: where the next push and the
next pull go, then for each slot its length, the time, the bytes.
"""

from __future__ import annotations

import struct
import time
from operator import index
from typing import Any

from imperator.module.memory import memory
from imperator.module.text import octets
from imperator.sharing import QUEUE_HEAD

_ENDS = struct.Struct("QQ")
_SLOT = struct.Struct("QQ")


class Ring:
    """The queue while its lock is held. Numbers that cannot be, whoever wrote them, count as 0."""

    def __init__(self) -> None:
        its = memory()
        self._memory = its.queue
        self.slots = its.shared.sharing.queue.slots
        self._size = its.shared.sharing.queue.blocksize
        push, pull = _ENDS.unpack_from(self._memory, 0)
        self.push_at = push if push < self.slots else 0
        self.pull_at = pull if pull < self.slots else 0

    def get(self, slot: int) -> bytes | None:
        """What is in a slot."""
        length = self._length(slot) if 0 <= slot < self.slots else 0
        if not length:
            return None
        at = QUEUE_HEAD + slot * self._size
        return self._memory[at + _SLOT.size : at + _SLOT.size + length]

    def _length(self, slot: int) -> int:
        length: int = _SLOT.unpack_from(self._memory, QUEUE_HEAD + slot * self._size)[0]
        return length if length <= self._size - _SLOT.size else 0

    def put(self, slot: int, message: bytes) -> bool:
        """Fill a slot; the length comes last, so that a message is whole or is not there."""
        if not 0 <= slot < self.slots or not 0 < len(message) <= self._size - _SLOT.size:
            return False
        at = QUEUE_HEAD + slot * self._size
        self.empty(slot)
        self._memory[at + _SLOT.size : at + _SLOT.size + len(message)] = message
        _SLOT.pack_into(self._memory, at, len(message), int(time.time()))
        return True

    def empty(self, slot: int) -> None:
        """Empty a slot."""
        struct.pack_into("Q", self._memory, QUEUE_HEAD + slot * self._size, 0)

    def move(self, push_at: int, pull_at: int) -> None:
        """Where the next push and pull go."""
        self.push_at, self.pull_at = push_at % self.slots, pull_at % self.slots
        _ENDS.pack_into(self._memory, 0, self.push_at, self.pull_at)

    def settle(self) -> None:
        """After a process died in the middle, the ends are where the messages end: the first run of full slots from
        the next pull on. A push that was not finished but for its end is finished, a pull or pop likewise.
        """
        full = [self._length(slot) > 0 for slot in range(self.slots)]
        if all(full) or not any(full):
            self.move(self.pull_at, self.pull_at)
            return
        first = next(slot for slot in range(self.pull_at, self.pull_at + self.slots) if full[slot % self.slots])
        end = next(slot for slot in range(first, first + self.slots) if not full[slot % self.slots])
        self.move(end, first)

    def is_odd(self) -> bool:
        """Whether the ends are where no message ends."""
        front, back = self._length(self.pull_at) > 0, self._length((self.push_at - 1) % self.slots) > 0
        return front != back if self.push_at == self.pull_at else not (front and back)


class _Held:
    """The ring for the length of a ``with``."""

    def __init__(self) -> None:
        if not memory().shared.sharing.queue.slots:
            raise ValueError("there is no queue: add queue = 100 to the configuration")
        self._lock = memory().lock("queue")

    def __enter__(self) -> Ring:
        died = self._lock.__enter__()
        ring = Ring()
        if died:
            ring.settle()
        return ring

    def __exit__(self, *what: object) -> None:
        self._lock.__exit__(*what)


def queue_push(message: Any) -> bool | None:
    """Add a message. In a full queue it takes the place of the oldest. None if it is empty or too long for a slot."""
    its = octets(message, "a message")
    with _Held() as ring:
        overwrites = ring.pull_at == ring.push_at and ring.get(ring.push_at) is not None
        if not ring.put(ring.push_at, its):
            return None
        ring.move(ring.push_at + 1, ring.pull_at + overwrites)
        return True


def queue_pull() -> bytes | None:
    """Take the oldest message."""
    with _Held() as ring:
        message = ring.get(ring.pull_at)
        if message is None and ring.is_odd():
            ring.settle()
            message = ring.get(ring.pull_at)
        if message is not None:
            ring.empty(ring.pull_at)
            ring.move(ring.push_at, ring.pull_at + 1)
        return message


def queue_pop() -> bytes | None:
    """Take the newest message."""
    with _Held() as ring:
        if ring.get((ring.push_at - 1) % ring.slots) is None and ring.is_odd():
            ring.settle()
        slot = (ring.push_at - 1) % ring.slots
        message = ring.get(slot)
        if message is not None:
            ring.empty(slot)
            ring.move(slot, ring.pull_at)
        return message


def queue_get(slot: int) -> bytes | None:
    """What is in a slot, which keeps it."""
    with _Held() as ring:
        return ring.get(index(slot))


def queue_set(slot: int, message: Any) -> bool | None:
    """Fill a slot, wherever the ends of the queue are."""
    its = octets(message, "a message")
    with _Held() as ring:
        return ring.put(index(slot), its) or None


def queue_last(number: int = 0) -> bytes | list[bytes | None] | None:
    """The newest message, or a list of so many from the newest on; each stays where it is."""
    with _Held() as ring:
        newest = ring.push_at - 1
        count = min(index(number), ring.slots)
        if count <= 0:
            return ring.get(newest % ring.slots)
        found = [ring.get((newest - back) % ring.slots) for back in range(count)]
        return found + [None] * (number - count)


def queue_slot() -> int:
    """The slot of the next push."""
    with _Held() as ring:
        return ring.push_at


def queue_pull_slot() -> int:
    """The slot of the next pull."""
    with _Held() as ring:
        return ring.pull_at


def names() -> dict[str, Any]:
    """The functions, and how many slots there are if there is a queue."""
    functions = (
        queue_push, queue_pull, queue_pop, queue_get, queue_set, queue_last, queue_slot, queue_pull_slot,
    )  # fmt: skip
    found: dict[str, Any] = {function.__name__: function for function in functions}
    if slots := memory().shared.sharing.queue.slots:
        found["queue_size"] = slots
    return found
