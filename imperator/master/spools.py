"""The directories of tasks, made while the master still may: they belong to the user of the instance."""

from __future__ import annotations

import os
from typing import Any

from imperator import logs
from imperator.config.settings import Settings
from imperator.errors import Diagnostic, Refused
from imperator.master.shared import SharedMemory
from imperator.spooling import Spooling

MODE = 0o750


def make(settings: Settings) -> None:
    """Make those that do not exist. Raises :class:`Refused` for what is no directory and cannot be one."""
    complaints = []
    for path in (*settings.spooling.directories, *settings.spooling.external):
        try:
            if not os.path.isdir(path):
                _make(path)
                _give(path, settings)
                logs.say(f"made the directory of tasks {path}")
        except OSError as error:
            complaints.append(_unusable(settings, path, f"cannot make {path}: {error.strerror}"))
    if complaints:
        raise Refused(*complaints)


def check(settings: Settings) -> None:
    """Complain of those in which this process, and so the spoolers, may do nothing. Raises :class:`Refused`."""
    complaints = []
    for path in (*settings.spooling.directories, *settings.spooling.external):
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
            fact = f"the user of this instance (uid {os.geteuid()}) may not read and write {path}"
            complaints.append(_unusable(settings, path, fact))
    if complaints:
        raise Refused(*complaints)


def with_page(spooling: Spooling, memory: SharedMemory) -> Spooling:
    """The same, and where its spoolers say what they are at."""
    from imperator.process.spooler_page import SIZE

    return spooling._replace(page_fd=memory.page("spoolers", SIZE))


def rows(spooling: Spooling, memory: SharedMemory, respawns: dict[int, int]) -> list[dict[str, Any]]:
    """What the statistics tell of them."""
    from imperator.process.spooler_page import SIZE, Page

    page = Page(memory.page("spoolers", SIZE))
    found = []
    for number in range(1, spooling.number + 1):
        row = page.row(number)
        found.append(
            {
                "dir": spooling.directory(number),
                "pid": row.pid,
                "tasks": row.tasks,
                "respawns": respawns.get(number, 0),
                "running": row.running,
            }
        )
    return found


def _make(path: str) -> None:
    umask = os.umask(0)
    try:
        os.mkdir(path, MODE)
    finally:
        os.umask(umask)


def _give(path: str, settings: Settings) -> None:
    """Give it to its user. Whoever may write above it may have put a link in its place by now."""
    if os.geteuid() == 0 and (settings.uid is not None or settings.gid is not None):
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fchown(fd, -1 if settings.uid is None else settings.uid, -1 if settings.gid is None else settings.gid)
        finally:
            os.close(fd)


def _unusable(settings: Settings, path: str, fact: str) -> Diagnostic:
    option = "spooler" if path in settings.spooling.directories else "spooler-external"
    return Diagnostic(
        "spooler-unusable",
        settings.where.get(option),
        fact,
        f"make it and give it to that user: install -d -m 750 -o USER -g GROUP {path}",
    )
