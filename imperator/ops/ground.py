"""The ground an instance will stand on: its directories, sockets, pidfiles, logs and virtualenv, only looked at.

What would fail at the start is an error here, with the code that the start would give it. Files are opened by two
persons: who starts the instance binds the sockets and opens pidfile and log, the configured user does everything after.
"""

from __future__ import annotations

import functools
import itertools
import os
import stat
import sys

from imperator.config.expand import unresolved
from imperator.config.settings import Listen, Settings
from imperator.errors import Diagnostic, Severity, Where
from imperator.ops.person import ENTER, WRITE, Person
from imperator.process import certificates

_FIRST_FREE_PORT = "/proc/sys/net/ipv4/ip_unprivileged_port_start"


def examine(settings: Settings, starter: Person) -> list[Diagnostic]:
    """Everything that will not be there, or not be allowed."""
    runner = starter.become(settings.uid, settings.gid, settings.user)
    found: list[Diagnostic] = []
    found += _user(settings, starter)
    found += _directories(settings, runner)
    found += _python_paths(settings)
    found += _virtualenv(settings, starter, runner)
    for one in settings.listen:
        found += _socket(settings, one, starter, runner)
    found += _files(settings, starter, runner)
    if os.geteuid() in (0, starter.uid):  # anybody else could not know
        found += certificates.examine(settings)
    return found


def _user(settings: Settings, starter: Person) -> list[Diagnostic]:
    if starter.uid == 0 or settings.uid in (None, starter.uid):
        return []
    message = f"runs as {starter.name}, not as uid {settings.uid}: only root can change that"
    return [
        Diagnostic(
            "not-root",
            settings.where.get("uid"),
            message,
            "start it as root, or leave uid and gid out",
            Severity.WARNING,
        )
    ]


def _directories(settings: Settings, runner: Person) -> list[Diagnostic]:
    found = []
    for option, path in (("chdir", settings.directory), ("chdir2", settings.directory2)):
        if path is None:
            continue
        place = settings.where.get(option)
        state = look(path)
        if state is None:
            closed = runner.barrier(path)
            problem, hint = "does not exist", f"create it, or correct {option}"
            if closed:
                problem, hint = f"cannot be reached by {runner.name}", f"allow it: chmod a+x {closed}"
        elif not stat.S_ISDIR(state.st_mode):
            problem, hint = "is not a directory", f"correct {option}"
        elif closed := runner.barrier(path):
            problem, hint = f"cannot be reached by {runner.name}", f"allow it: chmod a+x {closed}"
        elif not runner.may(state, ENTER):
            problem, hint = f"may not be entered by {runner.name}", f"allow it: chmod a+x {path}"
        else:
            continue
        found.append(Diagnostic("bad-directory", place, f"the directory {path} {problem}", hint))
    return found


def _python_paths(settings: Settings) -> list[Diagnostic]:
    found = []
    base = settings.directory or settings.start
    for path in settings.pythonpath:
        whole = os.path.join(base, path)
        if look(base) is not None and look(whole) is None and not unresolved(path):
            found.append(
                Diagnostic(
                    "bad-directory",
                    settings.where.get("pythonpath"),
                    f"the directory {whole} of pythonpath does not exist",
                    "create it, correct pythonpath, or remove the line",
                    Severity.WARNING,
                )
            )
    return found


def _virtualenv(settings: Settings, starter: Person, runner: Person) -> list[Diagnostic]:
    home = settings.home
    if home is None:  # who starts it has started Python, so only another user may be kept from it
        return [] if runner.uid == starter.uid else _reach(runner, sys.executable, settings.where.get("uid"))
    place = settings.where.get("home")
    python = interpreter(home)
    if python is None:
        what = "does not exist" if look(home) is None else "has no bin/python3: it is no virtualenv"
        return [Diagnostic("no-interpreter", place, f"{home} {what}", f"make one: python3 -m venv {home}")]
    return _reach(runner, python, place)


