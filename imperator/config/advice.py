"""What is wise beyond what is right: defaults that hurt sooner or later, and settings that anybody may abuse.

Nothing here keeps an instance from starting and nothing here is a mistake; ``imperator check`` shows it as advice. The
server itself does not ask. What settings do to one another is ``combination.py``'s matter.
"""

from __future__ import annotations

from collections.abc import Sequence

from imperator.config.complain import Complaints
from imperator.config.options import lookup
from imperator.config.pairs import Pair
from imperator.config.settings import Endpoint, Listen, Settings
from imperator.config.world import Unreadable, World
from imperator.errors import Diagnostic, Severity

SMALL_BUFFER = 4096
_FRONT_ENDS = frozenset(("www-data", "nginx", "http", "apache", "httpd", "www", "caddy"))
"""Users that nginx and its like run as."""
_SOMAXCONN = "/proc/sys/net/core/somaxconn"


def advise(settings: Settings, pairs: Sequence[Pair], world: World) -> list[Diagnostic]:
    """What could be better, each a note."""
    found = Complaints()
    if settings.listen:
        _defaults(settings, pairs, found)
        _queue(settings, world, found)
    if settings.buffer_size <= SMALL_BUFFER and "buffer-size" in settings.where:
        found.warn(
            "buffer-small",
            settings.where["buffer-size"],
            f"buffer-size = {settings.buffer_size} is the room for all headers of a request",
            "one large cookie is answered 431; write 32768, or remove the line",
        )
    _open_to_all(settings, found)
    _impatient(settings, pairs, found)
    if settings.uid == 0 and "uid" in settings.where:
        found.warn(
            "runs-as-root",
            settings.where["uid"],
            "the application runs as root: whoever finds a hole in it owns this machine",
            "write uid and gid of a user that owns nothing else; sockets and logs are opened before",
        )
    return [one._replace(severity=Severity.NOTE) for one in found]


def _defaults(settings: Settings, pairs: Sequence[Pair], found: Complaints) -> None:
    unix = next((one for one in settings.listen if one.endpoint.kind == "unix"), None)
    if unix is not None and not settings.vacuum:
        found.warn(
            "vacuum-off",
            unix.where,
            f"the file of {unix.option} = {unix.address} stays when the instance has ended",
            "nginx then says 'connection refused' instead of 'no such file'; write vacuum = true",
        )
    first = settings.listen[0].where
    if not settings.need_app and settings.loaders:
        found.warn(
            "need-app-off",
            settings.where.get("need-app", settings.loaders[0].where),
            "without need-app an application that cannot be loaded is served as 500",
            "write need-app = true, and a start that fails is seen at once",
        )
    row = lookup("harakiri")
    if row is not None and row.status == "supported" and not any(pair.key in row.names for pair in pairs):
        found.warn(
            "harakiri-off",
            first,
            "without harakiri a request that hangs keeps its worker for ever",
            "write harakiri = 60, or more than your slowest request takes",
        )


def _impatient(settings: Settings, pairs: Sequence[Pair], found: Complaints) -> None:
    """A wait for a client that ``harakiri`` makes void: it kills the worker before the wait can end."""
    pair = next((pair for pair in reversed(pairs) if pair.key == "socket-timeout"), None)
    limit = int(settings.lives.harakiri)
    if pair is not None and 0 < limit < settings.socket_timeout:
        found.warn(
            "harakiri-shorter",
            pair.where,
            f"harakiri = {limit} ends a request before {pair.key} = {settings.socket_timeout} can",
            f"write {pair.key} = {max(limit // 2, 1)}, so that a client that stalls costs no worker",
        )


def _queue(settings: Settings, world: World, found: Complaints) -> None:
    try:
        most = int(world.read(_SOMAXCONN))
    except (Unreadable, ValueError):
        return  # a kernel that does not say
    if settings.backlog is None:
        return
    where = settings.where.get("listen")
    if settings.backlog < most:
        found.warn(
            "listen-short",
            where,
            f"listen = {settings.backlog} lets fewer connections wait than the kernel allows ({most})",
            "remove the line: a full queue is a 502",
        )
    elif settings.backlog > most:
        found.warn(
            "listen-capped",
            where,
            f"listen = {settings.backlog} is more than this machine's kernel allows ({most})",
            f"raise it (sysctl -w net.core.somaxconn={settings.backlog}); uWSGI would not start",
        )


def _open_to_all(settings: Settings, found: Complaints) -> None:
    unix = [one for one in settings.listen if one.endpoint.kind == "unix"]
    if unix and settings.chmod_socket is not None and settings.chmod_socket & 0o002:
        found.warn(
            "world-writable-socket",
            settings.where.get("chmod-socket"),
            f"every user of this machine may send requests to {unix[0].address}, headers and REMOTE_USER of"
            " their choice",
            "write chmod-socket = 660 and chown-socket = :www-data, the group of nginx",
        )
    silent = settings.chmod_socket is None and settings.chown_socket is None and settings.umask is None
    if unix and silent and not settings.daemonized_umask and settings.user not in _FRONT_ENDS:
        found.warn(
            "socket-closed",
            unix[0].where,
            f"only {settings.user or 'the user that starts it'} may connect to {unix[0].address}, unless the umask at"
            " the start is another",
            "if nginx is another user: write chmod-socket = 660 and chown-socket = :www-data, the group of nginx",
        )
    told = [("stats", "which paths are asked for", one) for one in settings.stats]
    told += [("emperor-stats", "which sites there are", one) for one in settings.emperor_stats]
    for option, what, address in told:
        if address.endpoint.kind in ("inet", "inet6") and not local(address.endpoint):
            found.warn(
                "public-socket",
                address.where,
                f"{option} = {address.address} tells the network {what}",
                f"write {option} = 127.0.0.1:{address.endpoint.port}, or a path",
            )
    for one in settings.listen:
        if one.protocol != "http" and reachable(one):
            found.warn(
                "public-socket",
                one.where,
                f"{one.option} = {one.address} speaks {one.protocol} to the network:"
                " a peer can set any variable of a request",
                f"write 127.0.0.1:{one.endpoint.port}, a path, or http-socket if browsers shall come here",
            )


def reachable(one: Listen) -> bool:
    """Whether other machines can connect to it, as far as the address tells."""
    if one.endpoint.kind not in ("inet", "inet6"):
        return False
    return not local(one.endpoint)


def local(endpoint: Endpoint) -> bool:
    """Whether an address is one of this machine to itself."""
    return endpoint.host.startswith("127.") or endpoint.host in ("localhost", "::1", "ip6-localhost")
