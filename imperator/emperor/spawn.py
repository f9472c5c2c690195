"""The command line and the environment of a vassal's master. Pure: it opens, reads and starts nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from imperator import __version__
from imperator.config.settings import Settings
from imperator.errors import printable
from imperator.pipes import AS_VASSAL, ENV_AS_VASSAL, ENV_DEMANDED, ENV_EMPEROR_FD, ENV_KEPT, ENV_OURS, ENV_SOCKET_UMASK

_KINDS = {".xml": "--xml", ".ini": "--ini", ".yml": "--yaml", ".yaml": "--yaml", ".json": "--json", ".js": "--json"}
_FOR_VASSALS = "UWSGI_VASSAL_"
_FOR_EMPERORS = "UWSGI_EMPEROR"
_NOT_INHERITED = ("NOTIFY_SOCKET", "UWSGI_RELOADS", ENV_KEPT, ENV_SOCKET_UMASK, ENV_DEMANDED)


def arguments(launcher: Sequence[str], name: str, settings: Settings, *, executed: bool = False) -> list[str]:
    """The command line of a vassal: the order of the options decides which file may override which.

    ``executed``: the configuration is what the file prints.
    """
    kind = next((kind for suffix, kind in _KINDS.items() if name.endswith(suffix)), "--config")
    return [
        *launcher,
        *_each("--inherit", settings.vassals_inherit_before),
        *_each("--include", settings.vassals_include_before),
        *_each("--set", settings.vassals_set),
        kind,
        f"exec://{quoted(name if '/' in name else './' + name)}" if executed else name,
        *_each("--inherit", settings.vassals_inherit),
        *_each("--include", settings.vassals_include),
    ]


def environment(
    inherited: Mapping[str, str], fd: int, settings: Settings, kept: Sequence[tuple[int, str]] = (), demanded: str = ""
) -> dict[str, str]:
    """The environment of a vassal that talks to us over ``fd``.

    ``kept`` are its predecessor's sockets, ``demanded`` is the address of the socket that is its standard input.
    """
    # UWSGI_EMPEROR and its like are options of this emperor: inherited, they would make an emperor of every vassal.
    env = {
        name: value
        for name, value in inherited.items()
        if name not in _NOT_INHERITED and not name.startswith((_FOR_VASSALS, _FOR_EMPERORS))
    }
    for name, value in inherited.items():
        if name.startswith(_FOR_VASSALS):
            env["UWSGI_" + name[len(_FOR_VASSALS) :]] = value
    env[ENV_EMPEROR_FD] = str(fd)
    env[ENV_OURS] = __version__
    if settings.daemonized_umask and settings.umask is None:
        env[ENV_SOCKET_UMASK] = "0"
    if hooks := settings.hooks.for_vassals():
        env[ENV_AS_VASSAL] = json.dumps(hooks)
    if demanded:
        env[ENV_DEMANDED] = demanded
    if kept:
        env[ENV_KEPT] = json.dumps([list(one) for one in kept])
    return env


def hooked(hook: str, name: str, directory: str, argv: Sequence[str]) -> list[str]:
    """A command line that runs ``hook`` with the name of the vassal first, tells its status, and then goes on."""
    told = printable(f"{name} start-hook returned")
    script = (
        'printf "[emperor] running vassal start-hook: %s\\n" "$1" >&2; '
        f'UWSGI_VASSALS_DIR={quoted(directory)} /bin/sh -c "$2" sh "$3" >&2; '
        'printf "[emperor] %s %s\\n" "$4" $? >&2; shift 4; exec "$@"'
    )
    return ["/bin/sh", "-c", script, "sh", printable(f"{hook} {name}"), f'{hook} "$1"', name, told, *argv]


def prepared(launcher: Sequence[str], argv: Sequence[str]) -> list[str]:
    """A command line that does what hooks ask each vassal for, and then goes on."""
    return [*launcher, AS_VASSAL, *argv]


def quoted(text: str) -> str:
    """A word as the shell reads it."""
    return "'" + text.replace("'", "'\\''") + "'"


def _each(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (option, value)]
