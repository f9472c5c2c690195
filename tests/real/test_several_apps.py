"""Several applications in one instance, against a real uWSGI: the same application answers, with the same environ."""

from __future__ import annotations

import pytest

from tests.real.twins import Twins

APP = """
def make(name):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [repr((name, environ.get("SCRIPT_NAME", ""), environ["PATH_INFO"])).encode()]
    return application
application, other = make("NAME"), make("other")
"""
PATHS = ["/", "/a", "/a/", "/a/x", "/ab", "//a", "/a//x", "/a/b", "/a/b/c", "/a/bc", "/A", "/q"]
NAMES = ["", "/a", "/b", "/a/b", "/a/", "/q", "/A"]
CASES = {
    "mounts alone": ["--mount", "/a=one.py", "--mount", "/b=two:other"],
    "no default": ["--mount", "/a=one.py", "--mount", "/b=two:other", "--no-default-app"],
    "beside a file": ["--mount", "/a=one.py", "--wsgi-file", "two.py"],
    "by path": ["--mount", "/a=one.py", "--wsgi-file", "two.py", "--manage-script-name"],
    "within each other": [
        "--mount", "/=one:application", "--mount", "/a=two:other", "--mount", "/a/b=two.py", "--manage-script-name",
    ],
    "by path, no default": ["--mount", "/a=one.py", "--module", "two", "--manage-script-name", "--no-default-app"],
    "ignored": ["--mount", "/a=one.py", "--module", "two", "--ignore-script-name"],
    "ignored, by path": ["--mount", "/a=one.py", "--module", "two", "--ignore-script-name", "--manage-script-name"],
    "twice": ["--mount", "/a=one:application", "--mount", "/a=two:other", "--module", "one", "--wsgi-file", "two.py"],
    "callable": ["--mount", "/a=one.py", "--mount", "/b=one:application", "--callable", "other"],
    "multi": ["--module", "multi"],
}  # fmt: skip


@pytest.fixture
def twins(server_program, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(APP.replace("NAME", name))
    (tmp_path / "multi.py").write_text(
        "from one import make\napplications = {b'': make('root'), b'/a': make('a'), b'/b': make('b')}\n"
    )
    made: list[Twins] = []

    def start(*args: str) -> Twins:
        made.append(Twins(server_program, tmp_path, *args))
        made[-1].up()
        return made[-1]

    yield start
    for one in made:
        one.kill()


@pytest.mark.parametrize("case", CASES)
def test_the_same_application_answers(twins, case):
    both = twins(*CASES[case])
    asked = [{"path": path} for path in PATHS]
    asked += [{"path": "/p", "SCRIPT_NAME": name} for name in NAMES]
    asked += [{"path": "/p", "UWSGI_APPID": name, "SCRIPT_NAME": "/q"} for name in NAMES]
    for request in asked:
        ours, theirs = both.ask(**request)
        assert ours.status == theirs.status and (ours.body == theirs.body or ours.status[0] == "5"), request
    assert both.ask()[0].status in ("200 OK", "500 Internal Server Error")


def test_the_numbers_in_the_log_are_the_same(twins):
    both = twins("--mount", "/a=one.py", "--wsgi-file", "two.py", "--manage-script-name")
    for path in ("/a/x", "/", "/a"):
        both.ask(path=path)
    for server in both.servers:
        server.expected = ("remaining subinterpreters",)
        server.stop()
    seen = [[line.split("|")[1] for line in s.log.text().splitlines() if "|app: " in line] for s in both.servers]
    assert seen[0] == seen[1] == ["app: 1", "app: 0", "app: 1"]
    loads = [
        [line.split(" ready")[0] + line[-14:] for line in server.log.text().splitlines() if line.startswith("WSGI app")]
        for server in both.servers
    ]
    assert [line.split(")")[0] for line in loads[0]] == [line.split(")")[0] for line in loads[1]]
