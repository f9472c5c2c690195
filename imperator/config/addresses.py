"""Addresses to listen on: text into :class:`Endpoint`.

uWSGI never refuses an address: what it cannot read it binds to 255.255.255.255 or to a random port and reports
success. Such a site is unreachable, so here it is an error that tells the right spelling. Nothing is resolved or bound.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.settings import Endpoint
from imperator.config.values import HARMLESS, MOVE, leading_digits, split_comment

_HOST = re.compile(r"[\w.:%-]*")
LONGEST_PATH = 102
"""What uWSGI allows a unix socket; the kernel allows 107."""


def endpoint(pair: Pair, base: str, complaints: Complaints, shared: Sequence[Endpoint] = ()) -> Endpoint | None:
    """The endpoint that ``pair`` names, or None after an error. A relative path begins at ``base``.

    ``shared`` are the shared sockets that were defined so far: ``=0`` is the first of them.
    """
    text = pair.text().lstrip(" \t")
    if not text:
        complaints.error("value-empty", pair.where, f"{pair.key} has no address",
                         "write a path, host:port or :port")
        return None
    plain, comment = split_comment(text)
    if comment:
        if ":" in plain:
            complaints.warn("comment-in-value", pair.where, HARMLESS, MOVE)
        else:
            complaints.warn("comment-in-value", pair.where, f"the comment behind {pair.key} is part of its path",
                            f"put it on a line of its own; {plain} is used")
        text = plain
    if text.startswith("="):
        return _shared(pair, text, shared, complaints)
    if text.startswith(("@", "\\0")):
        return Endpoint("abstract", path=text[1 if text[0] == "@" else 2 :])
    if text.startswith("fd://"):
        if text[5:].isdigit():
            return Endpoint("fd", fd=int(text[5:]))
        return _bad(pair, text, "has no number", "write fd:// and the number of an open descriptor", complaints)
    for scheme in ("unix://", "unix:", "tcp://", "http://", "https://", "uwsgi://"):
        if text.startswith(scheme):
            return _bad(pair, text, "has a prefix that addresses here do not have",
                        f"write {text[len(scheme):] or 'the address'}", complaints)
    if ":" not in text:
        return _path(pair, text, base, complaints)
    return _inet(pair, text, base, complaints)


def _path(pair: Pair, text: str, base: str, complaints: Complaints) -> Endpoint | None:
    if text.isdigit():
        message = f"{pair.key} = {text} is a file called {text}, not a port"
        if pair.key.startswith("http"):
            complaints.error("address-is-number", pair.where, message, f"write {pair.key} = :{text}")
            return None
        complaints.warn("address-is-number", pair.where, message, f"write {pair.key} = :{text} for the port")
    path = posixpath.normpath(posixpath.join(base, text))
    if len(path.encode("utf-8", "surrogateescape")) > LONGEST_PATH + 5:
        return _bad(pair, text, f"is longer than {LONGEST_PATH + 5} bytes once absolute", "choose a shorter path",
                    complaints)
    return Endpoint("unix", path=path)


def _inet(pair: Pair, text: str, base: str, complaints: Complaints) -> Endpoint | None:
    if text.startswith("["):
        host, bracket, port_text = text[1:].partition("]:")
        if not bracket or not host:
            return _bad(pair, text, "is not [address]:port", "write it so", complaints)
        kind = "inet6"
    else:
        host, _, port_text = text.rpartition(":")
        kind = "inet"
        if "/" in host or ("/" in port_text and not host):
            return _bad(pair, text, "is neither a path nor host:port", "a path of a unix socket cannot hold a colon",
                        complaints)
        if ":" in host:
            return _bad(pair, text, "is an IPv6 address without brackets", f"write [{host}]:{port_text}", complaints)
    host = host.rstrip(" \t")  # as inet_addr does, and strtol below
    if "*" not in host and not _HOST.fullmatch(host):
        return _bad(pair, text, f"has {host}, which is the name of no host", "write host:port", complaints)
    port = _port(pair, text, port_text.lstrip(" \t"), complaints)
    if port is None:
        return None
    if kind == "inet6":
        return Endpoint("inet6", host=host, port=port)
    if host == "*":
        complaints.warn("address-odd", pair.where, f"{pair.key} = {text} listens on every address; uWSGI would not",
                        f"write :{port}")
        host = ""
    elif host == "127.*":
        host = "127.0.0.1"
    elif "*" in host:
        return _bad(pair, text, "picks an address by its beginning, which Imperator does not", "write the address",
                    complaints)
    return Endpoint("inet", host=host or "0.0.0.0", port=port)


def _port(pair: Pair, text: str, port_text: str, complaints: Complaints) -> int | None:
    if not port_text:
        return 0
    digits, rest = leading_digits(port_text)
    if not digits or digits[0] in "+-" or len(digits) > 9 or int(digits) > 65535:
        _bad(pair, text, f"has no port between 0 and 65535 behind the colon ({port_text})", "write host:port",
             complaints)
        return None
    if rest:
        complaints.warn("number-trailing", pair.where, f"{pair.key} = {text} counts as port {digits}",
                        f"remove {rest}")
    return int(digits)


def _shared(pair: Pair, text: str, shared: Sequence[Endpoint], complaints: Complaints) -> Endpoint | None:
    digits, _ = leading_digits(text[1:])
    number = int(digits) if digits and len(digits) < 9 else 0
    if 0 <= number < len(shared):
        return shared[number]
    return _bad(pair, text, f"names shared socket number {number}, and {len(shared)} are defined before it",
                "put shared-socket = address above it", complaints)


def _bad(pair: Pair, text: str, fact: str, hint: str, complaints: Complaints) -> Endpoint | None:
    complaints.error("address-invalid", pair.where, f"the address {text} of {pair.key} {fact}", hint)
    return None
