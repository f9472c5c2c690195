"""What the hooks of a running master ask for: at a word of the emperor's, at a change of a file, at its end.

The master goes on listening while it is done: each moment has a child of its own. Nothing of this is imported before a
configuration asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from imperator import logs
from imperator.config.hooks import TouchHook
from imperator.config.settings import Settings
from imperator.process import startup
from imperator.process.loop import Loop
from imperator.process.startup import Footing

if TYPE_CHECKING:
    from imperator.process.hooks import Runner
    from imperator.process.touches import Touches


class Errands:
    """Sends children, and knows those under way."""

    def __init__(self, environ: Mapping[str, str], footing: Footing) -> None:
        self._environ = environ
        self._footing = footing
        self._pids: set[int] = set()
        self._heeded: tuple[TouchHook, ...] = ()
        self._watches: list[Touches] = []
        self._settings: Settings | None = None

    def send(self, moment: str, settings: Settings) -> None:
        """Have done what the hooks of a moment ask for."""
        if steps := settings.hooks.at(moment):
            from imperator.process import errands

            self._pids.add(errands.send(steps, moment, self._runner(settings)))

    def do(self, moment: str, settings: Settings) -> None:
        """Do it here and now; what fails is logged."""
        if steps := settings.hooks.at(moment):
            from imperator.process import errands

            errands.do(steps, moment, self._runner(settings))

    def ended(self, pid: int) -> bool:
        """Take note of the end of a child; whether it was one of these."""
        known = pid in self._pids
        self._pids.discard(pid)
        return known

    def finish(self, seconds: float) -> None:
        """Let those under way finish, for no longer than that."""
        if self._pids:
            from imperator.process import errands

            errands.wait(sorted(self._pids), seconds)

    def heed(self, loop: Loop, settings: Settings) -> None:
        """Watch the files whose change the settings have a hook for."""
        self._settings = settings
        touches = settings.hooks.touches
        if touches == self._heeded:
            return
        from imperator.process.touches import Touches

        for watch in self._watches:
            watch.close()
        self._heeded = touches
        self._watches = [Touches(loop, [file], self._touched) for file in dict.fromkeys(one.file for one in touches)]
        for watch in self._watches:
            for file in (file for file, seen in watch.seen.items() if seen is None):
                logs.say(f"unable to stat() {file}, events will be triggered as soon as the file is created")

    def _touched(self, file: str) -> None:
        if self._settings is not None:
            from imperator.process import errands

            steps = [one.step for one in self._heeded if one.file == file]
            self._pids.add(errands.send(steps, f"touch of {file}", self._runner(self._settings)))

    def _runner(self, settings: Settings) -> Runner:
        from imperator.process.hooks import Runner

        environment = startup.environment(settings, self._environ, self._footing.put)
        return Runner(settings.directory or self._footing.directory, environment, settings.hooks)
