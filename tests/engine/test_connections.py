"""Connections: keep-alive, pipelining, slow and half-open clients, refusals, large answers, no leak."""

import hashlib
import os
import signal
import socket
import threading

import pytest

from . import speak
from .conftest import PROTOCOLS


def echo(environ, start_response):
    body = environ["PATH_INFO"].encode() + environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def test_a_connection_serves_many_requests(worker):
    with worker(echo).connect() as sock:
        rest = b""
        for number in range(100):
            sock.sendall(speak.http("POST", f"/{number}-", b"x" * number, close=False))
            answer, rest = speak.read_one(sock, rest)
            assert answer.body == f"/{number}-".encode() + b"x" * number and rest == b""


def test_pipelined_requests_are_answered_in_order(worker):
    requests = b"".join(speak.http("POST", f"/{number}", b"b" * (number % 50), close=False) for number in range(500))
    server = worker(echo)
    with server.connect() as sock:
        # More than one turn of a connection, and more than the socket takes at once.
        sender = threading.Thread(target=sock.sendall, args=(requests + speak.http(path="/last"),))
        sender.start()
        rest = b""
        for number in range(500):
            answer, rest = speak.read_one(sock, rest)
            assert answer.body == f"/{number}".encode() + b"b" * (number % 50)
        answer, rest = speak.read_one(sock, rest)
        assert answer.body == b"/last" and rest == b"" and sock.recv(1) == b""
        sender.join()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_request_may_come_byte_by_byte(worker, protocol):
    server = worker(echo)
    with server.connect(protocol) as sock:
        request = speak.encode(protocol, "POST", "/slow", b"body")
        for at in range(len(request)):
            sock.sendall(request[at : at + 1])
        assert speak.decode(protocol, speak.read_all(sock)).body == b"/slowbody"


def test_a_client_may_stop_sending_before_it_reads(worker):
    with worker(echo).connect() as sock:
        sock.sendall(speak.http(path="/half", close=False))
        sock.shutdown(socket.SHUT_WR)
        assert speak.parse(speak.read_all(sock)).body == b"/half"


def test_slow_clients_do_not_hold_the_core(worker):
    server = worker(echo)
    slow = [server.connect(name) for name in ("tcp-http", "http", "uwsgi", "scgi", "fastcgi") for _ in range(10)]
    try:
        for number, sock in enumerate(slow):
            sock.sendall(
                [b"GET / HTTP/1.1\r\nHo", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"][number % 2]
            )
        assert server.ask(path="/fast").body == b"/fast"
    finally:
        for sock in slow:
            sock.close()


def test_half_open_clients_are_closed(worker):
    server = worker(echo, socket_timeout=0.2)
    with server.connect() as silent, server.connect() as begun, server.connect("uwsgi") as packet:
        begun.sendall(b"GET / HTTP/1.1\r\nHost")
        packet.sendall(b"\0\x10")
        assert speak.read_all(silent) == b""
        assert speak.parse(speak.read_all(begun)).status == 408
        assert speak.read_all(packet) == b""


def test_idle_connections_are_closed(worker):
    with worker(echo, clients={"keepalive_timeout": 0.1}).connect() as sock:
        sock.sendall(speak.http(path="/once", close=False))
        assert speak.parse(speak.read_all(sock)).body == b"/once"


def test_a_client_that_does_not_read_is_closed(worker):
    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"x" * 20_000_000] if environ["PATH_INFO"] == "/list" else (b"x" * 100_000 for _ in range(200))

    server = worker(app, socket_timeout=0.2)
    for count, path in enumerate(("/list", "/generator"), 1):
        with server.connect("http") as sock:
            sock.sendall(speak.http(path=path))
            server.wait_for(lambda count=count: server.row().cores[0].write_errors == count, "a write error")
            assert len(speak.read_all(sock)) < 20_000_000
    assert "Traceback" not in server.log()


