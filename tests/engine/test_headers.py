"""Headers that the configuration adds to every answer or takes from it."""

from types import SimpleNamespace

import pytest

from . import speak
from .conftest import PROTOCOLS


def app(environ, start_response):
    start_response("200 OK", [("X-A", "1"), ("Content-Type", "text/plain"), ("x-a", "2")])
    return [b"body"]


def changes(add=(), remove=()):
    return SimpleNamespace(add=list(add), remove=list(remove))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_headers_are_removed_and_added(worker, protocol):
    server = worker(app, headers=changes([(b"X-A", b"3"), (b"X-B", b"caff\xc3\xa8")], [b"x-A", b"X-Z"]))
    for _ in range(3):
        answer = server.ask(protocol=protocol)
        told = [(name, value) for name, value in answer.headers if name.lower().startswith("x-")]
        assert told == [("X-A", "3"), ("X-B", "caff\xc3\xa8")] and answer.body == b"body"
        assert answer.header("Content-Type") == "text/plain"


def test_what_is_added_is_not_removed(worker):
    answer = worker(app, headers=changes([(b"X-B", b"c")], [b"X-B"])).ask()
    assert answer.header("X-B") == "c"


def test_connection_close_closes(worker):
    server = worker(app, headers=changes([(b"Connection", b"close")]))
    with server.connect() as sock:
        sock.sendall(speak.http(close=False))
        answer = speak.parse(speak.read_all(sock))
    assert [value for name, value in answer.headers if name == "Connection"] == ["close"]


def test_pages_of_our_own_stay_as_they_are(worker):
    def fails(environ, start_response):
        raise ValueError

    answer = worker(fails, headers=changes([(b"X-B", b"c")])).ask()
    assert answer.status == 500 and answer.header("X-B") is None


def test_the_log_counts_them(worker):
    server = worker(app, headers=changes([(b"X-B", b"c")], [b"X-A"]), log_requests=True)
    server.ask()
    assert "2 headers in" in server.wait_for_log("headers in")


def test_an_answer_of_write_has_them_too(worker):
    def writes(environ, start_response):
        start_response("200 OK", [])(b"x")
        return []

    assert worker(writes, headers=changes([(b"X-B", b"c")])).ask().header("X-B") == "c"
