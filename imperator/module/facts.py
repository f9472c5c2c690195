"""What the module says about the instance: names that are values.

As with uWSGI, text is bytes; see docs/uwsgi-module.md for those that surprise.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from imperator.module.here import HERE

VERSION = (2, 0, 31)
"""Of uWSGI: what applications ask the version for is what they may expect."""


def names() -> dict[str, Any]:
    """Those of this instance."""
    plan = HERE.plan
    found: dict[str, Any] = {
        "version": ".".join(map(str, VERSION)).encode(),
        "version_info": (*VERSION, 0, b""),
        "hostname": os.fsencode(plan.hostname),
        "opt": options(plan.facts.options),
        "magic_table": magic_table(),
        "numproc": plan.workers,
        "cores": plan.threads,
        "buffer_size": plan.buffer_size,
        "started_on": plan.facts.started,
        "sockets": [door.fd for door in plan.doors],
        "loop": None,
        "applications": None,
        "is_a_reload": plan.number > 1,
        "has_threads": 1,
        "unbit": None,
        "SPOOL_OK": -2,
        "SPOOL_RETRY": -1,
        "SPOOL_IGNORE": 0,
    }
    if plan.facts.pidfile:
        found["pidfile"] = os.fsencode(plan.facts.pidfile)
    return found


def options(pairs: Iterable[tuple[str, str | None]]) -> dict[str, Any]:
    """Options as applications see them: a value is bytes, an option without one is True, a repeated one is a list."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        one = True if value is None else os.fsencode(value)
        if key not in found:
            found[key] = one
        elif isinstance(found[key], list):
            found[key].append(one)
        else:
            found[key] = [found[key], one]
    return found


def magic_table() -> dict[bytes, bytes]:
    """What the variables of configuration files stand for, those of the machine and of this process."""
    now = time.time()
    table = {
        "v": os.getcwd(),
        "V": ".".join(map(str, VERSION)),
        "h": HERE.plan.hostname,
        "k": str(os.cpu_count() or 1),
        "u": str(os.getuid()),
        "g": str(os.getgid()),
        "U": _name(_user, os.getuid()),
        "G": _name(_group, os.getgid()),
        "t": str(int(now)),
        "T": str(int(now * 1000000)),
        "[": "\033",
        "%": "%",
        "(": "%(",
    }
    return {os.fsencode(letter): os.fsencode(text) for letter, text in table.items()}


def _name(find: Callable[[int], str], number: int) -> str:
    try:
        return find(number)
    except KeyError:
        return str(number)


def _user(uid: int) -> str:
    import pwd

    return pwd.getpwuid(uid).pw_name


def _group(gid: int) -> str:
    import grp

    return grp.getgrgid(gid).gr_name
