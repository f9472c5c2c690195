"""The smaller habits of an instance: locks, whom it becomes and how, when it ends by itself: :class:`Conduct`."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator import pipes
from imperator.config.complain import Complaints
from imperator.config.lives import Reader
from imperator.config.pairs import Pair
from imperator.config.values import group, number, user
from imperator.config.world import World
from imperator.errors import Where

_LOCKS = ("flock", "flock-wait", "flock2", "flock-wait2")


class Lock(NamedTuple):
    """A file to be locked while the instance runs. ``late``: once the log and the pidfile are open."""

    path: str
    waits: bool
    late: bool
    where: Where


class ReloadOn(NamedTuple):
    """A descriptor that the instance was started with; when so many bytes can be read from it, it reloads."""

    fd: int
    size: int
    message: str
    where: Where


class Privileges(NamedTuple):
    """How whoever starts as root becomes somebody else, besides ``uid`` and ``gid``."""

    groups: tuple[int, ...] = ()
    """Supplementary groups besides those of the user."""
    no_user_groups: bool = False
    """None of the user's supplementary groups."""
    at_once: tuple[int | None, int | None, str | None] | None = None
    """Whom it becomes before anything is opened: uid, gid, user's name."""
    master_stays: bool = False
    """The master stays root; only what runs the application does not."""


class Conduct(NamedTuple):
    """Habits."""

    locks: tuple[Lock, ...] = ()
    reload_on: tuple[ReloadOn, ...] = ()
    privileges: Privileges = Privileges()
    jailed: bool = False
    """Whoever started it put it into a jail: what is for behind that moment is to be done."""
    directory: str = ""
    """``force-cwd``: where relative names begin after a reload."""
    generation: pipes.Conduct = pipes.Conduct()


def read(found: Mapping[str, Sequence[Pair]], start: str, base: str, world: World, complaints: Complaints) -> Conduct:
    """What the lines mean; locks begin at ``start``, other paths at ``base``."""
    reader = Reader(found, complaints)
    _modifiers(found, complaints)
    tracebacker = found.get("py-tracebacker")
    forced = found.get("force-cwd")
    return Conduct(
        locks=tuple(
            Lock(posixpath.join(start, pair.text()), "wait" in name, name.endswith("2"), pair.where)
            for name in _LOCKS for pair in found.get(name, ()) if _named(pair, complaints)
        ),
        reload_on=tuple(
            one for name in ("reload-on-fd", "brutal-reload-on-fd") for pair in found.get(name, ())
            if (one := _reload_on(pair, complaints))
        ),
        privileges=Privileges(
            groups=tuple(
                gid
                for pair in found.get("add-gid", ())
                if (gid := group(pair, pair.text(), world, complaints)) is not None
            ),
            no_user_groups=reader.flag("no-initgroups"),
            at_once=_at_once(found, world, complaints),
            master_stays=reader.flag("master-as-root"),
        ),
        jailed=reader.flag("jailed"),
        directory=posixpath.join(start, forced[-1].text()) if forced and _named(forced[-1], complaints) else "",
        generation=pipes.Conduct(
            serve=not reader.flag("no-server"),
            atexit=not reader.flag("skip-atexit"),
            tracebacker=posixpath.join(base, tracebacker[-1].text())
            if tracebacker and _named(tracebacker[-1], complaints) else "",
        ),
    )


def _modifiers(found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> None:
    """Complain of sockets whose requests shall go to a plugin of uWSGI's."""
    for protocol in ("http-socket", "https-socket", "fastcgi", "scgi"):
        for name in (f"{protocol}-modifier1", f"{protocol}-modifier2"):
            for pair in found.get(name, ())[-1:]:
                if number(pair, 0, complaints, most=255):
                    complaints.warn("modifier-foreign", pair.where, f"{pair.key} = {pair.text()} means a plugin of"
                                    " uWSGI's", "remove it: every request goes to the Python application")


def _named(pair: Pair, complaints: Complaints) -> bool:
    if not pair.text():
        complaints.warn("value-empty", pair.where, f"{pair.key} has no path", "the line is ignored")
    return bool(pair.text())


def _reload_on(pair: Pair, complaints: Complaints) -> ReloadOn | None:
    numbers, _, message = pair.text().partition(" ")
    fd, colon, size = numbers.partition(":")
    if not fd.isdigit() or (colon and not size.isdigit()):
        complaints.error("value-malformed", pair.where, f"{pair.key} = {pair.text()} does not begin with a descriptor",
                         f"write {pair.key} = 3, or {pair.key} = 3:8 and what to say in the log")
        return None
    return ReloadOn(int(fd), min(int(size or 1) or 1, 65536), message, pair.where)


def _at_once(
    found: Mapping[str, Sequence[Pair]], world: World, complaints: Complaints
) -> tuple[int | None, int | None, str | None] | None:
    users, groups = found.get("immediate-uid"), found.get("immediate-gid")
    if not users and not groups:
        return None
    uid, name = user(users[-1], users[-1].text(), world, complaints) if users else (None, None)
    return uid, group(groups[-1], groups[-1].text(), world, complaints) if groups else None, name
