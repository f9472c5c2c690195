"""What options do to one another: lines without effect because another is missing, and instances that serve nothing.

Each option for itself is ``build.py``'s matter. Options that Imperator does not keep have had their complaint already
and are left out here.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence

from imperator.config.complain import Complaints
from imperator.config.options import lookup, plugin_of
from imperator.config.pairs import Pair
from imperator.config.settings import Endpoint, Settings
from imperator.errors import COMMAND_LINE, Diagnostic, Where

_FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("emperor-", ("emperor",)),
    ("vassals-", ("emperor",)),
    ("http-", ("http", "https", "https2", "http-socket", "https-socket")),
    ("https-", ("https", "https2", "https-socket")),
    ("fastrouter-", ("fastrouter",)),
    ("rawrouter-", ("rawrouter",)),
    ("spooler-", ("spooler",)),
    ("stats-push", ()),
    ("stats-pusher-", ("stats-push",)),
    ("stats-", ("stats", "emperor-stats", "stats-push")),
    ("metrics-no-cores", ("stats", "stats-push", "metrics-dir")),
    ("cheaper-", ("cheaper",)),
    ("max-requests-delta", ("max-requests",)),
    ("max-worker-lifetime-delta", ("max-worker-lifetime",)),
    ("harakiri-", ("harakiri",)),
    ("callable", ("module", "wsgi-file", "mount", "ini-paste", "paste")),
    ("manage-script-name", ("mount",)),
    ("gevent-monkey-patch", ("gevent", "loop")),
    ("gevent-wait-for-hub", ("gevent", "loop")),
)
"""Options by the beginning of their name, and those of which one must be there."""

_ALONE = frozenset(("http-socket", "https-socket", "http-to", "emperor-stats", "stats-server", "http-socket-modifier1"))
_LOADERS = frozenset(
    (
        "module",
        "wsgi-file",
        "mount",
        "wsgi",
        "paste",
        "ini-paste",
        "ini-paste-logged",
        "pyrun",
        "eval",
        "pecan",
        "web3",
        "pump",
        "wsgi-lite",
        "static-map",
        "static-map2",
        "check-static",
        "static-index",
        "route",
        "lua",
        "mule",
        "fileserve-mode",
        "spooler",
        "cron",
        "cron2",
        "attach-daemon",
        "attach-daemon2",
        "smart-attach-daemon",
        "smart-attach-daemon2",
        "mount-app",
        "app",
        "import",
        "shared-import",
        "file",
    )
)
_WSGI = frozenset(("mount", "paste", "ini-paste", "ini-paste-logged", "pyrun", "web3", "pump", "wsgi-lite", "pecan"))
"""Of those, the ones that name an application in Python."""

_FILES = frozenset(("static-map", "static-map2", "check-static", "static-index", "fileserve-mode"))
"""Of those, the ones that serve files only."""

_LANGUAGES = frozenset((
    "php", "psgi", "rack", "cgi", "pypy", "mono", "lua", "jvm", "jwsgi", "ring", "gccgo", "webdav", "xslt", "glusterfs",
    "rados", "coroae",
))  # fmt: skip
"""Plugins that answer requests."""

_ROUTES = frozenset(
    (
        "http-to",
        "http-zerg",
        "http-use-cache",
        "http-use-pattern",
        "http-use-base",
        "http-use-code-string",
        "http-subscription-server",
    )
)
"""Where the HTTP router of uWSGI takes its backends from."""

_LISTENERS = frozenset(
    (
        "https",
        "https2",
        "http-socket",
        "fastrouter",
        "rawrouter",
        "sslrouter",
        "zerg",
        "suwsgi-socket",
        "ssl-socket",
        "https-socket",
        "sctp",
        "upd",
        "udp",
        "forkptyrouter",
        "raw-socket",
        "puwsgi-socket",
        "map-socket",
    )
)


def combine(
    settings: Settings, pairs: Sequence[Pair], *, vassal: bool, left_out: Collection[str] = ()
) -> list[Diagnostic]:
    """What the lines do to one another.

    ``vassal``: an emperor starts it, nobody else can give it a socket. ``left_out``: names in lines that a condition
    left out, so that what they would do is not missed.
    """
    found = Complaints()
    present: dict[str, Pair] = {}
    for pair in pairs:
        row = lookup(pair.key)
        if row is not None:
            present.setdefault(row.name, pair)
    possible = {row.name for name in left_out if (row := lookup(name)) is not None}
    _lonely(settings, pairs, present.keys() | possible, found)
    _crowded(settings, found)
    if settings.command is None and not settings.emperor:
        _nothing_to_do(settings, pairs, present, found, vassal)
    return list(found)


def _lonely(settings: Settings, pairs: Sequence[Pair], present: Collection[str], found: Complaints) -> None:
    told: set[str] = set()
    for pair in pairs:
        row = lookup(pair.key)
        if row is None or row.status in ("not yet", "refused") or row.name in told or pair.where == COMMAND_LINE:
            continue
        if settings.listen and row.name in ("chmod-socket", "chown-socket"):
            if not any(one.endpoint.kind == "unix" for one in settings.listen):
                told.add(row.name)
                found.warn(
                    "no-effect-alone",
                    pair.where,
                    f"{pair.key} has no effect: no socket here is a file",
                    "remove the line, or write socket = /path/to.sock",
                )
            continue
        wanted = _wanted(row.name)
        if wanted and not any(name in present for name in wanted):
            told.add(row.name)
            found.warn(
                "no-effect-alone",
                pair.where,
                f"{pair.key} has no effect without {wanted[0]}",
                f"remove the line, or set {wanted[0]}",
            )


@functools.cache
def _wanted(name: str) -> tuple[str, ...]:
    if name in _ALONE:
        return ()
    return next((heads for start, heads in _FAMILIES if name.startswith(start)), ())


def _crowded(settings: Settings, found: Complaints) -> None:
    """Addresses of which one is a part of the other: the kernel gives the port to the first only."""
    seen: list[tuple[str, str, Where, Endpoint]] = []
    asked = [(one.option, one.address, one.where, one.endpoint) for one in settings.listen]
    asked += [("stats", one.address, one.where, one.endpoint) for one in settings.stats]
    for option, address, where, endpoint in asked:
        for other, its, place, taken in seen:
            if _collide(endpoint, taken):
                found.error(
                    "address-duplicate",
                    where,
                    f"{option} = {address} cannot be had beside {other} = {its} of {place}",
                    "give one of them another port, or remove it",
                )
                break
        seen.append((option, address, where, endpoint))


def _collide(one: Endpoint, other: Endpoint) -> bool:
    if one.kind == other.kind == "unix" or one.kind == other.kind == "abstract":
        return one.path == other.path
    if one.port != other.port or not one.port or {one.kind, other.kind} - {"inet", "inet6"}:
        return False
    wide = {end.kind for end in (one, other) if end.host in ("0.0.0.0", "::", "")}
    if one.kind == other.kind:
        return one.host == other.host or bool(wide)
    return "inet6" in wide


def _nothing_to_do(
    settings: Settings, pairs: Sequence[Pair], present: dict[str, Pair], found: Complaints, vassal: bool
) -> None:
    first = next((pair.where._replace(line=0) for pair in pairs if pair.where.line), None)
    if not settings.listen:
        _no_socket(present, found, vassal, pairs)
    if settings.loaders or settings.apps.mounts or not pairs:
        return
    foreign = next((pair for pair in pairs if plugin_of(pair.key) in _LANGUAGES), None)
    if foreign is not None and present.keys() & _LOADERS <= _FILES:
        found.error(
            "no-application",
            foreign.where,
            f"the application belongs to uWSGI's plugin {plugin_of(foreign.key)}, which Imperator does not have",
            "leave this one with uWSGI",
        )
    elif not any(name in present for name in _LOADERS):
        router = next((pair for name, pair in present.items() if name in _ROUTES), None)
        if router is not None and settings.listen:
            found.error(
                "no-application",
                router.where,
                f"{router.key} passes requests on to other servers, and Imperator does not",
                "put nginx or HAProxy in front of them, or leave this one with uWSGI",
            )
        elif settings.listen:
            found.warn(
                "no-application",
                first,
                "no line says which application to serve",
                "write wsgi-file = app.py or module = package.module",
            )
        return
    idle = next((pair for name, pair in present.items() if name in _WSGI), None)
    row = lookup(idle.key) if idle is not None else None
    if settings.listen and idle is not None and row is not None and row.status in ("not yet", "refused"):
        found.error(
            "no-application",
            idle.where,
            f"the application is named by {idle.key} alone, which Imperator does not have",
            "write wsgi-file = app.py or module = package.module, or leave this one with uWSGI",
        )


def _no_socket(present: dict[str, Pair], found: Complaints, vassal: bool, pairs: Sequence[Pair]) -> None:
    asked = next((pair for name, pair in present.items() if name in _LISTENERS), None)
    rows = [row for pair in pairs if (row := lookup(pair.key)) is not None]
    if any(row.kind == "addresses" and row.status == "supported" and row.name != "stats" for row in rows):
        return  # it has an address that cannot be used, and that was said
    first = next((pair.where._replace(line=0) for pair in pairs if pair.where.line), None)
    if asked is not None:
        found.error(
            "no-socket",
            asked.where,
            f"there is no socket besides {asked.key}, which Imperator does not have",
            "add socket = /path/to.sock or http-socket = :8080",
        )
    elif vassal:
        found.error("no-socket", first, "the vassal names no socket", "write socket = /path/to.sock")
    else:
        found.warn(
            "no-socket",
            first,
            "no socket is named here",
            "it runs if the command line, the environment or systemd gives it one",
        )
