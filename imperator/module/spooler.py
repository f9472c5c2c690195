"""Leaving tasks to spoolers, and asking about them. Keys and values may be text; a spooler gets bytes.

As with uWSGI, there is nothing of all this in an instance without spoolers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from operator import index
from typing import Any

from imperator import logs, spooling
from imperator.module.here import HERE
from imperator.module.text import octets, words
from imperator.process import spool_files
from imperator.process.spooler_page import Page
from imperator.spooling import Task

_page: Page | None = None


def page() -> Page:
    """What spoolers say of themselves."""
    global _page
    if _page is None:
        _page = Page(HERE.plan.spooling.page_fd)
    return _page


def spool(task: Mapping[Any, Any] | None = None, /, **named: Any) -> bytes:
    """Leave a task: pairs, and if need be ``spooler`` (the directory), ``priority`` (0 is the highest), ``at`` (seconds
    since the epoch) and ``body``. Answers the path of its file. ``ValueError``: it cannot be left.
    """
    if task is None and not named:
        raise ValueError("The argument of spooler callable must be a dictionary")
    if task is not None and not isinstance(task, Mapping):
        raise ValueError("The argument of spooler callable must be a dictionary")
    pairs = {octets(key, "a key of a task"): value for key, value in {**(task or {}), **named}.items()}
    body = octets(pairs.pop(b"body", b""), "the body of a task")
    due, priority = _number(pairs, b"at"), _number(pairs, b"priority")
    told = {key: _value(key, value) for key, value in pairs.items()}
    directory = _directory(told.get(b"spooler"))
    content = spooling.encode(Task(told, body))
    try:
        path = spool_files.leave(
            directory, content, HERE.plan.hostname, due=due, priority=None if priority is None else int(priority)
        )
    except OSError as error:
        raise ValueError(f"unable to spool job: {directory}: {error.strerror or error}") from error
    if not HERE.plan.spooling.quiet:
        logs.say(f"[spooler] written {len(content)} bytes to file {path}")
    return os.fsencode(path)


def _value(key: bytes, value: Any) -> bytes:
    if key in (b"at", b"priority") and isinstance(value, int | float):
        return str(value).encode()
    try:
        return octets(value)
    except TypeError:
        name = key.decode("utf-8", "backslashreplace")
        raise ValueError(
            f"spooler callable dictionary must contains only bytes: {name} is of type {type(value).__name__}"
        ) from None


def _number(pairs: Mapping[bytes, Any], key: bytes) -> float | None:
    value = pairs.get(key)
    if value is None:
        return None
    try:
        number = float(value if isinstance(value, int | float) else octets(value))
        if number < 0 or (key == b"priority" and number % 1):
            raise ValueError
    except (ValueError, TypeError):
        raise ValueError(f"unable to spool job: {key.decode()} must be a number, not {value!r}") from None
    return number


def _directory(wanted: bytes | None) -> str:
    its = HERE.plan.spooling
    known = (*its.directories, *its.external)
    if wanted is None:
        return known[0]
    path = os.path.normpath(words(wanted))
    for one in known:
        if path == one or os.path.realpath(path) == os.path.realpath(one):
            return one
    raise ValueError(f"unable to spool job: there is no spooler {path}; there is {', '.join(known)}")


def set_spooler_frequency(seconds: int) -> bool:
    """How often all spoolers look for tasks that nothing announced."""
    page().set_frequency(max(0, index(seconds)))
    return True


def spooler_jobs() -> list[bytes]:
    """The paths of all tasks that wait or are being worked on."""
    jobs: list[bytes] = []
    for directory in HERE.plan.spooling.directories:
        try:
            jobs += [os.fsencode(one.path) for one in sorted(spool_files.find(directory)[0], key=spooling.Found.rank)]
        except OSError:
            continue
    return jobs


def spooler_pid() -> int:
    """The pid of the first spooler; 0 if it does not run."""
    return page().pid(1)


def spooler_pids() -> list[int]:
    """Those of all of them."""
    return [page().pid(number) for number in range(1, HERE.plan.spooling.number + 1)]


def spooler_get_task(path: Any) -> dict[Any, bytes] | None:
    """The pairs of a task; None if there is none at this path."""
    name = words(path, "the path of a task")
    try:
        with open(name, "rb") as file:
            task = spooling.decode(file.read())
    except OSError:
        return None
    return arguments(os.fsencode(name), task) if task else None


def arguments(name: bytes, task: Task) -> dict[Any, bytes]:
    """What a function is called with that does this task."""
    found: dict[Any, bytes] = {"spooler_task_name": name, **task.pairs}
    if task.body:
        found["body"] = task.body
    return found


def names() -> dict[str, Any]:
    """All of it, if the configuration has a spooler."""
    its = HERE.plan.spooling
    if not its.directories and not its.external:
        return {}
    found: dict[str, Any] = {"spool": spool, "send_to_spooler": spool, "spooler_get_task": spooler_get_task}
    if its.directories:
        functions = (set_spooler_frequency, spooler_jobs, spooler_pid, spooler_pids)
        found |= {function.__name__: function for function in functions}
        found["spoolers"] = tuple(map(os.fsencode, its.directories))
    return found