def _reach(runner: Person, python: str, place: Where | None) -> list[Diagnostic]:
    closed = runner.barrier(python) or runner.barrier(os.path.realpath(python))
    state = look(python)
    if closed is None and state is not None and not runner.may(state, ENTER):
        closed = os.path.realpath(python)
    if closed is None:
        return []
    return [
        Diagnostic(
            "interpreter-out-of-reach",
            place,
            f"{runner.name} may not execute {python}: {closed} is closed to it",
            f"open the way (chmod a+x {closed}) or make the virtualenv elsewhere",
        )
    ]


def interpreter(home: str) -> str | None:
    """The Python of a virtualenv."""
    paths = (os.path.join(home, "bin", name) for name in ("python3", "python"))
    return next((path for path in paths if os.path.exists(path)), None)


def _socket(settings: Settings, one: Listen, starter: Person, runner: Person) -> list[Diagnostic]:
    endpoint = one.endpoint
    if endpoint.kind in ("inet", "inet6"):
        if not settings.tuning.freebind and not local_address(endpoint.host):
            return [
                Diagnostic(
                    "address-not-here",
                    one.where,
                    f"cannot listen on {one.address}: this machine has no such address",
                    "give one that 'ip address' shows, or leave the host empty for all of them",
                )
            ]
        if 0 < endpoint.port < first_free_port() and starter.uid != 0:
            return [
                Diagnostic(
                    "port-not-permitted",
                    one.where,
                    f"cannot listen on {one.address}: ports below {first_free_port()} need root",
                    "start as root with uid and gid set, or choose another port",
                )
            ]
        return []
    if endpoint.kind != "unix":
        return []
    folder = os.path.dirname(endpoint.path)
    above = look(folder)
    if above is None or not stat.S_ISDIR(above.st_mode):
        if closed := starter.barrier(endpoint.path):
            return [_no_permission(one.where, f"cannot listen on {one.address}", starter, closed)]
        hint = f"create it: mkdir -p {folder}"
        if folder.startswith(("/run/", "/var/run/")):
            hint += (
                f", or RuntimeDirectory={folder.split('run/', 1)[1]} in the systemd unit, for it is empty after a boot"
            )
        return [
            Diagnostic(
                "no-directory",
                one.where,
                f"cannot listen on {one.address}: the directory {folder} does not exist",
                hint,
            )
        ]
    found = []
    try:
        kind = os.lstat(endpoint.path).st_mode
    except (OSError, ValueError):
        kind = None
    if kind is not None and not stat.S_ISSOCK(kind):
        what = "a directory" if stat.S_ISDIR(kind) else "a symbolic link" if stat.S_ISLNK(kind) else "an ordinary file"
        found.append(
            Diagnostic(
                "socket-path-taken",
                one.where,
                f"cannot listen on {one.address}: {what} of that name exists",
                "move it away or choose another path; uWSGI would delete it",
            )
        )
    if closed := starter.barrier(endpoint.path):
        found.append(_no_permission(one.where, f"cannot listen on {one.address}", starter, closed))
    elif not starter.may(above, WRITE | ENTER):
        found.append(_no_permission(one.where, f"cannot listen on {one.address}", starter, folder))
    elif settings.vacuum and not runner.may(above, WRITE | ENTER):
        message = f"{runner.name} may not remove {endpoint.path} at the end, for it cannot write in {folder}"
        found.append(
            Diagnostic(
                "vacuum-not-permitted",
                settings.where.get("vacuum"),
                message,
                "give that user a directory of its own; the next start removes what was left",
                Severity.WARNING,
            )
        )
    owner = settings.chown_socket
    if owner is not None and starter.uid != 0:
        stranger = owner.uid not in (None, starter.uid) or (owner.gid is not None and owner.gid not in starter.gids)
        if stranger:
            found.append(
                Diagnostic(
                    "cannot-give-socket",
                    settings.where.get("chown-socket"),
                    f"{starter.name} cannot give {one.address} to that user or group",
                    "only root can; correct chown-socket or start it as root",
                )
            )
    return found


