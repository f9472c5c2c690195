"""What may be asked of a master from outside, as events: signals, the emperor's bytes, the letters of a named pipe.

Pure. Where uWSGI's meaning of a signal harms, ours differs: SIGTERM stops, whatever ``die-on-term`` says, because every
service manager means that by it.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence

from imperator.master.policy import Event, ReloadAsked, StopAsked
from imperator.pipes import Order, ToVassal

STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
RELOAD = (signal.SIGHUP,)
IGNORED = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGURG, signal.SIGALRM, signal.SIGTSTP)
"""Signals that would end or stop a program that knows nothing of them, and that people send to uWSGI by habit."""

SIGNALS = (*STOP, *RELOAD, *IGNORED)


def from_signal(signum: int, bound: Sequence[tuple[int, str]] = ()) -> Event | None:
    """The event that a signal means; None when it means nothing here yet. ``bound``: what hooks have them mean."""
    name = signal.Signals(signum).name
    meaning = dict(bound).get(signum)
    if meaning == "reload":
        return ReloadAsked(name)
    if signum in STOP or meaning == "stop":
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


def from_fifo(letter: bytes) -> list[Event] | Order | None:
    """The events that a letter written to ``master-fifo`` means, or what the workers are told; None: nothing here.

    A brutal reload or a chain of workers comes to the same as a graceful reload: none of ours cuts a request.
    """
    if letter in (b"r", b"R", b"c", b"w", b"W"):
        return [ReloadAsked(f"{letter.decode()} in the master FIFO", workers=letter in b"cwW")]
    if letter == b"q":
        return [StopAsked("q in the master FIFO")]
    if letter == b"Q":
        # As a second signal after a first one.
        return [StopAsked("Q in the master FIFO"), StopAsked("Q in the master FIFO", insists=True)]
    return {b"+": Order.MORE, b"-": Order.FEWER}.get(letter)


def moment(message: bytes) -> str | None:
    """The moment of hooks that an emperor's message, or its death, is."""
    if not message:
        return "emperor-lost"
    if message[0] == ToVassal.RELOAD:
        return "emperor-reload"
    return "emperor-stop" if message[0] in (ToVassal.STOP, ToVassal.STOP_GRACEFULLY) else None
