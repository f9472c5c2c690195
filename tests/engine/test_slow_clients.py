"""Clients that take their time: what they may, what they may not, and that nobody else pays for it."""

from __future__ import annotations

import hashlib
import os
import resource
import socket
import threading

import pytest

from . import speak
from .conftest import PROTOCOLS
from .test_connections import echo
from .test_faults import memory

MIB = 1024 * 1024


def drip(sock: socket.socket, stop: threading.Event) -> None:
    """A byte now and then, faster than any single wait allows and slower than any rate."""
    try:
        while not stop.wait(0.05):
            sock.sendall(b"x")
    except OSError:
        pass  # closed, as it should be


@pytest.mark.parametrize("size", [1000, 3 * MIB])
def test_a_body_that_drips_is_given_up(worker, size):
    """Of a collected body, and of one that the application reads."""
    server = worker(echo, socket_timeout=0.2, clients={"header_timeout": 0.5})
    stop = threading.Event()
    with server.connect() as sock:
        sock.sendall(speak.http("POST", body=b"x" * size)[:-size])
        dripping = threading.Thread(target=drip, args=(sock, stop))
        dripping.start()
        try:
            assert speak.parse(speak.read_all(sock)).status == 408
        except ConnectionResetError:
            pytest.fail("the answer was lost")
        finally:
            stop.set()
            dripping.join()
    assert server.row().cores[0].read_errors == 1
    assert server.ask("POST", "/", b"others").status == 200


def test_a_body_that_drips_may_without_a_rate(worker):
    server = worker(echo, socket_timeout=0.3, clients={"header_timeout": 0.1, "min_rate": 0})
    with server.connect() as sock:
        request = speak.http("POST", body=b"x" * 20)
        sock.sendall(request[:-20])
        for _ in range(20):
            sock.sendall(b"x")
            threading.Event().wait(0.05)
        assert speak.parse(speak.read_all(sock)).body == b"/" + b"x" * 20


def test_an_answer_that_is_sipped_is_given_up(worker):
    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"x" * (6 * MIB)]

    # Above what the socket buffers give at once, the rate is never kept.
    server = worker(app, socket_timeout=0.3, clients={"header_timeout": 0.5, "min_rate": 100 * MIB})
    with server.connect("http") as sock:
        sock.sendall(speak.http())
        received = 0
        while piece := sock.recv(65536):
            received += len(piece)
            threading.Event().wait(0.05)
        assert received < 6 * MIB
    server.wait_for(lambda: server.row().cores[0].write_errors == 1, "a write error")


BIG = bytes(range(256)) * 4096 * 16  # 16 MiB


def large(environ, start_response):
    start_response("200 OK", [])
    kind = environ["PATH_INFO"]
    if kind == "/idle":
        return [b"%d" % memory(os.getpid())]
    if kind == "/pieces":
        return [b"head", *(BIG[at : at + MIB] for at in range(0, len(BIG), MIB)), b"tail"]
    if kind == "/small-pieces":
        return [BIG[at : at + 5000] for at in range(0, len(BIG), 5000)]
    if kind == "/subclass":
        return [type("Bytes", (bytes,), {})(BIG[:MIB])]
    if kind == "/bare":
        return BIG
    if kind == "/generator":
        return (BIG for _ in range(1))
    return [BIG]


EXPECTED = {"/pieces": b"head" + BIG + b"tail", "/subclass": BIG[:MIB]}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["/list", "/pieces", "/small-pieces", "/subclass", "/bare", "/generator"])
def test_a_large_answer_is_whole(worker, protocol, kind):
    raw = worker(large).send(speak.encode(protocol, "GET", kind), protocol)
    body = speak.decode(protocol, raw).body
    assert hashlib.blake2b(body).digest() == hashlib.blake2b(EXPECTED.get(kind, BIG)).digest()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["/list", "/bare"])
def test_a_large_answer_is_not_copied_and_holds_no_core(worker, protocol, kind):
    server = worker(large)
    idle = int(server.ask(path="/idle").body)
    slow = [server.connect(protocol) for _ in range(4)]
    for sock in slow:
        sock.sendall(speak.encode(protocol, "GET", kind))
    server.wait_for(lambda: server.row().requests == 1 + len(slow), "the answers of the application")
    # The object exists once, in the application; sixteen times its size would have been copied.
    assert int(server.ask(path="/idle").body) - idle < len(BIG) // 2
    for sock in slow:
        body = speak.decode(protocol, speak.read_all(sock)).body
        assert hashlib.blake2b(body).digest() == hashlib.blake2b(BIG).digest()
        sock.close()


