"""As whom a vassal runs under ``emperor-tyrant``: as the owner of its file, if nobody else can have written it.

Whoever can write the file, or put another one in its place, runs commands as its owner. So the file must belong to
neither user nor group 0, only its owner (and a group that is the owner's own) may write it, only those that anybody
trusts may write its directory, and a link must have been made by the owner of what it leads to, or by root.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping

from imperator.emperor.policy import Vassal
from imperator.emperor.seen import Seen
from imperator.errors import Diagnostic, Severity, Where, printable
from imperator.process import kernel

_STICKY_AND_OPEN = stat.S_ISVTX | stat.S_IWOTH


class Distrusted(Exception):  # it is a verdict, not a failure
    """Nobody shall run by this file. The text says why and what to do."""


class Tyrant:
    """Judges vassals, and says once why one may not run."""

    def __init__(self, log: Callable[[str], None], where: Where | None, *, by_link: bool) -> None:
        if os.geteuid() != 0:
            log(_powerless(where).line())
        self._log = log
        self._by_link = by_link
        self._told: dict[str, str] = {}

    def judged(self, found: Mapping[str, Seen], known: Mapping[str, Vassal]) -> dict[str, Seen]:
        """What was found, with its owners, and without those that may not run."""
        trusted = {}
        for name, seen in found.items():
            try:
                trusted[name] = seen._replace(owner=owner(seen.path, by_link=self._by_link))
                self._told.pop(name, None)
            except Distrusted as reason:
                if self._told.get(name) != str(reason):
                    line = f"[emperor-tyrant] invalid permissions for vassal {name}: {reason} [vassal-distrusted]"
                    self._log(printable(line))
                    self._told[name] = str(reason)
                # One that runs goes on as it was, while its file is its owner's: that was no order to stop.
                before = known[name].seen if name in known else None
                if before and before.stamp[3:] == seen.stamp[3:]:
                    trusted[name] = before
        self._told = {name: why for name, why in self._told.items() if name in found}
        return trusted

    def user(self, name: str, seen: Seen) -> kernel.User:
        """As whom it runs by its file as it is now: it may have changed since the look. Raises ``OSError``."""
        try:
            user = kernel.User(*owner(seen.path, by_link=self._by_link))
        except Distrusted as reason:
            raise OSError(0, str(reason), seen.path) from reason
        self._log(printable(f"[emperor-tyrant] dropping privileges to {user.uid} {user.gid} for instance {name}"))
        return user


def owner(path: str, *, by_link: bool) -> tuple[int, int]:
    """The user and group that the vassal of ``path`` runs as; with ``by_link`` those of a link, not of its target.

    Raises :class:`Distrusted`.
    """
    try:
        file, link = os.stat(path), os.lstat(path)
        folder = os.stat(os.path.dirname(path))
    except OSError as error:
        raise Distrusted(f"{error.filename}: {error.strerror}") from error
    whose = link if by_link else file
    if whose.st_uid == 0 or whose.st_gid == 0:
        raise Distrusted("it belongs to root: give it to the user and the group that it shall run as (chown)")
    if not by_link and stat.S_ISLNK(link.st_mode) and link.st_uid not in (0, os.geteuid(), file.st_uid):
        raise Distrusted(f"the link was made by uid {link.st_uid}, the file belongs to uid {file.st_uid}")
    if file.st_uid not in (0, whose.st_uid):
        raise Distrusted(f"the file belongs to uid {file.st_uid}, the link to uid {whose.st_uid}")
    if file.st_mode & stat.S_IWOTH:
        raise Distrusted(f"every user can write it: chmod o-w {path}")
    if file.st_mode & stat.S_IWGRP and file.st_gid != 0 and not _is_own_group(whose.st_uid, file.st_gid):
        raise Distrusted(f"every member of group {file.st_gid} can write it: chmod g-w {path}")
    if folder.st_mode & _STICKY_AND_OPEN == stat.S_IWOTH:
        raise Distrusted(f"every user can put another file there: chmod o-w {os.path.dirname(path)}")
    return whose.st_uid, whose.st_gid


def _is_own_group(uid: int, gid: int) -> bool:
    """Whether a group is the one that a user begins with: on many systems nobody else is in it."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_gid == gid
    except KeyError:
        return uid == gid


def _powerless(where: Where | None) -> Diagnostic:
    return Diagnostic(
        "not-root",
        where,
        "emperor-tyrant cannot start a vassal as another user: the emperor is not root",
        "start it as root; if its uid is for an instance of its own, add early-emperor = true",
        Severity.WARNING,
    )
