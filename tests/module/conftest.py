"""One instance whose application evaluates what a test sends it, and others made to measure."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness import http, wait
from tests.harness.program import Program, given
from tests.harness.server import Server

#: Evaluates the expression in the body and answers its repr; a name set by one request is there for the next.
ASKED = """\
import os
import sys
import time
import traceback
import uwsgi
{extra}
def application(environ, start_response):
    text = environ["wsgi.input"].read().decode()
    try:
        try:
            answer = repr(eval(text, globals()))
        except SyntaxError:
            exec(text, globals())
            answer = ""
    except Exception as error:
        answer = f"{{type(error).__name__}}: {{error}}"
    start_response("200 OK", [])
    return [answer.encode()]
"""


class Instance:
    """A running instance: ``ask`` evaluates in one of its workers."""

    def __init__(self, place: Path, extra: str, *args: str, env: dict[str, str] | None = None) -> None:
        (place / "site_of_test.py").write_text(ASKED.format(extra=extra))
        self.place = place
        self.socket = place / "http.sock"
        self.stats = place / "stats.sock"
        program = given() or Program(Path(sys.executable).parent / "imperator", Path(sys.executable))
        sockets = ["--http-socket", str(self.socket), "--stats", str(self.stats)]
        self.server = Server(program, *sockets, "--module", "site_of_test", *args, cwd=place, env=env)
        self.client = http.Client(self.socket)

    def up(self) -> Instance:
        """Wait until it answers."""
        wait.until(lambda: self.client.status() == 200, f"an answer\n{self.log()}", 30)
        return self

    def ask(self, expression: str) -> str:
        """What an expression is, as ``repr`` shows it, or the exception."""
        return self.client.request("POST", "/", expression.encode()).text

    def log(self) -> str:
        """The log so far."""
        return self.server.log.text()

    def logged(self, text: str, times: int = 1, timeout: float = 20) -> None:
        """Wait for a line."""
        try:
            wait.until(lambda: self.log().count(text) >= times, f"{times} x {text!r}", timeout)
        except wait.LateError as late:
            raise wait.LateError(f"{late}; the log is:\n{self.log()}") from None

    def document(self) -> dict:
        """What the stats socket says."""
        return http.stats(self.stats)


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Instance]]:
    """Starts instances, which end with the test."""
    made: list[Instance] = []

    def start(extra: str, *args: str, **options: dict[str, str]) -> Instance:
        place = tmp_path / f"instance{len(made)}"
        place.mkdir()
        made.append(Instance(place, extra, *args, **options))
        return made[-1].up()

    yield start
    for one in made:
        one.server.kill()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """One for all tests of a file that change nothing."""
    place = tmp_path_factory.mktemp("shared")
    options = ["--processes", "2", "--set", "colour=red", "--set", "colour=blue", "--enable-threads", "--need-app"]
    one = Instance(place, "", *options, "--env", "A=1", "--env", f"B={os.getpid()}").up()
    yield one
    one.server.kill()
