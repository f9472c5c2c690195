"""What vassals of one emperor do to each other: addresses and pidfiles that two of them want.

Each of them is right by itself; the second to start fails.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from imperator.config.settings import Endpoint
from imperator.errors import Diagnostic, Where
from imperator.ops.examination import Examined


def compare(members: Sequence[Examined]) -> list[Examined]:
    """The same, with a complaint at each one that comes too late."""
    held: dict[tuple[str, str], tuple[str, Where]] = {}
    result = []
    for member in members:
        if not member.subject.group:
            result.append(member)
            continue
        complaints = []
        for kind, shown, key, where in _wants(member):
            whole = (member.subject.group, key)
            other = held.get(whole) or (_wildcard(held, *whole) if kind == "address" else None)
            if other is not None and other[0] != member.subject.path:
                code = "address-shared" if kind == "address" else "pidfile-shared"
                complaints.append(
                    Diagnostic(
                        code,
                        where,
                        f"the {kind} {shown} is already that of {other[0]} ({other[1]})",
                        f"give this vassal {'an address' if kind == 'address' else 'a pidfile'} of its own",
                    )
                )
            else:
                held.setdefault(whole, (member.subject.path, where))
        result.append(member.add(*complaints) if complaints else member)
    return result


def _wants(member: Examined) -> Iterable[tuple[str, str, str, Where]]:
    for one in member.settings.listen:
        if key := _key(one.endpoint):
            yield "address", one.address, key, one.where
    for stats in member.settings.stats:
        if key := _key(stats.endpoint):
            yield "address", stats.address, key, stats.where
    for option, path in (("pidfile", member.settings.pidfile), ("pidfile2", member.settings.pidfile2)):
        if path and not path.startswith("/dev/"):
            yield "pidfile", path, "pidfile " + path, member.settings.where.get(option, Where(member.subject.path))


def _key(endpoint: Endpoint) -> str:
    if endpoint.kind == "unix":
        return os.path.normpath(endpoint.path)
    if endpoint.kind == "abstract":
        return "@" + endpoint.path
    if endpoint.kind in ("inet", "inet6") and endpoint.port:
        host = "127.0.0.1" if endpoint.host == "localhost" else endpoint.host
        return f"{host} {endpoint.port}"
    return ""


def _wildcard(held: dict[tuple[str, str], tuple[str, Where]], group: str, key: str) -> tuple[str, Where] | None:
    """Who listens on the same port of all addresses, or of one if this is all of them."""
    host, blank, port = key.partition(" ")
    if not blank or key.startswith(("/", "@", "pidfile ")):
        return None
    if host != "0.0.0.0":
        return held.get((group, f"0.0.0.0 {port}")) if ":" not in host else None
    return next(
        (
            who
            for (its_group, its), who in held.items()
            if its_group == group
            and its.endswith(" " + port)
            and not its.startswith(("/", "@", "pidfile "))
            and ":" not in its
        ),
        None,
    )
