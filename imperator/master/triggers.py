"""What may be asked of a master from outside, as events: signals and the emperor's bytes.

Pure. Where uWSGI's meaning of a signal harms, ours differs: SIGTERM stops, whatever ``die-on-term`` says, because every
service manager means that by it.
"""

from __future__ import annotations

import signal

from imperator.master.policy import Event, ReloadAsked, StopAsked
from imperator.pipes import ToVassal

STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
RELOAD = (signal.SIGHUP,)
IGNORED = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGURG, signal.SIGALRM, signal.SIGTSTP)
"""Signals that would end or stop a program that knows nothing of them, and that people send to uWSGI by habit."""

SIGNALS = (*STOP, *RELOAD, *IGNORED)


def from_signal(signum: int) -> Event | None:
    """The event that a signal means; None when it means nothing here yet."""
    name = signal.Signals(signum).name
    if signum in STOP:
        return StopAsked(name, insists=True)
    if signum in RELOAD:
        return ReloadAsked(name)
    return None


def from_emperor(message: bytes) -> Event | None:
    """The event that the emperor's message means; an empty one is the emperor's death."""
    if not message:
        return StopAsked("lost connection with my emperor !!!")
    if message[0] == ToVassal.RELOAD:
        return ReloadAsked("the emperor says so")
    if message[0] in (ToVassal.STOP, ToVassal.STOP_GRACEFULLY):
        return StopAsked("the emperor's order")
    return None
