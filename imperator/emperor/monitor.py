"""What vassals there are now, and a descriptor that tells when to look again.

The idea: the directories are the truth, the kernel's news about them only say when it is worth a look. Every look
(:meth:`Monitor.scan`) lists everything anew, so lost, late or misread news cost at most the time to the next regular
look, never a wrong answer. News are used for one more thing, :data:`SETTLE`:

* a file that is open for writing and not closed yet is taken as it was before, so that half a file is not read;
* a name that vanished is believed to be there still, and new names wait with it: editors save by renaming the old file
  away and writing another one, and an administrator renames. When the vanished file itself is back under another valid
  name, there is nothing to wait for.

After at most that long the directory's word counts as it is. A directory that cannot be read (not mounted, being
replaced) takes no vassal with it: those it had go on, but for the ones whose removal was heard.

It starts and stops nothing and reads no configuration.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from typing import NamedTuple

from imperator.emperor.seen import Seen
from imperator.emperor.source import Pattern, Source
from imperator.errors import Diagnostic, Severity, Where
from imperator.process import inotify

SETTLE = 0.05
"""Seconds that a file may take to be written or to come back."""

_FILE = inotify.MODIFY | inotify.CLOSE_WRITE | inotify.ATTRIB
_NAMES = inotify.CREATE | inotify.DELETE | inotify.MOVED_FROM | inotify.MOVED_TO
_DIRECTORY = _NAMES | inotify.CLOSE_WRITE | inotify.ATTRIB | inotify.DELETE_SELF | inotify.MOVE_SELF
_ADD = inotify.ONLY_DIRECTORY | inotify.MASK_ADD


class Scan(NamedTuple):
    """What a look found."""

    found: dict[str, Seen]
    again: float | None
    """When to look again though there was no news: something has not settled."""
    complaints: tuple[Diagnostic, ...]
    """New ones: what was said once is not repeated while it stays so."""


class Monitor:
    """Looks at sources. :attr:`fd` can be read when :meth:`news` should be asked; -1 when the kernel gives none."""

    def __init__(self, sources: Iterable[Source], where: Where | None = None) -> None:
        self.sources = tuple(sources)
        self._where = where
        self._suffixes = tuple(suffix for source in self.sources for suffix in source.suffixes)
        self._told: set[tuple[str, str]] = set()
        self._last: list[dict[str, Seen]] = [{} for _ in self.sources]
        self._known: dict[str, Seen] = {}
        self._writing: dict[str, float] = {}
        self._vanishing: dict[str, float] = {}
        self._gone: set[str] = set()
        # By number of the watch; several paths may lead to the same file.
        self._files: dict[int, set[str]] = {}
        self._directories: dict[int, set[str]] = {}
        self._turning_points: dict[int, set[str]] = {}
        self._inotify: inotify.Inotify | None = None
        self._trouble = ""
        try:
            self._inotify = inotify.Inotify()
        except OSError as error:
            self._trouble = str(error)
        self.fd = self._inotify.fd if self._inotify else -1

    def news(self, now: float) -> bool:
        """Take in what the kernel says; whether a :meth:`scan` is worth while, at once or when :meth:`settled`."""
        if self._inotify is None:
            return False
        worth = False
        for news in self._inotify.read():
            if news.mask & inotify.OVERFLOW:
                worth = True
            for path in self._files.get(news.watch, ()):
                worth = True
                self._file_news(path, news.mask, now)
            for path in self._directories.get(news.watch, ()):
                worth |= self._directory_news(os.path.join(path, news.name), news, now)
            worth |= news.name in self._turning_points.get(news.watch, ())
        return worth

    def settled(self) -> float | None:
        """When the last look's or news' doubts end; None without a doubt."""
        return min((*self._writing.values(), *self._vanishing.values()), default=None)

    def scan(self, now: float) -> Scan:
        """Look at everything."""
        complaints: list[Diagnostic] = []
        self._watch_directories()
        self.news(now)
        there: dict[str, Seen] = {}
        for number, source in enumerate(self.sources):
            self._last[number] = listed = self._list(number, source, now, complaints)
            for name, seen in listed.items():
                if there.setdefault(name, seen) is not seen:
                    self._complain(complaints, "emperor-vassal-twice", _twice(name, seen, there[name]))
        self._gone.clear()
        self._watch_files(there)
        if self._trouble:
            self._complain(complaints, "emperor-no-inotify", _blind(self._trouble))
        self._known = self._settle(there, now)
        return Scan(dict(self._known), self.settled(), tuple(complaints))

    def close(self) -> None:
        """Look no more."""
        if self._inotify:
            self._inotify.close()
            self._inotify, self.fd = None, -1

    def _file_news(self, path: str, mask: int, now: float) -> None:
        if mask & inotify.CLOSE_WRITE:
            self._writing.pop(path, None)
        elif mask & inotify.MODIFY:
            self._writing.setdefault(path, now + SETTLE)

    def _directory_news(self, path: str, news: inotify.News, now: float) -> bool:
        if not path.endswith(self._suffixes):
            # Logs and pidfiles next to the configurations are no reason to look; a directory may hold some.
            return not news.name or bool(news.mask & inotify.IS_DIRECTORY)
        if news.mask & (inotify.DELETE | inotify.MOVED_FROM):
            self._gone.add(path)
            self._writing.pop(path, None)
        elif news.mask & (inotify.CLOSE_WRITE | inotify.MOVED_TO):
            self._gone.discard(path)
            self._writing.pop(path, None)
        elif news.mask & inotify.CREATE:
            self._gone.discard(path)
            if _being_written(path):
                self._writing.setdefault(path, now + SETTLE)
        return True

    def _list(self, number: int, source: Source, now: float, complaints: list[Diagnostic]) -> dict[str, Seen]:
        try:
            listed = source.list()
        except OSError as error:
            # The news of what was deleted in it came before it was gone.
            self.news(now)
            kept = {name: seen for name, seen in self._last[number].items() if seen.path not in self._gone}
            self._complain(complaints, "emperor-source-missing", _unreadable(source, error, len(kept), self._where))
            return kept
        if not listed and isinstance(source, Pattern):
            self._complain(complaints, "emperor-source-empty", _empty(source, self._where))
        else:
            self._told -= {one for one in self._told if one[1] == str(source)}
        return listed

    def _settle(self, there: dict[str, Seen], now: float) -> dict[str, Seen]:
        """What is there, but for what may only look so."""
        self._writing = {path: until for path, until in self._writing.items() if until > now}
        renamed = {seen.stamp.inode for name, seen in there.items() if name not in self._known}
        vanishing = {}
        for name, seen in self._known.items():
            until = self._vanishing.get(name, now + SETTLE)
            if name not in there and seen.stamp.inode not in renamed and until > now:
                vanishing[name] = until
        self._vanishing = vanishing
        believed = {name: self._known[name] for name in vanishing}
        for name, seen in there.items():
            before = self._known.get(name)
            if seen.path in self._writing:
                if before:
                    believed[name] = before
            elif before or not vanishing:
                believed[name] = seen
        return dict(sorted(believed.items()))

    def _watch_directories(self) -> None:
        """Watch first, look then: what appears in between is told. From the top downwards, for the same reason."""
        directories: dict[int, set[str]] = {}
        turning_points: dict[int, set[str]] = {}
        for source in self.sources:
            for _ in range(8):  # as long as directories appear under our hands
                above, name = source.turning_point()
                self._add(turning_points, above, name, _NAMES | _ADD)
                if source.turning_point() == (above, name):
                    break
            for path in source.directories():
                self._add(directories, path, path, _DIRECTORY | _ADD)
        self._forget(set(self._directories) | set(self._turning_points), set(directories) | set(turning_points))
        self._directories, self._turning_points = directories, turning_points

    def _watch_files(self, there: dict[str, Seen]) -> None:
        files: dict[int, set[str]] = {}
        for seen in there.values():
            self._add(files, seen.path, seen.path, _FILE)
        self._forget(set(self._files), set(files))
        self._files = files

    def _add(self, watches: dict[int, set[str]], path: str, entry: str, mask: int) -> None:
        if self._inotify is None:
            return
        try:
            watches.setdefault(self._inotify.add(path, mask), set()).add(entry)
        except (FileNotFoundError, NotADirectoryError):
            pass  # gone again; the watch above tells when it is back
        except OSError as error:
            self._trouble = str(error)

    def _forget(self, before: set[int], now: set[int]) -> None:
        if self._inotify:
            for watch in before - now:
                self._inotify.remove(watch)

    def _complain(self, complaints: list[Diagnostic], code: str, complaint: tuple[str, Diagnostic]) -> None:
        about, diagnostic = complaint
        if (code, about) not in self._told:
            self._told.add((code, about))
            complaints.append(diagnostic)


def _being_written(path: str) -> bool:
    """Whether what was just created will tell when it is complete: links are complete at once."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def _warning(code: str, where: Where | None, message: str, hint: str) -> Diagnostic:
    return Diagnostic(code, where, message, hint, Severity.WARNING)


def _unreadable(source: Source, error: OSError, kept: int, where: Where | None) -> tuple[str, Diagnostic]:
    message = f"the emperor cannot read {source}: {error.strerror}"
    hint = f"its {kept} vassals go on" if kept else "create it or correct the path; it is picked up when it appears"
    return str(source), _warning("emperor-source-missing", where, message, hint)


def _empty(source: Source, where: Where | None) -> tuple[str, Diagnostic]:
    message = f"emperor = {source} matches no vassal"
    return str(source), _warning("emperor-source-empty", where, message, "files are picked up when they appear")


def _twice(name: str, seen: Seen, first: Seen) -> tuple[str, Diagnostic]:
    message = f"two sources have a vassal {name}: {first.path} runs, {seen.path} does not"
    return name, _warning("emperor-vassal-twice", None, message, "give one of them another name")


def _blind(trouble: str) -> tuple[str, Diagnostic]:
    message = f"the kernel gives no news of files ({trouble})"
    hint = "changes are noticed every emperor-freq seconds; raise fs.inotify.max_user_watches or max_user_instances"
    return "", _warning("emperor-no-inotify", None, message, hint)
