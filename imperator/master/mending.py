"""Wait until one of the files that kept an application from loading is mended.

Watches the directories, because editors replace files, and because a missing file has to appear.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from imperator.process import inotify
from imperator.process.inotify import Inotify
from imperator.process.loop import Alarm, Loop

SETTLE = 0.05
"""Seconds of quiet before a change counts as finished: a deploy changes several files."""

EVENTS = inotify.CLOSE_WRITE | inotify.MOVED_TO | inotify.CREATE | inotify.ATTRIB


class Mending:
    """Calls ``mended`` once for a burst of changes to any of ``files``, with the last one's path, until closed.

    ``began``, in seconds since the epoch, is when the attempt that failed was started: a change since then counts too.
    """

    def __init__(
        self, loop: Loop, files: tuple[str, ...], began: float, mended: Callable[[str], None]
    ) -> None:
        self._loop = loop
        self._mended = mended
        self._inotify = Inotify()
        self._names: dict[int, tuple[str, set[str]]] = {}
        self._alarm: Alarm | None = None
        for file in files:
            self._add(file)
        loop.watch(self._inotify.fd, self._read)
        for file in files:
            if began < _modified(file) <= time.time():
                self._changed(file)

    def close(self) -> None:
        """Watch no more."""
        if self._alarm:
            self._alarm.cancel()
        self._loop.forget(self._inotify.fd)
        self._inotify.close()

    def _add(self, file: str) -> None:
        """Watch ``file``'s directory, or the nearest one that exists, for the next step on the way to it."""
        folder, name = os.path.split(file)
        while not os.path.isdir(folder) and folder != "/":
            folder, name = os.path.split(folder)
        try:
            watch = self._inotify.add(folder, EVENTS)
        except OSError:
            return  # not readable by this user: a reload by hand is still there
        self._names.setdefault(watch, (folder, set()))[1].add(name)

    def _read(self) -> None:
        for news in self._inotify.read():
            folder, names = self._names.get(news.watch, ("", set()))
            if news.name in names:
                self._changed(os.path.join(folder, news.name))

    def _changed(self, path: str) -> None:
        if self._alarm:
            self._alarm.cancel()
        self._alarm = self._loop.at(self._loop.now + SETTLE, lambda: self._mended(path))


def _modified(file: str) -> float:
    try:
        return os.stat(file).st_mtime
    except OSError:
        return 0.0
