"""What an application does to its instance and to its own process: reload, stop, log, names, deadlines."""

from __future__ import annotations

import os
import time
from typing import Any

from imperator import logs, pipes
from imperator.module import deadline
from imperator.module.here import HERE
from imperator.module.text import words


def worker_id() -> int:
    """The number of this worker; 0 in any other process."""
    return HERE.place.number if HERE.place.role == "worker" else 0


def mule_id() -> int:
    """The number of this mule; 0 in any other process."""
    return HERE.place.number if HERE.place.role == "mule" else 0


def masterpid() -> int:
    """The pid of the master, which there always is."""
    return HERE.master


def i_am_the_spooler() -> bool | None:
    """True in a spooler, else None."""
    return True if HERE.place.role == "spooler" else None


def reload() -> bool:
    """Reload the instance, as SIGHUP to its master does: the new code takes over when it is ready."""
    return _ask("reload", pipes.ReloadMe("the application asked for it"))


def stop() -> bool:
    """Stop the instance; requests that have begun are finished."""
    return _ask("stop", pipes.StopMe("the application asked for it"))


def _ask(what: str, word: pipes.ReloadMe | pipes.StopMe) -> bool:
    if HERE.place.role == "generation":
        raise RuntimeError(f"uwsgi.{what}() has no meaning while the application is still being imported")
    return HERE.tell(pipes.say(word))


def log(text: Any) -> bool:
    """Write a line to the log."""
    logs.say(words(text, "a line of the log"))
    return True


def alarm(name: Any, text: Any) -> None:
    """Raise an alarm that the configuration defines. An unknown one is a line of the log, with its text."""
    word = pipes.Alarmed(words(name, "the name of an alarm"), words(text, "the text of an alarm")[:8192])
    if not HERE.tell(pipes.say(word)):
        logs.say(f"warning: the alarm {word.name} reaches nobody from here: {word.text}")


def setprocname(name: Any) -> None:
    """Show another name for this process in lists of processes."""
    from imperator.process import title

    title.show(words(name, "the name of a process"))


def set_user_harakiri(seconds: int) -> None:
    """End this process in so many seconds, whatever it does then, unless this is called again; 0: do not."""
    deadline.set_deadline("user", float(seconds))


def ready() -> bool | None:
    """True where requests are served, None while the application is being imported."""
    return None if HERE.place.role == "generation" else True


def accepting(_flag: int = 1) -> None:
    """Say that this worker accepts, for chain reloads. Here every worker says so when it is loaded."""


def micros() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def mem() -> tuple[int, int]:
    """Bytes that this process has in memory, and bytes of its address space."""
    with open("/proc/self/statm", "rb") as file:
        size, resident, *_ = file.read().split()
    page = os.sysconf("SC_PAGESIZE")
    return int(resident) * page, int(size) * page


def logsize() -> int:
    """Bytes of the log, if it is a file; else 0."""
    found = os.fstat(2)
    return found.st_size if (found.st_mode & 0o170000) == 0o100000 else 0


def listen_queue(number: int = 0) -> int:
    """How many connections wait for this instance on its socket of this number."""
    from imperator.process import listeners

    doors = HERE.plan.doors
    if not 0 <= number < len(doors):
        raise ValueError(f"there is no socket {number}: this instance has {len(doors)}")
    return listeners.queue(doors[number].fd)[0]


def suspend() -> bool:
    """Let others run: other threads here, other greenlets where an engine has them."""
    time.sleep(0)
    return True


NAMES: dict[str, Any] = {
    "worker_id": worker_id,
    "mule_id": mule_id,
    "masterpid": masterpid,
    "i_am_the_spooler": i_am_the_spooler,
    "reload": reload,
    "stop": stop,
    "log": log,
    "alarm": alarm,
    "setprocname": setprocname,
    "set_user_harakiri": set_user_harakiri,
    "ready": ready,
    "accepting": accepting,
    "micros": micros,
    "mem": mem,
    "logsize": logsize,
    "listen_queue": listen_queue,
    "suspend": suspend,
    "green_schedule": suspend,
}
