"""The process between those who write lines and where they go: it puts full files aside, chooses, encodes and sends.

It reads pipes and ends when the last writer has gone, not when its master does: nothing that was written is lost with a
master that is killed. The master forks it again should it die, and keeps the pipes open meanwhile. No line waits for
a disk or a socket but those behind it.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal

from imperator.config.alarms import Alarms
from imperator.config.settings import Logs, Settings
from imperator.errors import Diagnostic, Refused
from imperator.process import kernel, log_sinks, logfile
from imperator.process.log_lines import Lines
from imperator.process.log_sinks import Sink
from imperator.process.loop import Loop

ROTATE = signal.SIGUSR1
REOPEN = signal.SIGUSR2
ROOM = 1 << 18
"""Bytes that a pipe holds while the process is busy."""
AGAIN = 1.0
"""Seconds until the next attempt when no process can be forked."""
LAST = 2.0
"""Seconds that a master which ends waits for its last lines to be written."""


class LogProcess:
    """The master's hold on it. Made after privileges were given up; from then on, standard output and error lead
    there.
    """

    def __init__(self, settings: Settings) -> None:
        self._logs = settings.logs
        self._alarms = settings.alarms
        self._path = settings.logto2 or settings.logto or settings.daemonize or settings.daemonize2
        self._opening = logfile.Opening.of(settings)._replace(truncate=False)
        self._original = fcntl.fcntl(2, fcntl.F_DUPFD_CLOEXEC, 3)
        for sink in self._open():
            sink.close()  # what cannot be opened is said while somebody listens
        self._ends = [_pipe() for _ in range(2 if self._logs.request_sinks or self._logs.request_encoders else 1)]
        self.pid = kernel.fork(self._serve)
        for standard in (1, 2):
            os.dup2(self._ends[0][1], standard)
        os.close(self._ends[0][1])

    @property
    def request_fd(self) -> int:
        """Where lines of requests are to be written."""
        return self._ends[1][1] if len(self._ends) > 1 else 2

    def ended(self, loop: Loop) -> None:
        """It died: start another one, which goes on reading; if there can be none now, soon."""
        self.pid = 0
        try:
            self.pid = kernel.fork(self._serve)
        except OSError:
            loop.at(loop.now + AGAIN, lambda: self.ended(loop))

    def rotate(self) -> None:
        """Put the files aside."""
        if self.pid:
            kernel.kill(self.pid, ROTATE)

    def reopen(self) -> None:
        """Open the files by their names."""
        if self.pid:
            kernel.kill(self.pid, REOPEN)

    def finish(self) -> None:
        """Write no more, and let it write what is there; others may hold their ends for longer."""
        for standard in (1, 2):
            os.dup2(self._original, standard)
        for end in self._ends[1:]:
            os.close(end[1])
        try:
            pidfd = os.pidfd_open(self.pid)
        except OSError:
            return  # it is gone
        select.select([pidfd], [], [], LAST)
        os.close(pidfd)

    def _open(self) -> list[Sink]:
        """Every end of both streams, opened. Raises :class:`Refused`."""
        return [sink for sinks in self._sinks() for _, sink in sinks]

    def _sinks(self) -> tuple[list[tuple[str, Sink]], list[tuple[str, Sink]]]:
        made: tuple[list[tuple[str, Sink]], list[tuple[str, Sink]]] = ([], [])
        for place, wanted in zip(made, (self._logs.sinks, self._logs.request_sinks), strict=True):
            for one in wanted:
                try:
                    place.append((one.name, log_sinks.make(one, self._original, self._opening)))
                except OSError as error:
                    raise Refused(
                        Diagnostic("cannot-open-log", one.where, f"cannot open the log {one.kind}:{one.target}:"
                                   f" {error.strerror or error}", "let this user write there, or choose another place")
                    ) from error
        if all(name for name, _ in made[0]):
            made[0].append(("", self._usual()))
        if self._logs.request_encoders and all(name for name, _ in made[1]):
            made[1].extend(one for one in made[0] if not one[0])
        return made

    def _usual(self) -> Sink:
        """Where lines went before."""
        if self._path is None:
            return log_sinks.Stream(os.dup(self._original))
        try:
            return log_sinks.File(self._path, self._opening, self._logs.maxsize, self._logs.backupname)
        except OSError:
            # It was opened before privileges were given up, and may not be now: it cannot be put aside then.
            return log_sinks.Stream(os.dup(self._original))

    # -- the process itself

    def _serve(self) -> int:
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            signal.signal(signum, signal.SIG_IGN)  # it ends when there is nothing more to write
        for standard in (1, 2):
            os.dup2(self._original, standard)
        readers = [end[0] for end in self._ends]
        kernel.close_all_but({0, 1, 2, self._original, *readers})
        main, requests = self._sinks()
        logs = self._logs
        streams = [Lines(main, logs.routes, logs.encoders, logs.drains, logs.filters)]
        streams.append(Lines(requests, logs.request_routes, logs.request_encoders))
        ends = list(dict.fromkeys(sink for _, sink in (*main, *requests)))
        reader = _Reader(dict(zip(readers, streams, strict=False)), ends, logs)
        if self._alarms.rules:
            reader.raise_alarms(self._alarms)
        reader.run()
        return 0


class _Reader:
    """Reads pipes until all are at their end."""

    def __init__(self, streams: dict[int, Lines], ends: list[Sink], logs: Logs) -> None:
        self._streams = streams
        self._ends = ends
        self._loop = Loop()
        self._loop.on_signals((ROTATE,), lambda _: self._rotate())
        self._loop.on_signals((REOPEN,), lambda _: self._reopen())
        for fd in streams:
            self._loop.watch(fd, lambda fd=fd: self._read(fd))  # type: ignore[misc]
        if logs.touch_rotate or logs.touch_reopen:
            from imperator.process.touched import Touched

            try:
                Touched(self._loop, logs.touch_rotate, lambda _: self._rotate())
                Touched(self._loop, logs.touch_reopen, lambda _: self._reopen())
            except OSError as error:
                line = f"warning: files that are touched do nothing to the log: {error.strerror}\n"
                next(iter(streams.values())).put(line.encode())

    def raise_alarms(self, alarms: Alarms) -> None:
        """Have an eye on each line."""
        from imperator.process.alarms import Bells, LineAlarms

        main = next(iter(self._streams.values()))
        bells = Bells(alarms, lambda line: main.put(line.encode("utf-8", "surrogateescape") + b"\n"))
        self._loop.on_signals((signal.SIGCHLD,), lambda _: bells.reap())
        for stream in self._streams.values():
            stream.alarms = LineAlarms(alarms.rules, bells)

    def run(self) -> None:
        self._loop.run()

    def _read(self, fd: int) -> None:
        data = os.read(fd, ROOM)
        if data:
            self._streams[fd].feed(data)
            return
        self._loop.forget(fd)
        self._streams.pop(fd).end()
        if not self._streams:
            self._loop.stop()

    def _rotate(self) -> None:
        for sink in self._ends:
            sink.rotate()

    def _reopen(self) -> None:
        for sink in self._ends:
            sink.reopen()


def _pipe() -> tuple[int, int]:
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, ROOM)
    except OSError:
        pass  # this user has many pipes; a smaller one does
    return reader, writer
