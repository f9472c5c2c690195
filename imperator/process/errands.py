"""Steps of hooks that are done in children of a process that must not wait: a running master, an emperor."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterable

from imperator import logs
from imperator.pipes import HookStep
from imperator.process import kernel
from imperator.process.hooks import HookExit, HookFailed, Runner


def send(steps: Iterable[HookStep], moment: str, runner: Runner) -> int:
    """Do the steps in a child, whose pid is answered; 0 if there can be none. What fails is logged there."""
    steps = tuple(steps)
    try:
        return kernel.fork(lambda: _apart(steps, moment, runner))
    except OSError as error:
        logs.say(f"error: no process for the hooks of {moment}: {error.strerror} [hook-failed]")
        return 0


def do(steps: Iterable[HookStep], moment: str, runner: Runner) -> int:
    """Do the steps here; what fails is logged. Answers a status."""
    try:
        runner.run(steps, moment)
    except HookFailed as failure:
        logs.complain([failure.diagnostic])
        return 1
    except HookExit as asked:
        return asked.status
    return 0


def wait(pids: Iterable[int], seconds: float) -> None:
    """Wait until these children have ended, but no longer than that; they go on by themselves."""
    end = time.monotonic() + seconds
    for pid in pids:
        try:
            fd = os.pidfd_open(pid)
        except OSError:
            continue  # it has ended
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        poll.poll(max(0, (end - time.monotonic()) * 1000))
        os.close(fd)


def _apart(steps: Iterable[HookStep], moment: str, runner: Runner) -> int:
    # Nobody may take this child for its parent: no descriptor of the parent's stays open in it.
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            try:
                os.close(int(name))
            except OSError:
                pass  # the one that this list was read from
    return do(steps, moment, runner)