def test_what_was_sent_is_forgotten(worker):
    def app(environ, start_response):
        start_response("200 OK", [])
        if environ["PATH_INFO"] == "/idle":
            return [b"%d" % memory(os.getpid())]
        return [os.urandom(1) * (48 * MIB)]

    server = worker(app)
    idle = int(server.ask(path="/idle").body)
    for leaves in (False, True, False):
        with server.connect("http") as sock:
            sock.sendall(speak.http())
            assert sock.recv(1000)
            if not leaves:
                assert len(speak.parse(b"HTTP/1.1 200 OK\r\n\r\n" + speak.read_all(sock)).body) > 47 * MIB
        # Without a further request: the reference goes when the core is idle.
        server.wait_for(lambda: memory(server.pid) - idle < 8 * MIB, "the end of the object")


def test_a_generator_that_told_its_length_is_not_waited_for(worker):
    """Frameworks wrap one complete body into an iterator: the core does not stay with it."""

    class Closing:
        def __init__(self):
            self.rest = [BIG]

        def __iter__(self):
            return self

        def __next__(self):
            if self.rest:
                return self.rest.pop()
            raise StopIteration

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/small":
            start_response("200 OK", [])
            return [b"small"]
        start_response("200 OK", [("Content-Length", str(len(BIG)))])
        return Closing()

    server = worker(app)
    with server.connect("http") as slow:
        slow.sendall(speak.http())
        server.wait_for(lambda: server.row().requests == 1, "the end of the call")
        assert server.ask(path="/small").body == b"small"
        assert speak.parse(speak.read_all(slow)).body == BIG


def test_pipelined_answers_behind_a_large_one_keep_their_order(worker):
    def app(environ, start_response):
        body = BIG if environ["PATH_INFO"] == "/big" else environ["PATH_INFO"].encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    server = worker(app)
    with server.connect() as sock:
        for path in ("/1", "/big", "/2", "/big", "/3"):
            sock.sendall(speak.http(path=path, close=False))
        rest = b""
        for path in ("/1", "/big", "/2", "/big", "/3"):
            answer, rest = read_large(sock, rest)
            assert answer == (BIG if path == "/big" else path.encode())


def read_large(sock: socket.socket, pending: bytes) -> tuple[bytes, bytes]:
    """As ``speak.read_one``, in time that does not grow with the square of the size."""
    while b"\r\n\r\n" not in pending:
        pending += sock.recv(65536)
    head = speak.parse_head(pending)
    size = int(head.header("Content-Length") or 0)
    body = bytearray(head.body)
    while len(body) < size:
        piece = sock.recv(MIB)
        assert piece, "closed in the middle of a body"
        body += piece
    return bytes(body[:size]), bytes(body[size:])


def failing(environ, start_response):
    """A client is gone before the first of many writes; says how far it came."""
    write = start_response("200 OK", [])
    count = 0
    try:
        if environ["PATH_INFO"] == "/write":
            while count < 2000:
                count += 1
                write(b"x" * 10_000)
            return []
    except OSError:
        environ["wsgi.errors"].write(f"OSError after {count}\n")
        raise
    finally:
        environ["wsgi.errors"].write(f"came to {count}\n")
    return Counting(environ)


class Counting:
    def __init__(self, environ):
        self.environ, self.count = environ, 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.count == 2000:
            raise StopIteration
        self.count += 1
        return b"x" * 10_000

    def close(self):
        self.environ["wsgi.errors"].write(f"iterated to {self.count}\n")


def leave(server, path: str) -> str:
    with server.connect() as sock:
        sock.sendall(speak.http(path=path))
        sock.recv(1000)
    return server.wait_for(lambda: server.row().requests == 1 and server.log(), "the end of the request")


def test_a_write_to_a_client_that_left_raises(worker):
    log = leave(worker(failing), "/write")
    assert "OSError after" in log and "came to 2000" not in log
    assert log.count("write error") == 1 and "Traceback" not in log


def test_failed_writes_may_be_told_to_nobody(worker):
    log = leave(worker(failing, clients={"write_errors_tolerance": 2**63 - 1, "ignore_write_errors": True}), "/write")
    assert log == "came to 2000\n"


