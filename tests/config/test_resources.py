"""Configurations that are no files: commands, addresses, descriptors, and those that are refused with a reason."""

import http.server
import os
import threading

import pytest

from imperator.process.world import RealWorld
from tests.config.reading import ini, reading


class Looking(RealWorld):
    def __init__(self, **more):
        super().__init__(looks_only=True, **more)


def test_what_a_command_prints_is_read(tmp_path):
    got = reading(tmp_path, "--ini", "exec://printf '[uwsgi]\\nworkers = 3\\n'")
    assert got.values("workers") == ["3"] and got.settings.workers == 3


def test_a_command_fills_in_a_value(tmp_path):
    assert ini(tmp_path, "a = @(exec://echo hello)").values("a") == ["hello"]


def test_a_command_runs_where_the_instance_is_started(tmp_path):
    assert ini(tmp_path, "a = @(exec://pwd; echo $HOME)").values("a") == [f"{tmp_path}\n/home/u"]


def test_a_command_that_fails_is_an_error(tmp_path):
    got = reading(tmp_path, "--ini", "exec://exit 3")
    assert got.lines("file-unreadable") == [
        "error: command line: cannot read exec://exit 3: the command exited with status 3;"
        f" relative names begin at {tmp_path} [file-unreadable]"
    ]


def test_a_command_that_prints_for_ever_is_ended(tmp_path):
    assert "the command went on without an end" in reading(tmp_path, "--ini", "exec://yes").lines("file-unreadable")[0]


def test_no_child_is_left(tmp_path):
    reading(tmp_path, "--ini", "exec://true")
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_whoever_only_looks_runs_no_command(tmp_path):
    mark = tmp_path / "mark"
    got = reading(tmp_path, "--ini", f"exec://touch {mark}", "--set", f"a=@(exec://touch {mark})", world=Looking)
    assert got.codes.count("not-examined") == 2
    assert not mark.exists()


@pytest.fixture
def site():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            found = self.path == "/a.ini"
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(b"[uwsgi]\nworkers = 4\n[dev]\nworkers = 5\n")

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_nothing_is_fetched_unless_asked_for(tmp_path, site):
    got = reading(tmp_path, "--ini", site + "a.ini")
    assert "fetch-configuration = true" in got.lines("file-unreadable")[0]


def test_a_configuration_is_fetched(tmp_path, site):
    assert reading(tmp_path, "--fetch-configuration", "--ini", site + "a.ini").settings.workers == 4
    assert ini(tmp_path, "fetch-configuration = yes", f"ini = {site}a.ini:dev").settings.workers == 5


def test_an_answer_that_is_none_is_an_error(tmp_path, site):
    got = reading(tmp_path, "--fetch-configuration", "--ini", site + "b.ini")
    assert "the server answered 404" in got.lines("file-unreadable")[0]
    assert reading(tmp_path, "--fetch-configuration", "--ini", "http://127.0.0.1:1/a.ini").codes == ["file-unreadable"]


@pytest.mark.parametrize("name", ["data://0", "sym://x", "section://x", "call://x", "emperor://x", "https://h/x.ini"])
def test_the_others_are_refused_with_a_reason(tmp_path, name):
    line = reading(tmp_path, "--ini", name).lines("file-unreadable")[0]
    assert line.startswith("error: ") and "No such file" not in line


def test_a_directory_is_no_configuration(tmp_path):
    assert "Is a directory" in reading(tmp_path, "--ini", str(tmp_path)).lines("file-unreadable")[0]


def test_resolve_defines_a_variable(tmp_path):
    got = ini(tmp_path, "resolve = h=localhost", "a = <%(h)>")
    assert got.values("a") == ["<127.0.0.1>"]
    assert "unknown-host" in ini(tmp_path, "resolve = h=name.invalid").codes
    assert "set-without-equals" in ini(tmp_path, "resolve = x").codes


def test_declare_option2_counts_for_the_lines_below(tmp_path):
    got = ini(tmp_path, "foo = 1", "declare-option2 = foo=print=A$1", "foo = 2", "foo = 3")
    assert got.settings.prints == ("A2", "A3")
