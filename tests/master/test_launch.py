"""The interpreter, the environment and the plan of a generation."""

from __future__ import annotations

import os

import pytest

from imperator import pipes
from imperator.config.apps import Apps, Loader, Mount
from imperator.config.headers import Headers
from imperator.config.interpreter import Import, Interpreter
from imperator.config.settings import EnvChange, Settings
from imperator.config.wsgi import Wsgi
from imperator.errors import Refused, Where
from imperator.master import launch
from tests.process.child import run

HOME = Where("site.ini", 5)


def settings(**changes: object) -> Settings:
    return Settings(start="/", where={"home": HOME})._replace(**changes)


def test_without_a_virtualenv_ours_is_used():
    import sys

    assert launch.interpreter(settings()) == sys.executable


@pytest.mark.parametrize(("names", "found"), [(("python3", "python"), "python3"), (("python",), "python")])
def test_the_virtualenvs_python(tmp_path, names, found):
    (tmp_path / "bin").mkdir()
    for name in names:
        (tmp_path / "bin" / name).write_text("")
    assert launch.interpreter(settings(home=str(tmp_path))) == str(tmp_path / "bin" / found)


def test_a_directory_that_is_no_virtualenv(tmp_path):
    with pytest.raises(Refused) as raised:
        launch.interpreter(settings(home=str(tmp_path)))
    [complaint] = raised.value.diagnostics
    assert (complaint.code, complaint.where) == ("no-interpreter", HOME)
    assert "it is no virtualenv" in complaint.message


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_a_virtualenv_that_is_closed_to_the_user_is_not_called_missing(tmp_path):
    # The most common mistake: a virtualenv below /root and uid = www-data.
    (tmp_path / "closed" / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "closed" / "venv" / "bin" / "python3").write_text("")
    (tmp_path / "closed").chmod(0o700)
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    code = """
        import os, sys
        from imperator.master import launch
        from imperator.config.settings import Settings
        from imperator.errors import Refused
        os.setgroups([]); os.setgid(12345); os.setuid(12345)
        try:
            launch.interpreter(Settings(start="/", where={}, home=sys.argv[1]))
        except Refused as refused:
            print(refused)
        """
    out = run(code, tmp_path / "closed" / "venv").stdout
    assert f"{tmp_path}/closed is closed to it" in out
    assert "[interpreter-out-of-reach]" in out


def test_the_environment():
    inherited = {
        "PATH": "/bin", "GONE": "1", "CHANGED": "old", "NOTIFY_SOCKET": "/run/n", pipes.ENV_EMPEROR_FD: "3",
        pipes.ENV_OURS: "1", pipes.ENV_KEPT: "[]", pipes.ENV_SOCKET_UMASK: "0",
    }  # fmt: skip
    changes = (EnvChange("GONE", None, HOME), EnvChange("CHANGED", "new", HOME), EnvChange("ABSENT", None, HOME))
    found = launch.environment(settings(env=changes), 1, inherited)
    assert found == {"PATH": "/bin", "CHANGED": "new"}
    assert inherited["CHANGED"] == "old"


@pytest.mark.parametrize(("number", "reloads"), [(1, None), (2, "1"), (9, "8")])
def test_an_application_can_see_that_it_was_reloaded(number, reloads):
    assert launch.environment(settings(), number, {}).get("UWSGI_RELOADS") == reloads


def test_the_plan():
    wanted = settings(
        loaders=(Loader("file", "app.py", HOME),), callable=None, directory="/srv", pythonpath=("lib",), workers=3,
        threads=2, worker_reload_mercy=7, disable_logging=True, home="/venv",
    )  # fmt: skip
    door = pipes.Door(5, "uwsgi", "/run/a.sock")
    plan = launch.plan(wanted, 4, "site.ini", [door], 9, True)
    assert pipes.Plan.read(plan.write()) == plan
    assert plan.loaders == [pipes.Loader("file", "app.py", "site.ini:5")]
    assert (plan.number, plan.name, plan.doors, plan.scoreboard_fd) == (4, "site.ini", [door], 9)
    assert (plan.callable, plan.chdir, plan.chdir2, plan.pythonpath) == ("", "/srv", "", ["lib"])
    assert (plan.workers, plan.threads, plan.mercy, plan.log_requests) == (3, 2, 7.0, False)
    assert plan.serve_without_app


@pytest.mark.parametrize(
    ("changes", "titles"),
    [
        ({}, []),
        ({"auto_procname": True}, ["uWSGI worker %d", "uWSGI mule %d", "uWSGI spooler %d"]),
        ({"procname": "site"}, ["site"] * 3),
        (
            {"auto_procname": True, "procname_prefix": "a ", "procname_append": " z"},
            ["a uWSGI worker %d z", "a uWSGI mule %d z", "a uWSGI spooler %d z"],
        ),
    ],
)
def test_titles(changes, titles):
    assert launch.titles(settings(**changes)) == titles


@pytest.mark.parametrize(
    ("home", "directory", "message"),
    [
        ("plain", "/", "Permission denied"),
        ("text", "/", "Exec format error"),
        (None, "/nowhere", "/nowhere: No such file or directory"),
    ],
)
def test_a_generation_that_cannot_be_started_says_why_and_leaves_nothing_open(tmp_path, home, directory, message):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").write_text("neither a program nor a script")
    (tmp_path / "bin" / "python3").chmod(0o755 if home == "text" else 0o644)
    wanted = settings(home=str(tmp_path) if home else None, directory=directory)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(Refused) as raised:
        launch.start(wanted, 1, "site.ini", [], {}, anyway=False)
    assert os.listdir("/proc/self/fd") == before
    [complaint] = raised.value.diagnostics
    assert message in complaint.message or (home == "plain" and complaint.code == "interpreter-out-of-reach")


def test_the_plan_has_every_group():
    groups = settings(
        apps=Apps((Mount("h", "/a", Loader("module", "one", HOME), "app"),), True, False, True, False),
        headers=Headers((("A", "b"),), ("C",)),
        wsgi=Wsgi(False, True, True, ("A",), ("b",), ("c",)),
        interpreter=Interpreter(2, True, "/x", ("a",), (Import("one", HOME, "uno"),), (Import("two", HOME),)),
    )
    plan = launch.plan(groups, 1, "site.ini", [], 3, anyway=False)
    [mount] = plan.apps.mounts
    assert mount == pipes.Mount("h", "/a", pipes.Loader("module", "one", "site.ini:5"), "app")
    assert plan.apps[1:] == (True, False, True, False)
    assert (plan.headers, plan.wsgi) == (groups.headers, groups.wsgi)
    assert plan.interpreter.aliases == (("one", "site.ini:5", "uno"),)
    assert plan.interpreter[:2] == ("/x", ("a",))
    assert launch.switches(groups) == ["-OO", "-S"] and launch.switches(settings()) == []