def _files(settings: Settings, starter: Person, runner: Person) -> list[Diagnostic]:
    found = []
    for option, path, who in (
        ("pidfile", settings.pidfile, starter),
        ("logto", settings.logto, starter),
        ("daemonize", settings.daemonize, starter),
        ("daemonize2", settings.daemonize2, starter),
        ("emperor-pidfile", settings.emperor_pidfile, starter),
        ("logto2", settings.logto2, runner),
        ("pidfile2", settings.pidfile2, runner),
        ("safe-pidfile", settings.safe_pidfile, runner),
        ("safe-pidfile2", settings.safe_pidfile2, runner),
    ):
        if path is not None and (one := _file(option, path, who, settings.where.get(option))):
            found.append(one)
    for sink in (*settings.logs.sinks, *settings.logs.request_sinks):
        folder = os.path.dirname(sink.target)
        if sink.kind == "file" and look(folder) is None and not starter.barrier(sink.target):
            what = f"cannot open the log {sink.target}: the directory {folder} does not exist"
            found.append(Diagnostic("no-directory", sink.where, what, f"create it: mkdir -p {folder}"))
    return found


def _file(option: str, path: str, who: Person, place: Where | None) -> Diagnostic | None:
    what = f"cannot write {option} {path}"
    folder = os.path.dirname(path)
    if closed := who.barrier(path):
        return _no_permission(place, what, who, closed)
    above = look(folder)
    if above is None:
        return Diagnostic(
            "no-directory", place, f"{what}: the directory {folder} does not exist", f"create it: mkdir -p {folder}"
        )
    if "pidfile" in option and os.path.islink(path):
        return Diagnostic(
            "pidfile-is-link", place, f"{what}: it is a symbolic link", "remove the link, or name its target"
        )
    state = look(path)
    if state is not None and stat.S_ISDIR(state.st_mode):
        code = "cannot-write-pidfile" if "pidfile" in option else "cannot-open-log"
        return Diagnostic(code, place, f"{what}: it is a directory", "name a file in it")
    if state is None and not who.may(above, WRITE | ENTER):
        return _no_permission(place, what, who, folder)
    if state is not None and not who.may(state, WRITE):
        return _no_permission(place, what, who, path)
    return None


def _no_permission(place: Where | None, what: str, who: Person, closed: str) -> Diagnostic:
    return Diagnostic(
        "no-permission",
        place,
        f"{what}: {closed} is closed to {who.name}",
        f"let {who.name} write there, or choose another path",
    )


def first_free_port() -> int:
    """The first port that needs no privilege."""
    try:
        with open(_FIRST_FREE_PORT, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 1024


def local_address(host: str) -> bool:
    """Whether an address written in numbers is one of this machine; of names and of IPv6 nothing is known here."""
    parts = host.split(".")
    numbers = len(parts) == 4 and all(part.isdecimal() and len(part) < 4 for part in parts)
    if not numbers or parts[0] in ("127", "0"):
        return True
    own = _own_addresses()
    return not own or host in own


@functools.cache
def _own_addresses() -> frozenset[str]:
    """Every IPv4 address of this machine; empty if the kernel does not tell, or lets any be used."""
    try:
        with open("/proc/sys/net/ipv4/ip_nonlocal_bind", encoding="ascii") as file:
            if file.read().strip() != "0":
                return frozenset()
        with open("/proc/net/fib_trie", encoding="ascii") as file:
            lines = file.read().split("\n")
    except (OSError, ValueError):
        return frozenset()
    pairs = itertools.pairwise(lines)
    return frozenset(line.split()[-1] for line, below in pairs if "/32 host LOCAL" in below and line.strip())


def look(path: str) -> os.stat_result | None:
    """What is at ``path``, links followed; None if nothing is, or if we may not see it."""
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None
