"""Pairs into Settings."""

import os
import pwd

import pytest

from imperator.config.settings import EnvChange, Owner
from imperator.errors import Severity
from tests.config.reading import ini, reading

ME = pwd.getpwuid(os.getuid()).pw_name


def test_nothing_is_the_defaults(tmp_path):
    settings = reading(tmp_path, "--set", "x=1").settings
    assert (settings.workers, settings.threads, settings.backlog, settings.buffer_size) == (1, 1, None, 32768)
    assert (settings.master, settings.listen, settings.loaders, settings.command) == (False, (), (), None)
    assert settings.trusted == ("127.0.0.0/8", "::1")
    assert settings.start == str(tmp_path)


def test_a_usual_vassal(tmp_path):
    got = ini(tmp_path, "plugins = python3", "chdir = /srv/site", "module = site.wsgi:application", "venv = env",
              "socket = run/site.sock", "chmod-socket = 660", f"chown-socket = {ME}", "master = true", "processes = 4",
              "threads = 2", "vacuum = true", "die-on-term = true", "buffer-size = 65535", "need-app = true",
              "env = A=1", "pythonpath = lib", "pp = lib2", "pidfile = site.pid", "pidfile2 = site2.pid",
              "safe-pidfile = s.pid", "logto = site.log", f"uid = {ME}")
    settings = got.settings
    assert got.codes == []
    assert settings.directory == "/srv/site"
    assert (settings.loaders[0].kind, settings.loaders[0].target) == ("module", "site.wsgi:application")
    assert settings.home == "/srv/site/env"
    assert str(settings.listen[0].endpoint) == "/srv/site/run/site.sock"
    assert (settings.listen[0].protocol, settings.listen[0].where.line) == ("uwsgi", 6)
    assert (settings.chmod_socket, settings.chown_socket) == (0o660, Owner(os.getuid(), None))
    assert (settings.master, settings.workers, settings.threads, settings.buffer_size) == (True, 4, 2, 65535)
    assert (settings.vacuum, settings.die_on_term, settings.need_app) == (True, True, True)
    assert [(e.name, e.value) for e in settings.env] == [("A", "1")]
    assert settings.pythonpath == ("lib", "lib2")
    assert settings.pidfile == f"{tmp_path}/site.pid"
    assert (settings.pidfile2, settings.safe_pidfile) == ("/srv/site/site2.pid", "/srv/site/s.pid")
    assert settings.logto == f"{tmp_path}/site.log"
    assert (settings.uid, settings.user) == (os.getuid(), ME)
    assert settings.where["processes"].line == 10
    assert "stats" not in settings.where


def test_the_last_line_wins_and_its_place_is_told(tmp_path):
    settings = ini(tmp_path, "workers = 2", "processes = 3").settings
    assert (settings.workers, settings.where["processes"].line) == (3, 3)


@pytest.mark.parametrize(("line", "protocol", "keepalive"), [
    ("socket = :1", "uwsgi", False), ("uwsgi-socket = :1", "uwsgi", False), ("http = :1", "http", True),
    ("http-socket = :1", "http", False), ("http11-socket = :1", "http", True),
    ("fastcgi-socket = :1", "fastcgi", False),
    ("scgi-socket = :1", "scgi", False),
])
def test_protocols(tmp_path, line, protocol, keepalive):
    (one,) = ini(tmp_path, line).settings.listen
    assert (one.protocol, one.keepalive, one.option) == (protocol, keepalive, line.split(" ")[0])


def test_protocol_is_for_plain_sockets_only(tmp_path):
    settings = ini(tmp_path, "socket = :1", "uwsgi-socket = :2", "protocol = http").settings
    assert [one.protocol for one in settings.listen] == ["http", "uwsgi"]
    assert ini(tmp_path, "protocol = spdy").codes == ["protocol-unknown"]


@pytest.mark.parametrize(("lines", "count", "codes"), [
    (["socket = :1", "socket = :1"], 1, []), (["socket = :1", "http-socket = :1"], 1, ["address-duplicate"]),
    (["socket = :1", "socket = 0.0.0.0:1"], 1, ["address-duplicate"]), (["socket = :0", "http = 0.0.0.0:0"], 2, []),
    (["http = :0", "http = :0"], 2, []),
])
def test_an_address_is_listened_on_once(tmp_path, lines, count, codes):
    got = ini(tmp_path, *lines)
    assert (len(got.settings.listen), got.codes) == (count, codes)


def test_shared_sockets_are_counted(tmp_path):
    got = ini(tmp_path, "shared-socket = :80", "shared-socket = s.sock", "chdir = /srv", "http = =0", "socket = =1")
    assert [str(one.endpoint) for one in got.settings.listen] == ["0.0.0.0:80", f"{tmp_path}/s.sock"]


@pytest.mark.parametrize(("lines", "master"), [
    (["stats = :1"], True), (["touch-reload = x"], True), (["master = false"], False), (["workers = 2"], False),
])
def test_a_master_may_be_implied(tmp_path, lines, master):
    assert ini(tmp_path, *lines).settings.master is master


def test_a_master_that_is_switched_off_takes_things_along(tmp_path):
    got = ini(tmp_path, "stats = :1", "master = false")
    assert not got.settings.master
    assert got.codes == ["master-off"]


@pytest.mark.parametrize("value", ["0", "abc", "", "0x4", "%(typo)", "$(TYPO)"])
def test_no_workers_is_an_error(tmp_path, value):
    got = ini(tmp_path, f"processes = {value}", "socket = :1")
    assert [d.severity for d in got.diagnostics] == [Severity.ERROR]
    assert got.settings.workers == 1


