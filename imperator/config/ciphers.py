"""OpenSSL's cipher lists, in the words of the suites that Imperator has.

TLS 1.3 has three suites, which such a list never governs. Of TLS 1.2 six are left: ephemeral keys, authenticated
encryption. A list chooses among those six; what else it names does not exist here. Nothing is complained about: the
words that mean nothing are answered.
"""

from __future__ import annotations

import re

_TLS13 = ("TLS13_AES_256_GCM_SHA384", "TLS13_AES_128_GCM_SHA256", "TLS13_CHACHA20_POLY1305_SHA256")
_TLS12 = {
    "ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-RSA-CHACHA20-POLY1305": "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
}
_ALL = tuple(_TLS12)
_GROUPS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("ALL", "DEFAULT", "HIGH", "EECDH", "ECDHE", "kEECDH", "kECDHE", "TLSv1.2", "AEAD", "FIPS"), _ALL),
    **dict.fromkeys(("ECDSA", "aECDSA"), tuple(name for name in _ALL if "ECDSA" in name)),
    **dict.fromkeys(("RSA", "aRSA"), tuple(name for name in _ALL if "-RSA-" in name)),
    "AES": tuple(name for name in _ALL if "AES" in name),
    "AESGCM": tuple(name for name in _ALL if "AES" in name),
    "AES256": tuple(name for name in _ALL if "AES256" in name),
    "AES128": tuple(name for name in _ALL if "AES128" in name),
    "CHACHA20": tuple(name for name in _ALL if "CHACHA20" in name),
    "SHA384": tuple(name for name in _ALL if name.endswith("SHA384")),
    "SHA256": tuple(name for name in _ALL if name.endswith("SHA256")),
}


def suites(text: str) -> tuple[tuple[str, ...], list[str]]:
    """The suites that a cipher list allows, the best-liked first, and those of its words that mean nothing here.

    A list that allows none of TLS 1.2 leaves TLS 1.3 alone.
    """
    chosen: list[str] = []
    killed: set[str] = set()
    nothing: list[str] = []
    for word in filter(None, re.split(r"[:, ]+", text)):
        sign, name = (word[0], word[1:]) if word[0] in "!-+@" else ("", word)
        if sign == "@":
            continue
        found = _named(name)
        if sign == "!":
            killed.update(found)
        if sign in ("!", "-"):
            chosen = [one for one in chosen if one not in found]
        elif sign == "+":
            chosen = [one for one in chosen if one not in found] + [one for one in chosen if one in found]
        elif found:
            chosen += [one for one in found if one not in chosen and one not in killed]
        elif name not in _TLS13_NAMES:
            nothing.append(word)
    return (*_TLS13, *(_TLS12[one] for one in chosen)), nothing


_TLS13_NAMES = ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLSv1.3")


def _named(name: str) -> tuple[str, ...]:
    """The suites that a name, a group, or groups joined by ``+`` mean."""
    if name in _TLS12:
        return (name,)
    found = _ALL
    for part in name.split("+"):
        found = tuple(one for one in found if one in _GROUPS.get(part, ()))
    return found