def test_a_slow_reader_of_a_complete_answer_does_not_hold_the_core(worker):
    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"x" * 20_000_000] if environ["PATH_INFO"] == "/large" else [b"small"]

    server = worker(app)
    with server.connect("http") as sock:
        sock.sendall(speak.http(path="/large"))
        server.wait_for(lambda: server.row().requests == 1, "the first answer")
        assert server.ask(path="/").body == b"small"
        assert len(speak.parse(speak.read_all(sock)).body) == 20_000_000


def test_a_generator_waits_for_its_reader(worker):
    chunk, count = b"x" * 100_000, 200

    def app(environ, start_response):
        start_response("200 OK", [])
        for number in range(count):
            environ["wsgi.errors"].write(f"{number}\n")
            yield chunk

    server = worker(app)
    with server.connect("http") as sock:
        sock.sendall(speak.http())
        server.wait_for_log("2\n")
        # The socket's buffers and ours hold a few; the rest is not made before there is room.
        assert len(server.log().splitlines()) < count // 2
        body = speak.parse(speak.read_all(sock)).body
    assert hashlib.sha256(body).digest() == hashlib.sha256(chunk * count).digest()


def test_a_client_that_leaves_ends_the_iteration(worker):
    class Endless:
        def __init__(self, environ):
            self.environ = environ

        def __iter__(self):
            return self

        def __next__(self):
            return b"x" * 10000

        def close(self):
            self.environ["wsgi.errors"].write("closed\n")

    def app(environ, start_response):
        start_response("200 OK", [])
        return Endless(environ)

    server = worker(app)
    with server.connect() as sock:
        sock.sendall(speak.http())
        sock.recv(1000)
    server.wait_for_log("closed")
    server.wait_for(lambda: server.row().requests == 1, "the end of the request")
    assert len(server.log().splitlines()) == 2 and "Traceback" not in server.log()
    assert server.row().cores[0].write_errors == 1


