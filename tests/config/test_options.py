"""The table: every name once, every row whole."""

import pytest

from imperator.config.options import foreign_takes, lookup, names, nearest, plugin_of, rows
from imperator.config.settings import Settings

KINDS = {"flag", "inverse-flag", "int", "uint", "uint16", "signed", "megabytes", "string", "list", "addresses", "octal",
         "tls-addresses", "file", "special", "route", "logic", "logic-end", "context-end", "user", "group",
         "name=value", "NAME=value", "key=value", "prefix=path", "prefix=dir", "regexp", "regexp-value", "id-regexp",
         "flag-or-strftime", "ignored", "legion", "ip-address"}


def test_every_name_is_in_one_row_only():
    every = [name for row in rows() for name in row.names]
    assert len(every) == len(set(every))
    assert len(every) >= 1091
    assert not set(every) & set(foreign_takes())
    assert len(foreign_takes()) == 221


def test_every_letter_is_in_one_row_only():
    letters = [row.short for row in rows() if row.short]
    assert len(letters) == len(set(letters))
    assert all(len(letter) == 1 for letter in letters)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_a_row_is_whole(row):
    assert row.help and "\n" not in row.help
    assert row.subsystem
    assert row.kind in KINDS
    assert row.takes in ("none", "optional", "required")
    assert bool(row.reason) == (row.status in ("accepted", "refused"))
    for name in row.names:
        assert lookup(name) is row


@pytest.mark.parametrize(("name", "canonical"), [
    ("workers", "processes"), ("file", "wsgi-file"), ("wsgi", "module"), ("venv", "home"), ("pp", "pythonpath"),
    ("vassal-set", "vassals-set"), ("chmod", "chmod-socket"), ("stats-server", "stats"), ("plugin", "plugins"),
])
def test_an_alias_leads_to_its_row(name, canonical):
    assert lookup(name).name == canonical


@pytest.mark.parametrize(("slip", "meant"), [
    ("enable_threads", "enable-threads"), ("MASTER", "master"), ("processes: 4", "processes"),
    ("proceses", "processes"),
    ("processes 4", "processes"), ("harakri", "harakiri"), ("soket", "socket"), ("--master", "master"),
    ("enable threads", "enable-threads"), ("enableThreads", "enable-threads"), ("wsgifile", "wsgi-file"),
    ("threads-enable", "enable-threads"), ("max requests", "max-requests"), ('"uid"', "uid"), ("ceaper", "cheaper"),
    ("--master = true", "master"), ("die on term", "die-on-term"), ("socket-chmod", "chmod-socket"),
    ("chmod_socket", "chmod-socket"), ("max-reqeusts", "max-requests"), ("die-on-trem", "die-on-term"),
])
def test_a_slip_is_recognised(slip, meant):
    assert nearest(slip) == meant


@pytest.mark.parametrize("name", ["project_name", "base", "domain", "x", "", "app_dir", "public_ip", ":::", "---",
                                  "group", "host", "region", "time", "log_dir", "ini-dir", "tier", "name",
                                  "project-dir"])
def test_a_variable_is_no_slip(name):
    assert nearest(name) is None


def test_names_of_other_plugins_are_known():
    assert plugin_of("php-docroot") == "php"
    assert plugin_of("master") is None
    assert foreign_takes()["php-docroot"] == "required"


def test_defaults_that_the_table_shows_are_those_of_the_settings():
    for name, field in (("buffer-size", "buffer_size"), ("socket-timeout", "socket_timeout"), ("processes", "workers"),
                        ("threads", "threads"), ("worker-reload-mercy", "worker_reload_mercy"),
                        ("reload-mercy", "reload_mercy"), ("emperor-freq", "emperor_freq"),
                        ("emperor-throttle", "emperor_throttle"), ("emperor-max-throttle", "emperor_max_throttle")):
        assert lookup(name).default == str(Settings._field_defaults[field]), name
    assert lookup("trusted-peers").default == ", ".join(Settings._field_defaults["trusted"])


def test_names_lists_aliases():
    assert {"processes", "workers", "trusted-peers"} <= set(names())
