"""Messages to mules and farms, and what is called with them.

A message is a packet in a queue that the master made: any mule may take one that is for nobody in particular. A full
queue takes no more, and the sender is told so; nobody waits.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from imperator import logs
from imperator.module import deadline, leaving, signals
from imperator.module.here import HERE
from imperator.module.install import hook
from imperator.module.text import octets, words
from imperator.pipes import MULE_MESSAGE, Channel

# -- sending


def mule_msg(message: Any, to: Any = None) -> bool:
    """Send bytes (or text) to any mule, to one by its number, or to a farm by its name. False: there is no such mule,
    its queue is full, or the message is too large.
    """
    data = octets(message, "a message")
    if not HERE.plan.mules.targets:
        raise ValueError("no mule configured")
    if isinstance(to, str | bytes):
        return _send(_farm(to), data)
    number = 0 if to is None else int(to)
    if not 0 <= number <= len(HERE.plan.mules.targets):
        return False
    return _send(str(number) if number else "", data)


def farm_msg(farm: Any, message: Any) -> None:
    """Send bytes (or text) to whichever mule of a farm takes them first."""
    _send(_farm(farm), octets(message, "a message"))


def _farm(name: Any) -> str:
    known = [farm.name for farm in HERE.plan.mules.farms]
    if (plain := words(name, "the name of a farm")) not in known:
        offer = f"there are {', '.join(known)}" if known else "there are none: write farm = name:1,2"
        raise ValueError(f"unknown farm {plain}; {offer}")
    return "farm " + plain


def _channel(name: str) -> Channel:
    return next(one for one in HERE.plan.mules.channels if one.name == name)


def _send(name: str, data: bytes) -> bool:
    if len(data) > HERE.plan.mules.size:
        logs.say(f"warning: a message of {len(data)} bytes to a mule is too large: write mule-msg-size = {len(data)}")
        return False
    # A socket object would close the descriptor that all messages need.
    sock = socket.socket(fileno=os.dup(_channel(name).writer))
    with sock:
        try:
            return sock.send(data, socket.MSG_DONTWAIT) == len(data)
        except BlockingIOError:
            logs.say("warning: the queue of messages to mules is full: a message is refused")
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                raise
            logs.say(f"warning: a message of {len(data)} bytes to a mule is larger than the kernel's buffer (wmem_max)")
    return False


# -- receiving


def mule_get_msg(signals: bool = True, farms: bool = True, buffer_size: int = MULE_MESSAGE, timeout: int = -1) -> bytes:
    """The next message for this mule, at most ``buffer_size`` bytes of it; empty when ``timeout`` seconds are over.

    Handlers of signals run while it waits, unless ``signals`` is False.
    """
    _in_a_mule()
    number = str(HERE.place.number)
    names = ["", number, *(_farms() if farms else ())]
    return _wait(names, signals, max(buffer_size, 1), timeout)


def farm_get_msg(signals: bool = True, buffer_size: int = MULE_MESSAGE, timeout: int = -1) -> bytes:
    """The same, for the farms of this mule only."""
    _in_a_mule()
    return _wait(_farms(), signals, max(buffer_size, 1), timeout)


def in_farm(name: Any = None) -> bool | None:
    """True in a mule of this farm, or of any; else None."""
    mine = _farms() if HERE.place.role == "mule" else []
    wanted = mine if name is None else ["farm " + words(name, "the name of a farm")]
    return True if set(wanted) & set(mine) else None


def _farms() -> list[str]:
    return ["farm " + farm.name for farm in HERE.plan.mules.farms if HERE.place.number in farm.mules]


def _in_a_mule() -> None:
    if HERE.place.role != "mule":
        raise ValueError("you can receive mule messages only in a mule !!!")


def _wait(names: list[str], with_signals: bool, size: int, timeout: int) -> bytes:
    _done()
    readers = {_channel(name).reader for name in names}
    poll = select.poll()
    for reader in readers:
        poll.register(reader, select.POLLIN)
    ears = {ear.fileno(): ear for ear in HERE.ears} if with_signals else {}
    for fd in ears:
        poll.register(fd, select.POLLIN)
    until = None if timeout < 0 else time.monotonic() + timeout
    while True:
        left = None if until is None else max(0.0, (until - time.monotonic()) * 1000)
        for fd, _ in poll.poll(left):
            if ear := ears.get(fd):
                signals.receive(ear)
            elif (data := _take(fd, size)) is not None:
                _work(data)
                return data
        if until is not None and time.monotonic() >= until:
            return b""


def _take(fd: int, size: int) -> bytes | None:
    with socket.socket(fileno=os.dup(fd)) as sock:
        try:
            # Busy before it is taken: what was taken is worked on, even if this process is asked to end just now.
            leaving.busy(True)
            return sock.recv(size, socket.MSG_DONTWAIT)
        except BlockingIOError:
            leaving.busy(False)
            return None  # another mule was quicker


def _work(_: bytes) -> None:
    deadline.set_deadline("mule-harakiri", HERE.plan.mules.harakiri)


def _done() -> None:
    deadline.set_deadline("mule-harakiri", 0)
    leaving.busy(False)


def attend() -> None:
    """What a mule does that nothing else was said of: wait for messages and call the application's hook, for ever."""
    while True:
        message = mule_get_msg(buffer_size=HERE.plan.mules.size)
        function: Callable[[bytes], object] | None = hook("mule_msg_hook")
        if function is None:
            logs.say(f"*** mule {HERE.place.number} received a {len(message)} bytes message ***")
            continue
        try:
            function(message)
        except Exception:
            sys.stderr.write(traceback.format_exc())


def install_mule_msg_hook(function: Callable[[bytes], object]) -> None:
    """The same as setting ``uwsgi.mule_msg_hook``."""
    sys.modules["uwsgi"].mule_msg_hook = function  # type: ignore[attr-defined]


NAMES: dict[str, Any] = {
    "mule_msg": mule_msg,
    "farm_msg": farm_msg,
    "mule_get_msg": mule_get_msg,
    "farm_get_msg": farm_get_msg,
    "in_farm": in_farm,
    "install_mule_msg_hook": install_mule_msg_hook,
}
