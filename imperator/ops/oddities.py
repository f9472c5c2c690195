"""Values that are surely meant otherwise, whatever the machine: quotation marks, switches where a path belongs, paths
of another system, a file where a module belongs.

Each of them is legal text for uWSGI, which then looks for a file of that very name. What makes the site unreachable is
an error, the rest are notes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from imperator.config.expand import unresolved
from imperator.config.options import lookup
from imperator.config.pairs import Pair
from imperator.config.settings import Settings
from imperator.config.values import split_comment
from imperator.errors import Diagnostic, Severity

_FREE = (
    "log-format", "log-encoder", "log-req-encoder", "log-date", "print", "iprint", "exec", "hook", "attach", "smart",
    "legion", "cron", "unique-cron", "route", "response", "final", "error", "add-header", "alarm", "set", "declare",
    "procname", "eval", "pyargv", "if-", "for", "end", "exit",
)  # fmt: skip
"""The beginnings of options whose values are text of the user's own."""
_FATAL = frozenset(
    ("module", "wsgi-file", "callable", "chdir", "chdir2", "home", "uid", "gid", "mount", "emperor", "paste")
)
_FLAG_WORDS = frozenset(("true", "false", "yes", "no", "on", "off"))
_PATHS = frozenset((
    "chdir", "chdir2", "home", "wsgi-file", "pythonpath", "pidfile", "pidfile2", "safe-pidfile", "safe-pidfile2",
    "logto", "logto2", "daemonize", "daemonize2", "master-fifo", "touch-reload", "touch-workers-reload",
    "touch-chain-reload", "touch-logreopen", "touch-logrotate", "stats", "spooler", "check-static", "emperor", "chroot",
    "http-socket", "socket", "uwsgi-socket", "envdir",
))  # fmt: skip
"""Options whose values are paths, or may be."""
_MAY_BE_FLAGGED = _PATHS - {
    "logto", "logto2", "daemonize", "daemonize2", "emperor", "chdir", "home", "wsgi-file", "http-socket",
}  # fmt: skip
"""Those for which a word like true is no complaint elsewhere."""
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")
_PROGRAM = re.compile(r"/bin/python[0-9.]*$")
MODULE = re.compile(r"[^\s/\\\"';:(){}.]+(\.[^\s/\\\"';:(){}.]+)*")
"""The name of a module; import takes hyphens, only the statement does not."""


def oddities(settings: Settings, pairs: Sequence[Pair]) -> list[Diagnostic]:
    """What is odd about the values of ``pairs``, and about the names of the applications."""
    found: list[Diagnostic] = []
    for pair in pairs:
        row = lookup(pair.key)
        text = (pair.value or "").strip()
        if row is None or not text or not pair.where.line or row.status in ("refused", "not yet"):
            continue
        name = row.name
        if text[0] in "\"'" and _quoted(text) and not name.startswith(_FREE):
            fatal = name in _FATAL or row.kind == "addresses"
            found.append(
                Diagnostic(
                    "value-quoted",
                    pair.where,
                    f"the quotation marks are part of the value of {pair.key}",
                    f"write {pair.key} = {text[1:-1]}",
                    Severity.ERROR if fatal else Severity.WARNING,
                )
            )
        elif name == "env" and _quoted(text.partition("=")[2]):
            variable, _, value = text.partition("=")
            found.append(
                Diagnostic(
                    "value-quoted",
                    pair.where,
                    f"the quotation marks are part of the variable {variable}",
                    f"write {pair.key} = {variable}={value[1:-1]}, unless the application takes them off",
                    Severity.WARNING,
                )
            )
        elif name in _PATHS:
            found += _path(pair, name, text)
    return found + _names(settings)


def _quoted(text: str) -> bool:
    return len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]


def _path(pair: Pair, name: str, text: str) -> list[Diagnostic]:
    severity = Severity.ERROR if name in _FATAL or "socket" in name else Severity.WARNING
    if text.lower() in _FLAG_WORDS and name in _MAY_BE_FLAGGED:
        fact, hint = f"{pair.key} = {text} names a file called {text}", f"write {pair.key} = /path"
        severity = Severity.WARNING
    elif text.startswith("~"):
        fact = f"{pair.key} = {text}: nobody but a shell knows what ~ is"
        hint = f"write {pair.key} = $(HOME){text[1:]}" if text[1:2] in ("", "/") else "write the whole path"
    elif _WINDOWS.match(text):
        fact, hint = f"{pair.key} = {text} is a path of Windows", "write the path on this machine"
    elif name == "pythonpath" and _PROGRAM.search(text):
        fact, hint = (
            f"{pair.key} = {text} names a program",
            "write the directory that holds the modules, or remove the line",
        )
    elif name == "home" and (_PROGRAM.search(text) or text.rstrip("/").endswith(("/bin", "/bin/activate"))):
        fact = f"{pair.key} = {text} is inside a virtualenv"
        hint = f"write the directory of the virtualenv itself: {pair.key} = {text.rpartition('/bin')[0]}"
    else:
        return []
    return [Diagnostic("path-odd", pair.where, fact, hint, severity)]


def _names(settings: Settings) -> list[Diagnostic]:
    """Modules that are named like files."""
    found = []
    for loader in (*settings.loaders, *(mount.loader for mount in settings.apps.mounts)):
        plain, comment = split_comment(loader.target)
        if comment and loader.kind in ("module", "file"):
            found.append(
                Diagnostic(
                    "comment-in-value",
                    loader.where,
                    f"the comment behind {plain} is part of the name",
                    "put it on a line of its own; as it is, no application has this name",
                )
            )
            continue
        if loader.kind != "module" or unresolved(loader.target) or any(mark in loader.target for mark in "{}<>$\"'"):
            continue
        name, colon, attribute = loader.target.partition(":")
        if name.endswith(".py") or "/" in name:
            plain = name.removesuffix(".py").strip("./").replace("/", ".")
            hint = f"write module = {plain}{colon}{attribute}, or wsgi-file = {name}"
            fact = f"{name} is the name of a file, not of a module"
        elif not MODULE.fullmatch(name):
            hint = "write package.module:callable"
            fact = f"{name} is no name of a module"
        else:
            continue
        found.append(Diagnostic("app-name-invalid", loader.where, fact, hint))
    bad = {one.where for one in found}
    if any(loader.where not in bad for loader in settings.loaders):  # that one is served then
        roots = {loader.where for loader in settings.loaders}
        found = [one._replace(severity=Severity.WARNING) if one.where in roots else one for one in found]
    return found + _twins(settings)


def _twins(settings: Settings) -> list[Diagnostic]:
    """Applications for the root of which only the first that loads is served."""
    if len(settings.loaders) < 2:
        return []
    first, *rest = settings.loaders
    found = []
    for other in rest:
        if any(mark in first.target + other.target for mark in ("{{", "${", "<%")):
            continue
        module = first.target.partition(":")[0] if first.kind == "module" else ""
        path = "/" + other.target.removesuffix(".py").removesuffix(".wsgi").replace("%", "")
        if other.kind == "file" and module and path.endswith("/" + module.replace(".", "/")):
            continue
        found.append(
            Diagnostic(
                "app-shadowed",
                other.where,
                f"{other.target} is loaded only if {first.target} of {first.where} cannot be",
                "remove one of the two lines",
                Severity.WARNING,
            )
        )
    return found
