"""What clients may send and how long they may take: ``pipes.Clients``, made out of the pairs.

The engine keeps these bounds; nothing here opens a socket or counts a byte.
"""

from __future__ import annotations

from collections.abc import Callable

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import flag, leading_digits, number
from imperator.pipes import Clients

MOST = 2**31 - 1
MOST_BYTES = 2**63 - 1
ALL = 2**63 - 1
"""As many failed writes as an application can make."""
ROUTER_TIMEOUT = 60
"""Seconds that uWSGI's HTTP router waits for a client that has gone silent."""
HEADS = 3
"""How many times the time of one silence a head may take from its first byte to its end."""


def clients(
    last: Callable[[str], Pair | None], listening: frozenset[str], socket_timeout: int, complaints: Complaints
) -> Clients:
    """Read the options. ``last`` finds the line that decides one; ``listening`` are the options that listen."""

    def whole(name: str, default: int, least: int = 0, most: int = MOST) -> int:
        pair = last(name)
        return number(pair, default, complaints, least=least, most=most) if pair else default

    def switched(name: str) -> bool:
        pair = last(name)
        return flag(pair, complaints) if pair else False

    timeout, head = socket_timeout, HEADS * socket_timeout
    if listening & {"http", "https", "https2"}:
        # Clients of the router are browsers, far away: it waits longer for them than a worker for its front-end.
        router = whole("http-timeout", ROUTER_TIMEOUT, least=1)
        timeout = max(timeout, router)
        head = max(head, router) if last("http-timeout") else head
        head = whole("http-headers-timeout", head, least=1)
    exception_only = switched("write-errors-exception-only")
    return Clients(
        timeout=timeout,
        header_timeout=head,
        keepalive_timeout=_keepalive(last("http-keepalive"), complaints),
        min_rate=whole("min-rate", Clients._field_defaults["min_rate"]),
        limit_post=whole("limit-post", 0, most=MOST_BYTES),
        max_vars=2 * whole("max-vars", Clients._field_defaults["max_vars"] // 2, least=1, most=65535),
        max_connections=whole("max-connections", 0),
        post_buffering=whole("post-buffering", 0, most=MOST_BYTES) > 0,
        ignore_write_errors=switched("ignore-write-errors") or exception_only,
        write_errors_tolerance=ALL if switched("disable-write-exception") else whole("write-errors-tolerance", 0),
    )


def _keepalive(pair: Pair | None, complaints: Complaints) -> int:
    """A number above 1 is a time; anything else asks for what is done anyway."""
    default = int(Clients._field_defaults["keepalive_timeout"])
    if pair is None or not leading_digits(pair.text().lstrip(" \t"))[0]:
        return default
    seconds = number(pair, default, complaints, most=MOST)
    return seconds if seconds > 1 else default
