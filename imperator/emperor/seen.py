"""A vassal's configuration as the last look found it. Plain data; the looking is done by ``monitor.py``."""

from __future__ import annotations

import os
from typing import NamedTuple


class Stamp(NamedTuple):
    """What tells two versions of a file apart. Compared for inequality: a restored backup is older, yet a change."""

    mtime_ns: int
    size: int
    inode: int
    uid: int
    gid: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        """The stamp of what ``stat`` found."""
        return cls(found.st_mtime_ns, found.st_size, found.st_ino, found.st_uid, found.st_gid)

    def same_content(self, other: Stamp) -> bool:
        """Whether the file need not be read again: a change of the owner alone changes no text."""
        return self[:3] == other[:3]


class Seen(NamedTuple):
    """A vassal's file: its stamp, and the directory in which its master starts."""

    stamp: Stamp
    directory: str
    path: str
    """Absolute."""
    owner: tuple[int, int] | None = None
    """As whom it runs, user and group; None: as the emperor does."""
    socket: str = ""
    """The address at which the emperor waits for its first connection; empty: it runs at once."""
    source: str = ""
    """What it was found by."""
