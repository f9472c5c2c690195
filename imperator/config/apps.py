"""The applications of an instance and how a request finds its own: :class:`Apps`, out of ``mount`` and its relatives.

Which file or module a mount names is decided here by its spelling; whether it exists is seen when it is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from imperator.config.complain import Complaints
from imperator.config.expand import unresolved
from imperator.config.pairs import Pair
from imperator.config.values import flag
from imperator.errors import Where

_FILES = (".py", ".wsgi")


class Loader(NamedTuple):
    """One application to load. ``file``: a path as written; ``module``: ``pkg.mod[:name[()]]``; ``eval``: source text;
    ``paste``: an address for paste.deploy."""

    kind: Literal["file", "module", "eval", "paste"]
    target: str
    where: Where


class Mount(NamedTuple):
    """One application below a path."""

    host: str
    """Empty: any."""
    prefix: str
    """Without its last slash: empty for the root."""
    loader: Loader
    callable: str = ""
    """The attribute that the line itself names; empty: that of ``callable``."""


class Apps(NamedTuple):
    """What is mounted, and how one of it is chosen."""

    mounts: tuple[Mount, ...] = ()
    by_path: bool = False
    """``manage-script-name``: by PATH_INFO, which loses the prefix."""
    by_name: bool = True
    """Not ``ignore-script-name``: by SCRIPT_NAME or UWSGI_APPID."""
    by_host: bool = False
    """``vhost``."""
    default: bool = True
    """Not ``no-default-app``: what is for nobody is for the first application."""


def read(pairs: Mapping[str, Sequence[Pair]], complaints: Complaints) -> Apps:
    """The applications that the lines mean. ``pairs``: by the canonical name of their option."""

    def said(name: str) -> bool:
        return name in pairs and flag(pairs[name][-1], complaints)

    by_host = said("vhost") or said("vhost-host")
    mounts: list[Mount] = []
    for pair in pairs.get("mount", ()):
        mount = _mount(pair, complaints, by_host=by_host)
        twin = next((one for one in mounts if mount and one[:2] == mount[:2]), None)
        if mount and twin:
            complaints.warn("mount-odd", pair.where, f"{pair.key} = {pair.text()} is where {twin.loader.target} of"
                            f" {twin.loader.where} is mounted already", "the first is served; remove one")
        elif mount:
            mounts.append(mount)
    return Apps(
        tuple(mounts), by_path=said("manage-script-name"), by_name=not said("ignore-script-name"), by_host=by_host,
        default=not said("no-default-app"),
    )


def _mount(pair: Pair, complaints: Complaints, *, by_host: bool) -> Mount | None:
    point, equals, target = pair.text().partition("=")
    point, target = point.strip(), target.strip()
    if not equals or not target:
        complaints.error("mount-invalid", pair.where, f"{pair.key} = {pair.text()} does not say what to mount",
                         f"write {pair.key} = /path=package.module:callable, or {pair.key} = /path=file.py")
        return None
    host, bar, prefix = point.partition("|")
    if not bar:
        host, prefix = ("", point) if point.startswith("/") or not by_host else (point, "")
    if prefix and not prefix.startswith("/"):
        if not unresolved(prefix):  # which was said
            complaints.warn("mount-odd", pair.where, f"{pair.key} = {pair.text()}: no path begins with {prefix}",
                            f"write {pair.key} = /{point}={target}, as which it is taken")
        prefix = "/" + prefix
    if host and not by_host:
        complaints.warn("mount-odd", pair.where, f"{pair.key} = {pair.text()} names a host, which counts under vhost"
                        " only", "write vhost = true; without it no request comes here")
    return Mount(host, prefix.rstrip("/"), *_target(target, pair.where))


def _target(target: str, where: Where) -> tuple[Loader, str]:
    """A file by its ending or its slashes, else a module; either may be followed by a colon and a name."""
    if target.endswith(_FILES):
        return Loader("file", target, where), ""
    name, colon, attribute = target.rpartition(":")
    if colon and (name.endswith(_FILES) or "/" in name):
        return Loader("file", name, where), attribute
    if not colon and "/" in target:
        return Loader("file", target, where), ""
    return Loader("module", target, where), ""
