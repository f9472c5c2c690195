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
_DAEMON = frozenset((
    "cmd", "command", "exec", "freq", "pidfile", "control", "daemonize", "daemon", "touch", "stopsignal", "stop_signal",
    "reloadsignal", "reload_signal", "stdin", "uid", "gid", "ns_pid", "chdir", "max_throttle", "notifypid",
))
_DAEMON_SWITCHES = frozenset(("control", "daemonize", "daemon", "ns_pid", "notifypid"))
_CRON = frozenset(("minute", "hour", "day", "month", "week", "unique", "harakiri", "legion"))
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
    its = _read(pair, pair.text(), _CACHE, _CACHE_SWITCHES, complaints)
    _required(pair, its, (("name",), ("items", "max_items", "maxitems")), complaints)
    return its


def attach_daemon2(pair: Pair, complaints: Complaints) -> None:
    """``attach-daemon2``: a command at least."""
    its = _read(pair, pair.text(), _DAEMON, _DAEMON_SWITCHES, complaints)
    _required(pair, its, (("cmd", "command", "exec"),), complaints)


def cron2(pair: Pair, complaints: Complaints) -> None:
    """``cron2``: a list, if the first word has a ``=``, and a command."""
    first, _, command = pair.text().partition(" ")
    if "=" not in first:
        return
    keys = {key for key, _ in fields(first)}
    if not keys & _CRON:
        complaints.warn("key-unknown", pair.where, f"{first} in {pair.key} is taken for the time, not for a part of"
                        " the command, and is lost", f"write {pair.key} = minute=-1 {pair.text()}")
        return
    _read(pair, first, _CRON, frozenset(("unique",)), complaints)
    if not command.strip():
        complaints.warn("value-malformed", pair.where, f"{pair.key} = {pair.text()} has no command",
                        "write the command behind a blank")


def metric(pair: Pair, complaints: Complaints) -> None:
    """``metric``: a name, or a list with one."""
    if "=" in pair.text():
        its = _read(pair, pair.text(), _METRIC, frozenset(), complaints)
        _required(pair, its, (("name",),), complaints)


def metric_threshold(pair: Pair, complaints: Complaints) -> None:
    """``metric-threshold``: a key and a value at least."""
    its = _read(pair, pair.text(), _THRESHOLD, frozenset(), complaints)
    _required(pair, its, (("key",), ("value",)), complaints)


def sharedarea(pair: Pair, complaints: Complaints) -> dict[str, str | None]:
    """``sharedarea``: a list. Answers what it says."""
    return _read(pair, pair.text(), _AREA, frozenset(), complaints)


def _read(
    pair: Pair, text: str, known: frozenset[str], switches: frozenset[str], complaints: Complaints
) -> dict[str, str | None]:
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


def _required(
    pair: Pair, its: dict[str, str | None], wanted: Iterable[tuple[str, ...]], complaints: Complaints
) -> None:
    for names in wanted:
        if not any(its.get(name) for name in names):
            complaints.error("value-malformed", pair.where, f"{pair.key} = {pair.text()} has no {names[0]}",
                             f"add {names[0]}=…; uWSGI would not start")


def _near(key: str, known: frozenset[str]) -> str | None:
    """A key that is the same but for ``-`` and capitals, or that begins so."""
    plain = key.lower().replace("-", "_")
    if plain in known:
        return plain
    return next((one for one in sorted(known) if len(plain) > 3 and (one.startswith(plain) or plain.startswith(one))),
                None)
