"""A worker whose requests are greenlets of the application's own gevent, which is found where the application's
packages are found.

The engine has a descriptor that can be read when it has something to do. The main greenlet waits for it in gevent's
hub like anybody else, gives the engine its turn, and starts a greenlet for each request that is complete; how many may
be there at once, and which is next, the engine knows. A request that waits for its client waits in the hub, too.

Knows nothing of requests. A fork of the application has copies of all greenlets, and must not serve with them.
"""

from __future__ import annotations

import contextvars
import faulthandler
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from select import POLLIN, POLLOUT
from typing import TYPE_CHECKING

from imperator import logs
from imperator.errors import Diagnostic, Refused, Where
from imperator.pipes import Gevent

if TYPE_CHECKING:
    from imperator._core import Greenlets

    Make = Callable[[Callable[[int, int, float], bool], Callable[[], object]], Greenlets]

MOST_SHOWN = 20
"""Greenlets whose stacks are shown."""

MOMENT = 0.005
"""Seconds between two looks at something that another greenlet has locked."""

NO_APP = 22
"""The status of a generation that cannot have its application."""

OLDEST = (1, 5)
"""The first gevent with everything that is used here."""


def prepare(how: Gevent, lazy: bool) -> None:
    """To be called before the application is imported. ``lazy``: workers import it.

    Raises :class:`Refused` where there is no gevent.
    """
    try:
        gevent = importlib.import_module("gevent")
        for part in ("hub", "monkey", "socket"):
            importlib.import_module(f"gevent.{part}")
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "gevent":
            raise _refusal(how, f"gevent is not installed for {sys.executable}", "install") from error
        raise _refusal(how, f"gevent cannot be imported by {sys.executable}: {error}", "install -U") from error
    if gevent.version_info[:2] < OLDEST:
        least = ".".join(map(str, OLDEST))
        raise _refusal(how, f"gevent {gevent.__version__} is too old, {least} or newer is needed", "install -U")
    if how.greenlets:
        logs.say(f"*** running gevent loop engine [gevent {gevent.__version__}] ***")
    if how.early_monkey_patch and not lazy:
        patch()


def _refusal(how: Gevent, fact: str, verb: str) -> Refused:
    file, _, line = how.where.rpartition(":")
    where = Where(file, int(line)) if file and line.isdigit() else Where(how.where) if how.where else None
    hint = f"{sys.executable} -m pip {verb} gevent"
    return Refused(Diagnostic("gevent-missing", where, fact, hint), status=NO_APP)


def patch() -> None:
    """Make the standard library's ways of waiting gevent's."""
    importlib.import_module("gevent.monkey").patch_all()


def after_fork(how: Gevent, lazy: bool) -> None:
    """To be called first in a worker. ``lazy``: the application is not there yet."""
    # If the application made a hub when it was imported, that one waited with descriptors of the generation's.
    importlib.import_module("gevent").reinit()
    if how.early_monkey_patch and lazy:
        patch()


def serve(make: Make, how: Gevent) -> None:
    """Serve until the drain is over. ``make``: the engine's, which still lacks ``wait`` and ``pause``."""
    gevent = importlib.import_module("gevent")
    if how.monkey_patch:
        patch()
    _show_greenlets()
    _Loop(make).run()
    if how.wait_for_hub:
        gevent.get_hub().join()


def _show_greenlets() -> None:
    """Whoever asks for the stacks of the worker gets those of the greenlets that wait, too, as soon as the hub runs."""
    faulthandler.unregister(signal.SIGUSR2)
    signal.signal(signal.SIGUSR2, _tell)
    faulthandler.register(signal.SIGUSR2, file=2, all_threads=True, chain=True)


def _tell(signum: int, frame: object) -> None:
    import gc

    kind = importlib.import_module("gevent").Greenlet
    waiting = [one for one in gc.get_objects() if isinstance(one, kind) and one.gr_frame is not None]
    for greenlet in waiting[:MOST_SHOWN]:
        logs.text(f"greenlet {greenlet!r}\n" + "".join(traceback.format_stack(greenlet.gr_frame)))
    if len(waiting) > MOST_SHOWN:
        logs.text(f"and {len(waiting) - MOST_SHOWN} greenlets more\n")


class _Loop:
    """The main greenlet's work."""

    def __init__(self, make: Make) -> None:
        gevent = importlib.import_module("gevent")
        self._hub = gevent.get_hub()
        self._greenlet = gevent.Greenlet
        self._waiter = importlib.import_module("gevent.hub").Waiter
        # What the application said at its import holds for every request, as in any other worker.
        self._context = contextvars.copy_context()
        self._is_ours = True
        os.register_at_fork(after_in_child=self._forget)
        self._engine = make(_waiting(), lambda: gevent.sleep(MOMENT))

    def run(self) -> None:
        """Serve until the drain is over."""
        engine, hub = self._engine, self._hub
        watcher = hub.loop.io(engine.fileno(), 1)
        while engine.turn():
            self._start(engine.due())
            hub.wait(watcher)
            if not self._is_ours:
                self._waiter(hub).get()
        watcher.close()

    def _start(self, count: int) -> None:
        for _ in range(count):
            greenlet = self._greenlet(self._serve)
            greenlet.gr_context = self._context.copy()
            greenlet.start()

    def _serve(self) -> None:
        if self._is_ours:
            self._start(self._engine.serve())

    def _forget(self) -> None:
        """This process is a fork that the application made: connections and requests are its parent's."""
        self._is_ours = False


def _waiting() -> Callable[[int, int, float], bool]:
    """Wait for a descriptor in the hub; answers False when the time is over."""
    sockets = importlib.import_module("gevent.socket")
    ways = {POLLIN: sockets.wait_read, POLLOUT: sockets.wait_write, POLLIN | POLLOUT: sockets.wait_readwrite}

    def wait(fd: int, events: int, seconds: float) -> bool:
        late = _TimeOver()
        try:
            ways[events](fd, timeout=seconds, timeout_exc=late)
        except _TimeOver as over:
            if over is not late:
                raise
            return False
        return True

    return wait


class _TimeOver(Exception):
    """One wait took too long."""
