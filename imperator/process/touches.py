"""Files whose change is an order: noticed at once, whichever way they change.

The kernel's news wake it; what counts is the file itself: another time of change, another file at the path, one that
appears or goes. It watches the file, its directory, and every symbolic link on the way to it. It reloads nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from imperator import logs
from imperator.process import inotify
from imperator.process.inotify import Inotify
from imperator.process.loop import Alarm, Loop

SETTLE = 0.05
"""Seconds of quiet before a change counts as finished: a deploy changes several files."""

EACH = 0.5
"""Seconds between two looks at the files where the kernel tells nothing."""

_FILE = inotify.ATTRIB | inotify.CLOSE_WRITE | inotify.MODIFY
_FOLDER = inotify.CREATE | inotify.DELETE | inotify.MOVED_FROM | inotify.MOVED_TO

Signature = tuple[int, int] | None


class Touches:
    """Calls ``touched`` with the path of a file that was changed, once for a burst of changes, until closed."""

    def __init__(self, loop: Loop, files: Iterable[str], touched: Callable[[str], None]) -> None:
        self._loop = loop
        self._touched = touched
        self._inotify: Inotify | None = None
        self._alarm: Alarm | None = None
        self.seen: dict[str, Signature] = {file: signature(file) for file in files}
        self._last = self.seen
        try:
            self._inotify = Inotify()
        except OSError as error:
            logs.say(
                f"warning: the kernel tells of no changes to files ({error.strerror}): they are looked at all the time"
                " (see sysctl fs.inotify.max_user_instances)"
            )
            self._alarm = loop.at(loop.now + EACH, self._look)
            return
        loop.watch(self._inotify.fd, self._read)
        self._watch()

    def close(self) -> None:
        """Watch no more."""
        if self._alarm:
            self._alarm.cancel()
        if self._inotify:
            self._loop.forget(self._inotify.fd)
            self._inotify.close()

    def _watch(self) -> None:
        """Watch whatever is there now; what is watched already stays so."""
        for file in self.seen if self._inotify else ():
            self._add(file, _FILE | (_FOLDER if os.path.isdir(file) else 0))
            for folder in folders(file):
                self._add(folder, _FOLDER)

    def _add(self, path: str, mask: int) -> None:
        try:
            if self._inotify:
                self._inotify.add(path, mask | inotify.MASK_ADD)
        except OSError:
            pass  # not there yet, and then a directory above is watched; or not readable by this user

    def _read(self) -> None:
        # Not put off by further news: something may happen in a directory all the time.
        if self._inotify and self._inotify.read() and not self._alarm:
            self._alarm = self._loop.at(self._loop.now + SETTLE, self._look)

    def _look(self) -> None:
        self._alarm = None
        self._watch()
        now = {file: signature(file) for file in self.seen}
        if now != self._last:
            self._last = now
            self._alarm = self._loop.at(self._loop.now + SETTLE, self._look)
            return
        if not self._inotify:
            self._alarm = self._loop.at(self._loop.now + EACH, self._look)
        changed = [file for file, was in self.seen.items() if now[file] != was]
        self.seen = now
        if changed:
            self._touched(changed[0])


def signature(file: str) -> Signature:
    """What tells one state of a file from another; None when there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def folders(file: str) -> list[str]:
    """The directories in which something may happen to what is at a path: its own, or the nearest one that exists, and
    those of the symbolic links on the way.
    """
    found: list[str] = []
    path = file
    while path != "/":
        path, name = os.path.split(path)
        if os.path.islink(os.path.join(path, name)) or not found or not os.path.isdir(found[-1]):
            found.append(path or ".")
    real = os.path.dirname(os.path.realpath(file))
    return [*found, real]
