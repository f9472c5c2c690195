"""Names and leftovers: what may be said about a list of pairs without knowing what its options do.

Unknown keys are legitimate, they define variables; only one that looks like a slip of an option's name and that nothing
refers to deserves a word. Known options that Imperator does not keep are told one by one. Values are ``build.py``'s
matter, except for placeholders that were left over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from imperator.config.complain import Complaints
from imperator.config.expand import unresolved
from imperator.config.logic import CLOSERS, is_plugin_here
from imperator.config.option import Option
from imperator.config.options import lookup, nearest, plugin_of
from imperator.config.pairs import Pair
from imperator.errors import COMMAND_LINE, ENVIRONMENT

MOST_GUESSES = 200
"""Looking for the nearest name takes about a millisecond; a file that a program wrote may have any number of keys."""

_LOG_FORMATS = frozenset(("log-format", "logformat"))
_LOG_WORDS = frozenset((
    "uri", "method", "user", "addr", "host", "proto", "uagent", "referer", "status", "rsize", "hsize", "size", "cl",
    "time", "ltime", "ftime", "ctime", "epoch", "msecs", "micros", "secs", "tmsecs", "tmicros", "pid", "wid", "core",
    "switches", "vars", "headers", "pktsize", "vsz", "rss", "werr", "rerr", "ioerr",
))
_SHELL_WORD = re.compile(r"(?:^|[/:=,])\$[A-Z][A-Z0-9_]+")
_TEMPLATES = (("${", "}"), ("{{", "}}"), ("<%=", "%>"))
_FREE_TEXT = ("log", "route", "hook", "print", "response", "final", "error", "add-header", "exec", "attach", "cron")


def judge(pairs: Sequence[Pair], asked: Collection[str], declared: Collection[str], complaints: Complaints) -> None:
    """Complain about the names in ``pairs``. ``asked``: names that something refers to; ``declared``: macros."""
    strict = _strict(pairs)
    near: dict[str, str | None] = {}
    for pair in pairs:
        row = lookup(pair.key)
        if row is not None:
            _known(pair, row, complaints)
        elif pair.key not in declared and pair.via != "set-placeholder" and pair.key not in CLOSERS:
            if pair.key not in near:
                near[pair.key] = nearest(pair.key) if len(near) < MOST_GUESSES else None
            _unknown(pair, near[pair.key], strict, asked, complaints)
        if row is not None and row.subsystem not in ("config", "config-logic"):
            _leftovers(pair, row, complaints)
    _overridden(pairs, complaints)
    _shadowed(pairs, asked, complaints)


def _strict(pairs: Sequence[Pair]) -> bool:
    last = next((pair for pair in reversed(pairs) if pair.key == "strict"), None)
    return last is not None and last.text().lower() not in ("0", "false", "off", "no")


def _known(pair: Pair, row: Option, complaints: Complaints) -> None:
    if row.status == "not yet":
        hint = "it needs uWSGI 2.1, too" if row.availability == "2.1-dev only" else "the line is ignored for now"
        complaints.warn("not-yet", pair.where, f"{pair.key} is not supported yet and has no effect", hint)
    elif row.status == "refused":
        complaints.warn("refused-option", pair.where, f"{pair.key} has no effect in Imperator", row.reason)
    elif row.name == "plugins":
        for name in map(str.strip, (pair.value or "").split(",")):
            name = name.removeprefix("0:")
            if name.startswith("python2") and not is_plugin_here(name):
                complaints.warn("foreign-plugin", pair.where, f"{name} is Python 2, which Imperator does not have",
                                "the application must run under Python 3.10 or later; then remove the line")
            elif name and not is_plugin_here(name):
                complaints.warn("foreign-plugin", pair.where, f"Imperator does not have uWSGI's plugin {name}",
                                "options of that plugin have no effect")


def _unknown(
    pair: Pair, near: str | None, strict: bool, asked: Collection[str], complaints: Complaints
) -> None:
    plugin = plugin_of(pair.key)
    used = pair.key in asked
    if plugin is not None and not used:
        complaints.warn("foreign-option", pair.where,
                        f"{pair.key} belongs to uWSGI's plugin {plugin}, which Imperator does not have",
                        "the line is ignored")
        return
    hint = f"did you mean {near}" if near else "remove it, or define a variable with set-placeholder"
    why = "and nothing uses it"
    word, blank, rest = pair.key.partition(" ")
    if near is not None and blank and nearest(word) == near and pair.value:
        why, hint = f"because a = is missing behind {word}", f"write {near} = {rest.strip()}={pair.value}"
    if strict and not (pair.where == ENVIRONMENT and _from_an_orchestrator(pair.key)):
        complaints.error("unknown-option", pair.where, f"{pair.key} is no option and the configuration is strict", hint)
    elif near is not None and not used and pair.where != COMMAND_LINE:
        complaints.warn("unknown-option", pair.where, f"{pair.key} is no option {why}", hint)


def _from_an_orchestrator(key: str) -> bool:
    """Whether the variable looks like one that Kubernetes or Docker sets for a service that is called uwsgi."""
    return key == "port" or key.startswith(("service-", "port-")) or key.endswith(("-service-host", "-service-port"))


def _leftovers(pair: Pair, row: Option, complaints: Complaints) -> None:
    """Complain of placeholders without an answer, where one was surely wanted.

    Addresses and numbers speak for themselves when they are read; log formats and rules have such text of their own.
    """
    value = pair.value or ""
    marked = any(left in value and right in value for left, right in _TEMPLATES)
    shell = row.name != "env" and not row.name.startswith(_FREE_TEXT) and _SHELL_WORD.search(value)
    if shell or (marked and not row.name.startswith(("route", "log", "final", "response", "error"))):
        complaints.warn("placeholder-foreign", pair.where, f"{pair.key} = {value} holds a mark of a template",
                        "fill it in before, or write $(NAME) for a variable of the environment")
        return
    left = unresolved(value)
    speak = ("addresses", "int", "uint", "signed", "megabytes", "user", "group")
    if left and row.status == "supported" and row.kind not in speak and not row.name.startswith(_FREE_TEXT):
        complaints.warn("placeholder-unresolved", pair.where, f"{left} in {pair.key} has no value and stays as written",
                        "set it in the environment" if left[0] == "$" else "define it above")


def _overridden(pairs: Sequence[Pair], complaints: Complaints) -> None:
    """Complain of lines that take effect over others against first sight: inherited files, and words without --ini."""
    before: dict[str, Pair] = {}
    for pair in pairs:
        row = lookup(pair.key)
        if pair.via == "inherit" and pair.value and any(mark in pair.value for mark in ("$(", "@(", "%(")) and row:
            complaints.warn("inherit-not-expanded", pair.where,
                            f"{pair.key} = {pair.value} is inherited, its placeholders are not filled in",
                            "use include instead of inherit")
        if row is None or row.repeats or row.immediate:
            continue
        old = before.get(row.name)
        if old is not None and old.text() != pair.text():
            if pair.via == "inherit" and old.via != "inherit":
                complaints.warn("inherit-overrides", pair.where,
                                f"{pair.key} = {pair.text()} is inherited and overrides {old.text()} of {old.where}",
                                "use include above the line to have it the other way round")
            elif pair.via == "positional" and old.where == COMMAND_LINE and old.via != "positional":
                complaints.warn("positional-overrides", pair.where,
                                f"{pair.key} = {pair.text()} overrides {old.text()} of the command line",
                                f"write --ini {pair.where.file} before --{old.key}")
        before[row.name] = pair


def _shadowed(pairs: Sequence[Pair], asked: Collection[str], complaints: Complaints) -> None:
    if not any(pair.key in _LOG_FORMATS for pair in pairs):
        return
    for pair in pairs:
        if pair.key in _LOG_WORDS and pair.key in asked:
            complaints.warn("log-format-shadowed", pair.where,
                            f"%({pair.key}) in the log format is this value, not that of the request",
                            "give the variable another name")
