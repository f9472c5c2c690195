"""What a mule does: run its script or function, or wait for messages. It is a fork of the generation, with the
application loaded.
"""

from __future__ import annotations

import importlib
import os

from imperator.generation import app as applications
from imperator.generation import worker
from imperator.module import install, leaving, mules
from imperator.pipes import Plan


def body(plan: Plan, number: int) -> int:
    """Be mule ``number``; answers its exit status."""
    leaving.heed(plan.mules.mercy)
    if plan.chdir2:
        os.chdir(plan.chdir2)
    try:
        install.call_hook("post_fork_hook")
        _work(plan.mules.targets[number - 1])
    finally:
        leaving.busy_at_the_end()
        install.call_hook("atexit")
        worker.run_atexit()
    return 0


def _work(target: str) -> None:
    if not target:
        mules.attend()
    elif target.endswith(".py"):
        applications.run_file(target, "__main__")
    else:
        module, _, name = target.partition(":")
        getattr(importlib.import_module(module), name)()
