"""Whether the application is found, compiled and has its callable; nothing of it is run."""

import os
import subprocess
import sys

import pytest

from tests.ops.checking import GOOD, ini, write

ABOUT = (
    "app-missing", "app-syntax", "app-callable-missing", "app-name-invalid", "app-unreadable", "app-not-wsgi",
    "no-interpreter", "gevent-missing",
)  # fmt: skip


def about(checked):
    return [code for code in checked.codes() if code in ABOUT]


def serve(directory, *lines):
    return about(ini(directory, "http-socket = 127.0.0.1:0", *lines))


def test_it_is_not_run(tmp_path):
    write(tmp_path, app__py="open('proof', 'w')\n" + GOOD)
    assert serve(tmp_path, "wsgi-file = app.py", "module = app") == []
    assert os.listdir(tmp_path).count("proof") == 0


CALLABLES = {
    "def application(e, s): pass": True,
    "class application: pass": True,
    "from x import application": True,
    "from x import app as application": True,
    "from x import *": True,
    "import application": True,
    "application = 1": True,
    "if x:\n    application = 1": True,
    "try:\n    pass\nexcept E:\n    application = 1": True,
    "with x as application: pass": True,
    "globals()['application'] = 1": True,
    "def __getattr__(name): pass": True,
    "app = Flask(__name__)": False,
    "def make():\n    application = 1": False,
    "": False,
}


@pytest.mark.parametrize("text", CALLABLES)
def test_the_callable(tmp_path, text):
    write(tmp_path, app__py=text + "\n")
    assert serve(tmp_path, "wsgi-file = app.py") == ([] if CALLABLES[text] else ["app-callable-missing"])


SHAPES = {
    ("def app(e, s): pass", "app"): True,
    ("def app(*a): pass", "app"): True,
    ("def app(e, s, x=1): pass", "app"): True,
    ("def app(): pass", "app"): False,
    ("def app(e, s, x): pass", "app"): False,
    ("def app(scope, receive, send): pass", "app"): False,
    ("@wrap\ndef app(): pass", "app"): True,
    ("if x:\n    def app(): pass\nelse:\n    def app(e, s): pass", "app"): True,
    ("def app(): pass\napp = wrap(app)", "app"): True,
    ("async def app(scope, receive, send): pass", "app"): False,
    ("from fastapi import FastAPI\napp = FastAPI()", "app"): False,
    ("app = get_asgi_application()", "app"): False,
    ("app = Flask(__name__)", "app"): True,
    ("def app(): pass", "app()"): True,
    ("def app(config=None): pass", "app()"): True,
    ("def app(e, s): pass", "app()"): False,
    ("class app: pass", "app()"): True,
}


@pytest.mark.parametrize(("text", "name"), SHAPES)
def test_what_can_be_called_as_it_will_be(tmp_path, text, name):
    write(tmp_path, shop__py=text + "\n")
    assert serve(tmp_path, f"module = shop:{name}") == ([] if SHAPES[text, name] else ["app-not-wsgi"])


def test_the_first_application_that_loads_decides(tmp_path):
    write(tmp_path, app__py=GOOD)
    assert serve(tmp_path, "module = app", "wsgi-file = missing.py") == []
    both = ("http-socket = 127.0.0.1:0", "module = app:nothing", "wsgi-file = app.py")
    checked = ini(tmp_path, *both, "callable = nothing")
    assert checked.verdict("site.ini") == "cannot-run"
    checked = ini(tmp_path, *both)
    assert (checked.verdict("site.ini"), checked.finding("app-callable-missing")["severity"]) == ("notes", "note")


def test_the_file_of_paste(tmp_path):
    write(tmp_path, production__ini="[app:main]\nuse = egg:shop\n")
    assert serve(tmp_path, "paste = config:%d/production.ini") == []
    assert serve(tmp_path, "paste = config:production.ini#admin") == []
    assert serve(tmp_path, "paste = config:missing.ini") == ["app-missing"]


def test_where_the_module_is_is_told(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True, timeout=60)
    (tmp_path / "src").mkdir()
    write(tmp_path / "src", shop__py=GOOD)
    checked = ini(tmp_path, "http-socket = 127.0.0.1:0", "module = shop", f"home = {tmp_path}/venv")
    assert f"chdir = {tmp_path}/src" in checked.finding("app-missing")["fix"]


