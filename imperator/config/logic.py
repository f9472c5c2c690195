"""Conditions and loops: ``if-env = HOME`` … ``endif``, ``for = a b`` … ``endfor``.

A directive opens a :class:`Block`; the pairs that follow are offered to it until any of the closing words. A condition
passes them on once or not at all, a loop once for each of its values, line by line. Conditions are judged when they are
met and are not expanded. There is one block at a time: uWSGI refuses a second one inside an active one, and inside an
inactive one the first closing word ends the outer block.

``else``, which uWSGI has from 2.1 on, turns a condition round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import leading_digits
from imperator.config.world import Unreadable, World

CLOSERS = frozenset(("endif", "end-if", "endfor", "end-for", "end"))
MOST_ROUNDS = 10000

_ALIASES = {"ifenv": "if-env", "ifexists": "if-exists", "ifdir": "if-dir", "if-directory": "if-dir",
            "ifplugin": "if-plugin"}
_CONDITIONS = frozenset(("env", "opt", "exists", "file", "dir", "plugin", "hostname", "hostname-match", "reload"))
_LOOPS = frozenset(("for", "for-glob", "for-times", "for-readline"))

BUILT_IN = frozenset((
    "python", "python3", "http", "corerouter", "logfile", "logsocket", "syslog", "rsyslog",
    "spooler",
    "signal", "cheaper_busyness", "cheaper_backlog2", "rpc", "cache", "ping", "nagios", "stats_pusher_file",
    "router_http", "router_redirect", "router_static", "router_rewrite", "router_basicauth", "router_uwsgi",
    "router_cache", "router_hash", "router_metrics", "transformation_gzip", "transformation_offload",
))
"""Plugins whose work is part of Imperator or whose options are in its table: asking for them is harmless."""


class Block(NamedTuple):
    """An open condition or loop."""

    opener: Pair
    values: tuple[str | None, ...]
    """What ``%(_)`` becomes, once for each round; None: it stays. No rounds: the block is inactive."""
    otherwise: tuple[str | None, ...] | None
    """The rounds of the ``else`` part; None for a loop."""
    turned: bool = False
    """Whether this is the ``else`` part."""


def is_plugin_here(name: str) -> bool:
    """Whether uWSGI's plugin ``name`` is something that Imperator does by itself."""
    name = name.strip().removeprefix("0:")
    return name in BUILT_IN or (name.startswith("python3") and name[7:].replace(".", "").isdigit())


def opens(key: str) -> bool:
    """Whether ``key`` opens a block."""
    return key in _LOOPS or _condition(key) is not None


def open_block(
    pair: Pair, pairs: Sequence[Pair], world: World, complaints: Complaints, environ: Mapping[str, str]
) -> Block:
    """The block that ``pair`` opens, ``pairs`` being the list so far."""
    argument = pair.value or ""
    if pair.key in _LOOPS:
        return Block(pair, tuple(_rounds(pair, argument, world, complaints)), None)
    condition = _condition(pair.key) or ("", False)
    kind, negated = condition
    if kind not in ("env", "reload") and ("$(" in argument or "%(" in argument):
        complaints.warn("placeholder-in-condition", pair.where,
                        f"{pair.key} = {argument} is judged as written, its placeholder is not filled in",
                        "use if-env or if-opt, or a %letter variable")
    holds, value = _judge(kind, argument, pair, pairs, world, complaints, environ)
    yes: tuple[str | None, ...] = (value,)
    return Block(pair, () if holds == negated else yes, yes if holds == negated else ())


def _condition(key: str) -> tuple[str, bool] | None:
    key = _ALIASES.get(key, key)
    if not key.startswith("if-"):
        return None
    kind = key[3:]
    negated = kind.startswith("not-")
    if negated:
        kind = kind[4:]
    return (kind, negated) if kind in _CONDITIONS else None


def _judge(
    kind: str, argument: str, pair: Pair, pairs: Sequence[Pair], world: World, complaints: Complaints,
    environ: Mapping[str, str],
) -> tuple[bool, str | None]:
    """Whether the condition holds, and what ``%(_)`` becomes."""
    if kind in ("env", "opt"):
        name, equals, wanted = argument.partition("=")
        value = environ.get(name) if kind == "env" else _first(name, pairs)
        return (value is not None and (not equals or value == wanted)), value
    if kind == "reload":
        return world.facts.reloading, None
    if kind == "hostname-match":
        return _matches(argument, pair, world, complaints), argument
    if kind == "exists":
        return world.exists(argument), argument
    if kind == "file":
        return world.is_file(argument), argument
    if kind == "dir":
        return world.is_dir(argument), argument
    if kind == "plugin":
        return is_plugin_here(argument), argument
    return argument == world.facts.hostname, argument


def _matches(pattern: str, pair: Pair, world: World, complaints: Complaints) -> bool:
    import re  # rare, and slow to import

    try:
        return re.search(pattern, world.facts.hostname) is not None
    except re.error as error:
        complaints.error("regexp-invalid", pair.where, f"{pair.key} = {pattern}: {error}", "correct the pattern")
        return False


def _first(name: str, pairs: Sequence[Pair]) -> str | None:
    return next((pair.value for pair in pairs if pair.key == name), None)


def _rounds(pair: Pair, argument: str, world: World, complaints: Complaints) -> Sequence[str]:
    if pair.key == "for":
        return [word for word in argument.split(" ") if word]
    if pair.key == "for-glob":
        return list(world.glob(argument)) or [argument]
    if pair.key == "for-times":
        digits = leading_digits(argument.lstrip())[0]
        times = int(digits) if digits and len(digits) < 10 else MOST_ROUNDS + 1 if digits else 0
        if times > MOST_ROUNDS:
            complaints.error("too-many-pairs", pair.where, f"{pair.key} = {argument} is more than {MOST_ROUNDS} rounds",
                             "write a smaller number")
            return []
        return [str(n) for n in range(1, times + 1)]
    try:
        lines = world.read(argument).split("\n")
    except Unreadable as error:
        complaints.warn("file-unreadable", pair.where, f"cannot read {argument}: {error}", "the loop has no rounds")
        return []
    if lines[-1] == "":
        lines.pop()
    return [line.rstrip("\r") for line in lines[:MOST_ROUNDS]]
