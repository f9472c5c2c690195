"""``start_response``, ``write`` and the answer's iterable, to the letter of PEP 3333."""

import sys

import pytest

from . import speak
from .conftest import PROTOCOLS

PLAIN = [("Content-Type", "text/plain")]


def answering(result, status="200 OK", headers=PLAIN):
    def app(environ, start_response):
        start_response(status, headers)
        return result() if callable(result) else result

    return app


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("result", "body"),
    [
        ([], b""),
        ([b""], b""),
        ([b"one"], b"one"),
        ((b"one", b"two"), b"onetwo"),
        ([b"", b"one", b"", b"two"], b"onetwo"),
        (b"bytes", b"bytes"),
        (lambda: iter([b"", b"a", b"", b"b"]), b"ab"),
        (lambda: (b"%d," % i for i in range(5)), b"0,1,2,3,4,"),
        (lambda: iter([]), b""),
        ([b"x" * 3_000_000], b"x" * 3_000_000),
        (lambda: (b"y" * 100_000 for _ in range(30)), b"y" * 3_000_000),
        ([b"z" * 20_000] * 100, b"z" * 2_000_000),
    ],
)
def test_a_result_becomes_a_body(worker, protocol, result, body):
    answer = worker(answering(result)).ask(protocol=protocol)
    assert answer.status == 200 and answer.body == body and answer.header("Content-Type") == "text/plain"


def test_the_length_of_what_is_complete_is_told(worker):
    for result, length in (([b"four"], "4"), ((b"a", b"bc"), "3"), ([], "0")):
        assert worker(answering(result)).ask().header("Content-Length") == length
    answer = worker(answering(lambda: iter([b"?"]))).ask()
    assert answer.header("Content-Length") is None and answer.header("Transfer-Encoding") == "chunked"


def test_http_1_0_gets_no_chunks(worker):
    raw = worker(answering(lambda: iter([b"a", b"b"]))).send(b"GET / HTTP/1.0\r\n\r\n")
    assert b"chunked" not in raw and raw.endswith(b"\r\n\r\nab")


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_some_statuses_have_no_body(worker, status):
    server = worker(answering([b"body"], status))
    with server.connect() as sock:
        sock.sendall(speak.http(close=False) + speak.http())
        raw = speak.read_all(sock)
    assert raw.count(b"HTTP/1.1 " + status.encode()) == 2 and b"body" not in raw


def test_head_has_no_body(worker):
    server = worker(answering([b"body"], headers=[*PLAIN, ("Content-Length", "4")]))
    raw = server.send(speak.http("HEAD", close=False) + speak.http("HEAD"))
    assert raw.count(b"Content-Length: 4") == 2 and b"body" not in raw
    assert b"Content-Length" not in worker(answering([])).send(speak.http("HEAD"))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_write_comes_before_what_is_returned(worker, protocol):
    def app(environ, start_response):
        write = start_response("200 OK", PLAIN)
        write(b"a")
        write(b"")
        write(b"b" * 50000)
        return [b"c"]

    assert worker(app).ask(protocol=protocol).body == b"a" + b"b" * 50000 + b"c"


def test_the_head_waits_for_the_first_byte(worker):
    def app(environ, start_response):
        start_response("200 OK", PLAIN)
        yield b""
        try:
            raise KeyError("late")
        except KeyError:
            start_response("503 Later", [("X-A", "1")], sys.exc_info())
        yield b"sorry"

    answer = worker(app).ask()
    assert (answer.status, answer.body, answer.header("X-A")) == (503, b"sorry", "1")
    assert answer.header("Content-Type") is None


def test_exc_info_after_the_first_byte_is_raised(worker):
    def app(environ, start_response):
        start_response("200 OK", PLAIN)
        yield b"begun"
        try:
            raise KeyError("too late")
        except KeyError:
            start_response("500 Oops", [], sys.exc_info())
        yield b"never"

    server = worker(app)
    raw = server.send(speak.http())
    assert b"begun" in raw and b"never" not in raw and not raw.endswith(b"0\r\n\r\n")
    assert "KeyError: 'too late'" in server.log()


def test_start_response_takes_keywords_and_a_generator_may_start_late(worker):
    def app(environ, start_response):
        start_response(status="201 Made", headers=[("X-A", "b")], exc_info=None)
        yield b"x"

    answer = worker(app).ask()
    assert (answer.status, answer.header("X-A"), answer.body) == (201, "b", b"x")


