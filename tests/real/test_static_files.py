"""Static files of an instance as it is configured: alone, behind nginx, and what is refused at the start."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.harness import app, http, wait
from tests.real.conftest import Start


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with an application and its files."""
    static = tmp_path / "static"
    static.mkdir()
    (static / "app.css").write_text("body {}")
    (static / "app.css.gz").write_bytes(gzip.compress(b"body {}"))
    (static / "large.bin").write_bytes(bytes(range(256)) * 20000)
    (tmp_path / "static-secret").mkdir()
    (tmp_path / "static-secret" / "key").write_text("secret")
    app.write(tmp_path / "app.py", "one")
    return tmp_path


def options(place: Path, **more: object) -> dict[str, object]:
    base: dict[str, object] = {
        "master": "true", "processes": 1, "socket": place / "site.sock", "http-socket": place / "http.sock",
        "chdir": place, "wsgi-file": "app.py", "chmod-socket": 666, "static-map": "/static=static",
        "static-expires-type": "text/css=3600", "static-gzip-ext": ".css", "offload-threads": 1,
    }  # fmt: skip
    return base | {key.replace("_", "-"): value for key, value in more.items()}


def test_files_come_alone_and_behind_nginx(start: Start, place: Path):
    start.server("--ini", app.ini(place / "site.ini", **options(place)))
    alone = http.Client(place / "http.sock")
    wait.until(lambda: alone.body().startswith("one "), "the site")
    nginx = start.nginx(f"location / {{ include uwsgi_params; uwsgi_pass unix:{place / 'site.sock'}; }}").client
    for client in (alone, nginx):
        answer = client.get("/static/app.css")
        assert (answer.status, answer.text, answer.headers["Content-Type"]) == (200, "body {}", "text/css")
        assert answer.headers["Expires"] and answer.headers["Vary"] == "Accept-Encoding"
        assert client.get("/static/large.bin").body == (place / "static" / "large.bin").read_bytes()
        for path in ("/static/missing", "/static-secret/key", "/static/..%2fstatic-secret/key", "/other"):
            assert client.body(path).startswith("one "), path
    # Files change without a reload.
    (place / "static" / "new.txt").write_text("new")
    assert nginx.get("/static/new.txt").text == "new"


def test_a_reload_takes_other_files(start: Start, place: Path):
    config = app.ini(place / "site.ini", **options(place))
    server = start.server("--ini", config)
    client = http.Client(place / "http.sock")
    wait.until(lambda: client.body().startswith("one "), "the site")
    assert client.get("/static/app.css").status == 200
    (place / "other").mkdir()
    (place / "other" / "app.css").write_text("other")
    app.ini(config, **options(place, static_map="/static=other"))
    server.send(1)
    wait.until(lambda: client.body("/static/app.css") == "other", "the other files")


def test_an_expression_that_would_not_work_keeps_it_from_starting(start: Start, place: Path):
    config = app.ini(place / "site.ini", **options(place, static_expires="(?=css) 60"))
    server = start.server("--ini", config)
    wait.until(lambda: server.process.poll() is not None, "the end")
    assert server.process.poll() not in (0, None)
    assert server.log.lines(r"regexp-invalid")
