"""The moments of a generation and its workers at which hooks are carried out, in the process that they are about."""

from __future__ import annotations

import os

from imperator.errors import Refused
from imperator.pipes import Plan


def do(plan: Plan, moment: str) -> None:
    """Do what the hooks of a moment ask for, if any. Raises :class:`Refused` when one fails or asks for the end."""
    hooks = plan.hooks
    if not hooks or not (steps := hooks.at(moment)):
        return
    from imperator.process.hooks import HookExit, HookFailed, Runner

    try:
        Runner(os.getcwd(), os.environ, hooks, moves=True).run(steps, moment)
    except HookFailed as failure:
        raise Refused(failure.diagnostic) from failure
    except HookExit as asked:
        raise Refused(status=asked.status) from asked


def accepting(plan: Plan, number: int, *, first: bool) -> None:
    """As :func:`do`, when worker ``number`` is about to accept; ``first``: it never had a process before this one."""
    do(plan, "accepting")
    if first:
        do(plan, "accepting-once")
    if number == 1:
        do(plan, "accepting1")
        if first:
            do(plan, "accepting1-once")
