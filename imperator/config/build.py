"""Pairs into Settings, with every complaint at once.

The last line of a scalar option wins, all lines of a list count, in order. What each option means is one entry of the
tables below or one method of :class:`_Build`; how a kind of value is read is ``values.py`` and ``addresses.py``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Any

from imperator.config import (
    alarms,
    apps,
    command,
    conduct,
    empire,
    error_pages,
    figures,
    gevent,
    headers,
    hooks,
    interpreter,
    limits,
    lives,
    log_files,
    mules,
    orders,
    request_log,
    routing,
    scaling,
    sharing,
    signals,
    spooling,
    tasks,
    tls,
    wsgi,
)
from imperator.config.addresses import endpoint
from imperator.config.announced import announce
from imperator.config.apps import Loader
from imperator.config.clients import clients
from imperator.config.complain import Complaints
from imperator.config.envdir import variables
from imperator.config.expand import unresolved
from imperator.config.grammar import read_values
from imperator.config.options import lookup
from imperator.config.pairs import Pair
from imperator.config.settings import (
    Endpoint,
    EnvChange,
    Listen,
    ListenProtocol,
    Owner,
    Settings,
    StatsAddress,
)
from imperator.config.statics import statics
from imperator.config.tuning import tuning
from imperator.config.values import flag, group, leading_digits, number, socket_mode, split_comment, umask, user
from imperator.config.world import Unreadable, World
from imperator.errors import Diagnostic, Where

_FLAGS = {
    "show-config": "show_config", "strict": "strict", "enable-threads": "enable_threads",
    "single-interpreter": "single_interpreter", "vacuum": "vacuum", "die-on-term": "die_on_term",
    "auto-procname": "auto_procname", "disable-logging": "disable_logging", "need-app": "need_app",
    "honour-stdin": "honour_stdin",
}
_NUMBERS = {  # option: field, least, most
    "listen": ("backlog", 1, 2**31 - 1),
    "socket-timeout": ("socket_timeout", 1, 2**31 - 1),
    "threads": ("threads", 1, 4096),
    "reload-mercy": ("reload_mercy", 0, 2**31 - 1),
    "worker-reload-mercy": ("worker_reload_mercy", 0, 2**31 - 1),
    "emperor-freq": ("emperor_freq", 1, 2**31 - 1),
    "heartbeat": ("heartbeat", 0, 2**31 - 1),
    "emperor-throttle": ("emperor_throttle", 0, 2**31 - 1),
    "emperor-max-throttle": ("emperor_max_throttle", 0, 2**31 - 1),
}
_TEXTS = {
    "callable": "callable", "procname": "procname", "procname-master": "procname_master",
    "procname-append": "procname_append", "procname-prefix": "procname_prefix",
}
_FROM_START = {"pidfile": "pidfile", "emperor-pidfile": "emperor_pidfile", "chdir": "directory"}
_FROM_CHDIR = {
    "pidfile2": "pidfile2", "safe-pidfile": "safe_pidfile", "safe-pidfile2": "safe_pidfile2", "chdir2": "directory2",
    "home": "home",
}
_LOGS = {"daemonize": "daemonize", "daemonize2": "daemonize2", "logto": "logto", "logto2": "logto2"}
_LISTS = {
    "pythonpath": "pythonpath", "emperor": "emperor", "emperor-extra-extension": "emperor_extra_extensions",
    "vassals-set": "vassals_set", "vassals-include": "vassals_include", "vassals-inherit": "vassals_inherit",
    "vassals-include-before": "vassals_include_before", "vassals-inherit-before": "vassals_inherit_before",
}
_SOCKETS: dict[str, tuple[ListenProtocol, bool]] = {
    "uwsgi-socket": ("uwsgi", False), "http": ("http", True), "http-socket": ("http", False),
    "http11-socket": ("http", True), "fastcgi-socket": ("fastcgi", False), "scgi-socket": ("scgi", False),
}
_TLS_SOCKETS: dict[str, tuple[ListenProtocol, bool]] = {
    "https-socket": ("http", False), "suwsgi-socket": ("uwsgi", False), "ssl-socket": ("uwsgi", False),
    "https": ("http", True), "https2": ("http", True),
}
_PROTOCOLS: dict[str, tuple[ListenProtocol, bool]] = {
    "uwsgi": ("uwsgi", False), "http": ("http", False), "http11": ("http", True), "fastcgi": ("fastcgi", False),
    "scgi": ("scgi", False),
}
_FOR_VASSALS = frozenset((
    "processes", "threads", "enable-threads", "chmod-socket", "chown-socket", "listen", "buffer-size", "module",
    "wsgi-file", "callable", "need-app", "single-interpreter", "socket-timeout", "protocol", "worker-reload-mercy",
))
_FLAG_WORDS = frozenset(("true", "false", "1", "0", "yes", "no", "on", "off"))
MOST_BUFFER = 1 << 20


def build(pairs: Sequence[Pair], world: World) -> tuple[Settings, list[Diagnostic]]:
    """The settings that ``pairs`` mean, and what is the matter with them.

    Settings are always made; whoever starts an instance looks for errors among the diagnostics first.
    """
    work = _Build(pairs, world)
    return work.settings(), list(work.complaints)


class _Build:
    """The pairs by option, and the fields as they are found."""

    def __init__(self, pairs: Sequence[Pair], world: World) -> None:
        self.complaints = Complaints()
        self._world = world
        self._start = world.facts.directory
        self._pairs = pairs
        self._fields: dict[str, Any] = {}
        self._all: dict[str, list[Pair]] = {}
        self._where: dict[str, Where] = {}
        self._implied: dict[str, Pair] = {}
        for pair in pairs:
            row = lookup(pair.key)
            if row is None:
                continue
            self._all.setdefault(row.name, []).append(pair)
            if not row.repeats or row.name not in self._where:
                self._where[row.name] = pair.where
            for thing in row.implies:
                self._implied.setdefault(thing, pair)

    def settings(self) -> Settings:
        """Read every option."""
        for name, field in _FLAGS.items():
            if pair := self._last(name):
                self._fields[field] = flag(pair, self.complaints)
        for name, (field, least, most) in _NUMBERS.items():
            if pair := self._last(name):
                default = Settings._field_defaults[field]
                self._fields[field] = self._number(pair, default, least, most)
        for name, field in _TEXTS.items():
            if pair := self._last(name):
                self._fields[field] = pair.text()
        for name, field in _LISTS.items():
            if name in self._all:
                self._fields[field] = tuple(pair.text() for pair in self._all[name])
        self._paths()
        self._process()
        self._greenlets()
        self._socket_files()
        self._sockets()
        self._fields["tls"] = tls.build(self._all, self._last, self._start, self.complaints)
        self._application()
        self._trusted()
        self._fields["lives"] = lives.read(self._all, self._fields.get("workers", 1), self.complaints)
        self._fields["logs"] = log_files.read(self._all, self._base, self.complaints)
        self._fields["alarms"] = alarms.read(self._all, self.complaints)
        date = self._fields["logs"].date
        self._fields["request_log"] = request_log.read(self._last, self.complaints)._replace(date=date)
        self._fields["statics"] = statics(self._all, self._base, self._world, self.complaints)
        self._fields["error_pages"] = error_pages.read(self._all, self._base, self._world, self.complaints)
        self._fields["routing"] = routing.read(self._pairs, self._all, self.complaints)
        self._fields["scaling"] = scaling.read(self._all, self._fields.get("workers", 1), self.complaints)
        self._fields["empire"] = empire.read(self._all, self._start, self.complaints)
        self._fields["figures"] = figures.read(self._all, self._base, self.complaints)
        self._fields["sharing"] = sharing.read(self._all, self._base, self.complaints)
        lines = [pair for pair in self._pairs if pair.key in ("mule", "mules")]
        self._fields["mules"] = mules.read(self._all, lines, self.complaints)
        self._fields["triggers"] = signals.read(self._all, self._base, self.complaints)
        self._fields["spooling"] = spooling.read(self._all, self._start, self._base, self.complaints)
        self._fields["orders"] = orders.read(self._all, self._base, self.complaints)
        self._fields["tasks"] = tasks.read(self._all, self._base, self._world, self.complaints)
        self._fields["hooks"] = hooks.read(self._all, self._base, self._world, self.complaints)
        self._fields["limits"] = limits.read(self._all, self.complaints)
        self._fields["conduct"] = conduct.read(self._all, self._start, self._base, self._world, self.complaints)
        self._fields["tuning"] = tuning(self._last, self.complaints)
        self._fields["clients"] = clients(
            self._last, frozenset(one.option for one in self._fields["listen"]),
            self._fields.get("socket_timeout") or 4, self.complaints,
        )
        sockets = [one.address for one in self._fields["listen"] if one.protocol == "uwsgi"]
        asked = command.read(self._pairs, self._all, sockets, self.complaints)
        self._fields["command"] = asked
        if asked is None or asked.name == "get":
            self._fields["lists"] = command.lists(self._all, self.complaints)
            self._fields["prints"] = command.prints(self._pairs)
        self._emperor()
        read_values(self._pairs, self._world, self.complaints)
        options = tuple(_written(self._pairs))
        return Settings(start=self._start, where=self._where, options=options, **self._fields)

    def _last(self, name: str) -> Pair | None:
        found = self._all.get(name)
        return found[-1] if found else None

    def _number(self, pair: Pair, default: int | None, least: int, most: int) -> int | None:
        """As ``values.number``; for a default of None, the field keeps it where the text has no number."""
        if default is None:
            if not leading_digits(pair.text().lstrip(" \t"))[0]:
                self.complaints.warn("number-missing", pair.where, f"{pair.key} = {pair.text()} is not a number",
                                     "write one; as if it were not there")
                return None
            default = least
        return number(pair, default, self.complaints, least=least, most=most)

    # files and directories

    def _paths(self) -> None:
        for name, field in _FROM_START.items():
            self._path(name, field, self._start)
        self._base = self._fields.get("directory") or self._start
        for name, field in _FROM_CHDIR.items():
            self._path(name, field, self._base)
        for name, field in _LOGS.items():
            self._log(name, field)

    def _path(self, name: str, field: str, base: str) -> None:
        pair = self._last(name)
        if pair is None:
            return
        if not pair.text():
            self.complaints.warn("value-empty", pair.where, f"{pair.key} has no path", "the line is ignored")
            return
        plain, comment = split_comment(pair.text())
        if comment:
            self.complaints.warn("comment-in-value", pair.where, f"the comment behind {pair.key} is part of its path",
                                 f"write {pair.key} = {plain} and put the comment on a line of its own")
        self._fields[field] = posixpath.normpath(posixpath.join(base, pair.text()))

    def _log(self, name: str, field: str) -> None:
        pair = self._last(name)
        if pair is None:
            return
        text = pair.text()
        if ":" in text and "/" not in text:
            self.complaints.warn("log-to-network", pair.where, f"{pair.key} = {text} names a network address, which is"
                                 " not supported yet", "name a file; the log goes where it went before")
            return
        if text.lower() in _FLAG_WORDS:
            self.complaints.warn("log-file-odd", pair.where, f"{pair.key} = {text} makes a log file called {text}",
                                 f"write {pair.key} = /path/to/file.log")
        self._path(name, field, self._start)

    # the process

    def _process(self) -> None:
        self._master()
        if pair := self._last("processes"):
            self._fields["workers"] = self._workers(pair)
        if pair := self._last("buffer-size"):
            size = number(pair, 32768, self.complaints, least=0, most=MOST_BUFFER)
            if size < 1024:
                self.complaints.warn("number-out-of-range", pair.where, f"{pair.key} = {pair.text()} is {size} bytes,"
                                     " too little for a request", "write the number of bytes; 32768 is used")
                size = 32768
            self._fields["buffer_size"] = size
        if pair := self._last("umask"):
            self._fields["umask"] = umask(pair, self.complaints)
        elif "daemonize" in self._fields:
            self._fields["daemonized_umask"] = True
        if pair := self._last("uid"):
            self._fields["uid"], self._fields["user"] = user(pair, pair.text(), self._world, self.complaints)
        if pair := self._last("gid"):
            self._fields["gid"] = group(pair, pair.text(), self._world, self.complaints)
        if pair := self._last("procname-prefix-spaced"):
            self._fields["procname_prefix"] = pair.text() + " "
        if "auto-procname" in self._implied:
            self._fields["auto_procname"] = True
        if (pair := self._last("die-on-term")) and not self._fields["die_on_term"]:
            self.complaints.warn("die-on-term-off", pair.where, "SIGTERM stops the instance all the same",
                                 "SIGHUP reloads it")

    def _greenlets(self) -> None:
        found = gevent.read(self._all, self._pairs, self.complaints)
        self._fields["gevent"] = found
        if found.greenlets:
            self._fields["threads"] = found.greenlets
        if "gevent" in self._all and "socket-timeout" not in self._all:
            self._fields["socket_timeout"] = gevent.SOCKET_TIMEOUT

    def _master(self) -> None:
        pair = self._last("master")
        implied = self._implied.get("master")
        self._fields["master"] = flag(pair, self.complaints) if pair else implied is not None
        if pair and implied and not self._fields["master"] and lookup(implied.key) is not None:
            self.complaints.warn("master-off", pair.where, f"{pair.key} = {pair.text()} switches off {implied.key} of"
                                 f" {implied.where}", "remove one of the two lines")

    def _workers(self, pair: Pair) -> int:
        if left := unresolved(pair.text()):
            self.complaints.error("placeholder-unresolved", pair.where, f"{left} in {pair.key} has no value",
                                  "set it, or write a number")
            return 1
        digits, _ = leading_digits(pair.text().lstrip(" \t"))
        if digits and not digits.strip("+0"):
            what = f"{pair.key} = {pair.text()} is no worker at all"
        elif not digits:
            what = f"{pair.key} = {pair.text()} has no number in it, which is no worker at all"
        else:
            return number(pair, 1, self.complaints, least=1, most=65535)
        if "emperor" in self._all:
            return 1
        self.complaints.error("no-workers", pair.where, what, f"write {pair.key} = 1 or more")
        return 1

    # sockets

    def _socket_files(self) -> None:
        modes = self._all.get("chmod-socket", [])
        if modes:
            self._fields["chmod_socket"] = socket_mode(modes[-1], self.complaints)
        if len(modes) > 1 and modes[-1].text() != modes[-2].text():
            self.complaints.warn("mode-repeated", modes[-1].where, f"{modes[-1].key} is given twice,"
                                 f" {modes[-1].text()} is used", f"remove the line at {modes[-2].where}")
        if pair := self._last("chown-socket"):
            name, colon, its_group = pair.text().partition(":")
            uid = user(pair, name, self._world, self.complaints)[0] if name or not colon else None
            gid = group(pair, its_group, self._world, self.complaints) if its_group else None
            self._fields["chown_socket"] = Owner(uid, gid)

    def _sockets(self) -> None:
        plain: tuple[ListenProtocol, bool] = ("uwsgi", False)
        if pair := self._last("protocol"):
            known = _PROTOCOLS.get(pair.text().strip())
            if known is None:
                self.complaints.error("protocol-unknown", pair.where, f"{pair.key} = {pair.text()} is no protocol",
                                      "write uwsgi, http, fastcgi or scgi")
            plain = known or plain
            self._fields["protocol"] = plain[0]
        shared: list[Endpoint] = []
        found: list[Listen] = []
        stats: dict[str, list[StatsAddress]] = {"stats": [], "emperor-stats": []}
        for pair in self._pairs:
            row = lookup(pair.key)
            name = row.name if row else ""
            if name in ("shared-socket", "undeferred-shared-socket"):
                if at := self._endpoint(pair, self._start, ()):
                    shared.append(at)
            elif name in stats:
                if at := self._endpoint(pair, self._base if name == "stats" else self._start, shared):
                    stats[name].append(StatsAddress(pair.text(), pair.where, at))
            elif name == "socket" or name in _SOCKETS:
                protocol, keepalive = plain if name == "socket" else _SOCKETS[name]
                if at := self._endpoint(pair, self._base, shared):
                    self._listen(Listen(pair.text(), protocol, name, pair.where, at, keepalive), found)
            elif name == "http-to-https":
                where, _, port = pair.text().partition(",")
                if port and not (port.isdigit() and 0 < int(port[:6]) < 65536):
                    self.complaints.error("address-invalid", pair.where, f"{pair.key} = {pair.text()}: {port} is no"
                                          " port", f"write {pair.key} = {where},443, or {pair.key} = {where}")
                elif at := self._endpoint(pair._replace(value=where), self._base, shared):
                    self._listen(Listen(where, "http", name, pair.where, at, True, https_port=port), found)
            elif name in _TLS_SOCKETS and (parts := tls.listener(pair, self._start, self.complaints)):
                (address, context), (protocol, keepalive) = parts, _TLS_SOCKETS[name]
                if at := self._endpoint(address, self._base, shared):
                    one = Listen(address.text(), protocol, name, pair.where, at, keepalive, context)
                    self._listen(one, found)
        self._fields["listen"] = announce(found, self._last, "trusted-peers" in self._all, self.complaints)
        self._fields["stats"] = tuple(stats["stats"])
        self._fields["emperor_stats"] = tuple(stats["emperor-stats"])

    def _endpoint(self, pair: Pair, base: str, shared: Sequence[Endpoint]) -> Endpoint | None:
        if left := unresolved(pair.text()):
            self.complaints.error("placeholder-unresolved", pair.where, f"{left} in {pair.key} has no value",
                                  "set it in the environment" if left[0] == "$" else "define it above")
            return None
        found = endpoint(pair, base, self.complaints, shared)
        if found and found.kind == "unix" and (switch := self._last("abstract-socket")) and flag(switch, Complaints()):
            return Endpoint("abstract", path=pair.text())
        return found

    def _listen(self, one: Listen, found: list[Listen]) -> None:
        is_free = one.endpoint.kind in ("inet", "inet6") and one.endpoint.port == 0
        twin = next((other for other in found if not is_free
                     and (other.endpoint == one.endpoint or other.address == one.address)), None)
        if twin is None:
            found.append(one)
        elif (twin.protocol, twin.address, twin.tls is None) != (one.protocol, one.address, one.tls is None):
            self.complaints.warn("address-duplicate", one.where, f"{one.option} = {one.address} is already"
                                 f" {twin.option} = {twin.address} of {twin.where}", "the first decides the protocol")

    def _trusted(self) -> None:
        lines = self._all.get("trusted-peers", [])
        if not lines:
            return
        for pair in lines:
            if not _is_network(pair.text()):
                self.complaints.error("network-invalid", pair.where, f"{pair.key} = {pair.text()} is no network",
                                      "write an address, or address/bits")
        self._fields["trusted"] = tuple(pair.text() for pair in lines if _is_network(pair.text()))

    # the application

    def _application(self) -> None:
        loaders: list[Loader] = []
        if pair := self._last("module"):
            loaders.append(Loader("module", pair.text(), pair.where))
        if pair := self._last("wsgi-file"):
            loaders.append(Loader("file", pair.text(), pair.where))
        if pair := self._last("eval"):
            loaders.append(Loader("eval", pair.text(), pair.where))
        if pair := self._last("paste"):
            loaders.append(Loader("paste", pair.text(), pair.where))
        self._fields["loaders"] = tuple(loaders)
        self._fields["apps"] = apps.read(self._all, self.complaints)
        self._fields["headers"] = headers.read(self._all, self.complaints)
        self._fields["wsgi"] = wsgi.read(self._all, self.complaints)
        self._fields["interpreter"] = interpreter.read(self._all, self.complaints)
        changes: list[EnvChange] = [*self._env_of("early-envdir")]
        for pair in self._pairs:
            if pair.key == "env":
                name, equals, value = pair.text().partition("=")
                if not equals:
                    self.complaints.warn("env-removes", pair.where, f"env = {name} removes the variable {name}",
                                         f"write env = {name}=value, or unenv = {name} if it is meant")
                elif name != name.rstrip(" \t"):
                    self.complaints.warn("env-name-odd", pair.where, f"env = {pair.text()} names a variable that ends"
                                         " in a blank", f"write env = {name.rstrip()}={value.lstrip()}")
                changes.append(EnvChange(name, value if equals else None, pair.where))
            elif pair.key == "unenv":
                changes.append(EnvChange(pair.text(), None, pair.where))
        self._fields["env"] = (*changes, *self._env_of("envdir"))

    def _env_of(self, option: str) -> list[EnvChange]:
        """What the directories of variables say; that an early one cannot be read was said when it was needed."""
        changes: list[EnvChange] = []
        for pair in self._all.get(option, ()):
            try:
                found = variables(pair.text(), self._world)
            except Unreadable as error:
                if option == "envdir":
                    self.complaints.error("file-unreadable", pair.where, f"cannot read {pair.text()}: {error}",
                                          f"relative names begin at {self._start}")
                continue
            changes += [EnvChange(name, value, pair.where) for name, value in found]
        return changes

    # the emperor

    def _emperor(self) -> None:
        for pair in self._all.get("emperor", []):
            if pair.text().lower() in _FLAG_WORDS:
                self.complaints.warn("emperor-odd", pair.where, f"{pair.key} = {pair.text()} names a directory called"
                                     f" {pair.text()}", f"write {pair.key} = /etc/vassals")
        if "emperor" not in self._all or self._fields["listen"]:
            return
        demanded = ("chmod-socket", "chown-socket") if self._fields["empire"].on_demand else ()
        for name in _FOR_VASSALS.difference(demanded):
            if idle := self._last(name):
                self.complaints.warn("no-effect-in-emperor", idle.where, f"{idle.key} has no effect in an emperor's"
                                     " configuration", "set it in each vassal, or for all of them with vassals-set")


def _written(pairs: Sequence[Pair]) -> list[tuple[str, str | None]]:
    """What counts of what was written: of an option that does not repeat, or a variable, the last line."""
    found: list[tuple[str, str | None]] = []
    last: dict[str, int] = {}
    for pair in pairs:
        if pair.via == "declare-option":
            continue
        row = lookup(pair.key)
        if pair.key in last and not (row and row.repeats):
            found[last[pair.key]] = (pair.key, pair.value)
            continue
        last[pair.key] = len(found)
        found.append((pair.key, pair.value))
    return found


def _is_network(text: str) -> bool:
    address, slash, bits = text.partition("/")
    most = 128 if ":" in address else 32
    if slash and not (bits.isdigit() and len(bits) < 4 and int(bits) <= most):
        return False
    if ":" in address:
        return all(c in "0123456789abcdefABCDEF:." for c in address) and address.count("::") < 2
    parts = address.split(".")
    return len(parts) == 4 and all(part.isdigit() and len(part) < 4 and int(part) < 256 for part in parts)
