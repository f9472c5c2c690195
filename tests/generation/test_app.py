"""Applications of every kind are found; what keeps one from loading is told in one line with its place."""

from __future__ import annotations

import importlib
import os
import sys

import pytest

from imperator.generation import app
from imperator.generation.app import NotLoaded
from imperator.pipes import Failed, Loader


@pytest.fixture(autouse=True)
def site(tmp_path, monkeypatch):
    """An empty directory to load from, and an interpreter that forgets what was loaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [".", "", *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    before = set(sys.modules)
    importlib.invalidate_caches()
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(site, **files: str) -> None:
    for name, text in files.items():
        path = site / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    importlib.invalidate_caches()


def load(kind: str, target: str, name: str = ""):
    return app.load([Loader(kind, target, "site.ini:7")], name)


def failure(kind: str, target: str, name: str = "") -> Failed:
    with pytest.raises(NotLoaded) as raised:
        load(kind, target, name)
    assert "\n" not in raised.value.failed.reason
    assert all(os.path.isabs(file) for file in raised.value.failed.files)
    return raised.value.failed


APP = "def application(environ, start_response): return 'application'\ndef other(e, s): return 'other'\n"
FACTORY = """
def make(): return lambda e, s: 'made'
class Site:
    app = staticmethod(lambda e, s: 'dotted')
    make = make
