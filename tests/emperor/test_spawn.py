"""What a vassal's master is started with."""

from __future__ import annotations

import json

import pytest

from imperator.config.settings import Settings
from imperator.emperor import spawn

SETTINGS = Settings(start="/", where={})


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("a.ini", "--ini"),
        ("a.xml", "--xml"),
        ("a.yml", "--yaml"),
        ("a.yaml", "--yaml"),
        ("a.json", "--json"),
        ("a.js", "--json"),
        ("a.conf", "--config"),
    ],
)
def test_the_suffix_chooses_the_option(name, option):
    assert spawn.arguments(["/bin/imperator"], name, SETTINGS) == ["/bin/imperator", option, name]


def test_the_order_of_what_is_before_and_behind():
    settings = SETTINGS._replace(
        vassals_inherit_before=("ib",), vassals_include_before=("nb",), vassals_set=("a=1", "b=2"),
        vassals_inherit=("i1", "i2"), vassals_include=("n",),
    )  # fmt: skip
    assert spawn.arguments(["x", "-I"], "a.ini", settings)[2:] == [
        "--inherit", "ib", "--include", "nb", "--set", "a=1", "--set", "b=2",
        "--ini", "a.ini",
        "--inherit", "i1", "--inherit", "i2", "--include", "n",
    ]  # fmt: skip


def test_what_is_inherited_and_what_is_not():
    inherited = {
        "PATH": "/bin", "UWSGI_THREADS": "2", "UWSGI_VASSAL_THREADS": "3", "UWSGI_EMPEROR": "/etc",
        "UWSGI_RELOADS": "1", "NOTIFY_SOCKET": "/run/x", "UWSGI_EMPEROR_FD": "3", "IMPERATOR_KEPT_SOCKETS": "[]",
    }  # fmt: skip
    env = spawn.environment(inherited, 9, SETTINGS)
    assert env.pop("IMPERATOR_EMPEROR")
    assert env == {"PATH": "/bin", "UWSGI_THREADS": "3", "UWSGI_EMPEROR_FD": "9"}


@pytest.mark.parametrize(
    ("daemonized", "umask", "expected"), [(True, None, "0"), (True, 0o22, None), (False, None, None)]
)
def test_a_daemonised_emperors_umask_is_passed_on(daemonized, umask, expected):
    settings = SETTINGS._replace(daemonized_umask=daemonized, umask=umask)
    assert spawn.environment({}, 9, settings).get("IMPERATOR_SOCKET_UMASK") == expected


def test_kept_sockets_are_named_by_number_and_address():
    env = spawn.environment({}, 9, SETTINGS, [(11, "127.0.0.1:80"), (12, "/run/a.socket")])
    assert json.loads(env["IMPERATOR_KEPT_SOCKETS"]) == [[11, "127.0.0.1:80"], [12, "/run/a.socket"]]
