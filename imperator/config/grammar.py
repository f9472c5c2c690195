"""The small languages inside of values: lists of ``key=value``, pairs of words.

They are read for options that Imperator does not do yet, so that a check finds the mistakes in them all the same; an
option that is done is read by whoever does it, with its own complaints. What makes uWSGI stop is an error, what it
swallows in silence a warning. Nothing here has a result but complaints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from imperator.config.addresses import endpoint
from imperator.config.complain import Complaints
from imperator.config.expand import unresolved
from imperator.config.keyval import metric, metric_threshold
from imperator.config.option import Option
from imperator.config.options import lookup
from imperator.config.pairs import Pair
from imperator.config.values import flag, group, leading_digits, number, split_comment, user
from imperator.config.world import World

_NAMED = ("touch-", "fs-", "chroot", "spooler", "check-static", "static-", "cheaper", "loop", "metrics-dir", "import",
          "emperor-", "limit-", "reload-")
"""The beginnings of options whose texts are names, so that a blank and a # behind them are a comment."""
MARKS = ("{{", "{%", "<%", "${")
"""Of templates that nobody has filled in yet."""
_PCRE_ONLY = ("(?<", "(?|", "(?>", "(?R", "(*", "\\Q", "\\K", "\\R", "\\h", "\\G", "[[:", "++", "*+", "?+")
_WORDS: dict[str, tuple[str, str, bool]] = {  # option: what stands between two things, the form, whether uWSGI stops
    "legion-attach-daemon": (" ", "legion command", True),
    "legion-node": (" ", "name address", True),
    "map-socket": (":", "socket:worker,worker", True),
    "mount": ("=", "/prefix=application", True),
    "static-map": ("=", "/prefix=directory", True),
    "static-map2": ("=", "/prefix=directory", True),
    "add-header": (":", "Name: value", False),
}


def read_values(pairs: Sequence[Pair], world: World, complaints: Complaints) -> None:
    """Complain about the values of the lines that nobody else reads."""
    for pair in pairs:
        row = lookup(pair.key)
        if row is None or row.status != "not yet" or row.availability == "2.1-dev only":
            continue
        text = pair.text()
        if unresolved(text) or any(mark in text for mark in MARKS):
            continue  # nobody knows what it will be
        special = _LANGUAGES.get(row.name)
        if special is not None:
            special(pair, complaints)
        elif row.name in _WORDS:
            _two(pair, *_WORDS[row.name], complaints)
        else:
            _plain(pair, row, world, complaints)


def _plain(pair: Pair, row: Option, world: World, complaints: Complaints) -> None:
    if row.takes == "optional" and not pair.value:
        return
    if row.kind in ("flag", "inverse-flag"):
        flag(pair, complaints)
    elif row.kind == "int":
        number(pair, 0, complaints)
    elif row.kind in ("uint", "uint16", "megabytes", "signed"):
        _any_number(pair, row.kind, complaints)
    elif row.kind == "addresses":
        endpoint(pair, world.facts.directory, complaints)
    elif row.kind == "user":
        user(pair, pair.text(), world, complaints)
    elif row.kind == "group":
        group(pair, pair.text(), world, complaints)
    elif row.kind in ("string", "list", "file") and row.name.startswith(_NAMED):
        plain, comment = split_comment(pair.text())
        if comment:
            complaints.warn("comment-in-value", pair.where, f"the comment behind {pair.key} is part of its value",
                            f"write {pair.key} = {plain} and put the comment on a line of its own")
    elif row.kind in ("regexp", "regexp-value", "id-regexp"):
        words = pair.text().split(" ")
        _regexp(pair, words[-1] if row.kind == "id-regexp" else words[0], complaints)


def _any_number(pair: Pair, kind: str, complaints: Complaints) -> None:
    digits = leading_digits(pair.text().lstrip(" \t"))[0]
    if digits.startswith("-") and kind != "signed":
        complaints.warn("number-negative", pair.where, f"{pair.key} = {pair.text()} is negative, which counts as a huge"
                        " number", "write 0 or more, or remove the line")
        return
    number(pair, 0, complaints, least=-(2**31), most=2**63 - 1)


def _two(pair: Pair, between: str, form: str, stops: bool, complaints: Complaints) -> None:
    text = pair.text()
    _, found, second = text.partition(between) if between else (text, "x", "x")
    if not found or not second.strip():
        _malformed(pair, form, complaints, stops=stops and not found)




def _regexp(pair: Pair, pattern: str, complaints: Complaints) -> None:
    """Complain of a pattern that no dialect can read; Python's own differs from uWSGI's in rare constructs."""
    if any(mark in pattern for mark in _PCRE_ONLY):
        return
    import re  # rare, and slow to import
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        complaints.error("regexp-invalid", pair.where, f"{pair.key}: the pattern {pattern} is broken: {error}",
                         "correct the pattern; uWSGI would not start")


def _legion(pair: Pair, complaints: Complaints) -> None:
    words = pair.text().split(" ")
    if len(words) < 4 or ":" not in words[3]:
        _malformed(pair, "name address valor algorithm:secret", complaints)


def _malformed(pair: Pair, form: str, complaints: Complaints, *, stops: bool = True) -> None:
    fact = f"{pair.key} = {pair.text()} is not of the form {form}"
    hint = f"write {pair.key} = {form}"
    if stops:
        complaints.error("value-malformed", pair.where, fact, hint + "; uWSGI would not start")
    else:
        complaints.warn("value-malformed", pair.where, fact, hint)


_LANGUAGES: dict[str, Callable[[Pair, Complaints], None]] = {
    "legion": _legion, "metric": metric, "metric-threshold": metric_threshold,
}
