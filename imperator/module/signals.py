"""uWSGI's signals: numbers from 0 to 255 (not the system's) that call a function in some process of the instance.

Whoever raises one tells the generation, which knows for whom each number is and passes it on. What raises them by
itself (clocks, the calendar, files) belongs to the generation too: here it is only asked for.

What is registered while the application is imported is there in every process. A process that registers later tells the
generation; the function is called in that process, if it is one of those that the number is for.

In a worker a thread of its own calls the functions, beside the requests; in a mule they are called between two
messages.
"""

from __future__ import annotations

import importlib
import select
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

from imperator import logs, pipes
from imperator.module import leaving
from imperator.module.here import HERE
from imperator.module.text import words

Function = Callable[[int], object]


class _Table:
    """What this process knows."""

    def __init__(self) -> None:
        self.functions: dict[int, Function] = {}
        self.targets: dict[int, str] = {}
        self.triggers: list[pipes.Trigger] = []
        self.pending: list[int] = []
        """Raised while the application was imported."""
        self.listens = False
        self.received = threading.Condition()
        self.last = 0
        self.count = 0


TABLE = _Table()


def _number(signum: int) -> int:
    number = int(signum)
    if not 0 <= number <= 255:
        raise ValueError(f"signals have numbers from 0 to 255, not {signum}")
    return number


# -- the application's side


def register_signal(signum: int, target: Any, function: Function) -> None:
    """Call ``function`` with the number when the signal is raised, in the processes that ``target`` names."""
    number, where = _number(signum), words(target or "", "the target of a signal")
    if not callable(function):
        raise ValueError("unable to register signal: what is registered must be a function")
    TABLE.functions[number] = function
    TABLE.targets[number] = where
    logs.say(f"[uwsgi-signal] signum {number} registered (target: {where or 'default, any worker'})")
    if HERE.place.role != "generation":
        HERE.tell(pipes.say(pipes.Registered(number, where)))
        listen()


def signal(signum: int, node: Any = None) -> None:
    """Raise a signal."""
    if node:
        raise NotImplementedError("uwsgi.signal() reaches this instance only: for another machine use HTTP")
    number = _number(signum)
    if HERE.place.role == "generation":
        TABLE.pending.append(number)
    else:
        HERE.tell(pipes.raised(number))


def signal_registered(signum: int) -> bool | None:
    """True if a function is registered in this process, else None."""
    return True if _number(signum) in TABLE.functions else None


def signal_received() -> int:
    """The number of the signal that came last to this process."""
    return TABLE.last


def signal_wait(signum: int | None = None) -> bytes:
    """Wait until a signal, or the one of this number, comes to this process and its function has been called."""
    if HERE.place.role == "generation":
        raise ValueError("signals come to workers, mules and spoolers only")
    if HERE.place.role != "worker":
        return _wait_here(signum)
    listen(always=True)
    with TABLE.received:
        before = TABLE.count
        TABLE.received.wait_for(lambda: TABLE.count > before and (signum is None or TABLE.last == signum))
    return b""


def _wait_here(signum: int | None) -> bytes:
    leaving.busy(False)
    while True:
        for ear in select.select(HERE.ears, (), ())[0]:
            if receive(ear) and signum in (None, TABLE.last):
                return b""


def _arrange(kind: str, signum: int, *numbers: float, path: str = "") -> None:
    trigger = pipes.Trigger(kind, _number(signum), list(numbers), path)
    if HERE.place.role == "generation":
        TABLE.triggers.append(trigger)
    else:
        HERE.tell(pipes.say(trigger))


FOREVER = 1e9
"""Nothing waits as long, in seconds or thousandths: thirty years are a mistake, and infinity is no time."""


def add_timer(signum: int, seconds: float) -> None:
    """Raise a signal every so many seconds."""
    _arrange("timer", signum, _positive(seconds))


def add_ms_timer(signum: int, milliseconds: float) -> None:
    """The same in milliseconds."""
    _arrange("timer", signum, _positive(milliseconds) / 1000)


def add_rb_timer(signum: int, seconds: float, iterations: int = 0) -> None:
    """The same, ``iterations`` times; 0: for ever."""
    _arrange("timer", signum, _positive(seconds), int(iterations))


def _positive(value: float) -> float:
    number = float(value)
    if not 0 < number < FOREVER:
        raise ValueError(f"a timer needs a time above zero and below {FOREVER:.0f}, not {value}")
    return number


def add_cron(signum: int, minute: int, hour: int, day: int, month: int, weekday: int) -> bool:
    """Raise a signal at a time of local clocks: -1 is every one, -N every Nth, weekday 0 or 7 is Sunday."""
    _arrange("cron", signum, *(int(one) for one in (minute, hour, day, month, weekday)))
    return True


def add_file_monitor(signum: int, path: Any) -> None:
    """Raise a signal when a file or directory changes, appears or goes."""
    _arrange("file", signum, path=words(path, "the name of a file"))


# -- the process's side


def listen(*, always: bool = False) -> None:
    """In a worker, begin to hear signals, if there is a function for any of them."""
    if HERE.place.role != "worker" or TABLE.listens or not (TABLE.functions or always):
        return
    TABLE.listens = True
    threading.Thread(target=_hear, args=HERE.ears[:1], name="uWSGISignals", daemon=True).start()


def _hear(ear: socket.socket) -> None:
    monkey = sys.modules.get("gevent.monkey")
    if monkey and monkey.is_module_patched("threading"):
        _hear_in_greenlet(ear)
        return
    while number := ear.recv(1):
        handle(number[0])


def _hear_in_greenlet(ear: socket.socket) -> None:
    """What looks like a thread here is a greenlet, and must not keep all others waiting."""
    wait = importlib.import_module("gevent.socket").wait_read
    while True:
        wait(ear.fileno())
        try:
            number = ear.recv(1, socket.MSG_DONTWAIT)
        except BlockingIOError:
            continue
        if not number:
            return
        handle(number[0])


def receive(ear: socket.socket) -> bool:
    """In a mule, take one signal; False if there was none."""
    leaving.busy(True)  # what was taken is worked on, even if this process is asked to end just now
    try:
        number = ear.recv(1, socket.MSG_DONTWAIT)
        if number:
            handle(number[0])
    except BlockingIOError:
        return False  # another mule was quicker
    finally:
        leaving.busy(False)
    if not number:
        raise SystemExit(0)  # the generation died
    return True


_handling = threading.Lock()


def handle(number: int) -> None:
    """Call the function of a signal. Its exceptions are printed and stop nobody."""
    with _handling:
        function = TABLE.functions.get(number)
        if function is None:
            logs.say(f"error managing signal {number}: no function is registered for it in this process")
        else:
            try:
                function(number)
            except Exception:
                sys.stderr.write(traceback.format_exc())
    with TABLE.received:
        TABLE.last = number
        TABLE.count += 1
        TABLE.received.notify_all()


def finish() -> None:
    """Let the function that runs now come to its end."""
    with _handling:
        pass


NAMES: dict[str, Any] = {
    "register_signal": register_signal,
    "signal": signal,
    "signal_registered": signal_registered,
    "signal_received": signal_received,
    "signal_wait": signal_wait,
    "add_timer": add_timer,
    "add_ms_timer": add_ms_timer,
    "add_rb_timer": add_rb_timer,
    "add_cron": add_cron,
    "add_file_monitor": add_file_monitor,
}
