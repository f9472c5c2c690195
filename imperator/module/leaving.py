"""How a mule ends: gently, between two messages, when it is asked to by a signal.

While it works on a message, or on anything that :func:`busy` says, it finishes that. A script that never asks for
messages is ended where it stands, by ``SystemExit`` in its main thread, so that its ``finally`` is run. What takes
longer than its mercy is ended by the watchdog, with its stacks in the log.
"""

from __future__ import annotations

import signal
from types import FrameType

from imperator.module import deadline

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)


class _Leaving:
    def __init__(self) -> None:
        self.asked = False
        self.busy = False
        self.mercy = 60.0


_LEAVING = _Leaving()


def heed(mercy: float) -> None:
    """From now on, these signals ask this process to end within ``mercy`` seconds."""
    _LEAVING.mercy = mercy
    for signum in SIGNALS:
        signal.signal(signum, _asked)


def _asked(_signum: int, _frame: FrameType | None) -> None:
    if not _LEAVING.asked:
        _LEAVING.asked = True
        deadline.set_deadline("mercy", max(_LEAVING.mercy, 0.1))
    if not _LEAVING.busy:
        raise SystemExit(0)


def busy_at_the_end() -> None:
    """What is done last is not interrupted, and its mercy is counted."""
    _LEAVING.busy = True


def busy(working: bool) -> None:
    """Say whether something must be finished before this process may end. Ends it here if it was asked to."""
    _LEAVING.busy = working
    if not working and _LEAVING.asked:
        raise SystemExit(0)