@pytest.mark.parametrize(("value", "size", "codes"), [
    ("8192", 8192, []), ("8k", 32768, ["number-trailing", "number-out-of-range"]), ("abc", 32768, ["number-missing"]),
    ("2097152", 1 << 20, ["number-out-of-range"]), ("65536", 65536, []),
])
def test_the_buffer_is_always_enough_for_a_request(tmp_path, value, size, codes):
    got = ini(tmp_path, f"buffer-size = {value}")
    assert (got.settings.buffer_size, got.codes) == (size, codes)


@pytest.mark.parametrize(("line", "code"), [
    ("uid = no-such-user-here", "user-unknown"), ("gid = no-such-group-here", "group-unknown"),
    ("uid =", "value-empty"), ("uid = 99999999999", "number-out-of-range"), ("uid = $(U)", "placeholder-unresolved"),
    ("chown-socket = no-such-user-here:root", "user-unknown"), ("chown-socket = root:no-such-group", "group-unknown"),
    ("socket = $(S)", "placeholder-unresolved"), ("stats = tcp://x:1", "address-invalid"),
    ("trusted-peers = 10.0.0.0/33", "network-invalid"), ("trusted-peers = all", "network-invalid"),
])
def test_what_keeps_from_starting(tmp_path, line, code):
    got = ini(tmp_path, line)
    assert [(d.code, d.severity, d.where.line) for d in got.diagnostics] == [(code, Severity.ERROR, 2)]


@pytest.mark.parametrize(("line", "code"), [
    ("env = HOME", "env-removes"), ("env = A = 1", "env-name-odd"), ("logto = 10.0.0.1:514", "log-to-network"),
    ("daemonize = true", "log-file-odd"), ("die-on-term = false", "die-on-term-off"), ("emperor = true", "emperor-odd"),
    ("pidfile = /run/x.pid # mine", "comment-in-value"), ("pidfile =", "value-empty"),
    ("listen = many", "number-missing"),
    ("threads = 0", "number-out-of-range"),
])
def test_what_is_only_odd(tmp_path, line, code):
    got = ini(tmp_path, line)
    assert [(d.code, d.severity, d.where.line) for d in got.diagnostics] == [(code, Severity.WARNING, 2)]


def test_a_group_alone_leaves_the_user(tmp_path):
    assert ini(tmp_path, "chown-socket = :0").settings.chown_socket == Owner(None, 0)


def test_two_modes_do_not_add_up(tmp_path):
    got = ini(tmp_path, "chmod-socket = 664", "chmod-socket = 660")
    assert (got.settings.chmod_socket, got.codes) == (0o660, ["mode-repeated"])


def test_the_umask_of_a_daemon(tmp_path):
    assert ini(tmp_path, "daemonize = x.log").settings.daemonized_umask
    settings = ini(tmp_path, "daemonize = x.log", "umask = 027").settings
    assert (settings.daemonized_umask, settings.umask) == (False, 0o27)


def test_environment_in_order(tmp_path):
    env = ini(tmp_path, "env = A=1", "unenv = B", "env = A=2=3").settings.env
    assert env == tuple(EnvChange(n, v, e.where) for (n, v), e in
                        zip([("A", "1"), ("B", None), ("A", "2=3")], env, strict=True))


def test_both_loaders_are_kept_module_first(tmp_path):
    loaders = ini(tmp_path, "file = a.py", "wsgi = b:c").settings.loaders
    assert [(one.kind, one.target) for one in loaders] == [("module", "b:c"), ("file", "a.py")]


def test_process_names(tmp_path):
    settings = ini(tmp_path, "procname-prefix-spaced = site").settings
    assert (settings.auto_procname, settings.procname_prefix) == (True, "site ")


def test_an_emperor(tmp_path):
    got = ini(tmp_path, "emperor = /etc/vassals", "emperor = /srv/*.ini", "vassal-set = a=1", "vassals-set = b=2",
              "vassals-include = x.ini", "emperor-extra-ext = .conf", "workers = 4", "threads = 2")
    settings = got.settings
    assert settings.emperor == ("/etc/vassals", "/srv/*.ini")
    assert (settings.vassals_set, settings.vassals_include) == (("a=1", "b=2"), ("x.ini",))
    assert settings.emperor_extra_extensions == (".conf",)
    assert sorted(line.partition(": ")[2].partition(" has")[0] for line in got.lines("no-effect-in-emperor")) == [
        "a.ini:8: workers", "a.ini:9: threads"]


def test_an_emperor_with_sockets_has_workers(tmp_path):
    assert ini(tmp_path, "emperor = /etc/vassals", "workers = 4", "socket = :1").codes == []


@pytest.mark.parametrize(("argv", "name", "argument"), [
    (["--version"], "version", ""), (["-h"], "help", ""), (["--reload", "x.pid"], "reload", "x.pid"),
    (["--exit"], "exit", "1"), (["--exit=3"], "exit", "3"), (["--dump-options"], "dump-options", ""),
    (["--set", "a=%(b)", "--set", "b=2", "--get", "a", "--get", "nope"], "get", "2"),
])
def test_commands(tmp_path, argv, name, argument):
    got = reading(tmp_path, *argv)
    assert (got.settings.command.name, got.settings.command.argument) == (name, argument)
    assert got.codes == []


def test_trusted_networks_replace_the_default(tmp_path):
    got = ini(tmp_path, "trusted-peers = 10.0.0.0/8", "trusted-peers = fd00::/8")
    assert (got.settings.trusted, got.codes) == (("10.0.0.0/8", "fd00::/8"), [])
