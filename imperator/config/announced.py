"""Which sockets take the word of a load balancer for whom it speaks (the PROXY protocol), and from whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.settings import OF_ROUTERS, Listen
from imperator.config.values import flag


def announce(
    listen: Iterable[Listen], last: Callable[[str], Pair | None], chosen: bool, complaints: Complaints
) -> tuple[Listen, ...]:
    """The sockets, each with those whose word counts.

    uWSGI believes whoever can connect, and so do we, until somebody has ``chosen`` whom to trust by ``trusted-peers``.
    """
    on = {}
    for name in ("enable-proxy-protocol", "http-enable-proxy-protocol"):
        pair = last(name)
        on[name] = pair is not None and flag(pair, complaints)
    whom: Literal["anybody", "trusted"] = "trusted" if chosen else "anybody"

    def one(socket: Listen) -> Listen:
        option = "http-enable-proxy-protocol" if socket.option in OF_ROUTERS else "enable-proxy-protocol"
        return socket._replace(announcers=whom) if on[option] and socket.protocol == "http" else socket

    return tuple(one(socket) for socket in listen)
