"""Deadlines after which this process ends itself, whatever holds it up: no Python need run for that.

The standard library's watchdog has one clock a process; it is set to the nearest of all deadlines. When it strikes, the
log gets the stacks of all threads, under the word ``Timeout``, and the process ends with status 1.
"""

from __future__ import annotations

import time

_deadlines: dict[str, float] = {}


def set_deadline(name: str, seconds: float) -> None:
    """End this process in so many seconds; 0 takes back what was set under this name."""
    import faulthandler

    if seconds > 0:
        _deadlines[name] = time.monotonic() + seconds
    elif _deadlines.pop(name, None) is None:
        return
    if _deadlines:
        left = min(_deadlines.values()) - time.monotonic()
        faulthandler.dump_traceback_later(max(left, 0.001), exit=True, file=2)
    else:
        faulthandler.cancel_dump_traceback_later()


def forget() -> None:
    """A fork has no deadlines: those of its parent are its parent's."""
    _deadlines.clear()
