"""One thread's event loop: descriptors, signals and alarms, one event at a time.

A signal handler only queues: the interpreter writes the signal's number to a pipe, and the loop calls the handler
between two events like any other. Time is monotonic and is read once a round; handlers receive nothing and ask
:attr:`Loop.now`.
"""

from __future__ import annotations

import heapq
import os
import select
import signal
import time
from collections.abc import Callable, Iterable
from itertools import count

Handler = Callable[[], None]

# As they are now: an application may put others in their place, or take them away.
_epoll = select.epoll
_signal = signal.signal


class Alarm:
    """Something to do at a time; :meth:`cancel` may be called at any moment, also twice."""

    __slots__ = ("handler",)

    def __init__(self, handler: Handler) -> None:
        self.handler: Handler | None = handler

    def cancel(self) -> None:
        """Do not do it."""
        self.handler = None


class Loop:
    """Calls handlers until :meth:`stop`."""

    def __init__(self) -> None:
        self.now = time.monotonic()
        self._epoll = _epoll()
        self._handlers: dict[int, Handler] = {}
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._order = count()
        self._signals: dict[int, Handler] = {}
        self._wakeup = self._wakeup_end = -1
        self._stopped = False

    def watch(self, fd: int, handler: Handler) -> None:
        """Call ``handler`` whenever ``fd`` can be read, or is at its end."""
        self._epoll.register(fd, select.EPOLLIN)
        self._handlers[fd] = handler

    def watch_writable(self, fd: int, handler: Handler) -> None:
        """Call ``handler`` whenever ``fd`` can be written, or its peer is gone."""
        self._epoll.register(fd, select.EPOLLOUT)
        self._handlers[fd] = handler

    def forget(self, fd: int) -> None:
        """Stop watching ``fd``; to be called before it is closed. Forgetting twice is harmless."""
        if self._handlers.pop(fd, None):
            self._epoll.unregister(fd)

    def at(self, when: float, handler: Handler) -> Alarm:
        """Call ``handler`` once :attr:`now` has reached ``when``."""
        alarm = Alarm(handler)
        heapq.heappush(self._alarms, (when, next(self._order), alarm))
        return alarm

    def on_signals(self, signals: Iterable[int], handler: Callable[[int], None]) -> None:
        """Call ``handler`` with the number of any of ``signals``, between two other events."""
        if self._wakeup < 0:
            self._wakeup, self._wakeup_end = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            signal.set_wakeup_fd(self._wakeup_end, warn_on_full_buffer=False)
            self.watch(self._wakeup, self._signalled)
        for signum in signals:
            self._signals[signum] = lambda signum=signum: handler(signum)  # type: ignore[misc]
            _signal(signum, _queued)
            signal.siginterrupt(signum, False)

    def _signalled(self) -> None:
        try:
            numbers = os.read(self._wakeup, 4096)
        except BlockingIOError:
            return
        for signum in numbers:
            if handler := self._signals.get(signum):
                handler()

    def run(self) -> None:
        """Handle events until :meth:`stop` is called; not at all if it was called before."""
        while not self._stopped:
            events = self._epoll.poll(self._patience())
            self.now = time.monotonic()
            # A handler may forget a descriptor that is still in this round, and its number may be another's by then.
            for fd, handler in [(fd, self._handlers.get(fd)) for fd, _ in events]:
                if not self._stopped and handler is not None and self._handlers.get(fd) is handler:
                    handler()
            self._ring()
        self._stopped = False

    def stop(self) -> None:
        """Return from :meth:`run` after the current handler."""
        self._stopped = True

    def deafen(self) -> None:
        """Ignore from now on what was handled: who has said goodbye is not to be killed by being told to stop again."""
        for signum in self._signals.keys() - {signal.SIGCHLD}:
            signal.signal(signum, signal.SIG_IGN)

    def close(self) -> None:
        """Let go of every descriptor of the loop's own, as a fork must that goes another way."""
        self._epoll.close()
        if self._wakeup >= 0:
            os.close(self._wakeup)
            os.close(self._wakeup_end)

    def _patience(self) -> float:
        while self._alarms and self._alarms[0][2].handler is None:
            heapq.heappop(self._alarms)
        if not self._alarms:
            return -1
        return max(0.0, self._alarms[0][0] - time.monotonic())

    def _ring(self) -> None:
        while not self._stopped and self._alarms and self._alarms[0][0] <= self.now:
            alarm = heapq.heappop(self._alarms)[2]
            if handler := alarm.handler:
                alarm.handler = None
                handler()


def _queued(signum: int, frame: object) -> None:
    """The interpreter has already queued the number; there is nothing else to do."""
