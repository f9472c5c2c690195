"""What the interpreter is given before the application is loaded."""

from __future__ import annotations

import importlib
import sys

import pytest

from imperator.generation import imports
from imperator.generation.app import NotLoaded
from imperator.pipes import Import, Interpreter


@pytest.fixture(autouse=True)
def site(tmp_path, monkeypatch):
    """A directory with modules, and an interpreter that forgets what was loaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(sys, "executable", sys.executable)
    before = dict(sys.modules)
    (tmp_path / "first.py").write_text("import sys\nsys.seen = [*getattr(sys, 'seen', []), __name__]\n")
    (tmp_path / "second.py").write_text("import first, sys\nsys.seen.append(__name__)\n")
    (tmp_path / "bad.py").write_text("1 / 0")
    monkeypatch.setattr(sys, "seen", [], raising=False)
    importlib.invalidate_caches()
    yield tmp_path
    sys.modules.clear()
    sys.modules.update(before)


def one(target, alias=""):
    return Import(target, "site.ini:7", alias)


def test_arguments_and_executable(site):
    imports.prepare(Interpreter("/x/python", ("a", "b")), [str(site)])
    assert (sys.argv, sys.executable) == (["uwsgi", "a", "b"], "/x/python")
    assert sys.path[:3] == [str(site), ".", ""]


def test_imports_come_in_order_and_once(site):
    imports.run(Interpreter(imports=(one("second"), one("first.py"), one(f"{site}/second.py"))))
    assert sys.seen == ["first", "second"]


def test_an_import_that_fails_keeps_nothing_from_going_on(capfd):
    imports.run(Interpreter(imports=(one("nowhere_to_be_found"), one("bad.py"), one("first"))))
    said = capfd.readouterr().err
    assert sys.seen == ["first"] and "ZeroDivisionError" in said
    assert "unable to import nowhere_to_be_found (site.ini:7)" in said


def test_an_alias_is_another_name_for_a_module(site, capfd):
    imports.run(Interpreter(aliases=(one("first", "primo"), one(f"{site}/second.py", "secondo"))))
    import primo
    import secondo

    assert primo is sys.modules["first"] and secondo.__file__ == f"{site}/second.py"
    assert 'mapped virtual pymodule "primo" to real pymodule "first"' in capfd.readouterr().err


@pytest.mark.parametrize("target", ["nowhere_to_be_found", "nowhere.py", "bad"])
def test_an_alias_of_nothing_keeps_the_application_from_loading(target):
    with pytest.raises(NotLoaded) as raised:
        imports.run(Interpreter(aliases=(one(target, "x"),)))
    assert "site.ini:7" in raised.value.failed.reason
