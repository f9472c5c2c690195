"""``wsgi.input`` answers what ``io.BytesIO`` answers, for bodies in memory and bodies on their way."""

import io
import json
import random
import socket

import pytest

from . import speak

LARGE = 3 * 1024 * 1024


def perform(stream, operations, iterable=None):
    """The outcome of each operation; errors by their kind."""
    outcomes = []
    for name, *arguments in operations:
        try:
            if name == "next":
                outcome = next(iter(stream), None)
            elif name == "readinto":
                buffer = bytearray(arguments[0])
                outcome = (stream.readinto(buffer), bytes(buffer))
            else:
                outcome = getattr(stream, name)(*arguments)
        except Exception as error:
            outcome = type(error).__name__
        outcomes.append(repr(outcome) if len(repr(outcome)) < 200 else f"{len(outcome)} {hash_of(outcome)}")
    return outcomes


def hash_of(value):
    import hashlib

    return hashlib.sha256(repr(value).encode()).hexdigest()


def operations(chance, seekable):
    sizes = [None, -1, 0, 1, 2, 7, 64, 1000, 70000, 10**9]
    names = ["read", "readline", "readlines", "next", "readinto", "tell", "readable", "read1"]
    names += ["seek", "seek"] if seekable else []
    chosen = []
    for _ in range(chance.randint(1, 12)):
        name = chance.choice(names)
        if name in ("read", "readline", "readlines", "read1"):
            chosen.append([name] if chance.random() < 0.3 else [name, chance.choice(sizes)])
        elif name == "readinto":
            chosen.append([name, chance.choice([0, 1, 5, 5000])])
        elif name == "seek":
            chosen.append([name, chance.randint(-3, 400), chance.choice([0, 0, 0, 1, 2, 3])])
        else:
            chosen.append([name])
    if chance.random() < 0.1:
        chosen += [["close"], ["read"], ["readline"], ["next"], ["tell"], ["readable"]]
    return chosen


