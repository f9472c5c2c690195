"""All applications of an instance, loaded: the one that has no mount, and those that have.

Each is loaded by ``app``; which of them a request is for is decided in the engine. One that does not load keeps its
place, where 500 is answered, and the others are loaded all the same: whether they serve is for the master to say.
"""

from __future__ import annotations

import os
import sys
import time
from typing import NamedTuple

from imperator import logs
from imperator.generation import app as applications
from imperator.generation.app import Application, NotLoaded
from imperator.pipes import Apps, Failed, Loader, Plan


class Mounted(NamedTuple):
    """One application and its place."""

    host: str
    prefix: str
    """As the bytes of a path are decoded in an environ."""
    app: Application | None


class Mounts(NamedTuple):
    """What the engine needs to choose; see ``_core.pyi``."""

    list: list[Mounted]
    default: int
    by_path: bool
    by_name: bool
    by_host: bool


class Table(NamedTuple):
    """What is served: one application for everything, or several."""

    app: Application | None
    mounts: Mounts | None = None


def load(plan: Plan) -> tuple[Table, Failed | None]:
    """Load everything; what failed is told as one failure."""
    failures: list[Failed] = []
    entries: list[Mounted] = []
    if plan.loaders or not plan.apps.mounts:
        entries += _root(plan, failures)
    for mount in plan.apps.mounts:
        place = f"{mount.host}|{mount.prefix}" if mount.host else mount.prefix or "/"
        logs.say(f"mounting {mount.loader.target} on {place}")
        application, seconds = _one([mount.loader], mount.callable or plan.callable, failures)
        if any(one.host == mount.host and one.prefix == _path(mount.prefix) for one in entries):
            logs.say(f"mountpoint {place} already configured. skip.")
            continue
        entries.append(Mounted(mount.host, _path(mount.prefix), application))
        if application:
            _ready(len(entries) - 1, place, seconds, plan.apps, entries)
    failed = applications.together(failures) if failures else None
    if failed and any(one.app for one in entries):
        missing = [one.prefix or one.host or "the default" for one in entries if not one.app]
        failed = failed._replace(places=", ".join(missing))
    first = entries[0]
    if len(entries) == 1 and not first.host and not first.prefix and plan.apps.default:
        return Table(first.app), failed
    how = plan.apps
    return Table(None, Mounts(entries, _default(how, entries), how.by_path, how.by_name, how.by_host)), failed


def _root(plan: Plan, failures: list[Failed]) -> list[Mounted]:
    """The application without a mount, or those that its module mounts by itself."""
    application, seconds = _one(plan.loaders, plan.callable, failures)
    entries: list[Mounted] = []
    several = applications.several(application)
    if several is None:
        entries.append(Mounted("", "", application))
        if application:
            _ready(0, "", seconds, plan.apps, entries)
        return entries
    logs.say("found a multiapp module...")
    for point, one in several.items():
        entries.append(Mounted("", _path(point.rstrip("/")), one))
        _ready(len(entries) - 1, point, seconds, plan.apps, entries)
    return entries


def _one(loaders: list[Loader], name: str, failures: list[Failed]) -> tuple[Application | None, float]:
    began = time.monotonic()
    try:
        application = applications.load(loaders, name)
    except NotLoaded as failure:
        failures.append(failure.failed)
        application = None
    return application, time.monotonic() - began


def _path(prefix: str) -> str:
    return prefix.encode("utf-8", "surrogateescape").decode("latin-1")


def _default(how: Apps, entries: list[Mounted]) -> int:
    """The first that is not for one host only."""
    return next((index for index, one in enumerate(entries) if not one.host), -1) if how.default else -1


def _ready(number: int, place: str, seconds: float, how: Apps, entries: list[Mounted]) -> None:
    logs.say(
        f"WSGI app {number} (mountpoint='{place}') ready in {int(seconds)} seconds on interpreter"
        f" {hex(id(sys.modules))} pid: {os.getpid()}" + (" (default app)" if _default(how, entries) == number else "")
    )
