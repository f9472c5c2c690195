"""Starting a command of the administrator's: through a shell, in a session of its own, as the user that it names."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

from imperator.errors import Refused
from imperator.process import identity, kernel

CLONE_NEWPID = 0x20000000


class Manner(NamedTuple):
    """How a command runs. What is not said is as with the process that starts it."""

    shells: Sequence[str] = ("/bin/sh",)
    """The first that exists runs it."""
    cwd: str | None = None
    stdin: bool = False
    """It gets our standard input, not ``/dev/null``."""
    uid: int | None = None
    gid: int | None = None
    user: str | None = None
    own_pids: bool = False
    """It is number 1 of its own namespace of process numbers."""
    bound: bool = False
    """It is killed when we end."""


MARK = "IMPERATOR_TASK"
"""The variable by which a command is found again: its own pid, and the name that was given to it."""


def start(command: str, env: Mapping[str, str], manner: Manner, mark: str = "") -> int:
    """Start a command; answers its pid, which is its group's number too. ``mark``: a name to find it by. Raises
    ``OSError``.
    """
    env = dict(env)
    shell = next((one for one in manner.shells if os.access(one, os.X_OK)), manner.shells[-1])

    parent = os.getpid()

    def prepare() -> None:
        os.setsid()
        if mark:
            env[MARK] = f"{os.getpid()} {mark}"
        if manner.uid is not None or manner.gid is not None:
            try:
                identity.become(manner.uid, manner.gid, manner.user, None)
            except Refused as refusal:
                raise OSError(1, refusal.diagnostics[0].message) from refusal
            if (os.getuid() if manner.uid is None else manner.uid) != os.getuid():
                raise PermissionError(1, f"only root can run it as uid {manner.uid}")
        if manner.bound:
            kernel.die_with(parent)

    with _own_pids() if manner.own_pids else nullcontext():
        return kernel.spawn([shell, "-c", command], env, cwd=manner.cwd, stdin=0 if manner.stdin else None,
                            prepare=prepare)


@contextmanager
def _own_pids() -> Iterator[None]:
    """What is forked here begins a new namespace of process numbers; afterwards everything is as before."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.unshare(CLONE_NEWPID) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"ns_pid: {os.strerror(number)}")
        try:
            yield
        finally:
            if libc.setns(before, CLONE_NEWPID) != 0:
                number = ctypes.get_errno()
                raise OSError(number, f"ns_pid: cannot return: {os.strerror(number)}")
    finally:
        os.close(before)


def find(mark: str) -> int:
    """The process that runs the command of this name for this user, whoever started it; 0 if there is none."""
    try:
        names = os.listdir("/proc")
    except OSError:
        return 0  # it is not mounted here
    for name in names:
        if name.isdecimal() and int(name) != os.getpid():
            try:
                if os.stat(f"/proc/{name}").st_uid != os.geteuid():
                    continue  # another user's word is worth nothing
                with open(f"/proc/{name}/environ", "rb") as file:
                    variables = file.read().split(b"\0")
            except OSError:
                continue  # it has ended
            if os.fsencode(f"{MARK}={name} {mark}") in variables:
                return int(name)
    return 0
