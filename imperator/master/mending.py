"""Wait until one of the files that kept an application from loading is mended.

Watches the directories, because editors replace files, and because a missing file has to appear.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from imperator.process import inotify
from imperator.process.inotify import Inotify
from imperator.process.loop import Alarm, Loop

SETTLE = 0.05
"""Seconds of quiet before a change counts as finished: a deploy changes several files."""

EVENTS = inotify.CLOSE_WRITE | inotify.MOVED_TO | inotify.CREATE | inotify.ATTRIB


class Mending:
    """Calls ``mended`` once for a burst of changes to any of ``files``, with the first one's path, until closed."""

    def __init__(self, loop: Loop, files: tuple[str, ...], mended: Callable[[str], None]) -> None:
        self._loop = loop
        self._mended = mended
        self._inotify = Inotify()
        self._names: dict[int, tuple[str, set[str]]] = {}
        self._alarm: Alarm | None = None
        for file in files:
            self._add(file)
        loop.watch(self._inotify.fd, self._read)

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
                path = os.path.join(folder, news.name)
                if self._alarm:
                    self._alarm.cancel()
                self._alarm = self._loop.at(self._loop.now + SETTLE, lambda path=path: self._mended(path))  # type: ignore[misc]
