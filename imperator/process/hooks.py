"""Carrying out what hooks ask for, one step after the other, in this process.

What there is to do is told in ``config.hook_actions``; when, is the matter of whoever holds a :class:`Runner`. A step
that fails raises :class:`HookFailed`: whether that ends anything is not decided here.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable, MutableMapping

from imperator import logs, pipes
from imperator.config import hooks as config
from imperator.config.hook_actions import MOUNT_FLAGS, RECURSIVE, UMOUNT_FLAGS
from imperator.errors import Diagnostic, Where
from imperator.pipes import HookStep
from imperator.process import kernel

_POLL = 0.1
"""Seconds between looks at what is waited for."""


class HookFailed(Exception):
    """A step could not be done. ``diagnostic`` says which and why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.line())
        self.diagnostic = diagnostic


class HookExit(Exception):
    """A step asks for the end of the process, with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"a hook asks for the end, with status {status}")
        self.status = status


class _Failure(Exception):
    """Why a step fails, in a few words."""


class Runner:
    """Does steps in a directory and an environment.

    ``moves``: ``chdir`` and ``putenv`` change this process too; otherwise only what is done here afterwards, and what
    became of them is in ``directory`` and in ``put``, by name, None for a variable that was removed.
    """

    def __init__(
        self, directory: str, environ: MutableMapping[str, str], how: config.Hooks | pipes.Hooks, *,
        moves: bool = False,
    ) -> None:
        self.directory = directory
        self.environ = environ
        self.put: dict[str, str | None] = {}
        self._moves = moves
        self._how = how

    def run(self, steps: Iterable[HookStep], moment: str) -> None:
        """Do the steps. Raises :class:`HookFailed` at the first that fails, :class:`HookExit` where one asks for it."""
        for step in steps:
            shown = step.arguments if step.action == "exec" and not step.option.startswith(("hook", "touch")) \
                else f"{step.action}:{step.arguments}"
            logs.say("running --- PRIVATE HOOK --- (" + moment + ")..." if step.hidden
                     else f'running "{shown}" ({moment})...')
            try:
                self._do(step.action, step.arguments)
            except _Failure as failure:
                reason = str(failure)
            except OSError as error:
                reason = error.strerror or str(error)
            except ValueError as error:  # a zero byte in a name
                reason = str(error)
            else:
                continue
            what = "an action that is hidden" if step.hidden else shown
            where = Where(step.file, step.line)
            raise HookFailed(
                Diagnostic("hook-failed", where, f"{step.option}: {what}: {reason}", "mend that, or correct the line")
            )

    def _do(self, action: str, text: str) -> None:
        words = text.split()
        match action:
            case "cd" | "chdir":
                self._chdir(self._path(text))
            case "mkdir":
                os.mkdir(self._path(text))
            case "putenv":
                self._putenv(text)
            case "exec":
                if end := self._command(text):
                    raise _Failure(f"the command {end}")
            case "safeexec":
                if end := self._command(text):
                    logs.say(f"the command {text} {end}: this is no failure")
            case "create" | "creat":
                self._write(text, b"", os.O_TRUNC)
            case "write" | "writen" | "append" | "appendn":
                file, content = _two(text)
                ending = b"\n" if action[-1] == "n" else b""
                self._write(file, os.fsencode(content) + ending, os.O_TRUNC if action[0] == "w" else os.O_APPEND)
            case "file-write":
                file, _, content = text.partition("=")
                self._write(file, os.fsencode(content), os.O_TRUNC)
            case "writefifo":
                self._write_fifo(*_two(text), patiently=False)
            case "spinningfifo":
                self._write_fifo(*_two(text), patiently=True)
            case "unlink":
                os.unlink(self._path(text))
            case "chmod":
                os.chmod(self._path(words[0]), int(words[1], 8))
            case "chown" | "chown2":
                os.chown(self._path(words[0]), _uid(words[1]), _gid(words[2]))
            case "sticky":
                os.chmod(self._path(text), (os.stat(self._path(text)).st_mode & 0o7777) | 0o1000)
            case "mount":
                self._mount(text.split(None, 4))
            case "umount":
                self._umount(words)
            case "hostname":
                import socket

                socket.sethostname(text)
            case "exit":
                raise HookExit(int(words[0]) & 255 if words else 0)
            case "print" | "log":
                logs.say(text)
            case _:
                self._wait(action, text)

    def _path(self, text: str) -> str:
        return os.path.join(self.directory, text)

    def _chdir(self, path: str) -> None:
        os.close(os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
        if self._moves:
            os.chdir(path)
        self.directory = os.path.normpath(path)

    def _putenv(self, text: str) -> None:
        name, equals, value = text.partition("=")
        self.put[name] = value if equals else None
        if equals:
            self.environ[name] = value
        else:
            self.environ.pop(name, None)

    def _command(self, line: str) -> str:
        """How a command failed; nothing if it did not."""
        # No descriptor of ours is the command's, and every signal does to it what it does to any program.
        pid = kernel.spawn([self._how.shell, "-c", line], self.environ, cwd=self.directory, prepare=_nothing)
        end = kernel.finish(pid)
        return str(end) if end.status or end.signal else ""

    def _write(self, file: str, content: bytes, how: int) -> None:
        fd = os.open(self._path(file), os.O_WRONLY | os.O_CREAT | os.O_NOCTTY | os.O_CLOEXEC | how, 0o664)
        try:
            while content:
                content = content[os.write(fd, content) :]
        finally:
            os.close(fd)

    def _write_fifo(self, file: str, content: str, *, patiently: bool) -> None:
        while True:
            try:
                fd = os.open(self._path(file), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                break
            except OSError as error:
                if not patiently or error.errno not in (errno.ENXIO, errno.ENOENT):
                    raise _Failure("nobody reads it" if error.errno == errno.ENXIO else error.strerror) from error
            time.sleep(_POLL)
        try:
            os.write(fd, os.fsencode(content))
        finally:
            os.close(fd)

    def _mount(self, words: list[str]) -> None:
        kind, source, target, *rest = words
        flags = _flags(rest[:1], MOUNT_FLAGS)
        data = os.fsencode(rest[1]) if len(rest) > 1 else None
        _libc("mount", os.fsencode(source), os.fsencode(self._path(target)), os.fsencode(kind), flags, data)

    def _umount(self, words: list[str]) -> None:
        target, flags = self._path(words[0]), _flags(words[1:], UMOUNT_FLAGS)
        targets = [target]
        if flags & RECURSIVE:
            with open("/proc/self/mounts", "rb") as file:
                points = [os.fsdecode(line.split()[1].decode("unicode_escape").encode("latin-1")) for line in file]
            targets = [point for point in reversed(points) if f"{point}/".startswith(f"{target}/")]
        for one in targets:
            _libc("umount2", os.fsencode(one), flags & ~RECURSIVE)

    def _wait(self, action: str, text: str) -> None:
        path = self._path(text)
        ready: Callable[[], bool]
        patience = float(self._how.patience)
        match action:
            case "wait_for_fs":
                ready = lambda: os.path.lexists(path)  # noqa: E731 - one word of a table each
            case "wait_for_file":
                ready = lambda: os.path.isfile(path)  # noqa: E731
            case "wait_for_dir":
                ready = lambda: os.path.isdir(path)  # noqa: E731
            case "wait_for_mountpoint":
                ready = lambda: os.path.ismount(path)  # noqa: E731
            case "wait_for_interface":
                ready = lambda: _is_up(text)  # noqa: E731
                patience = float(getattr(self._how, "interface_patience", patience))
            case "wait_for_socket":
                ready, patience = (lambda: _accepts(text, path)), float(self._how.socket_patience)
            case _:
                return  # unix_signal: the master knows of it from its configuration
        end = time.monotonic() + patience
        while not ready():
            if time.monotonic() >= end:
                raise _Failure(f"not there after {patience:g} seconds")
            time.sleep(_POLL)


def _nothing() -> None:
    """What a command has to be prepared with."""


def _two(text: str) -> tuple[str, str]:
    """The file, and everything behind the blank that ends its name."""
    file, _, content = text.partition(" ")
    return file, content


def _uid(name: str) -> int:
    if name.isdigit():
        return int(name)
    import pwd

    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise _Failure(f"there is no user {name}") from None


def _gid(name: str) -> int:
    if name.isdigit():
        return int(name)
    import grp

    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise _Failure(f"there is no group {name}") from None


def _flags(words: list[str], known: dict[str, int]) -> int:
    flags = 0
    for word in words:
        for flag in word.split(","):
            flags |= known.get(flag, 0)
    return flags


def _libc(name: str, *arguments: bytes | int | None) -> None:
    import ctypes

    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*(ctypes.c_ulong(one) if isinstance(one, int) else one for one in arguments)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _is_up(interface: str) -> bool:
    try:
        with open(f"/sys/class/net/{interface}/flags", "rb") as file:
            return bool(int(file.read(), 16) & 1)
    except (OSError, ValueError):
        return False


def _accepts(address: str, path: str) -> bool:
    import socket

    host, colon, port = address.rpartition(":")
    try:
        if colon and port.isdigit() and "/" not in address:
            socket.create_connection((host.strip("[]") or "127.0.0.1", int(port)), 3).close()
            return True
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(3)
            one.connect(path)
        return True
    except OSError:
        return False