REFUSED = {
    "431": (speak.http(X_Long="x" * 40000), 431, "buffer-size"),
    "414": (b"GET /" + b"x" * 40000, 414, "buffer-size"),
    "too many": (speak.http(**{f"X_{n}": "1" for n in range(200)}), 431, "max-vars"),
    "smuggling": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
        "both",
    ),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400, "Host"),
    "escape": (speak.http(path="/%zz"), 400, "%"),
    "version": (b"GET / HTTP/2.5\r\nHost: x\r\n\r\n", 505, "version"),
    "line feed": (b"GET / HTTP/1.1\nHost: x\n\n", 400, "LF"),
    "expectation": (speak.http(Expect="wonders"), 417, "100-continue"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_answered_and_logged(worker, name):
    request, status, hint = REFUSED[name]
    server = worker(echo)
    with server.connect() as sock:
        # More than is read of it: the answer must survive the close.
        sock.sendall(request + b"\r\nfurther" * 10000)
        assert speak.parse(speak.read_all(sock)).status == status
    log = server.log()
    assert len(log.splitlines()) == 1 and hint in log and "refused" in log
    assert server.row().requests == 0
    assert server.ask(path="/alive").body == b"/alive"


def test_bytes_behind_the_last_body_do_not_take_the_answer_away(worker):
    # The body is read to its last byte and no further: what is behind it is still in the socket when it is closed.
    server = worker(echo)
    for _ in range(20):
        raw = server.send(speak.http("POST", "/last", b"b" * 20000) + b"further" * 10000)
        assert speak.parse(raw).body == b"/last" + b"b" * 20000
    assert server.row().requests == 20


def test_a_block_above_the_buffer_size_is_refused_in_every_protocol(worker):
    server = worker(echo, buffer_size=4096)
    for protocol in ("uwsgi", "fastcgi", "scgi"):
        answer = server.ask(protocol=protocol, HTTP_COOKIE="c" * 5000)
        assert answer.status == 431
    assert server.log().count("raise buffer-size") == 3


def test_a_body_above_the_limit_is_refused(worker):
    server = worker(echo, clients={"limit_post": 1000})
    for protocol in PROTOCOLS:
        assert server.ask("POST", "/", b"x" * 1001, protocol=protocol).status == 413
        assert server.ask("POST", "/", b"x" * 1000, protocol=protocol).status == 200


def test_fastcgi_connections_are_kept(worker):
    with worker(echo).connect("fastcgi") as sock:
        for number in range(5):
            sock.sendall(speak.fastcgi(speak.variables("POST", f"/{number}", b"b"), b"b", keep=True))
            raw = b""
            while not raw.endswith(bytes(8)) or len(raw) < 16 or raw[-15] != 3:
                piece = sock.recv(65536)
                assert piece
                raw += piece
            assert speak.decode("fastcgi", raw).body == f"/{number}b".encode()


def test_what_fastcgi_answers_by_itself_is_sent_to_a_client_that_ends_at_once(worker):
    """The bytes and the end reach the worker as one event: it is stopped while they are sent."""
    server = worker(echo)
    asked = speak.fastcgi_record(9, b"", request_id=0)
    with server.connect("fastcgi") as sock:
        sock.sendall(asked)
        assert sock.recv(1024)[1] == 10  # GET_VALUES_RESULT: from here on the worker waits for an event
        os.kill(server.pid, signal.SIGSTOP)
        # A request that begins, and a record of a kind that there is not.
        sock.sendall(speak.fastcgi_record(1, b"\0\1\1\0\0\0\0\0") + speak.fastcgi_record(0, b"", request_id=0))
        sock.shutdown(socket.SHUT_WR)
        os.kill(server.pid, signal.SIGCONT)
        assert speak.read_all(sock)[1] == 11  # UNKNOWN_TYPE


def test_no_descriptor_and_no_memory_is_lost(worker):
    server = worker(echo)
    descriptors = server.descriptors()

    def round_trip(count):
        for number in range(count):
            protocol = PROTOCOLS[number % 4]
            server.ask("POST", "/", b"x" * 1000, protocol=protocol)
            with server.connect() as sock:  # one that leaves without a word, or in the middle
                sock.sendall(b"GET / HT"[: number % 8])

    def memory():
        with open(f"/proc/{server.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    round_trip(200)
    server.wait_for(lambda: server.descriptors() <= descriptors, "the closing of connections")
    before = memory()
    round_trip(600)
    server.wait_for(lambda: server.descriptors() <= descriptors, "the closing of connections")
    assert memory() - before < 2_000_000


def test_requests_leave_no_reference_behind(worker):
    def app(environ, start_response):
        import gc
        import sys

        start_response("200 OK", [])
        # To count takes longer than all the rest.
        is_asked = environ["QUERY_STRING"] == "count"
        return [b"%d %d" % (sys.getallocatedblocks(), len(gc.get_objects())) if is_asked else b"-"]

    server = worker(app)
    with server.connect() as sock:
        counts, rest = [], b""
        for number in range(3000):
            query = "count" if number % 10 == 9 else "other"
            sock.sendall(speak.http("POST", f"/x?{query}", b"body", close=False, X_Other="1"))
            answer, rest = speak.read_one(sock, rest)
            if query == "count":
                counts.append([int(part) for part in answer.body.split()])
    blocks, objects = (max(c[i] for c in counts[-10:]) - min(c[i] for c in counts[10:20]) for i in (0, 1))
    assert blocks < 300 and objects < 100


def test_a_burst_of_connections_is_served(worker):
    server = worker(echo)
    socks = [server.connect() for _ in range(200)]
    for number, sock in enumerate(socks):
        sock.sendall(speak.http(path=f"/{number}"))
    for number, sock in enumerate(socks):
        assert speak.parse(speak.read_all(sock)).body == f"/{number}".encode()
        sock.close()
