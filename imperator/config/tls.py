"""TLS: which files, ciphers and clients each socket and each name has; text into :class:`Tls` and :class:`Context`.

Reads no file: whether certificates and keys are any good is known when they are read, by the master. Relative paths
begin at the directory that the program was started in, as uWSGI has it, whatever ``chdir`` says.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from imperator.config.ciphers import suites
from imperator.config.complain import Complaints
from imperator.config.keyval import fields
from imperator.config.pairs import Pair
from imperator.config.values import flag, number
from imperator.errors import Where


class Context(NamedTuple):
    """One certificate and its rules. Paths are absolute."""

    certificate: str
    key: str
    suites: tuple[str, ...]
    """Empty: all there are."""
    client_ca: str
    """Whose certificates clients may show; empty: none are asked for."""
    demands_client: bool
    """A client without a certificate is refused."""
    where: Where


class Named(NamedTuple):
    """A context for clients that ask for this name. ``*.example.com`` stands for every name one level below."""

    name: str
    context: Context


class Tls(NamedTuple):
    """What all TLS sockets of an instance share."""

    names: tuple[Named, ...] = ()
    directory: str = ""
    """Where ``NAME.crt``, ``NAME.key`` and perhaps ``NAME.ca`` of further names are; empty: nowhere."""
    directory_suites: tuple[str, ...] = ()
    lifetime: int = 300
    """How long a session can be resumed, in seconds."""
    exports_certificate: bool = False


_KEYVAL = {
    "addr": "addr", "address": "addr", "cert": "cert", "crt": "cert", "key": "key", "ciphers": "ciphers",
    "clientca": "client_ca", "client_ca": "client_ca", "spdy": "",
}


def listener(pair: Pair, start: str, complaints: Complaints) -> tuple[Pair, Context] | None:
    """The address, as a pair of its own, and the context of ``addr,cert,key[,ciphers[,client-ca]]``."""
    if pair.key == "https2":
        parts = _keyval(pair, complaints)
    else:
        parts = dict(zip(("addr", "cert", "key", "ciphers", "client_ca"), pair.text().split(",", 4), strict=False))
    missing = [name for name in ("addr", "cert", "key") if not parts.get(name)]
    if parts.get("client_ca") == "!":
        missing.append("client_ca")
    if missing:
        form = "addr=ADDRESS,cert=FILE,key=FILE" if pair.key == "https2" else "ADDRESS,CERTIFICATE,KEY"
        what = {"addr": "an address", "cert": "a certificate", "key": "a key", "client_ca": "a file behind the !"}
        complaints.error("tls-incomplete", pair.where, f"{pair.key} = {pair.text()} lacks"
                         f" {' and '.join(what[name] for name in missing)}", f"write {pair.key} = {form}")
        return None
    return pair._replace(value=parts["addr"]), _context(pair, parts, start, complaints)


def _keyval(pair: Pair, complaints: Complaints) -> dict[str, str]:
    parts: dict[str, str] = {}
    for key, value in fields(pair.text()):
        if key not in _KEYVAL:
            complaints.warn("key-unknown", pair.where, f"{key} is nothing that {pair.key} knows",
                            "it knows addr, cert, key, ciphers and client_ca; this part is ignored")
        elif _KEYVAL[key]:
            parts[_KEYVAL[key]] = value or ""
    return parts


def _context(pair: Pair, parts: Mapping[str, str], start: str, complaints: Complaints) -> Context:
    client_ca = parts.get("client_ca", "")
    demands = client_ca.startswith("!")
    return Context(
        posixpath.join(start, parts["cert"]),
        posixpath.join(start, parts["key"]),
        _suites(pair, parts.get("ciphers", ""), complaints),
        posixpath.join(start, client_ca.lstrip("!")) if client_ca.lstrip("!") else "",
        demands,
        pair.where,
    )


def _suites(pair: Pair, text: str, complaints: Complaints) -> tuple[str, ...]:
    if not text:
        return ()
    allowed, nothing = suites(text)
    only = "" if any("TLS13" not in one for one in allowed) else ", which leaves TLS 1.3 alone"
    if nothing or only:
        what = f"{', '.join(nothing)} in {pair.key}" if nothing else f"the cipher list of {pair.key}"
        complaints.warn("tls-ciphers", pair.where, f"{what} names no cipher suite that Imperator has{only}",
                        "leave the list out for all of the nine, none of which is weak")
    return allowed


def build(
    lines: Mapping[str, Sequence[Pair]], last: Callable[[str], Pair | None], start: str, complaints: Complaints
) -> Tls:
    """What the lines other than those of sockets say."""
    tls = Tls()
    names = [named for pair in lines.get("sni", ()) if (named := _named(pair, start, complaints))]
    if pair := last("sni-dir"):
        tls = tls._replace(directory=posixpath.normpath(posixpath.join(start, pair.text())))
    if pair := last("sni-dir-ciphers"):
        tls = tls._replace(directory_suites=_suites(pair, pair.text(), complaints))
    if pair := last("ssl-sessions-timeout"):
        tls = tls._replace(lifetime=number(pair, tls.lifetime, complaints, least=1, most=7 * 24 * 3600))
    if pair := last("https-export-cert"):
        tls = tls._replace(exports_certificate=flag(pair, complaints))
    return tls._replace(names=tuple(names))


def _named(pair: Pair, start: str, complaints: Complaints) -> Named | None:
    name, _, files = pair.text().partition(" ")
    parts = dict(zip(("cert", "key", "ciphers", "client_ca"), files.strip().split(",", 3), strict=False))
    if not name or not parts.get("cert") or not parts.get("key"):
        complaints.error("sni-invalid", pair.where, f"{pair.key} = {pair.text()} is no name with its certificate and"
                         " key", f"write {pair.key} = NAME CERTIFICATE,KEY")
        return None
    return Named(name.lower(), _context(pair, parts, start, complaints))
