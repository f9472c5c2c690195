"""Several applications are loaded, numbered and told in the log; one that fails does not take the others with it."""

from __future__ import annotations

import importlib
import sys

import pytest

from imperator.generation import apps
from imperator.pipes import Apps, Loader, Mount
from tests.test_pipes import PLAN

APP = """
def make(name):
    def application(environ, start_response):
        return name
    return application
application, other = make(__name__), make("other")
"""
MULTI = "applications = {KEY_ROOT: lambda e, s: 'root', KEY_A: lambda e, s: 'a'}\napplication = None\n"


@pytest.fixture(autouse=True)
def site(tmp_path, monkeypatch):
    """A directory with applications, and an interpreter that forgets what was loaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    before = set(sys.modules)
    for name, text in (("one", APP), ("two", APP), ("bad", "1 / 0"), ("worse", "import nowhere_to_be_found")):
        (tmp_path / f"{name}.py").write_text(text)
    importlib.invalidate_caches()
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def mount(prefix, target, name="", host=""):
    return Mount(host, prefix, Loader("file" if target.endswith(".py") else "module", target, "site.ini:9"), name)


def load(loaders, *mounts, **how):
    loaders = [Loader(kind, target, "site.ini:3") for kind, target in loaders]
    plan = PLAN._replace(loaders=loaders, callable=how.pop("callable", ""), apps=Apps(mounts, **how))
    return apps.load(plan)


def told(table):
    return [(one.host, one.prefix, one.app and one.app({}, None)) for one in table.mounts.list]


def test_one_application_has_no_table():
    table, failed = load([("file", "one.py")])
    assert table.mounts is None and table.app({}, None) == "uwsgi_file_one_py" and failed is None


def test_one_at_the_root_is_as_good(capfd):
    table, _ = load([], mount("", "one.py"))
    assert table.mounts is None and table.app({}, None) == "uwsgi_file_one_py"
    assert "mounting one.py on /\n" in capfd.readouterr().err


def test_one_without_default_has_a_table():
    table, _ = load([("module", "one")], default=False)
    assert (told(table), table.mounts.default) == ([("", "", "one")], -1)


def test_several(capfd):
    table, failed = load([("module", "one")], mount("/a", "two"), mount("/b", "one.py", "other"), by_path=True)
    assert failed is None and table.app is None
    assert told(table) == [("", "", "one"), ("", "/a", "two"), ("", "/b", "other")]
    assert table.mounts[1:] == (0, True, True, False)
    lines = capfd.readouterr().err.splitlines()
    ready = [line for line in lines if line.startswith("WSGI app")]
    assert [line.split(" ready")[0] for line in ready] == [
        "WSGI app 0 (mountpoint='')", "WSGI app 1 (mountpoint='/a')", "WSGI app 2 (mountpoint='/b')",
    ]  # fmt: skip
    assert [line.endswith("(default app)") for line in ready] == [True, False, False]


def test_the_first_that_is_for_every_host_is_the_default():
    table, _ = load([], mount("/a", "one", host="h.com"), mount("/b", "two"), by_host=True)
    assert table.mounts.default == 1
    table, _ = load([], mount("", "one", host="h.com"), by_host=True)
    assert table.mounts.default == -1


def test_the_callable_is_for_all_that_name_none():
    table, _ = load([("module", "one")], mount("/a", "one"), mount("/b", "one:application"), callable="other")
    assert [one[2] for one in told(table)] == ["other", "other", "one"]


def test_what_fails_keeps_its_place(capfd):
    table, failed = load([("module", "one")], mount("/a", "bad.py"), mount("/b", "two"), mount("/c", "worse"))
    assert told(table) == [("", "", "one"), ("", "/a", None), ("", "/b", "two"), ("", "/c", None)]
    assert "ZeroDivisionError" in failed.reason and "nowhere_to_be_found" in failed.traceback
    assert any(file.endswith("bad.py") for file in failed.files) and any(f.endswith("worse.py") for f in failed.files)
    assert "WSGI app 2 (mountpoint='/b')" in capfd.readouterr().err
    assert failed.places == "/a, /c"
    assert load([("module", "worse")], mount("/b", "two"))[1].places == "the default"
    assert load([("module", "worse")], mount("/b", "bad.py"))[1].places == ""


def test_a_place_that_is_taken_is_skipped(capfd):
    table, _ = load([("module", "one")], mount("", "two"))
    assert table.mounts is None and table.app({}, None) == "one"
    assert "mountpoint / already configured. skip." in capfd.readouterr().err


def test_nothing_at_all_is_a_failure():
    table, failed = load([])
    assert table == apps.Table(None) and "no application is configured" in failed.reason


@pytest.mark.parametrize("keys", [("b''", "b'/a'"), ("''", "'/a/'")])
def test_a_module_mounts_its_own(site, keys, capfd):
    (site / "multi.py").write_text(MULTI.replace("KEY_ROOT", keys[0]).replace("KEY_A", keys[1]))
    table, failed = load([("module", "multi")])
    assert failed is None and told(table) == [("", "", "root"), ("", "/a", "a")]
    assert "found a multiapp module..." in capfd.readouterr().err


@pytest.mark.parametrize("value", ["{}", "{'shop': print}", "{'/a': 5}", "[1]", "{1: print}"])
def test_applications_that_are_something_else_are_left_alone(site, value):
    (site / "odd.py").write_text(APP + f"applications = {value}\n")
    table, _ = load([("module", "odd")])
    assert table.app({}, None) == "odd"


def test_letters_of_a_mount_are_those_of_a_path():
    table, _ = load([("module", "one")], mount("/caffè", "two"))
    assert table.mounts.list[1].prefix == "/caff\u00c3\u00a8"


def test_source_text_is_an_application():
    table, _ = load([("eval", "def application(e, s): return __name__")])
    assert table.app({}, None) == "uwsgi_eval_config"
    _, failed = load([("eval", "def application(:")])
    assert "SyntaxError" in failed.reason


def test_paste_makes_an_application(site):
    pytest.importorskip("paste.deploy")
    (site / "factory.py").write_text("def make(conf, **local): return lambda e, s: ('pasted', local)")
    (site / "site.ini").write_text("[app:main]\npaste.app_factory = factory:make\ncolour = red\n")
    for address in ("config:site.ini", "site.ini", f"config:{site}/site.ini"):
        table, failed = load([("paste", address)])
        assert failed is None and table.app({}, None) == ("pasted", {"colour": "red"})
