"""Which lines of a configuration hold a secret: passwords and keys handed to the application by ``env``, and those of
``basicauth``.

Judged by the variable's name and by passwords inside of addresses; a placeholder is no secret. Who may read the file
is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from imperator.config.expand import unresolved
from imperator.config.pairs import Pair

_WORDS = ("SECRET", "PASSWORD", "PASSWD", "TOKEN", "APIKEY", "API_KEY", "PRIVATE_KEY", "ACCESS_KEY", "CREDENTIAL")
_LOGIN = re.compile(r"(?:^| )basicauth(?:-next)?:[^,]*,[^:]*:(.+)")
_ENDINGS = ("_KEY", "_PASS", "_PWD", "_DSN")
_NOT_SECRET = ("_FILE", "_PATH", "_URL_PATH", "_DIR")


def secrets(pairs: Sequence[Pair]) -> Iterator[tuple[Pair, str, str]]:
    """Each line with the name of its variable and the part that is secret."""
    for pair in pairs:
        if "route" in pair.key and pair.value and (found := _LOGIN.search(pair.value)):
            if not unresolved(found[1]):
                yield pair, "basicauth", found[1]
            continue
        if pair.key != "env" or pair.value is None:
            continue
        name, equals, value = pair.value.partition("=")
        if equals and (secret := _secret(name.strip().upper(), value.strip())):
            yield pair, name.strip(), secret


def _secret(name: str, value: str) -> str:
    if not value or unresolved(value) or "{{" in value or value.startswith("${"):
        return ""
    if password := _in_address(value):
        return password
    if name.endswith(_NOT_SECRET) or value.startswith("/") or value.lower() in ("true", "false"):
        return ""
    return value if any(word in name for word in _WORDS) or name.endswith(_ENDINGS) else ""


def _in_address(value: str) -> str:
    """The password of ``scheme://user:password@host``."""
    _, separator, rest = value.partition("://")
    user, at, _ = rest.partition("/")[0].rpartition("@")
    return user.partition(":")[2] if separator and at else ""
