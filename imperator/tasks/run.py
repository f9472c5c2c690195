"""Everything that one instance runs beside requests, as its master or its emperor holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from imperator.config.settings import Settings
from imperator.process.kernel import Exit
from imperator.process.loop import Loop
from imperator.tasks.crons import Crons
from imperator.tasks.daemons import Daemons
from imperator.tasks.ground import Ground


class Beside:
    """Daemons and commands at times."""

    def __init__(self, loop: Loop, end_instance: Callable[[str], None]) -> None:
        """``end_instance`` is called with a reason when a control daemon has ended."""
        self._daemons = Daemons(loop, end_instance)
        self._crons = Crons(loop)
        self._stopping = False

    def use(self, settings: Settings, env: Mapping[str, str], why: str = "") -> None:
        """Run what ``settings`` say. ``why``: also daemons that stay are started anew, because of this."""
        if self._stopping:
            return
        title = settings.titled("uWSGI warden") if settings.auto_procname else ""
        ground = Ground(settings.tasks, env, settings.directory or settings.start, title)
        self._daemons.use(ground, why)
        self._crons.use(ground)

    def reaped(self, ends: Iterable[Exit]) -> None:
        """Some children, or orphans, ended."""
        ends = list(ends)
        self._daemons.reaped(ends)
        self._crons.reaped(ends)

    def rest(self) -> None:
        """The instance is about to end: start no more commands."""
        self._crons.rest()

    def stop(self, done: Callable[[], None]) -> None:
        """End; ``done`` is called afterwards."""
        self._stopping = True
        self._crons.rest()
        self._daemons.stop(done)

    def force(self) -> None:
        """Wait no longer."""
        self._daemons.force()

    def stats(self) -> dict[str, list[dict[str, Any]]]:
        """The parts of the stats that tell of them."""
        return {"daemons": self._daemons.rows(), "crons": self._crons.rows()}
