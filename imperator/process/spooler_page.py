"""Memory that all spoolers, all workers and the master share: how often to look, and what each spooler is at."""

from __future__ import annotations

import mmap
import struct
from typing import NamedTuple

SIZE = 65536
_FREQUENCY = struct.Struct("I")
_ROW = struct.Struct("IIQ")
_ROWS_AT = 64
MOST = (SIZE - _ROWS_AT) // _ROW.size


class Row(NamedTuple):
    """One spooler."""

    pid: int
    running: int
    """1 while it works on a task."""
    tasks: int
    """Tasks that its number has worked on."""


class Page:
    """What is behind a descriptor."""

    def __init__(self, fd: int) -> None:
        self._memory = mmap.mmap(fd, SIZE)

    def frequency(self, default: int) -> int:
        """Seconds between two looks."""
        return int(_FREQUENCY.unpack_from(self._memory, 0)[0]) or default

    def set_frequency(self, seconds: int) -> None:
        """Change that, for all; 0: as configured."""
        _FREQUENCY.pack_into(self._memory, 0, min(seconds, 2**32 - 1))

    def row(self, number: int) -> Row:
        """That of spooler ``number``; 1 is the first."""
        return Row(*_ROW.unpack_from(self._memory, self._at(number)))

    def write(self, number: int, row: Row) -> None:
        """Each spooler writes its own."""
        _ROW.pack_into(self._memory, self._at(number), *row)

    def pid(self, number: int) -> int:
        """Whose it is."""
        return self.row(number).pid

    @staticmethod
    def _at(number: int) -> int:
        return _ROWS_AT + (number - 1) % MOST * _ROW.size
