"""Values that are lists of ``key=value``: their keys, and what gets lost in them without a word.

A comma ends a value unless ``\\`` stands before it, blanks belong to the keys, keys that nobody knows are ignored, and
a key that switches something on does so whatever its value. uWSGI tells nothing of it. What the keys do is not known
here, only their names.
"""

from __future__ import annotations

from collections.abc import Iterable

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair

_CACHE = frozenset((
    "name", "items", "max_items", "maxitems", "blocksize", "blocks", "keysize", "hash", "hashsize", "store",
    "store_sync", "store_delete", "node", "nodes", "sync", "udp", "udp_servers", "udp_server", "bitmap", "lastmod",
    "math_initial", "ignore_full", "purge_lru", "lru", "lazy_expire", "lazy", "sweep_on_full", "clear_on_full",
    "no_expire",
))
_CACHE_SWITCHES = frozenset((
    "bitmap", "lastmod", "ignore_full", "purge_lru", "lru", "lazy_expire", "lazy", "sweep_on_full", "clear_on_full",
    "no_expire", "store_delete",
))
_METRIC = frozenset((
    "name", "oid", "type", "initial_value", "freq", "reset_after_push", "children", "alias", "arg1", "arg2", "arg3",
    "arg1n", "arg2n", "arg3n", "collector",
))
_THRESHOLD = frozenset(("key", "value", "alarm", "rate", "msg", "reset"))
_AREA = frozenset(("pages", "file", "fd", "ptr", "size", "offset"))


def fields(text: str) -> list[tuple[str, str | None]]:
    """Keys and values, in order; a value of None has no ``=``."""
    parts: list[str] = [""]
    escaped = False
    for letter in text:
        if escaped:
            parts[-1] += letter
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == ",":
            parts.append("")
        else:
            parts[-1] += letter
    found: list[tuple[str, str | None]] = []
    for part in parts:
        key, equals, value = part.partition("=")
        found.append((key, value if equals else None))
    return found


def cache2(pair: Pair, complaints: Complaints) -> dict[str, str | None]:
    """``cache2``: a name and a number of items at least. Answers what it says."""
    its = read_keys(pair, pair.text(), _CACHE, _CACHE_SWITCHES, complaints)
    require_keys(pair, its, (("name",), ("items", "max_items", "maxitems")), complaints)
    return its


def metric(pair: Pair, complaints: Complaints) -> None:
    """``metric``: a name, or a list with one."""
    if "=" in pair.text():
        its = read_keys(pair, pair.text(), _METRIC, frozenset(), complaints)
        require_keys(pair, its, (("name",),), complaints)


def metric_threshold(pair: Pair, complaints: Complaints) -> None:
    """``metric-threshold``: a key and a value at least."""
    its = read_keys(pair, pair.text(), _THRESHOLD, frozenset(), complaints)
    require_keys(pair, its, (("key",), ("value",)), complaints)


def sharedarea(pair: Pair, complaints: Complaints) -> dict[str, str | None]:
    """``sharedarea``: a list. Answers what it says."""
    return read_keys(pair, pair.text(), _AREA, frozenset(), complaints)


def read_keys(
    pair: Pair, text: str, known: frozenset[str], switches: frozenset[str], complaints: Complaints
) -> dict[str, str | None]:
    """The keys of ``text`` that are ``known``; ``switches`` need no value. Complains of all others."""
    found: dict[str, str | None] = {}
    before = ""
    for key, value in fields(text):
        if key in known and (value is not None or key in switches):
            if key in switches and value is not None and value.lower() in ("0", "false", "no", "off"):
                complaints.warn("key-always-on", pair.where, f"{key}={value} in {pair.key} switches {key} on:"
                                " its presence counts", f"remove {key}")
            found[key] = value
            before = key
        elif key.strip() in known:
            complaints.warn("key-unknown", pair.where, f"the key {key!r} of {pair.key} has a blank beside it"
                            if key != key.strip() else f"{key} in {pair.key} has no value", "write key=value,key=value"
                            " without blanks around")
        elif before in ("cmd", "command", "exec") and key:
            complaints.warn("key-unknown", pair.where, f"the command of {pair.key} ends at the comma, {key} does not"
                            " belong to it", "write \\, for a comma in a command")
        elif key:
            near = _near(key.strip(), known)
            complaints.warn("key-unknown", pair.where, f"{pair.key} has no key {key}", f"did you mean {near}" if near
                            else f"remove it; the keys are {', '.join(sorted(known)[:8])}, …")
    return found


def require_keys(
    pair: Pair, its: dict[str, str | None], wanted: Iterable[tuple[str, ...]], complaints: Complaints
) -> bool:
    """Whether one of each of the ``wanted`` names has a value; complains of what is missing."""
    complete = True
    for names in wanted:
        if not any(its.get(name) for name in names):
            complaints.error("value-malformed", pair.where, f"{pair.key} = {pair.text()} has no {names[0]}",
                             f"add {names[0]}=…; uWSGI would not start")
            complete = False
    return complete


def _near(key: str, known: frozenset[str]) -> str | None:
    """A key that is the same but for ``-`` and capitals, or that begins so."""
    plain = key.lower().replace("-", "_")
    if plain in known:
        return plain
    return next((one for one in sorted(known) if len(plain) > 3 and (one.startswith(plain) or plain.startswith(one))),
                None)