def body_of(chance, size):
    alphabet = chance.choice([b"ab\n", b"abcdefghij" * 20 + b"\n", b"\n", b"x", bytes(range(256))])
    return bytes(chance.choices(alphabet, k=min(size, 5000))) * (1 if size <= 5000 else size // 5000)


def performing(environ, start_response):
    wanted = json.loads(environ["HTTP_X_OPERATIONS"])
    data = json.dumps(perform(environ["wsgi.input"], wanted)).encode()
    start_response("200 OK", [("Content-Length", str(len(data)))])
    return [data]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("protocol", ["http", "uwsgi", "fastcgi", "scgi"])
def test_random_operations_on_a_body_in_memory(worker, protocol, seed):
    chance = random.Random(f"{seed} {protocol}")
    server = worker(performing)
    for _ in range(30):
        body = body_of(chance, chance.choice([0, 1, 10, 300, 5000, 100_000]))
        wanted = operations(chance, seekable=True)
        answer = server.ask("POST", "/", body, protocol=protocol, HTTP_X_OPERATIONS=json.dumps(wanted))
        assert json.loads(answer.body) == perform(io.BytesIO(body), wanted), (wanted, body[:100])


@pytest.mark.parametrize("protocol", ["http", "uwsgi", "fastcgi", "scgi"])
def test_random_operations_on_a_body_on_its_way(worker, protocol):
    chance = random.Random(protocol)
    server = worker(performing)
    for _ in range(12):
        body = body_of(chance, LARGE)
        # read1 may answer less than BytesIO does, by its nature.
        wanted = [w for w in operations(chance, seekable=False) if w[0] != "read1"]
        answer = server.ask("POST", "/", body, protocol=protocol, HTTP_X_OPERATIONS=json.dumps(wanted))
        assert json.loads(answer.body) == perform(io.BytesIO(body), wanted), (wanted, body[:100])


def digest(environ, start_response):
    stream, total, lines = environ["wsgi.input"], 0, 0
    for line in stream:
        total, lines = total + len(line), lines + 1
    start_response("200 OK", [])
    return [f"{total} {lines} {environ.get('CONTENT_LENGTH')} {stream.read()!r}".encode()]


@pytest.mark.parametrize("size", [0, 1, 1000, 100_000, 1024 * 1024, 1024 * 1024 + 1, LARGE])
def test_chunks_are_taken_off(worker, size):
    server = worker(digest)
    body = (b"0123456789abcde\n" * (size // 16 + 1))[:size]
    framed, at, chance = b"", 0, random.Random(size)
    while at < size:
        piece = body[at : at + chance.choice([1, 10, 4000, 70000])]
        framed += b"%x%s\r\n" % (len(piece), chance.choice([b"", b";ext=1"])) + piece + b"\r\n"
        at += len(piece)
    raw = server.send(
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        + framed
        + b"0\r\nT: x\r\n\r\n"
    )
    total, lines, length, end = speak.parse(raw).body.decode().split()
    assert (int(total), int(lines), end) == (size, -(-size // 16), "b''")
    # Known once it was collected; a body that is still on its way has none.
    assert length == ("None" if size == LARGE else str(size))


def test_a_broken_chunk_is_refused(worker):
    server = worker(digest)
    raw = server.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    assert speak.parse(raw).status == 400 and "chunked request body is malformed" in server.log()


@pytest.mark.parametrize("size", [10, LARGE])
def test_a_client_that_waits_to_be_told_is_told(worker, size):
    server = worker(digest)
    with server.connect() as sock:
        sock.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
            % size
        )
        expected = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert sock.recv(len(expected), socket.MSG_WAITALL) == expected
        sock.sendall(b"x" * size)
        assert speak.parse(speak.read_all(sock)).body.startswith(b"%d 1 " % size)


def test_a_client_is_not_told_when_nobody_reads(worker):
    def app(environ, start_response):
        start_response("403 No", [])
        return [b"no"]

    with worker(app).connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n" % LARGE)
        assert speak.parse(speak.read_all(sock)).status == 403


@pytest.mark.parametrize("protocol", ["http", "uwsgi", "scgi", "fastcgi"])
def test_a_client_that_leaves_makes_the_read_an_oserror(worker, protocol):
    def app(environ, start_response):
        try:
            environ["wsgi.input"].read()
        except OSError:
            environ["wsgi.errors"].write("OSError it was\n")
            raise
        start_response("200 OK", [])
        return [b"x"]

    server = worker(app)
    with server.connect(protocol) as sock:
        sock.sendall(speak.encode(protocol, "POST", "/", b"x" * LARGE)[: LARGE // 2])
        server.wait_for(lambda: server.row().busy_cores, "the request")
    log = server.wait_for_log("error during read")
    assert "OSError it was" in log and "Traceback" not in log and len(log.splitlines()) == 2
    assert server.ask("POST", "/", b"small").status == 200


def test_a_client_that_stalls_makes_the_read_an_oserror(worker):
    def app(environ, start_response):
        try:
            environ["wsgi.input"].read()
        except OSError as error:
            start_response("200 OK", [])
            return [str(error).encode()]

    server = worker(app, socket_timeout=0.3)
    with server.connect() as sock:
        sock.sendall(speak.http("POST", body=b"x" * LARGE)[: LARGE // 2])
        assert b"error during read on wsgi.input: the client sent nothing in time" in speak.read_all(sock)


def test_a_small_body_that_never_comes_never_reaches_the_application(worker):
    server = worker(digest, socket_timeout=0.3)
    with server.connect() as sock:
        sock.sendall(speak.http("POST", body=b"x" * 1000)[:-1])
        assert speak.parse(speak.read_all(sock)).status == 408
    with server.connect() as sock:
        sock.sendall(speak.http("POST", body=b"x" * 1000)[:-1])
        sock.shutdown(socket.SHUT_WR)
        assert speak.parse(speak.read_all(sock)).status == 400
    assert server.row().requests == 0 and server.row().cores[0].read_errors == 2


@pytest.mark.parametrize("protocol", ["http", "uwsgi", "scgi", "fastcgi"])
def test_a_body_that_nobody_reads_does_not_cost_the_answer(worker, protocol):
    def app(environ, start_response):
        start_response("413 Too Large", [])
        return [b"no, thank you"]

    server = worker(app)
    for name in (protocol, "tcp-" + protocol):
        answer = speak.decode(protocol, server.send(speak.encode(protocol, "POST", "/", b"x" * LARGE), name))
        assert answer.body == b"no, thank you"


def test_a_body_kept_beyond_its_request_stays_what_it_was(worker):
    kept = []

    def app(environ, start_response):
        kept.append(environ["wsgi.input"])
        start_response("200 OK", [])
        return [b",".join(stream.read() for stream in kept)]

    server = worker(app)
    server.ask("POST", "/", b"one")
    for stream in kept:
        stream.seek(0)
    assert server.ask("POST", "/", b"two").body == b",two"
