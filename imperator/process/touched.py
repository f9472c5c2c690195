"""Files that somebody touches to ask for something: called once for each new time of change.

Watches the directories, because such files may appear later. One that appears counts as touched.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from imperator.process import inotify
from imperator.process.inotify import Inotify
from imperator.process.loop import Loop

EVENTS = inotify.CLOSE_WRITE | inotify.ATTRIB | inotify.MOVED_TO | inotify.CREATE


class Touched:
    """Calls ``touched`` with the path of a file whose time of change is another than before."""

    def __init__(self, loop: Loop, files: Iterable[str], touched: Callable[[str], None]) -> None:
        self._touched = touched
        self._inotify = Inotify()
        self._watches: dict[tuple[int, str], str] = {}
        self._times: dict[str, int] = {}
        for file in files:
            folder, name = os.path.split(file)
            try:
                watch = self._inotify.add(folder or ".", EVENTS)
            except OSError:
                continue  # no such directory: nothing in it will be touched
            self._watches[watch, name] = file
            self._times[file] = _changed(file)
        loop.watch(self._inotify.fd, self._read)

    def _read(self) -> None:
        for news in self._inotify.read():
            file = self._watches.get((news.watch, news.name))
            if file is not None and (now := _changed(file)) not in (0, self._times[file]):
                self._times[file] = now
                self._touched(file)


def _changed(file: str) -> int:
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return 0
