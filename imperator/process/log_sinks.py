"""Where lines of the log end: files that are put aside when they are full, sockets, syslog.

Each takes bytes and never fails: what cannot be written is counted, and the count told when it can be again. Nothing
here chooses or changes lines.
"""

from __future__ import annotations

import os
import socket
import time

from imperator.config.settings import LogSink
from imperator.process import logfile

RETRY = 60.0
"""Seconds after a failed rotation before the next one is tried."""


class Sink:
    """One end of the log."""

    whole = True
    """It takes any bytes; otherwise one line at a time."""
    fd = -1

    def __init__(self) -> None:
        self.lost = 0

    def write(self, data: bytes) -> None:
        """Put it there."""
        try:
            self._write(data)
        except OSError:
            self.lost += max(1, data.count(b"\n"))
            return
        if self.lost:
            count, self.lost = self.lost, 0
            self.write(b"warning: %d lines of the log were lost here, because they could not be written\n" % count)

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.fd, data) :]

    def close(self) -> None:
        """Write no more."""
        if self.fd >= 0:
            os.close(self.fd)

    def rotate(self) -> None:
        """Put what is there aside and begin anew."""

    def reopen(self) -> None:
        """Open it anew by its name."""


class Stream(Sink):
    """A descriptor that somebody else opened."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self.fd = fd


class File(Sink):
    """A file. ``maxsize`` 0: it grows for ever."""

    def __init__(self, path: str, opening: logfile.Opening, maxsize: int, backupname: str | None) -> None:
        super().__init__()
        self._path = path
        self._opening = opening
        self._maxsize = maxsize
        self._backupname = backupname
        self._not_before = 0.0
        self.fd = opening.open(path)

    def _write(self, data: bytes) -> None:
        super()._write(data)
        if self._maxsize and os.fstat(self.fd).st_size >= self._maxsize and time.monotonic() >= self._not_before:
            self.rotate()

    def rotate(self) -> None:
        """Rename it to ``backupname``, or to its name with the time, and begin a new one."""
        try:
            ours, theirs = os.fstat(self.fd), os.stat(self._path)
            if (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino):
                os.rename(self._path, self._backupname or self._free_name())
        except FileNotFoundError:
            pass  # somebody else put it aside
        except OSError as error:
            self._not_before = time.monotonic() + RETRY
            user = os.getuid()
            self._say(f"cannot put the log aside: {error.strerror}; uid {user} must be able to write its directory")
            return
        self.reopen()

    def _free_name(self) -> str:
        name = f"{self._path}.{int(time.time())}"
        number = 0
        while os.path.exists(name):
            number += 1
            name = f"{self._path}.{int(time.time())}.{number}"
        return name

    def reopen(self) -> None:
        """Open the file of this name; if that fails, go on with the old one."""
        try:
            new = self._opening.open(self._path)
        except OSError as error:
            self._not_before = time.monotonic() + RETRY
            self._say(f"cannot open {self._path} anew: {error.strerror}; the log goes on in the old file")
            return
        os.close(self.fd)
        self.fd = new

    def _say(self, text: str) -> None:
        try:
            super()._write(f"error: {text} [cannot-rotate-log]\n".encode("utf-8", "backslashreplace"))
        except OSError:
            pass  # the disk is full too


class Datagrams(Sink):
    """A UDP address or a UNIX datagram socket; each line is one message."""

    whole = False

    def __init__(self, address: str, prefix: bytes = b"") -> None:
        super().__init__()
        self._prefix = prefix
        self._address: str | tuple[str, int] = address
        family = socket.AF_UNIX
        if not address.startswith(("/", "@")):
            host, _, port = address.rpartition(":")
            host = host.strip("[]")
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._address = (host or "127.0.0.1", int(port) if port.isdecimal() else 514)
        elif address.startswith("@"):
            self._address = "\0" + address[1:]
        self._socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        self.fd = self._socket.fileno()

    def _write(self, data: bytes) -> None:
        self._socket.sendto(self._head() + data.rstrip(b"\n"), self._address)

    def close(self) -> None:
        """Send no more."""
        self._socket.close()

    def _head(self) -> bytes:
        return self._prefix


class Rsyslog(Datagrams):
    """Messages as syslog daemons understand them: ``ADDRESS[,NAME]``."""

    def __init__(self, target: str) -> None:
        address, _, name = target.partition(",")
        super().__init__(address)
        self._name = (name or os.uname().nodename).encode()

    def _head(self) -> bytes:
        return b"<29>" + time.strftime("%b %e %H:%M:%S ").encode() + self._name + b": "


class Syslog(Sink):
    """The machine's own syslog: ``[NAME][,FACILITY]``."""

    whole = False

    def __init__(self, target: str) -> None:
        import syslog

        super().__init__()
        name, _, facility = target.partition(",")
        known = getattr(syslog, f"LOG_{facility.upper()}", syslog.LOG_DAEMON) if facility else syslog.LOG_DAEMON
        syslog.openlog(name or "uwsgi", 0, known)
        self._syslog = syslog.syslog

    def _write(self, data: bytes) -> None:
        self._syslog(data.rstrip(b"\n").decode("utf-8", "backslashreplace").replace("\0", "\\0"))


def make(sink: LogSink, standard: int, opening: logfile.Opening) -> Sink:
    """The end that the configuration asks for. ``standard`` is where standard error went before. Raises ``OSError``."""
    if sink.kind == "file":
        return File(sink.target, opening, sink.maxsize, sink.backupname)
    if sink.kind == "socket":
        address, _, prefix = sink.target.partition(",")
        return Datagrams(address, prefix.encode())
    if sink.kind == "rsyslog":
        return Rsyslog(sink.target)
    if sink.kind == "syslog":
        return Syslog(sink.target)
    return Stream(os.dup(standard if sink.kind == "stdio" else int(sink.target)))
