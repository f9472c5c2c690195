"""What listening sockets are told beyond their address: :class:`Tuning`, made out of the pairs.

Connections inherit it from the socket that accepts them. ``process/listeners.py`` tells it to the kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import flag, number

MOST = 2**31 - 1


class Tuning(NamedTuple):
    """None and False leave it to the kernel. All but the buffers is for TCP only."""

    keepalive: bool = False
    send_buffer: int | None = None
    receive_buffer: int | None = None
    fast_open: int | None = None
    reuse_port: bool = False
    freebind: bool = False
    defer_accept: bool = True
    """No worker is woken before a client has said something."""


def tuning(last: Callable[[str], Pair | None], complaints: Complaints) -> Tuning:
    """Read the options. ``last`` finds the line that decides one."""

    def whole(name: str) -> int | None:
        pair = last(name)
        return number(pair, 0, complaints, most=MOST) or None if pair else None

    def switched(name: str) -> bool:
        pair = last(name)
        return flag(pair, complaints) if pair else False

    return Tuning(
        keepalive=switched("so-keepalive"),
        send_buffer=whole("socket-sndbuf"),
        receive_buffer=whole("socket-rcvbuf"),
        fast_open=whole("tcp-fast-open"),
        reuse_port=switched("reuse-port"),
        freebind=switched("freebind"),
        defer_accept=not switched("no-defer-accept"),
    )
