"""The real machine, as the configuration asks for it: files, users, environment, host name.

It answers questions and changes nothing. Facts are taken once, when the object is made.
"""

from __future__ import annotations

import grp
import os
import pwd
import select
import stat
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from imperator import __version__
from imperator.config.world import Facts, Unreadable, Withheld
from imperator.process import kernel

LONGEST = 1 << 24
"""No configuration is larger; a device without end must not fill the memory."""
FOR_A_WRITER = 2.0
FOR_THE_WRITER = 60.0
"""Seconds that a pipe is given until somebody opens its other end, and until he goes on writing."""
FOR_AN_ANSWER = 10.0
_BUILT_IN = "nothing is built into Imperator's executable, name a file"
_REFUSED = {
    "data": _BUILT_IN, "sym": _BUILT_IN, "section": _BUILT_IN, "call": _BUILT_IN, "callint": _BUILT_IN,
    "emperor": "an emperor of Imperator gives its vassals files, not texts", "http": "nobody asked for it",
    "https": "uWSGI has no https:// either; fetch the file first",
}
"""Names of resources that uWSGI reads and Imperator does not, and why."""


class RealWorld:
    """The machine that this process runs on; a :class:`imperator.config.world.World`."""

    def __init__(
        self, *, directory: str | None = None, environ: Mapping[str, str] | None = None, reloading: bool = False,
        looks_only: bool = False,
    ) -> None:
        self._looks_only = looks_only
        self._facts = Facts(
            directory=os.getcwd() if directory is None else directory,
            environ=dict(os.environ if environ is None else environ),
            hostname=os.uname().nodename,
            uid=os.getuid(),
            gid=os.getgid(),
            cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            started=time.time(),
            binary=os.path.abspath(sys.argv[0]) if sys.argv and sys.argv[0] else sys.executable,
            version=__version__,
            reloading=reloading,
        )

    @property
    def facts(self) -> Facts:
        """What does not change while a configuration is read."""
        return self._facts

    def read(self, path: str) -> str:
        """The text of a file, of standard input (``-``) or of an open descriptor (``fd://N``)."""
        if path == "-":
            return self._all(0)
        if path.startswith("fd://"):
            if not path[5:].isdigit():
                raise Unreadable("a number must follow fd://")
            return self._all(int(path[5:]))
        if path.startswith("exec://"):
            return self._output(path[7:])
        scheme, separator, _ = path.partition("://")
        if separator and scheme in _REFUSED:
            raise Unreadable(_REFUSED[scheme])
        try:
            fd = os.open(self._path(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        except (OSError, ValueError) as error:
            raise Unreadable(_reason(error)) from None
        try:
            return self._all(fd)
        finally:
            os.close(fd)

    def _output(self, command: str) -> str:
        if self._looks_only:
            raise Withheld("a check runs no command")
        try:
            pid, fd = kernel.command(command, self._facts.environ, self._facts.directory)
        except OSError as error:
            raise Unreadable(_reason(error)) from None
        try:
            text = self._all(fd)
        except Unreadable:
            kernel.kill(pid, 9)
            raise Unreadable("the command went on without an end") from None
        finally:
            os.close(fd)
            end = kernel.finish(pid)
        if end.status:
            raise Unreadable(f"the command {end}")
        return text

    def fetch(self, address: str) -> str:
        """The text at an ``http://`` address, by one request that follows nothing."""
        if self._looks_only:
            raise Withheld("a check asks no other machine")
        import http.client  # few configurations come over the network

        host, slash, path = address.removeprefix("http://").partition("/")
        try:
            asked = http.client.HTTPConnection(host, timeout=FOR_AN_ANSWER)
            try:
                asked.request("GET", slash + path or "/")
                answer = asked.getresponse()
                text = answer.read(LONGEST + 1)
            finally:
                asked.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreadable(str(error) or type(error).__name__) from None
        if not 200 <= answer.status < 300:
            raise Unreadable(f"the server answered {answer.status}")
        if len(text) > LONGEST:
            raise Unreadable(f"it is larger than {LONGEST >> 20} MiB")
        return text.decode("utf-8", "surrogateescape")

    def resolve(self, host: str) -> str:
        """The IPv4 address of a host."""
        import socket  # rare

        try:
            return socket.gethostbyname(host)
        except (OSError, UnicodeError) as error:
            raise Unreadable(getattr(error, "strerror", None) or str(error)) from None

    def names(self, path: str) -> Sequence[str]:
        """The names in a directory, sorted."""
        try:
            return sorted(os.listdir(self._path(path)))
        except (OSError, ValueError) as error:
            raise Unreadable(_reason(error)) from None

    def exists(self, path: str) -> bool:
        """Whether ``path`` can be read by this user, whatever it is."""
        try:
            return os.access(self._path(path), os.R_OK)
        except ValueError:  # a zero byte
            return False

    def is_file(self, path: str) -> bool:
        """Whether ``path`` is a regular file."""
        return self._is(path, stat.S_ISREG)

    def is_dir(self, path: str) -> bool:
        """Whether ``path`` is a directory."""
        return self._is(path, stat.S_ISDIR)

    def is_socket(self, path: str) -> bool:
        """Whether ``path`` is a unix socket."""
        return self._is(path, stat.S_ISSOCK)

    def inode(self, path: str) -> int:
        """The inode number of ``path``, 0 if it does not exist."""
        try:
            return os.stat(self._path(path)).st_ino
        except (OSError, ValueError):
            return 0

    def glob(self, pattern: str) -> Sequence[str]:
        """The paths that match, sorted, directories with a trailing slash."""
        import glob  # few configurations have a pattern, and it brings much along

        found = glob.glob(pattern, root_dir=self._facts.directory)
        return sorted(path + "/" if self.is_dir(path) and not path.endswith("/") else path for path in found)

    def user(self, name: str) -> tuple[int, int] | None:
        """The uid and primary gid of a user's name."""
        try:
            entry = pwd.getpwnam(name)
        except (KeyError, ValueError):
            return None
        return entry.pw_uid, entry.pw_gid

    def group(self, name: str) -> int | None:
        """The gid of a group's name."""
        try:
            return grp.getgrnam(name).gr_gid
        except (KeyError, ValueError):
            return None

    def user_name(self, uid: int) -> str | None:
        """The name of a uid."""
        try:
            return pwd.getpwuid(uid).pw_name
        except (KeyError, OverflowError):
            return None

    def group_name(self, gid: int) -> str | None:
        """The name of a gid."""
        try:
            return grp.getgrgid(gid).gr_name
        except (KeyError, OverflowError):
            return None

    def _path(self, path: str) -> str:
        return os.path.join(self._facts.directory, path) if path else ""  # no name is no file, not the directory

    def _is(self, path: str, what: Callable[[int], bool]) -> bool:
        try:
            return what(os.stat(self._path(path)).st_mode)
        except (OSError, ValueError):
            return False

    @staticmethod
    def _all(fd: int) -> str:
        parts: list[bytes] = []
        size = 0
        try:
            while part := _part(fd, not parts):
                parts.append(part)
                size += len(part)
                if size > LONGEST:
                    raise Unreadable(f"it is larger than {LONGEST >> 20} MiB")
        except OSError as error:
            raise Unreadable(_reason(error)) from None
        return b"".join(parts).decode("utf-8", "surrogateescape")


def _part(fd: int, first: bool) -> bytes:
    """What can be read next; nothing at the end. A pipe that nobody writes to has an end, too."""
    until = FOR_A_WRITER
    while True:
        try:
            part = os.read(fd, 65536)
        except BlockingIOError:
            until, part = FOR_THE_WRITER, b""
        else:
            if part or not (first and stat.S_ISFIFO(os.fstat(fd).st_mode)):
                return part
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        events = poll.poll(until * 1000)
        if not events:
            raise Unreadable("nobody writes to this pipe")
        if not events[0][1] & select.POLLIN:  # the other end was opened and closed, without a word
            return b""


def _reason(error: OSError | ValueError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
