"""Pidfiles: written so that ``--reload`` and ``--stop`` can trust them, read so that they need not.

A pidfile is world-readable and writable by its owner only, never through a symbolic link, and is locked as long as its
process lives. That lock is how a reader knows that the number still means us and not whoever got the pid since.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import time

from imperator.errors import COMMAND_LINE, Diagnostic, Refused, Where
from imperator.process import kernel
from imperator.process.listeners import user_name

NAMES = (b"imperator", b"uwsgi", b"uWSGI")
"""One of these is in the command line of every process that ``--reload`` and ``--stop`` may signal."""

PATIENCE = 1.0
"""Seconds that a pidfile's former owner, who is just ending, has to let go of it."""


class Pidfile:
    """A pidfile of ours, from being written to being removed."""

    def __init__(self, path: str, where: Where | None) -> None:
        """Write this process's pid to ``path``. Raises :class:`Refused`."""
        self.path = path
        deadline = time.monotonic() + PATIENCE
        self._fd = -1
        try:
            while not self._claim():
                if time.monotonic() > deadline:
                    raise Refused(self._taken(where))
                time.sleep(0.02)
            self._write()
        except OSError as error:
            self._close()
            raise Refused(_unwritable(path, where, error)) from error
        except Refused:
            self._close()
            raise

    def _claim(self) -> bool:
        """Open the file and lock it; False while somebody else has it, who may be just a reader, or be ending."""
        self._close()
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
        if not self._is_file():
            return True
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return self._is_there()  # its last owner may have removed what was opened before it could be locked
        except (BlockingIOError, FileNotFoundError):
            return False

    def _taken(self, where: Where | None) -> Diagnostic:
        other = os.read(self._fd, 32).decode("ascii", "replace").strip()
        return Diagnostic(
            "already-running",
            where,
            f"the pidfile {self.path} belongs to a running process (pid {other or 'unknown'})",
            f"stop that one first: imperator --stop {self.path}",
        )

    def _write(self) -> None:
        if self._is_file():
            try:
                os.fchmod(self._fd, 0o644)
            except PermissionError:
                pass  # another user's file that we may write: its mode is that user's
            os.ftruncate(self._fd, 0)
        os.write(self._fd, b"%d\n" % os.getpid())

    def remove(self) -> None:
        """Delete the file, if it is still the one that was written. Where that is not permitted, empty it."""
        try:
            if self._is_file() and self._is_there():
                os.unlink(self.path)
        except PermissionError:
            os.ftruncate(self._fd, 0)
        except OSError:
            pass  # somebody was quicker, or the file system is read-only by now

    def _is_file(self) -> bool:
        """Whether it is an ordinary file; what is written to /dev/null is neither locked nor removed."""
        return stat.S_ISREG(os.fstat(self._fd).st_mode)

    def _is_there(self) -> bool:
        return os.path.samestat(os.stat(self.path), os.fstat(self._fd))

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def target(text: str) -> int:
    """The pid that ``--reload`` or ``--stop`` means: a pidfile's, or, when no such file exists, a number itself.

    Raises :class:`Refused` unless it is a process of ours that is alive.
    """
    if text.isdecimal() and not os.path.exists(text):
        pid = int(text)
        _check_ours(pid, f"process {pid}")
        return pid
    try:
        fd = os.open(text, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise Refused(_unreadable(text, error)) from error
    try:
        try:
            content = os.read(fd, 64).decode("ascii", "replace").strip()
        except OSError as error:
            raise Refused(_unreadable(text, error)) from error
        if not content.isdecimal() or int(content) <= 1:
            raise Refused(
                Diagnostic(
                    "bad-pidfile",
                    Where(text),
                    f"holds {content!r}, which is no pid" if content else "is empty",
                    "nothing was signalled; the instance that wrote it has ended or the file is not its pidfile",
                )
            )
        pid = int(content)
        if not _locked(fd):
            _check_ours(pid, f"process {pid} of {text}")
        return pid
    finally:
        os.close(fd)


def named(path: str) -> int:
    """The number in the pidfile of another program; 0 if there is none to be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # whatever it is, it is not waited for
    except (OSError, ValueError):
        return 0
    try:
        words = os.read(fd, 64).split()
        return max(int(words[0]), 0) if words else 0
    except (OSError, ValueError):
        return 0
    finally:
        os.close(fd)


def send(text: str, signum: signal.Signals) -> None:
    """Signal the process that ``text`` means. Raises :class:`Refused`, with status 255 when it is gone."""
    pid = target(text)
    try:
        if not kernel.kill(pid, signum):
            raise Refused(_gone(f"process {pid}"), status=255)
    except PermissionError as error:
        raise Refused(
            Diagnostic(
                "no-permission",
                COMMAND_LINE,
                f"process {pid} belongs to another user than {user_name()}",
                "run the command as that user or as root",
            )
        ) from error


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False


def _check_ours(pid: int, name: str) -> None:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read()
    except OSError as error:
        raise Refused(_gone(name), status=255) from error
    if not any(word in command for word in NAMES):
        shown = command.replace(b"\0", b" ").decode("utf-8", "replace").strip()[:80]
        raise Refused(
            Diagnostic(
                "not-ours",
                COMMAND_LINE,
                f"{name} is another program: {shown or 'a kernel thread'}",
                "nothing was signalled; the pid was reused, or the number is wrong",
            )
        )


def _gone(name: str) -> Diagnostic:
    return Diagnostic("not-running", COMMAND_LINE, f"{name} is not running", "nothing to do: it has already ended")


def _unreadable(path: str, error: OSError) -> Diagnostic:
    hint = "give the path that 'pidfile' names in the configuration, or a pid"
    return Diagnostic("no-pidfile", COMMAND_LINE, f"cannot read the pidfile {path}: {error.strerror}", hint)


def _unwritable(path: str, where: Where | None, error: OSError) -> Diagnostic:
    folder = os.path.dirname(os.path.abspath(path))
    if error.errno == errno.ENOENT:
        return Diagnostic(
            "no-directory",
            where,
            f"cannot write the pidfile {path}: the directory {folder} does not exist",
            f"create it: mkdir -p {folder}",
        )
    if error.errno == errno.ELOOP:
        return Diagnostic(
            "pidfile-is-link",
            where,
            f"cannot write the pidfile {path}: it is a symbolic link",
            "remove the link; it was not followed",
        )
    return Diagnostic(
        "no-permission" if error.errno in (errno.EACCES, errno.EPERM) else "cannot-write-pidfile",
        where,
        f"cannot write the pidfile {path}: {error.strerror}",
        f"let {user_name()} write in {folder}, or choose another path",
    )
