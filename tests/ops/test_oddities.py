"""Values that are surely meant otherwise, each said once, and those that only look like it."""

import pytest

from tests.ops.checking import GOOD, ini, write

SITE = ("http-socket = 127.0.0.1:0", "harakiri = 60", "need-app = true")


def said(directory, *lines, app="wsgi-file = app.py"):
    write(directory, app__py=GOOD)
    checked = ini(directory, *SITE, *([app] if app else []), *lines, argv=["--no-advice"])
    return [(one["code"], one["severity"]) for one in checked.answer["configurations"][0]["findings"]]


ODD = {
    'processes = "4"': ("value-quoted", "error"),
    "pidfile = '/tmp/x.pid'": ("value-quoted", "error"),
    'chdir = "/tmp"': ("value-quoted", "error"),
    'socket = "127.0.0.1:3031"': ("value-quoted", "error"),
    'env = DJANGO_SETTINGS_MODULE="shop.settings"': ("value-quoted", "note"),
    "touch-reload = true": ("path-odd", "note"),
    "chdir = ~/site": ("path-odd", "error"),
    "chdir = C:\\site": ("path-odd", "error"),
    "pythonpath = /srv/venv/bin/python3.11": ("path-odd", "note"),
    "home = /srv/venv/bin": ("path-odd", "error"),
    "callable = application # this": ("app-callable-missing", "error"),
}


@pytest.mark.parametrize("line", ODD)
def test_what_is_odd_is_said_once(tmp_path, line):
    assert said(tmp_path, line) == [ODD[line]]


EVEN = [
    'log-format = "%(method) %(uri)"',
    "env = GREETING=it's",
    "procname = 'shop'",
    "static-map = /a=/tmp",
    "touch-reload = app.py",
    "pythonpath = /usr/lib/python3",
    "print = '",
]


@pytest.mark.parametrize("line", EVEN)
def test_what_is_not(tmp_path, line):
    assert said(tmp_path, line) == []


NAMES = {
    "module = app.py": ("app-name-invalid", "error"),
    "module = app.py:application": ("app-name-invalid", "error"),
    "module = ./app": ("app-name-invalid", "error"),
    'module = "app"': ("value-quoted", "error"),
    "module = app:application ; the callable": ("comment-in-value", "error"),
    "wsgi-file = app.py # main": ("comment-in-value", "error"),
    "wsgi-file = app.py:application": ("app-missing", "error"),
    "mount = /=app.py:nothing": ("app-callable-missing", "error"),
}


@pytest.mark.parametrize("line", NAMES)
def test_names_of_applications(tmp_path, line):
    assert said(tmp_path, app=line) == [NAMES[line]]


def test_a_module_may_have_a_hyphen(tmp_path):
    (tmp_path / "my-shop").mkdir()
    write(tmp_path / "my-shop", wsgi__py=GOOD)
    assert said(tmp_path, app="module = my-shop.wsgi") == []


TWINS = {
    ("module = app", "wsgi-file = app.py"): [],
    ("module = app:application", "wsgi-file = /srv/x/app.py"): [],
    ("module = app", "wsgi-file = other.py"): [("app-shadowed", "note")],
    ("module = app", "eval = 1"): [("app-shadowed", "note")],
    ("module = nothing.py", "wsgi-file = app.py"): [("app-name-invalid", "note"), ("app-shadowed", "note")],
}


@pytest.mark.parametrize("lines", TWINS)
def test_two_applications_for_the_root(tmp_path, lines):
    assert sorted(said(tmp_path, *lines, app="")) == TWINS[lines]


REPLACED = {
    ("processes = 4", "workers = 2"): ["value-replaced"],
    ("processes = 4", "processes = 4"): [],
    ("processes = 4 # four", "processes = 4"): [],
    ("processes = 4", "if-env = PATH", "processes = 2", "endif ="): [],
    ("env = A=1", "env = B=2"): [],
    ("ini = :base", "processes = 4", "[base]", "processes = 2"): [],
    ("processes = 4", "ini = :base", "[base]", "processes = 2"): [],
    ("threads = 2", "for = 2 3", "threads = %(_)", "endfor ="): [],
}


@pytest.mark.parametrize("lines", REPLACED)
def test_lines_that_a_later_one_replaces(tmp_path, lines):
    assert [code for code, _ in said(tmp_path, *lines)] == REPLACED[lines]
