"""What is done before the application is loaded and around its answers, against a real uWSGI."""

from __future__ import annotations

import pytest

from tests.harness import wait
from tests.real.twins import Twins

APP = """
import sys
def application(environ, start_response):
    if environ["PATH_INFO"] == "/fails":
        raise ValueError("boom")
    start_response("200 OK", [("X-A", "1"), ("X-B", "2")])
    return [repr(EXPRESSION).encode()]
"""
CASES = {
    "pyargv": ("sys.argv", ["--pyargv", 'a  b "c d"']),
    "optimize": ("(sys.flags.optimize, __debug__)", ["--optimize", "2"]),
    "no-site": ("sys.flags.no_site", ["--no-site"]),
    "pymodule-alias": ("sys.modules['zork'].__name__", ["--pymodule-alias", "zork=helper"]),
    "post-pymodule-alias": ("sys.modules['zork'].VALUE", ["--post-pymodule-alias", "zork=helper"]),
    "import": ("'helper' in sys.modules", ["--import", "helper", "--import", "nowhere_to_be_found"]),
    "shared-import": ("'helper' in sys.modules", ["--shared-import", "helper.py"]),
    "add-header": ("1", ["--add-header", "X-C: 3", "--add-header", "X-A: 4"]),
    "del-header": ("1", ["--del-header", "x-a", "--add-header", "X-B: 5", "--del-header", "X-B"]),
    "file-wrapper": ("'wsgi.file_wrapper' in environ", ["--wsgi-disable-file-wrapper"]),
    "py-executable": ("sys.executable", ["--py-executable", "/x/y"]),
}


@pytest.fixture
def twins(server_program, tmp_path):
    (tmp_path / "helper.py").write_text("VALUE = 42\n")
    made: list[Twins] = []

    def start(expression: str, *args: str) -> Twins:
        (tmp_path / "site_of_test.py").write_text(APP.replace("EXPRESSION", expression))
        made.append(Twins(server_program, tmp_path, "--module", "site_of_test", *args))
        made[-1].up()
        return made[-1]

    yield start
    for one in made:
        one.kill()


@pytest.mark.parametrize("case", CASES)
def test_an_option_does_what_it_does_there(twins, case):
    expression, args = CASES[case]
    ours, theirs = twins(expression, *args).ask()
    assert (ours.status, ours.body) == (theirs.status, theirs.body)
    assert [header for header in ours.headers if header[0].startswith("X-")] == theirs.headers


@pytest.mark.parametrize("option", ["--reload-on-exception", "--reload-on-exception-value=boom"])
def test_a_worker_is_replaced_after_an_exception(twins, option):
    both = twins("__import__('os').getpid()", option)
    before = both.ask()
    assert both.ask("/fails")[0].status.startswith("500")
    line = "monitored exception detected, respawning worker 1"
    for server in both.servers:
        wait.until(lambda server=server: line in server.log.text(), line)
    wait.until(lambda: all(new.body != old.body for new, old in zip(both.ask(), before, strict=True)), "other workers")