def test_failed_writes_are_tolerated_up_to_a_number(worker):
    log = leave(worker(failing, clients={"write_errors_tolerance": 50}), "/write")
    # Where the first one fails depends on the socket; it is never the last of two thousand.
    assert 50 < int(log.split("OSError after ")[1].split()[0]) < 2000


def test_an_iteration_ends_with_its_client_or_runs_on(worker):
    assert "iterated to 2000" not in leave(worker(failing), "/iterate")
    log = leave(worker(failing, clients={"write_errors_tolerance": 2**63 - 1}), "/iterate")
    assert "iterated to 2000" in log and log.count("write error") == 1


def with_many_files() -> int:
    """Raise the soft limit of open files, for the workers too; answers what it was."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    return soft


@pytest.mark.parametrize("threads", [1, 2])
def test_idle_and_dripping_clients_leave_the_others_alone(worker, threads):
    soft = with_many_files()
    try:
        server = worker(echo, threads=threads, clients={"keepalive_timeout": 60})
        idle = []
        for number in range(1000):
            sock = server.connect()
            sock.sendall(speak.http(path=f"/{number}", close=False))
            assert speak.read_one(sock)[0].status == 200
            idle.append(sock)
        dripping = [server.connect() for _ in range(100)]
        for sock in dripping:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        served = server.row().requests
        with server.connect() as fast:
            rest = b""
            for number in range(1000):
                dripping[number % 100].sendall(b"x")
                fast.sendall(speak.http("POST", "/fast", b"b", close=False))
                answer, rest = speak.read_one(fast, rest)
                assert answer.body == b"/fastb"
        assert server.row().requests == served + 1000
        # Nobody was thrown out for it.
        for sock in idle[::100]:
            sock.sendall(speak.http(path="/still", close=False))
            assert speak.read_one(sock)[0].body == b"/still"
        for sock in (*idle, *dripping):
            sock.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def test_above_the_most_connections_the_longest_idle_is_closed(worker):
    server = worker(echo, clients={"max_connections": 20, "keepalive_timeout": 60})
    idle = []
    for number in range(20):
        sock = server.connect()
        sock.sendall(speak.http(path=f"/{number}", close=False))
        assert speak.read_one(sock)[0].status == 200
        idle.append(sock)
    assert server.ask(path="/newcomer").body == b"/newcomer"
    assert speak.read_all(idle[0]) == b""
    idle[-1].sendall(speak.http(path="/youngest"))
    assert speak.parse(speak.read_all(idle[-1])).body == b"/youngest"
    for sock in idle:
        sock.close()
    assert server.log() == ""


@pytest.mark.parametrize("threads", [1, 2])
def test_above_the_most_connections_newcomers_wait(worker, threads):
    server = worker(echo, threads=threads, clients={"max_connections": 10})
    slow = [server.connect() for _ in range(10)]
    for sock in slow:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\n")
    newcomer = server.connect()
    newcomer.sendall(speak.http(path="/newcomer"))
    assert "max-connections" in server.wait_for_log("none of them is idle")
    # Nothing turns in circles while they wait.
    before = cpu(server.pid)
    threading.Event().wait(0.3)
    assert cpu(server.pid) - before < 0.1
    slow[0].sendall(b"abc")
    assert speak.parse(speak.read_all(slow[0])).body == b"/abc"
    assert speak.parse(speak.read_all(newcomer)).body == b"/newcomer"
    for sock in slow[1:]:
        sock.sendall(b"abc")
        assert speak.parse(speak.read_all(sock)).body == b"/abc"
        sock.close()
    assert len(server.log().splitlines()) == 1
    newcomer.close()
    slow[0].close()


def cpu(pid: int) -> float:
    """Seconds of CPU time that a process has used."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_without_descriptors_accepting_pauses_and_goes_on(worker):
    held = []

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/exhaust":
            soft = len(os.listdir("/proc/self/fd")) + 1
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
            try:
                while True:
                    held.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                pass
        elif environ["PATH_INFO"] == "/free":
            for fd in held:
                os.close(fd)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    server = worker(app, clients={"max_connections": 1000})
    with server.connect() as first:
        first.sendall(speak.http(path="/exhaust", close=False))
        assert speak.read_one(first)[0].body == b"ok"
        with server.connect() as second:
            second.sendall(speak.http(path="/second"))
            server.wait_for_log("raise the limit of open files")
            first.sendall(speak.http(path="/free", close=False))
            assert speak.read_one(first)[0].body == b"ok"
            assert speak.parse(speak.read_all(second)).body == b"ok"
