"""Keys that nobody reads: no option has the name and no line refers to it as a variable.

uWSGI takes every unknown key for a variable and is silent, so a word of another server, or a name that some tutorial
made up, looks as if it did something. A slip of an option's name is ``config/judge.py``'s matter. An application may
read such keys from ``uwsgi.opt``, so they are advice and no note.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from imperator.config.logic import CLOSERS, is_plugin_here
from imperator.config.options import lookup, plugin_of
from imperator.config.pairs import Pair
from imperator.errors import COMMAND_LINE, ENVIRONMENT, Diagnostic, Severity

_MEANT = {
    "accesslog": "req-logger = file:/path/to/access.log",
    "access-log": "req-logger = file:/path/to/access.log",
    "address": "http-socket = :8000",
    "app": "module = package.module:callable",
    "application": "module = package.module:callable",
    "autoreload": "py-autoreload = 1",
    "backlog": "listen = 1024",
    "bind": "http-socket = :8000, or socket = 127.0.0.1:8000 behind nginx",
    "capture-output": "logto = /path/to/file.log",
    "command": "attach-daemon = command, for a program beside the application",
    "daemon": "daemonize = /path/to/file.log",
    "debug": "py-autoreload = 1 for development; log levels are the application's own",
    "directory": "chdir = /path",
    "enable-logging": "nothing: requests are logged unless disable-logging is set",
    "env-file": "for-readline = .env, env = %(_), endfor =, on lines of their own",
    "environment": "env = NAME=value",
    "errorlog": "logto = /path/to/file.log",
    "error-log": "logto = /path/to/file.log",
    "file-log": "logto = /path/to/file.log",
    "chown": "chown-socket = user:group",
    "exec-pre": "exec-pre-app = command",
    "group": "gid = name",
    "host": "http-socket = host:port, or socket = host:port behind nginx",
    "keepalive": "http-keepalive = seconds",
    "keep-alive": "http-keepalive = seconds",
    "log": "logto = /path/to/file.log",
    "log-file": "logto = /path/to/file.log",
    "logfile": "logto = /path/to/file.log",
    "log-level": "nothing: log levels are the application's own",
    "loglevel": "nothing: log levels are the application's own",
    "logging": "disable-logging = true to log no requests",
    "log-path": "logto = /path/to/file.log",
    "pid": "pidfile = /path/to/file.pid",
    "port": "http-socket = :PORT, or socket = 127.0.0.1:PORT behind nginx",
    "preload": "nothing: the application is loaded before the workers are forked unless lazy-apps is set",
    "python": "virtualenv = /path/to/virtualenv",
    "python-home": "virtualenv = /path/to/virtualenv",
    "python-path": "pythonpath = /path",
    "reload": "py-autoreload = 1, or touch-reload = /path",
    "script": "wsgi-file = /path/to/app.py",
    "settings": "env = DJANGO_SETTINGS_MODULE=package.settings",
    "django-settings-module": "env = DJANGO_SETTINGS_MODULE=package.settings",
    "stdout-logfile": "logto = /path/to/file.log (this name is supervisord's)",
    "stderr-logfile": "logto = /path/to/file.log (this name is supervisord's)",
    "autostart": "nothing: this name is supervisord's",
    "autorestart": "nothing: workers are replaced when they die (this name is supervisord's)",
    "redirect-stderr": "nothing: both go to the log (this name is supervisord's)",
    "static": "static-map = /static=/path/to/files",
    "static-root": "static-map = /static=/path/to/files",
    "static-url": "static-map = /static=/path/to/files",
    "timeout": "harakiri = seconds",
    "user": "uid = name",
    "username": "uid = name",
    "wd": "chdir = /path",
    "worker": "processes = 4",
    "worker-class": "threads = N, or gevent = N",
    "worker-connections": "threads = N, or gevent = N",
    "workdir": "chdir = /path",
    "working-directory": "chdir = /path",
    "wsgi-app": "module = package.module:callable",
    "wsgi-module": "module = package.module:callable",
}
"""Names that people expect, and what says it here."""


def unused(
    pairs: Sequence[Pair], asked: Collection[str], told: Collection[str], texts: Iterable[str]
) -> list[Diagnostic]:
    """Each such key, once.

    ``asked``: names that some line refers to; ``told``: keys that have their complaint already; ``texts``: the lines of
    all files, for a section that was not asked for may use a variable, too.
    """
    found: dict[str, Diagnostic] = {}
    strange = _plugins(pairs)
    for pair in pairs:
        key = pair.key
        written = pair.where.line and pair.where not in (COMMAND_LINE, ENVIRONMENT)
        if not written or not key or key in asked or key in told or key in found or pair.via == "declare-option":
            continue
        if lookup(key) is not None or plugin_of(key) is not None or key in CLOSERS:
            continue
        if not key.replace("_", "-").startswith(tuple(strange)):
            found[key] = _complaint(pair)
    if not found:
        return []
    text = "\n".join(texts)
    return [one for key, one in found.items() if f"%({key}" not in text and f"({key} " not in text]


def _plugins(pairs: Sequence[Pair]) -> list[str]:
    """The beginnings of options that plugins may bring of which nothing is known here."""
    names = [
        name.strip() for pair in pairs if pair.key in ("plugin", "plugins") for name in (pair.value or "").split(",")
    ]
    return [name.replace("_", "-") for name in names if name and not is_plugin_here(name)]


def _complaint(pair: Pair) -> Diagnostic:
    meant = _MEANT.get(pair.key.lower().replace("_", "-"), "")
    if meant.startswith("nothing: "):
        hint = f"remove the line; {meant.removeprefix('nothing: ')}"
    elif meant:
        hint = f"remove the line, or write {meant}"
    else:
        hint = f"remove the line, unless the application reads uwsgi.opt['{pair.key}']"
    message = f"{pair.key} is no option, and no line uses it as a variable"
    return Diagnostic("key-unused", pair.where, message, hint, Severity.NOTE)