FLAWS = {
    "status is bytes": (b"200 OK", []),
    "status is int": (200, []),
    "status of two digits": ("20", []),
    "status is no number": ("abc", []),
    "status with CR LF": ("200 OK\r\nX: y", []),
    "headers is a tuple": ("200 OK", ()),
    "headers is None": ("200 OK", None),
    "header is a list": ("200 OK", [["A", "b"]]),
    "header of three": ("200 OK", [("A", "b", "c")]),
    "name is bytes": ("200 OK", [(b"A", "b")]),
    "value is int": ("200 OK", [("A", 1)]),
    "value with CR LF": ("200 OK", [("A", "b\r\nSet-Cookie: c")]),
    "value with LF": ("200 OK", [("A", "b\nc")]),
    "value with NUL": ("200 OK", [("A", "b\0c")]),
    "value beyond latin-1": ("200 OK", [("A", "\u20ac")]),
    "value with a surrogate": ("200 OK", [("A", "\ud800")]),
    "name with space": ("200 OK", [("A B", "c")]),
    "name is empty": ("200 OK", [("", "c")]),
    "name with colon": ("200 OK", [("A:", "c")]),
    "length is no number": ("200 OK", [("Content-Length", "4x")]),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flaw_is_raised_in_the_application(worker, flaw):
    caught = []

    def app(environ, start_response):
        try:
            start_response(*FLAWS[flaw])
        except (TypeError, ValueError) as error:
            caught.append(str(error))
            raise
        return [b"body"]

    server = worker(app)
    answer = server.ask()
    assert answer.status == 500 and b"Set-Cookie" not in answer.raw and b"Traceback" not in answer.raw
    assert "in app" in server.log()


@pytest.mark.parametrize("name", ["Connection", "Keep-Alive", "Transfer-Encoding", "TE", "Trailer", "Upgrade"])
def test_what_an_application_says_of_the_connection_is_left_out(worker, name):
    def app(environ, start_response):
        start_response("200 OK", [("Before", "1"), (name, "keep-alive"), ("After", "2")])
        return [b"events"]

    answer = worker(app).ask()
    assert answer.status == 200 and answer.body == b"events"
    assert answer.header("Before") == "1" and answer.header("After") == "2"
    assert answer.header(name) is None or (name == "Connection" and answer.header(name) == "close")


def test_a_flaw_may_be_mended(worker):
    def app(environ, start_response):
        try:
            start_response("200 OK", [("Good", "1"), ("Bad", "\n")])
        except ValueError:
            start_response("202 Mended", [("Better", "\xe9")])
        return [b""]

    answer = worker(app).ask()
    assert answer.status == 202 and answer.header("Better") == "\xe9" and answer.header("Good") is None


def raises(environ, start_response):
    raise ValueError("first")


def raises_after_start(environ, start_response):
    start_response("200 OK", PLAIN)
    raise ValueError("second")


def raises_in_the_first_step(environ, start_response):
    start_response("200 OK", PLAIN)
    raise ValueError("third")
    yield b""


def exits(environ, start_response):
    sys.exit(3)


def interrupts(environ, start_response):
    raise KeyboardInterrupt


def twice(environ, start_response):
    start_response("200 OK", PLAIN)
    start_response("200 OK", PLAIN)
    return [b"x"]


def never(environ, start_response):
    return [b"x"]


def never_and_nothing(environ, start_response):
    return []


def text(environ, start_response):
    start_response("200 OK", PLAIN)
    return ["text"]


def text_later(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"", "text"]


def nothing(environ, start_response):
    start_response("200 OK", PLAIN)


def number(environ, start_response):
    start_response("200 OK", PLAIN)
    return 5


def a_str(environ, start_response):
    start_response("200 OK", PLAIN)
    return "body"


def missing_argument(environ, start_response):
    start_response("200 OK")


def unknown_keyword(environ, start_response):
    start_response("200 OK", [], surprise=1)


# Where the server complains no line of the application is to blame: there is only the complaint.
OURS = {never, never_and_nothing, text, text_later, nothing, number, a_str, 5}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "app",
    [
        raises, raises_after_start, raises_in_the_first_step, exits, interrupts, twice, never, never_and_nothing, text,
        text_later, nothing, number, a_str, missing_argument, unknown_keyword, 5,
    ],
)  # fmt: skip
def test_what_fails_before_the_first_byte_is_500(worker, protocol, app):
    server = worker(app)
    answers = [server.ask(protocol=protocol) for _ in range(2)]
    for answer in answers:
        assert answer.status == 500 and int(answer.header("Content-Length")) == len(answer.body) > 0
        assert b"Traceback" not in answer.raw and b"second" not in answer.raw
    log = server.log()
    assert log.count("Traceback (most recent call last)") == (2 if "File" in log else 0)
    assert ("File" in log) == (app not in OURS) and log.count("\nSystemExit: 3\n") == (2 if app is exits else 0)
    assert server.row().exceptions == 2
    assert not server.has_ended()