def test_the_hint_names_the_one_that_is_there(tmp_path):
    write(tmp_path, app__py="app = Flask(__name__)\n")
    checked = ini(tmp_path, "http-socket = 127.0.0.1:0", "wsgi-file = app.py")
    assert checked.finding("app-callable-missing")["fix"] == "it has app: write callable = app"


@pytest.mark.parametrize("line", ["module = app:main", "module = app:make()", "callable = main\nmodule = app"])
def test_another_callable(tmp_path, line):
    write(tmp_path, app__py="main = 1\ndef make(): pass\n")
    assert serve(tmp_path, *line.split("\n")) == []


def test_a_syntax_error_has_its_line(tmp_path):
    write(tmp_path, app__py="x = 1\ny = (\n")
    finding = ini(tmp_path, "http-socket = 127.0.0.1:0", "wsgi-file = app.py").finding("app-syntax")
    assert (os.path.basename(finding["file"]), finding["line"], finding["text"]) == ("app.py", 2, "y = (")


def test_what_only_the_compiler_refuses(tmp_path):
    write(tmp_path, app__py="return 1\n")
    assert serve(tmp_path, "wsgi-file = app.py") == ["app-syntax"]


def test_modules_are_looked_for_as_they_will_be(tmp_path):
    # In a virtualenv of its own: the one that runs this test may have editable installations, which may hold anything.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True, timeout=60)
    home = f"home = {tmp_path}/venv"
    package = tmp_path / "src" / "shop"
    package.mkdir(parents=True)
    write(package, wsgi__py=GOOD)
    assert serve(tmp_path, home, "module = shop.wsgi") == ["app-missing"]
    assert serve(tmp_path, home, "module = shop.wsgi", "chdir = src") == []
    assert serve(tmp_path, home, "module = shop.wsgi", "pythonpath = src") == []
    assert serve(tmp_path, home, "module = shop.wsgi", f"env = PYTHONPATH={tmp_path}/src") == []
    assert serve(tmp_path, home, "module = shop.other", "chdir = src") == ["app-missing"]
    assert serve(tmp_path, home, "module = shop", "chdir = src") == [], "without __init__.py it is a package, too"
    assert serve(tmp_path, home, "module = shop/wsgi.py", "chdir = src") == ["app-name-invalid"]


def test_a_module_of_the_virtualenv(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True, timeout=60)
    (packages,) = (tmp_path / "venv" / "lib").glob("python3*/site-packages")
    assert serve(tmp_path, "module = shop", "home = venv") == ["app-missing"]
    write(packages, shop__py=GOOD)
    assert serve(tmp_path, "module = shop", "home = venv") == []
    assert serve(tmp_path, "module = store", "home = venv") == ["app-missing"]
    (packages / "editable.pth").write_text("/somewhere\n")
    assert serve(tmp_path, "module = store", "home = venv") == [], "it may be anywhere now"


def test_no_virtualenv(tmp_path):
    assert serve(tmp_path, "home = venv", "module = shop") == ["no-interpreter"]
    (tmp_path / "venv").mkdir()
    assert serve(tmp_path, "home = venv", "module = shop")[0] == "no-interpreter"


def test_a_syntax_that_another_python_has_is_a_note(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True, timeout=60)
    (tmp_path / "venv" / "pyvenv.cfg").write_text("version = 3.99.1\n")
    write(tmp_path, app__py="this is for later\n")
    finding = ini(tmp_path, "http-socket = 127.0.0.1:0", "wsgi-file = app.py", "home = venv").finding("app-syntax")
    assert (finding["severity"], "3.99" in finding["fix"]) == ("note", True)


def test_gevent_is_looked_for_in_the_virtualenv(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True, timeout=60)
    (tmp_path / "app.py").write_text("def application(environ, start_response): ...\n")
    lines = ("wsgi-file = app.py", "home = venv")
    assert serve(tmp_path, *lines) == []
    assert serve(tmp_path, *lines, "gevent = 5") == ["gevent-missing"]
    assert serve(tmp_path, *lines, "gevent-early-monkey-patch = true") == ["gevent-missing"]
    config = tmp_path / "venv" / "pyvenv.cfg"
    config.write_text(config.read_text().replace("packages = false", "packages = true"))
    assert serve(tmp_path, *lines, "gevent = 5") == []
    config.write_text(config.read_text().replace("packages = true", "packages = false"))
    (packages,) = (tmp_path / "venv" / "lib").glob("python3*/site-packages")
    (packages / "gevent").mkdir()
    assert serve(tmp_path, *lines, "gevent = 5") == []
