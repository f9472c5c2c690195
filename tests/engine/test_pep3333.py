"""PEP 3333, sentence by sentence, where no other file asks: environ, errors, and how an answer ends."""

import socket
import struct
import sys

import pytest

from . import speak
from .conftest import PROTOCOLS


def hang_up(sock):
    """Close with a reset, so that the next write of the server fails."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_environ_is_a_dict_that_the_application_may_keep_and_change(worker, protocol):
    kept = []

    def app(environ, start_response):
        assert type(environ) is dict
        kept.append(environ)
        del environ["wsgi.input"], environ["REQUEST_METHOD"]
        environ["mine"] = environ["PATH_INFO"]
        start_response("200 OK", [])
        return [repr([(one["mine"], one["PATH_INFO"]) for one in kept]).encode()]

    server = worker(app)
    for path in ("/a", "/b"):
        answer = server.ask(path=path, protocol=protocol)
    assert answer.body == b"[('/a', '/a'), ('/b', '/b')]"


@pytest.mark.parametrize(("workers", "threads"), [(1, 1), (2, 1), (1, 3)])
def test_what_runs_beside_is_told(worker, workers, threads):
    def app(environ, start_response):
        start_response("200 OK", [])
        names = ("wsgi.multiprocess", "wsgi.multithread", "wsgi.run_once", "wsgi.version", "wsgi.input_terminated")
        return [repr([environ[name] for name in names]).encode()]

    told = eval(worker(app, workers=workers, threads=threads).ask().body)
    assert told == [workers > 1, threads > 1, False, (1, 0), True]


def test_errors_is_a_text_stream(worker):
    def app(environ, start_response):
        errors = environ["wsgi.errors"]
        assert errors.write("caff\u00e8 \ud800\n") == 8
        errors.writelines(["one\n", "two\n"])
        errors.flush()
        print("printed", 1, file=errors)
        start_response("200 OK", [])
        return []

    server = worker(app)
    assert server.ask().status == 200
    assert server.log() == "caff\u00e8 \\ud800\none\ntwo\nprinted 1\n"


@pytest.mark.parametrize("threads", [1, 2])
def test_close_is_called_once_when_the_client_has_gone(worker, threads):
    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            while True:
                yield b"x" * 100000
        except GeneratorExit:
            environ["wsgi.errors"].write("closed\n")
            raise

    server = worker(app, threads=threads)
    sock = server.connect()
    sock.sendall(speak.http())
    sock.recv(10)
    hang_up(sock)
    server.wait_for_log("write error: the client is gone")
    assert server.log().count("closed\n") == 1 and "Traceback" not in server.log()
    assert not server.has_ended()


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), StopIteration(), ValueError()])
def test_whatever_an_application_raises_the_worker_goes_on(worker, error):
    def app(environ, start_response):
        if environ["PATH_INFO"] == "/call":
            raise error
        start_response("200 OK", [])
        return Raising(error) if environ["PATH_INFO"] == "/step" else [b"fine"]

    class Raising:
        def __init__(self, error):
            self.errors = [error]

        def __iter__(self):
            return self

        def __next__(self):
            raise self.errors.pop()

    server = worker(app)
    assert server.ask(path="/call").status == 500
    # An iterator that raises StopIteration has ended.
    assert server.ask(path="/step").status == (200 if isinstance(error, StopIteration) else 500)
    assert server.ask(path="/").body == b"fine"


def test_what_was_written_counts_for_the_declared_length(worker):
    def app(environ, start_response):
        write = start_response("200 OK", [("Content-Length", "6")])
        write(b"abc")
        write(b"defgh")
        return [b"never"]

    server = worker(app)
    with server.connect() as sock:
        sock.sendall(speak.http(close=False))
        answer, rest = speak.read_one(sock)
        assert (answer.body, rest) == (b"abcdef", b"")
    assert "7 bytes more than its Content-Length" in server.wait_for_log("more than")


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_what_is_written_to_an_answer_without_body_is_dropped(worker, status):
    def app(environ, start_response):
        start_response(status, [])(b"body")
        yield b"more"

    raw = worker(app).send(speak.http(close=False) + speak.http())
    assert raw.count(b"HTTP/1.1 " + status.encode()) == 2 and b"body" not in raw and b"more" not in raw


def test_head_drops_what_is_written_and_yielded(worker):
    def app(environ, start_response):
        start_response("200 OK", [])(b"body")
        yield b"more"

    raw = worker(app).send(speak.http("HEAD", close=False) + speak.http("HEAD"))
    assert raw.count(b"HTTP/1.1 200 OK") == 2 and b"body" not in raw and b"more" not in raw


def test_reason_and_values_are_latin_1(worker):
    def app(environ, start_response):
        start_response("200 Caff\xe8", [("X-A", "\xe9\xff")])
        return [b"x"]

    raw = worker(app).send(speak.http())
    assert raw.startswith(b"HTTP/1.1 200 Caff\xe8\r\n") and b"X-A: \xe9\xff\r\n" in raw


def test_exc_info_replaces_what_was_said_but_not_sent(worker):
    def app(environ, start_response):
        start_response("200 OK", [("X-Old", "1")])
        try:
            raise ValueError("late")
        except ValueError:
            start_response("500 Sorry", [("X-New", "1")], sys.exc_info())
        return [b"sorry"]

    answer = worker(app).ask()
    assert (answer.status, answer.body) == (500, b"sorry")
    assert answer.header("X-New") == "1" and answer.header("X-Old") is None


@pytest.mark.parametrize("threads", [1, 4])
def test_flask_never_shows_one_request_to_another(worker, threads):
    flask = pytest.importorskip("flask")
    site = flask.Flask(__name__)
    kept = []

    @site.get("/<name>")
    def view(name):
        flask.g.name = name

        def body():
            for _ in range(3):
                yield f"{flask.g.name} {flask.request.path} "

        if name == "abandoned":
            generator = flask.stream_with_context(body())
            kept.append(generator)
            return next(generator)
        return flask.Response(flask.stream_with_context(body()))

    def app(environ, start_response):
        before = flask.has_request_context()
        answer = site(environ, start_response)
        return [b"left over"] if before else answer

    server = worker(app, threads=threads)
    for number in range(12):
        assert server.ask(path="/abandoned").body == b"abandoned /abandoned "
        assert server.ask(path=f"/{number}").body == f"{number} /{number} ".encode() * 3
