"""Tasks in files, as uWSGI writes and reads them: their names, their bytes, which of them is next.

A file holds a packet of the uwsgi protocol (modifier 17) with the pairs of the task, and behind it the body. Its
modification time is when the task is due. Tasks with a priority lie in a directory below, whose name is the number.

Pure: names and bytes. ``process.spool_files`` touches the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

PREFIX = "uwsgi_spoolfile_on_"
MODIFIER = 17
MOST = 65535
"""Bytes of a key, of a value, and of all pairs together."""

OK, RETRY, IGNORE = -2, -1, 0
"""What a task may answer: it is done; it is to be done again; nobody here knows how to do it."""

LONGEST_WAIT = 3600.0


class Spooling(NamedTuple):
    """What the configuration says of spoolers. Times are seconds."""

    directories: tuple[str, ...] = ()
    """Each has ``processes`` of its own."""
    external: tuple[str, ...] = ()
    """Tasks are left here for another instance."""
    processes: int = 1
    chdir: str = ""
    """Entered before each task; empty: the directory of the tasks."""
    quiet: bool = False
    max_tasks: int = 0
    harakiri: float = 0.0
    frequency: int = 30
    imports: tuple[tuple[str, str], ...] = ()
    """Modules or files that a spooler imports, and their places in the configuration."""
    mercy: float = 60.0
    """How long a task may go on when its spooler shall end."""
    page_fd: int = -1
    """Memory that all of them share: see :class:`Page`."""

    def fds(self) -> list[int]:
        """The descriptor, if there is one."""
        return [self.page_fd] if self.page_fd >= 0 else []

    @property
    def number(self) -> int:
        """How many spoolers there are."""
        return len(self.directories) * self.processes

    def directory(self, number: int) -> str:
        """Where spooler ``number`` works; 1 is the first."""
        return self.directories[(number - 1) // self.processes]

    @classmethod
    def read(cls, told: Sequence[Any]) -> Spooling:
        """Out of what JSON made of it."""
        directories, external, processes, chdir, quiet, most, harakiri, frequency, imports, *rest = told
        pairs = tuple((target, where) for target, where in imports)
        return cls(
            tuple(directories), tuple(external), processes, chdir, quiet, most, harakiri, frequency, pairs, *rest
        )


class Task(NamedTuple):
    """What is to be done."""

    pairs: dict[bytes, bytes]
    body: bytes = b""


def encode(task: Task) -> bytes:
    """The bytes of its file. ``ValueError``: it does not fit."""
    packet = bytearray()
    for key, value in task.pairs.items():
        for text in (key, value):
            if len(text) > MOST:
                name = key[:40].decode("utf-8", "backslashreplace")
                raise ValueError(f"the value of {name} has {len(text)} bytes, of {MOST} at most: use the key body")
            packet += len(text).to_bytes(2, "little") + text
    if len(packet) > MOST:
        raise ValueError(f"keys and values have {len(packet)} bytes together, of {MOST} at most: use the key body")
    return bytes((MODIFIER, *len(packet).to_bytes(2, "little"), 0)) + packet + task.body


def decode(content: bytes) -> Task | None:
    """The task of a file; None if it holds none."""
    if len(content) < 4:
        return None
    end = 4 + int.from_bytes(content[1:3], "little")
    texts: list[bytes] = []
    at = 4
    while at < end:
        size = int.from_bytes(content[at : at + 2], "little")
        text = content[at + 2 : at + 2 + size]
        at += 2 + size
        if at > end or len(text) < size:
            return None
        texts.append(text)
    if end > len(content) or len(texts) % 2:
        return None
    return Task(dict(zip(texts[::2], texts[1::2], strict=True)), content[end:])


def name(host: str, pid: int, count: int, chance: int, micros: int) -> str:
    """That of a new file. ``micros``: now, since the epoch."""
    seconds, fraction = divmod(micros, 1_000_000)
    return f"{PREFIX}{host.replace('/', '_')}_{pid}_{count}_{chance}_{seconds}_{fraction}"


def age(name: str) -> tuple[int, int, str]:
    """Sorts names by the time in them."""
    _, *parts = name.rsplit("_", 2)
    if len(parts) == 2 and all(part.isascii() and part.isdigit() for part in parts):
        return int(parts[0]), int(parts[1]), name
    return 0, 0, name


class Found(NamedTuple):
    """A task that lies there."""

    path: str
    name: str
    due: float
    """Seconds since the epoch."""
    priority: int | None = None
    """0 comes before 1, and a number before none."""

    def rank(self) -> tuple[Any, ...]:
        """Sorts tasks."""
        return (self.priority is None, self.priority or 0, *age(self.name))


class Kept(NamedTuple):
    """A task that was tried and is still there."""

    until: float
    """It is not tried again before."""
    failures: int


class Agenda:
    """Which tasks are due for a spooler. What failed waits longer each time, what asks for it until the next look."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def due(self, found: Sequence[Found], now: float, frequency: float) -> tuple[list[Found], float]:
        """Those that are due, best first; and when to look again."""
        names = {one.path for one in found}
        self._kept = {path: kept for path, kept in self._kept.items() if path in names}
        ready: list[Found] = []
        again = now + frequency
        for one in found:
            when = max(one.due, self._kept[one.path].until if one.path in self._kept else 0.0)
            if when <= now:
                ready.append(one)
            else:
                again = min(again, when)
        return sorted(ready, key=Found.rank), again

    def keep(self, path: str, now: float, frequency: float, *, failed: bool) -> float:
        """A task stays; answers after how many seconds it is tried again."""
        before = self._kept.get(path, Kept(0.0, 0)).failures
        failures = before + 1 if failed else 0
        wait = min(frequency * 2 ** min(max(failures - 1, 0), 20), max(LONGEST_WAIT, frequency))
        self._kept[path] = Kept(now + wait, failures)
        return float(wait)