def test_a_traceback_is_pythons_own(worker):
    def app(environ, start_response):
        try:
            raise KeyError("cause")
        except KeyError as error:
            raise ValueError("effect") from error

    server = worker(app)
    server.ask()
    log = server.log()
    assert log.startswith("Traceback (most recent call last):\n") and log.endswith("ValueError: effect\n")
    assert "The above exception was the direct cause" in log


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_fails_after_the_first_byte_cuts_the_connection(worker, protocol):
    def app(environ, start_response):
        start_response("200 OK", PLAIN)
        yield b"begun"
        raise ValueError("half-way")

    server = worker(app)
    raw = server.send(speak.encode(protocol, "GET", "/"), protocol)
    assert b"begun" in raw and b"500" not in raw and b"0\r\n\r\n" not in raw
    assert "half-way" in server.log()


class Closing:
    """An iterable that tells, into the log, when it is closed."""

    def __init__(self, environ, chunks):
        self.environ, self.chunks = environ, iter(chunks)

    def __iter__(self):
        return self

    def __next__(self):
        chunk = next(self.chunks)
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def close(self):
        self.environ["wsgi.errors"].write("closed\n")


@pytest.mark.parametrize("chunks", [[], [b"a"], [b"a", b"b"], ["str"], [ValueError("x")], [b"a", ValueError("x")]])
def test_close_is_always_called_once(worker, chunks):
    def app(environ, start_response):
        start_response("200 OK", PLAIN)
        return Closing(environ, chunks)

    server = worker(app)
    server.send(speak.http())
    assert server.wait_for_log("closed").count("closed") == 1


def test_close_is_called_when_start_response_was_not(worker):
    server = worker(lambda environ, start_response: Closing(environ, [b"a"]))
    assert server.ask().status == 500
    assert "closed" in server.log()


def test_an_error_in_close_spoils_nothing(worker):
    class Bad(Closing):
        def close(self):
            raise RuntimeError("in close")

    def app(environ, start_response):
        start_response("200 OK", PLAIN)
        return Bad(environ, [b"fine"])

    server = worker(app)
    assert server.ask().body == b"fine"
    assert "RuntimeError: in close" in server.log()


def test_no_more_than_the_declared_length_is_sent(worker):
    for result in ([b"abcdef"], lambda: iter([b"ab", b"cd", b"ef"])):
        server = worker(answering(result, headers=[("Content-Length", "4")]))
        with server.connect() as sock:
            sock.sendall(speak.http(close=False))
            answer, rest = speak.read_one(sock)
            assert answer.body == b"abcd" and rest == b""
        assert "more than its Content-Length" in server.wait_for_log("more")


def test_less_than_the_declared_length_closes(worker):
    server = worker(answering([b"ab"], headers=[("Content-Length", "4")]))
    with server.connect() as sock:
        sock.sendall(speak.http(close=False))
        assert speak.read_all(sock).endswith(b"\r\n\r\nab")
    assert "2 bytes less than its Content-Length" in server.log()


def test_start_response_and_write_are_useless_after_their_request(worker):
    kept = []

    def app(environ, start_response):
        said = []
        for old_start, old_write in kept:
            for call in (lambda start=old_start: start("200 Stolen", []), lambda write=old_write: write(b"stolen")):
                try:
                    call()
                except RuntimeError as error:
                    said.append(str(error))
        kept.append((start_response, start_response("200 OK", PLAIN)))
        return [b"%d" % len(said)]

    server = worker(app)
    assert [server.ask().body for _ in range(3)] == [b"0", b"2", b"4"]


def test_a_file_is_sent_from_where_it_stands(worker, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 8000)
    content = path.read_bytes()

    def app(environ, start_response):
        file = open(path, "rb")  # noqa: SIM115  # the server closes it
        file.seek(1000)
        headers = [("Content-Length", "50000")] if environ["PATH_INFO"] == "/part" else []
        start_response("200 OK", headers)
        wrapped = environ["wsgi.file_wrapper"](file, 4096)
        return (piece for piece in wrapped) if environ["PATH_INFO"] == "/slow" else wrapped

    server = worker(app)
    for protocol in PROTOCOLS:
        assert server.ask(path="/all", protocol=protocol).body == content[1000:]
        assert server.ask(path="/part", protocol=protocol).body == content[1000:51000]
        assert server.ask(path="/slow", protocol=protocol).body == content[1000:]
    assert server.ask("HEAD", "/all").body == b""
    with server.connect() as sock:
        for _ in range(3):
            sock.sendall(speak.http(path="/part", close=False))
            answer, rest = speak.read_one(sock)
            assert answer.body == content[1000:51000] and rest == b""
