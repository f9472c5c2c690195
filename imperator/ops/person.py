"""Somebody who opens files: a user with groups, and what modes of files allow to them.

Computed from what ``stat`` says, without becoming that user. Access control lists, capabilities and read-only file
systems are not seen.
"""

from __future__ import annotations

import functools
import os
import pwd
import stat
from typing import NamedTuple

READ, WRITE, ENTER = 4, 2, 1


class Person(NamedTuple):
    """A user and the groups that count."""

    uid: int
    gids: frozenset[int]

    @classmethod
    def current(cls) -> Person:
        """Who runs this program."""
        return cls(os.geteuid(), frozenset((os.getegid(), *os.getgroups())))

    def become(self, uid: int | None, gid: int | None, user: str | None) -> Person:
        """Who it is after ``uid`` and ``gid``: only root changes."""
        if self.uid != 0 or (uid is None and gid is None):
            return self
        primary = os.getegid() if gid is None else gid
        return Person(0 if uid is None else uid, _groups(user, primary))

    def may(self, found: os.stat_result, wanted: int) -> bool:
        """Whether the mode allows all of ``wanted``."""
        if self.uid == 0:
            executable = stat.S_ISDIR(found.st_mode) or found.st_mode & 0o111
            return not wanted & ENTER or bool(executable)
        shift = 6 if found.st_uid == self.uid else 3 if found.st_gid in self.gids else 0
        return (found.st_mode >> shift) & wanted == wanted

    def barrier(self, path: str) -> str | None:
        """The first directory above ``path`` that may not be entered; None if the way is open or ends earlier."""
        above = os.path.dirname(os.path.abspath(path))
        names = [name for name in above.split("/") if name]
        for end in range(len(names) + 1):
            folder = "/" + "/".join(names[:end])
            try:
                if not self.may(os.stat(folder), ENTER):
                    return folder
            except (OSError, ValueError):
                return None  # it ends here, or a zero byte is in its name
        return None

    @property
    def name(self) -> str:
        """The user's name."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return f"uid {self.uid}"


@functools.cache
def _groups(user: str | None, primary: int) -> frozenset[int]:
    """The groups of a user; a thousand vassals have few users, and asking may go over the network."""
    return frozenset(os.getgrouplist(user, primary) if user else [primary])