"""


@pytest.mark.parametrize("file", ["app.py", "app.wsgi", "app", "app.conf.txt", "sub/app.py", "./app.py", "caffè.py"])
def test_a_file_of_any_name(site, file):
    path = site / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(APP)
    assert load("file", file)({}, None) == "application"
    assert load("file", str(path))({}, None) == "application"


@pytest.mark.parametrize(
    ("kind", "target", "name", "result"),
    [
        ("module", "app", "", "application"),
        ("module", "app", "other", "other"),
        ("module", "app:other", "", "other"),
        ("module", "app:other", "application", "other"),
        ("module", "pkg.wsgi", "", "application"),
        ("module", "pkg.wsgi:other", "", "other"),
        ("module", "factory:make()", "", "made"),
        ("module", "factory", "make()", "made"),
        ("module", "factory:Site.app", "", "dotted"),
        ("module", "factory:Site.make()", "", "made"),
        ("file", "app.py", "other", "other"),
        ("file", "factory.py", "make()", "made"),
        ("file", "factory.py", "Site.app", "dotted"),
    ],
)
def test_what_a_name_leads_to(site, kind, target, name, result):
    (site / "pkg").mkdir()
    write(site, app_dot_py=APP, factory_dot_py=FACTORY)
    (site / "pkg" / "__init__.py").write_text("")
    (site / "pkg" / "wsgi.py").write_text(APP)
    assert load(kind, target, name)({}, None) == result


def test_a_file_is_a_module_under_uwsgis_name(site):
    write(site, app_dot_wsgi="import sys\nnames = __name__, __file__\nme = sys.modules[__name__]\n")
    module = app.run_file("app.wsgi")
    assert module.names[0] == "uwsgi_file_app_wsgi"
    assert module.me is module is sys.modules["uwsgi_file_app_wsgi"]
    assert os.path.samefile(module.names[1], site / "app.wsgi")
    assert app.run_file(str(site / "app.wsgi")).__name__ == "uwsgi_file_" + str(site).replace("/", "_") + "_app_wsgi"


def test_a_file_that_failed_is_no_module(site):
    write(site, app_dot_py="1 / 0")
    failure("file", "app.py")
    assert "uwsgi_file_app_py" not in sys.modules


def test_files_that_differ_in_their_ending_only_are_not_mixed_up(site):
    # Their compiled forms would have one name, and be told apart by size and second of the last change alone.
    write(site, app_dot_wsgi="application = lambda e, s: 'wsgi'", app_dot_py="application = lambda e, s: 'py??'")
    for name in ("app.wsgi", "app.py"):
        os.utime(site / name, (1000, 1000))
    assert load("file", "app.wsgi")({}, None) == "wsgi"
    assert load("module", "app")({}, None) == "py??"
    assert load("file", "app.wsgi")({}, None) == "wsgi"


LIBRARY = "def parse(text):\n    return int(text)\n"
REASONS = {
    "syntax": ("file", "x = 1\ndef application(:\n", "app.py:2: SyntaxError: "),
    "syntax in a module": ("module", "def application(:\n", "app.py:1: SyntaxError: "),
    "exception": ("file", "\n\n1 / 0\n", "app.py:3: ZeroDivisionError: division by zero"),
    "import": ("file", "import os\nimport no_such\n", "app.py:2: ModuleNotFoundError: No module named 'no_such'"),
    "exit": ("file", "raise SystemExit(3)", "app.py:1: SystemExit: 3"),
    "exit without a word": ("file", "raise SystemExit", "app.py:1: SystemExit; while"),
    "library of the standard": ("file", "import json\n\njson.loads('{')\n", "app.py:3: JSONDecodeError: "),
    "library of the site": ("file", "import vendor\nvendor.parse('x')\n", "app.py:2: ValueError: "),
    "syntax in a text": ("file", "\neval('1 +')\n", "app.py:2: SyntaxError: "),
    "lines": ("file", "raise ValueError('a\\n  b\\x1b[1m\\n')", "app.py:1: ValueError: a b\\x1b[1m; while loading"),
    "an error without words": (
        "file",
        "class Mute(Exception):\n  def __str__(self): raise ValueError\nraise Mute\n",
        "app.py:3: Mute; while",
    ),
    "factory": ("module:make()", "def make():\n  raise ValueError('no')\n", "app.py:2: ValueError: no"),
    "lazy attribute": ("module:a.b", "class A:\n  @property\n  def b(self): 1 / 0\na = A()\n", "app.py:3: ZeroDiv"),
    "half a character": ("file", "raise ValueError('\\ud800')", "app.py:1: ValueError: \\ud800"),
}


@pytest.mark.parametrize("case", REASONS)
def test_the_reason_names_the_line_that_can_be_mended(site, case):
    kind, code, reason = REASONS[case]
    vendor = site / "site-packages" / "vendor.py"
    vendor.parent.mkdir()
    vendor.write_text(LIBRARY)
    sys.path.insert(0, str(vendor.parent))
    write(site, app_dot_py=code)
    kind, _, name = kind.partition(":")
    failed = failure(kind, "app.py" if kind == "file" else "app" + (f":{name}" if name else ""))
    place, rest = failed.reason.split(":", 1)
    assert f"{os.path.basename(place)}:{rest}".startswith(reason)
    assert "(site.ini:7)" in failed.reason
    assert str(site / "app.py") in failed.files
    assert not [file for file in failed.files if "<" in file]
    assert len(set(failed.files)) == len(failed.files)
    assert reason.split(": ")[1].partition(";")[0] in failed.traceback


def test_the_traceback_is_the_applications(site):
    write(site, app_dot_py="import inner\n", inner_dot_py="1 / 0\n")
    failed = failure("module", "app")
    assert failed.traceback.startswith("Traceback (most recent call last):\n")
    assert failed.traceback.endswith("ZeroDivisionError: division by zero\n")
    files = [line.split('"')[1] for line in failed.traceback.splitlines() if line.startswith("  File ")]
    assert [os.path.basename(file) for file in files] == ["app.py", "inner.py"]
    assert failed.files[0] == str(site / "inner.py")


def test_the_cause_of_an_error_is_not_lost(site):
    write(site, app_dot_py="try:\n  1 / 0\nexcept ZeroDivisionError as e:\n  raise RuntimeError('later') from e\n")
    assert "ZeroDivisionError" in failure("file", "app.py").traceback


def test_a_missing_file(site):
    failed = failure("file", "app.py")
    assert failed.reason.startswith("site.ini:7: FileNotFoundError: ")
    assert f"looked for in {site}" in failed.reason
    assert failed.files == [str(site / "app.py")]


def test_a_missing_module_is_the_configurations_fault(site):
    failed = failure("module", "site_of_mine.wsgi")
    assert failed.reason.startswith("site.ini:7: ModuleNotFoundError: No module named 'site_of_mine'")
    assert str(site / "site_of_mine.py") in failed.files
    assert not [file for file in failed.files if "importlib" in file]


def test_a_missing_attribute_lists_what_there_is(site):
    write(site, app_dot_py="def app(e, s): ...\ndef _hidden(): ...\nnumber = 5\n")
    failed = failure("file", "app.py")
    assert 'unable to find "application" callable in app.py (site.ini:7)' in failed.reason
    assert "name one that it has with callable = app" in failed.reason
    assert failed.files == [str(site / "app.py")]


def test_an_empty_file(site):
    write(site, app_dot_py="")
    assert "it has nothing to call" in failure("file", "app.py").reason


@pytest.mark.parametrize(
    ("name", "kind"), [("number", "int"), ("make()", "NoneType"), ("inner.number", "int")]
)
def test_what_cannot_be_called(site, name, kind):
    write(site, app_dot_py="number = 5\ndef make(): pass\nclass inner: number = 5\n")
    assert f"is a {kind} and cannot be called" in failure("file", "app.py", name).reason


def test_a_number_that_is_called_as_a_factory(site):
    write(site, app_dot_py="number = 5\n")
    assert "TypeError: 'int' object is not callable" in failure("file", "app.py", "number()").reason


def test_no_loader_at_all():
    with pytest.raises(NotLoaded, match="no application is configured"):
        app.load([], "")


def test_the_first_loader_that_has_one_wins(site):
    write(site, app_dot_py=APP, broken_dot_py="1 / 0\n")
    loaders = [Loader("file", name, "") for name in ("broken.py", "app.py")]
    assert app.load(loaders, "")({}, None) == "application"


def test_when_all_fail_the_first_reason_is_told_and_all_files(site):
    write(site, one_dot_py="1 / 0\n", two_dot_py="int('x')\n")
    with pytest.raises(NotLoaded) as raised:
        app.load([Loader("file", name, "") for name in ("one.py", "two.py")], "")
    failed = raised.value.failed
    assert "ZeroDivisionError" in failed.reason
    assert "ZeroDivisionError" in failed.traceback
    assert "ValueError" in failed.traceback
    assert failed.files == [str(site / "one.py"), str(site / "two.py")]


def test_an_interrupt_is_not_a_failure(site):
    write(site, app_dot_py="raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        load("file", "app.py")
