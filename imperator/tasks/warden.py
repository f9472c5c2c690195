"""The warden: a process that does nothing but outlive its master for a moment.

The kernel kills a daemon whose master is killed, but not what the daemon has started. The warden knows the groups, and
kills them when the master is no more. It is forked with the first daemon that is bound to the instance.
"""

from __future__ import annotations

import os
import select
import signal

from imperator import logs
from imperator.process import kernel


class Warden:
    """The master's hold on it."""

    def __init__(self) -> None:
        self.pid = 0
        self.title = ""
        self._groups: set[int] = set()
        self._pipe = -1

    def watch(self, group: int) -> None:
        """Have this group killed when we are gone."""
        self._groups.add(group)
        if self.pid:
            self._say(group)
        else:
            self._try()

    def forget(self, group: int) -> None:
        """It has ended."""
        if group in self._groups:
            self._groups.discard(group)
            self._say(-group)

    def ended(self) -> None:
        """It died: another one takes over."""
        self._close()
        if self._groups:
            self._try()

    def dismiss(self) -> None:
        """There is nothing to watch any more."""
        self._groups.clear()
        if self.pid:
            kernel.kill(self.pid, signal.SIGKILL)
        self._close()

    def _try(self) -> None:
        """Begin, or do without until the next daemon starts."""
        try:
            self._begin()
        except OSError as error:
            logs.say(f"warning: no process can watch over the daemons for now: {error.strerror}")

    def _begin(self) -> None:
        reader, self._pipe = os.pipe2(os.O_CLOEXEC)
        master = os.getpid()
        groups = set(self._groups)

        def serve() -> int:
            kernel.close_all_but({0, 1, 2, reader})  # above all no listening socket, which would stay open with it
            if self.title:
                from imperator.process import title

                title.show(self.title)
            return _serve(reader, master, groups)

        try:
            self.pid = kernel.fork(serve)
        except OSError:
            self._close()
            raise
        finally:
            os.close(reader)
        os.set_blocking(self._pipe, False)

    def _say(self, number: int) -> None:
        try:
            os.write(self._pipe, b"%d\n" % number)
        except OSError:
            pass  # it has died, which is reaped next; its successor is told everything

    def _close(self) -> None:
        self.pid = 0
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1


def _serve(reader: int, master: int, groups: set[int]) -> int:
    """Listen until the master has ended, then kill what is left of it."""
    os.setsid()
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    try:
        watched = os.pidfd_open(master)
    except ProcessLookupError:
        watched = -1
    text = b""
    while watched >= 0 and os.getppid() == master:
        ready, _, _ = select.select([reader, watched], [], [])
        text += os.read(reader, 4096) if reader in ready else b""
        *numbers, text = text.split(b"\n")
        for number in map(int, numbers):
            groups.add(number) if number > 0 else groups.discard(-number)
        if watched in ready:
            break
    for group in groups:
        kernel.kill_group(group, signal.SIGKILL)
    return 0
