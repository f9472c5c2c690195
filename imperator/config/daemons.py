"""Daemons beside an instance: ``attach-daemon`` and its relatives into :class:`Daemon`, with complaints."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.keyval import read_keys, require_keys
from imperator.config.pairs import Pair
from imperator.config.values import group, number, user
from imperator.config.world import World
from imperator.errors import Where

_KEYS = frozenset((
    "cmd", "command", "exec", "freq", "pidfile", "control", "daemonize", "daemon", "touch", "stopsignal", "stop_signal",
    "reloadsignal", "reload_signal", "stdin", "uid", "gid", "ns_pid", "chdir", "max_throttle", "notifypid",
))
_SWITCHES = frozenset(("control", "daemonize", "daemon", "ns_pid", "notifypid", "stdin"))
_SIGNALS = {
    "HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15, "CONT": 18, "STOP": 19, "WINCH": 28,
}  # fmt: skip
TERM = 15
OPTIONS = ("attach-daemon", "attach-control-daemon", "attach-daemon2", "smart-attach-daemon", "smart-attach-daemon2")


class Daemon(NamedTuple):
    """One of them. Paths are absolute."""

    command: str
    """For the shell."""
    where: Where
    pidfile: str = ""
    """It is known by this file, and outlives the instance."""
    detached: bool = False
    """We write the pidfile; otherwise the command goes into the background and does."""
    freq: int = 10
    """Seconds between two looks at the pidfile."""
    control: bool = False
    """The instance ends with it."""
    touch: tuple[str, ...] = ()
    """A change of one of these starts it anew."""
    stop_signal: int = TERM
    reload_signal: int = 0
    """What ends it when the instance reloads; 0: ``stop_signal``."""
    stdin: bool = False
    """It keeps the instance's standard input."""
    uid: int | None = None
    gid: int | None = None
    user: str | None = None
    own_pids: bool = False
    """It has a namespace of process numbers of its own."""
    chdir: str = ""
    max_throttle: int = 300
    """Seconds: the longest pause before it is started again."""

    def same(self, other: Daemon) -> bool:
        """Whether they say the same, wherever they stand."""
        return self._replace(where=other.where) == other


def read(
    found: Mapping[str, Sequence[Pair]], base: str, stdin: bool, world: World, complaints: Complaints
) -> tuple[Daemon, ...]:
    """All lines; relative paths begin at ``base``. ``stdin``: all of them keep it."""
    daemons: list[Daemon] = []
    for name in OPTIONS:
        for pair in found.get(name, ()):
            if name == "attach-daemon2":
                one = _keys(pair, base, world, complaints)
            elif name.startswith("smart"):
                one = _smart(pair, base, name.endswith("2"), complaints)
            else:
                one = Daemon(pair.text(), pair.where, control="control" in name)
            if one and not one.command.strip():
                complaints.warn("value-empty", pair.where, f"{pair.key} has no command", "the line is ignored")
            elif one:
                daemons.append(one._replace(stdin=one.stdin or stdin))
    _shared_pidfiles(daemons, complaints)
    return tuple(daemons)


def _smart(pair: Pair, base: str, detached: bool, complaints: Complaints) -> Daemon | None:
    head, blank, command = pair.text().partition(" ")
    if not blank or not command.strip():
        fact = f"{pair.key} = {pair.text()} is not of the form pidfile command"
        complaints.error("value-malformed", pair.where, fact,
                         f"write {pair.key} = /run/name.pid command; uWSGI would not start")
        return None
    path, comma, freq = head.partition(",")
    daemon = Daemon(command, pair.where, posixpath.join(base, path), detached)
    if comma:
        daemon = daemon._replace(freq=_number(pair, "freq", freq, daemon.freq, 1, complaints))
    return daemon


def _keys(pair: Pair, base: str, world: World, complaints: Complaints) -> Daemon | None:
    its = read_keys(pair, pair.text(), _KEYS, _SWITCHES, complaints)
    if not require_keys(pair, its, (("cmd", "command", "exec"),), complaints):
        return None
    command = its.get("cmd") or its.get("command") or its.get("exec") or ""
    daemon = Daemon(command, pair.where)
    fields: dict[str, object] = {}
    for key, field, least in (("freq", "freq", 1), ("max_throttle", "max_throttle", 1)):
        if text := its.get(key):
            default = int(Daemon._field_defaults[field])
            fields[field] = _number(pair, key, text, default, least, complaints)
    for field in ("stop_signal", "reload_signal"):
        if text := its.get(field) or its.get(field.replace("_", "")):
            fields[field] = _signal(pair, text, int(Daemon._field_defaults[field]), complaints)
    if path := its.get("pidfile"):
        fields["pidfile"] = posixpath.join(base, path)
        fields["detached"] = "daemonize" in its or "daemon" in its
    elif "daemonize" in its or "daemon" in its:
        complaints.warn("no-effect-alone", pair.where, f"daemonize in {pair.key} has no effect without a pidfile",
                        "add pidfile=/run/name.pid, or remove it")
    if files := its.get("touch"):
        fields["touch"] = tuple(posixpath.join(base, file) for file in files.split(";") if file)
    if folder := its.get("chdir"):
        fields["chdir"] = posixpath.join(base, folder)
    if text := its.get("uid"):
        fields["uid"], fields["user"] = user(Pair(f"uid in {pair.key}", text, pair.where), text, world, complaints)
    if text := its.get("gid"):
        fields["gid"] = group(Pair(f"gid in {pair.key}", text, pair.where), text, world, complaints)
    for key, field in (("control", "control"), ("stdin", "stdin"), ("ns_pid", "own_pids")):
        if key in its:
            fields[field] = True
    return daemon._replace(**fields)  # type: ignore[arg-type]


def _number(pair: Pair, key: str, text: str, default: int, least: int, complaints: Complaints) -> int:
    return number(Pair(f"{key} in {pair.key}", text, pair.where), default, complaints, least=least)


def _signal(pair: Pair, text: str, default: int, complaints: Complaints) -> int:
    named = _SIGNALS.get(text.upper().removeprefix("SIG"))
    if named:
        return named
    return number(Pair(f"a signal in {pair.key}", text, pair.where), default, complaints, least=1, most=64)


def _shared_pidfiles(daemons: Sequence[Daemon], complaints: Complaints) -> None:
    first: dict[str, Daemon] = {}
    for daemon in daemons:
        if daemon.pidfile and daemon.pidfile in first:
            complaints.error("value-malformed", daemon.where, f"the pidfile {daemon.pidfile} is already that of"
                             f" {first[daemon.pidfile].where}", "give each daemon a pidfile of its own")
        elif daemon.pidfile:
            first[daemon.pidfile] = daemon
