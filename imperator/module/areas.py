"""Plain memory that all processes of the instance share, and numbers in it. Areas are numbered from 0.

Each has a lock, which every function takes for its own length; who holds it (``sharedarea_wlock``) can call several in
a row. There is one kind of it: readers wait for each other, too.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from operator import index
from typing import Any

from imperator.module.memory import Held, memory
from imperator.module.text import octets

_SIZES = {8: "b", 16: "h", 32: "i", 64: "q"}


def sharedarea_read(area: int, position: int, length: int = 0) -> bytes:
    """So many bytes; 0: all from there on."""
    with _held(area):
        its = memory().area(area)
        start = _inside(area, position, max(1, index(length)))
        return its[start : start + length] if length else its[start:]


def sharedarea_write(area: int, position: int, content: Any) -> None:
    """Write bytes."""
    data = octets(content, "what is written")
    with _held(area):
        start = _inside(area, position, len(data))
        memory().area(area)[start : start + len(data)] = data


def sharedarea_rlock(area: int) -> None:
    """Hold the lock until ``sharedarea_unlock``."""
    _held(area).__enter__()


def sharedarea_unlock(area: int) -> None:
    """Give it back."""
    its = memory()
    its.area(area)
    its.locks.release(its.shared.lock_names.index(f"sharedarea{area}"))


def sharedarea_memoryview(area: int) -> memoryview:
    """The memory itself: nothing is locked."""
    return memoryview(memory().area(index(area)))


def _held(area: int) -> Held:
    memory().area(index(area))
    return memory().lock(f"sharedarea{area}")


def _inside(area: int, position: int, length: int) -> int:
    size = len(memory().area(area))
    start = index(position)
    if start < 0 or length < 0 or start + length > size:
        raise ValueError(f"{length} bytes at {start} are outside of sharedarea {area}, which has {size}")
    return start


def _numbers(bits: int) -> dict[str, Callable[..., Any]]:
    """The functions about numbers of this size."""
    its = struct.Struct(_SIZES[bits])

    def fit(value: int) -> int:
        if not -(1 << bits - 1) <= index(value) < 1 << bits:
            raise OverflowError(f"{value} does not fit into {bits} bits")
        return wrap(value)

    def wrap(value: int) -> int:
        return (value + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)

    def read(area: int, position: int) -> int:
        with _held(area):
            number: int = its.unpack_from(memory().area(area), _inside(area, position, its.size))[0]
            return number

    def write(area: int, position: int, value: int = 0) -> None:
        with _held(area):
            its.pack_into(memory().area(area), _inside(area, position, its.size), fit(value))

    def inc(area: int, position: int, by: int = 1) -> None:
        with _held(area):
            at = _inside(area, position, its.size)
            place = memory().area(area)
            its.pack_into(place, at, wrap(its.unpack_from(place, at)[0] + fit(by)))

    def dec(area: int, position: int, by: int = 1) -> None:
        inc(area, position, -fit(by))

    found: dict[str, Callable[..., Any]] = {
        f"sharedarea_{function.__name__}{bits}": function for function in (read, write, inc, dec)
    }
    for name, function in found.items():
        function.__name__ = name
    return found


_FOUND = {name: function for bits in _SIZES for name, function in _numbers(bits).items()}

NAMES: dict[str, Any] = {
    "sharedarea_read": sharedarea_read,
    "sharedarea_write": sharedarea_write,
    "sharedarea_rlock": sharedarea_rlock,
    "sharedarea_wlock": sharedarea_rlock,
    "sharedarea_unlock": sharedarea_unlock,
    "sharedarea_memoryview": sharedarea_memoryview,
    "sharedarea_object": sharedarea_memoryview,
    **_FOUND,
    "sharedarea_readbyte": _FOUND["sharedarea_read8"],
    "sharedarea_writebyte": _FOUND["sharedarea_write8"],
    "sharedarea_readlong": _FOUND["sharedarea_read64"],
    "sharedarea_writelong": _FOUND["sharedarea_write64"],
    "sharedarea_inclong": _FOUND["sharedarea_inc64"],
}
