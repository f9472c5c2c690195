"""Requests as greenlets of gevent: many at once in one thread, and nobody waits for a client but its own request.

What is the same with and without greenlets is asked again here: the tests of the other files, with this file's worker.
"""

import contextvars
import functools
import gc
import io
import os
import signal
import threading
import time
import wsgiref.validate

import pytest

from . import speak
from .conftest import PATIENCE
from .test_connections import test_a_client_that_does_not_read_is_closed  # noqa: F401
from .test_input import test_a_client_that_stalls_makes_the_read_an_oserror  # noqa: F401
from .test_slow_clients import (  # noqa: F401
    test_a_large_answer_is_whole,
    test_failed_writes_are_tolerated_up_to_a_number,
    test_without_descriptors_accepting_pauses_and_goes_on,
)
from .test_statics import statics

gevent = pytest.importorskip("gevent")
Event = pytest.importorskip("gevent.event").Event


@pytest.fixture
def worker(worker):
    return functools.partial(worker, greenlets=50)


def hello(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


class Meeting:
    """Every request waits in its greenlet until ``count`` of them are there."""

    def __init__(self, count):
        self.count = count
        self.here = 0
        self.event = None

    def __call__(self, environ, start_response):
        self.event = self.event or Event()
        self.here += 1
        if self.here >= self.count:
            self.event.set()
        assert self.event.wait(PATIENCE)
        return hello(environ, start_response)


def test_as_many_requests_as_greenlets_are_in_the_application_at_once(worker):
    server = worker(Meeting(50))
    socks = [server.connect() for _ in range(50)]
    for sock in socks:
        sock.sendall(speak.http())
    assert [speak.parse(speak.read_all(sock)).body for sock in socks] == [b"hello"] * 50
    assert server.row().requests == 50 and all(core.requests == 1 for core in server.row().cores)


def test_one_more_waits_for_a_greenlet_and_the_stats_tell_who_is_busy(worker):
    def app(environ, start_response):
        environ["wsgi.errors"].write(f"inside {environ['PATH_INFO']}\n")
        gevent.sleep(0)
        while not os.path.exists(environ["HTTP_GATE"]):
            gevent.sleep(0.005)
        return hello(environ, start_response)

    server = worker(app, greenlets=2)
    gate = str(server.directory / "gate")
    socks = [server.connect() for _ in range(3)]
    for number, sock in enumerate(socks):
        sock.sendall(speak.http(path=f"/{number}", Gate=gate))
        server.wait_for(lambda n=number: server.row().busy_cores == min(n + 1, 2), "another busy core")
    assert {core.request for core in server.row().cores} == {"GET /0", "GET /1"}
    assert "/2" not in server.log()
    with open(gate, "w"):
        pass
    assert [speak.parse(speak.read_all(sock)).body for sock in socks] == [b"hello"] * 3
    server.wait_for(lambda: server.row().busy_cores == 0, "rest")


def test_who_has_no_greenlet_is_left_to_others(worker):
    def app(environ, start_response):
        while not os.path.exists(environ["HTTP_GATE"]):
            gevent.sleep(0.005)
        return hello(environ, start_response)

    one = worker(app, greenlets=1)
    gate = str(one.directory / "gate")
    request = speak.http(Gate=gate)
    first, second, third = (one.connect() for _ in range(3))
    first.sendall(request)
    one.wait_for(lambda: one.row().busy_cores == 1, "a request")
    second.sendall(request)  # is accepted, and finds that there is no greenlet
    two = worker(hello, beside=one)
    third.sendall(request)
    fourth = one.connect()
    fourth.sendall(request)
    # Whoever came before the first worker knew may be its; this one surely is not.
    assert speak.parse(speak.read_all(fourth)).body == b"hello"
    with open(gate, "w"):
        pass
    for sock in (first, second, third):
        assert speak.parse(speak.read_all(sock)).body == b"hello"
    assert one.row().requests + two.row().requests == 4


def test_a_streamed_body_is_read_while_others_are_served(worker):
    def app(environ, start_response):
        body = environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Length", str(len(str(len(body)))))])
        return [str(len(body)).encode()]

    size = 3 << 20
    server = worker(app)
    with server.connect() as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\nConnection: close\r\n\r\nxx" % size)
        server.wait_for(lambda: server.row().busy_cores == 1, "the upload")
        for _ in range(3):
            assert server.ask().body == b"0"
            slow.sendall(b"x" * 1000)
        slow.sendall(b"x" * (size - 3002))
        assert speak.parse(speak.read_all(slow)).body == str(size).encode()


def test_lines_and_pieces_of_a_streamed_body(worker):
    def app(environ, start_response):
        source, found = environ["wsgi.input"], []
        found.append(source.readline())
        found.append(source.read(20_000))
        found.append(source.read(5))
        found += list(source)
        start_response("200 OK", [])
        return [b"".join(found)]

    body = b"first\n" + b"y" * 20_000 + b"12345" + b"some\nlines\n" * 100_000
    server = worker(app)
    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    answered = []
    with server.connect() as sock:
        reader = threading.Thread(target=lambda: answered.append(speak.read_all(sock)))
        reader.start()
        for part in (head, body[:3], body[3:4000], body[4000:20_008], body[20_008:900_000], body[900_000:]):
            sock.sendall(part)
        reader.join()
    assert speak.parse(answered[0]).body == body


def test_a_slow_reader_keeps_nobody(worker):
    def app(environ, start_response):
        start_response("200 OK", [])
        if environ["PATH_INFO"] == "/big":
            return (b"x" * 100_000 for _ in range(400))
        return [b"hello"]

    server = worker(app)
    with server.connect() as slow:
        slow.sendall(speak.http(path="/big"))
        server.wait_for(lambda: server.row().busy_cores == 1, "the big answer")
        for _ in range(20):
            assert server.ask().body == b"hello"
        assert server.row().busy_cores == 1
        assert len(speak.parse(speak.read_all(slow)).body) == 40_000_000


def test_write_waits_in_the_hub_too(worker):
    def app(environ, start_response):
        write = start_response("200 OK", [])
        for _ in range(100 if environ["PATH_INFO"] == "/big" else 0):
            write(b"x" * 100_000)
        return [b"end"]

    server = worker(app)
    with server.connect() as slow:
        slow.sendall(speak.http(path="/big"))
        server.wait_for(lambda: server.row().busy_cores == 1, "the big answer")
        assert server.ask().body == b"end"
        assert speak.parse(speak.read_all(slow)).body.endswith(b"xend")


@pytest.mark.parametrize("path", ["/read", "/write"])
def test_a_timeout_of_the_application_ends_the_wait_for_a_client(worker, path):
    def app(environ, start_response):
        with gevent.Timeout(0.1) as mine:
            try:
                if environ["PATH_INFO"] == "/read":
                    environ["wsgi.input"].read()
                else:
                    write = start_response("200 OK", [])
                    while True:
                        write(b"x" * 100_000)
            except gevent.Timeout as timeout:
                assert timeout is mine
                environ["wsgi.errors"].write("too late\n")
        if environ["PATH_INFO"] == "/read":
            start_response("504 Gateway Timeout", [])
        return [b"enough"]

    server = worker(app)
    with server.connect() as sock:
        length = b"Content-Length: 5000000\r\n" if path == "/read" else b""
        sock.sendall(b"POST %s HTTP/1.1\r\nHost: h\r\n%sConnection: close\r\n\r\n" % (path.encode(), length))
        server.wait_for_log("too late")
        assert speak.parse(speak.read_all(sock)).body.endswith(b"enough")


@pytest.mark.parametrize("what", ["body", "answer"])
def test_a_client_that_leaves_ends_its_request_alone(worker, what):
    def app(environ, start_response):
        body = environ["wsgi.input"].read()
        start_response("200 OK", [])
        return (b"x" * 100_000 for _ in range(1000)) if environ["PATH_INFO"] == "/gone" else [b"%d" % len(body)]

    server = worker(app)
    sock = server.connect()
    if what == "body":
        sock.sendall(b"POST /gone HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\nxx")
    else:
        sock.sendall(speak.http(path="/gone"))
        sock.recv(10)
    server.wait_for(lambda: server.row().busy_cores == 1, "the request")
    sock.close()
    server.wait_for_log("during POST /gone" if what == "body" else "during GET /gone")
    server.wait_for(lambda: server.row().busy_cores == 0, "the end of it")
    assert server.ask("POST", body=b"abc").body == b"3"


def test_two_greenlets_of_one_request_may_read_and_write(worker):
    def app(environ, start_response):
        source, pieces = environ["wsgi.input"], []
        readers = [gevent.spawn(lambda: pieces.append(source.read(1_500_000))) for _ in range(2)]
        gevent.joinall(readers, raise_error=True)
        write = start_response("200 OK", [])
        writers = [gevent.spawn(write, b"x" * 3_000_000) for _ in range(3)]
        gevent.joinall(writers, raise_error=True)
        return [b"%d" % sum(map(len, pieces))]

    server = worker(app)
    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\nConnection: close\r\n\r\n"
    with server.connect() as sock:
        sock.sendall(head)
        server.wait_for(lambda: server.row().busy_cores == 1, "the request")
        sock.sendall(b"y" * 3_000_000)
        body = speak.parse(speak.read_all(sock)).body
    assert body == b"x" * 9_000_000 + b"3000000"


def test_a_reader_that_outlives_its_request_is_told(worker):
    def app(environ, start_response):
        def read():
            try:
                environ["wsgi.input"].read()
            except OSError as error:
                os.write(2, f"told: {error}\n".encode())

        gevent.spawn(read)
        gevent.sleep(0)
        return hello(environ, start_response)

    server = worker(app, socket_timeout=0.3, clients={"header_timeout": 0.3})
    with server.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n")
        assert speak.read_all(sock).endswith(b"hello")
    server.wait_for_log("told: error during read on wsgi.input")
    assert server.ask().body == b"hello"


def test_each_request_has_its_context_and_sees_that_of_the_import(worker):
    name = contextvars.ContextVar("name")
    common = contextvars.ContextVar("common")
    common.set("import")
    meeting = Meeting(5)

    def app(environ, start_response):
        assert name.get(None) is None and common.get() == "import"
        name.set(environ["PATH_INFO"])
        meeting(environ, start_response)
        return [name.get()[:5].encode()]

    server = worker(app)
    socks = [server.connect() for _ in range(5)]
    for number, sock in enumerate(socks):
        sock.sendall(speak.http(path=f"/{number:04}"))
    assert [speak.parse(speak.read_all(sock)).body for sock in socks] == [b"/%04d" % number for number in range(5)]


def test_an_exception_is_of_its_request_alone(worker):
    class Odd(BaseException):
        pass

    def app(environ, start_response):
        gevent.sleep(0)
        match environ["PATH_INFO"]:
            case "/error":
                raise ValueError("mine")
            case "/odd":
                raise Odd
            case "/exit":
                raise SystemExit(3)
            case "/kill":
                gevent.getcurrent().kill()
        return hello(environ, start_response)

    server = worker(app)
    for path in ("/error", "/odd", "/exit", "/kill"):
        assert server.ask(path=path).status == 500
        assert server.ask().body == b"hello"
    assert "ValueError: mine" in server.log() and server.row().exceptions == 4
    assert server.row().busy_cores == 0


def test_a_drain_lets_greenlets_finish_and_takes_who_waits(worker):
    def app(environ, start_response):
        while not os.path.exists(environ["HTTP_GATE"]):
            gevent.sleep(0.005)
        return hello(environ, start_response)

    server = worker(app, greenlets=2)
    gate = str(server.directory / "gate")
    socks = [server.connect() for _ in range(10)]
    for sock in socks:
        sock.sendall(speak.http(Gate=gate))
    server.wait_for(lambda: server.row().busy_cores == 2, "two requests")
    server.control.send(b"D")
    server.wait_for(lambda: not server.row().accepting, "the drain")
    with open(gate, "w"):
        pass
    assert [speak.parse(speak.read_all(sock)).body for sock in socks] == [b"hello"] * 10
    assert server.wait() == 0


def test_a_drain_has_an_end(worker):
    def app(environ, start_response):
        environ["wsgi.errors"].write("inside\n")
        gevent.sleep(1000)

    server = worker(app, mercy=0.2, expect=1)
    with server.connect() as sock:
        sock.sendall(speak.http(path="/forever"))
        server.wait_for_log("inside")
        assert server.drain() == 1
    assert "did not finish within 0.2 s" in server.log() and "GET /forever" in server.log()


def test_the_generation_is_told_of_the_last_request(worker):
    server = worker(hello, max_requests=3)
    assert all(server.ask().body == b"hello" for _ in range(3))
    assert server.control.recv(1) == b"W"
    assert server.ask().body == b"hello"


def test_the_application_is_validated(worker):
    def app(environ, start_response):
        gevent.sleep(0)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter([b"hello", environ["wsgi.input"].read(4)])

    server = worker(wsgiref.validate.validator(app))
    assert server.ask("POST", body=b" you", HTTP_X="1").body == b"hello you"
    assert "AssertionError" not in server.log()


@pytest.mark.parametrize("protocol", ["http", "uwsgi", "fastcgi", "scgi"])
def test_every_protocol(worker, protocol):
    def app(environ, start_response):
        gevent.sleep(0)
        body = environ["wsgi.input"].read()
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode(), body]

    server = worker(app)
    for size in (0, 10, 2_000_000):
        assert server.ask("POST", "/x", b"b" * size, protocol).body == b"/x" + b"b" * size


def test_a_pipeline_and_a_connection_that_stays_open(worker):
    server = worker(hello)
    with server.connect() as sock:
        sock.sendall(speak.http(close=False) * 200 + speak.http())
        assert speak.read_all(sock).count(b"hello") == 201


def test_a_file_is_sent_by_the_engine(worker, tmp_path):
    (tmp_path / "file").write_bytes(b"f" * 3_000_000)

    def app(environ, start_response):
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](open(tmp_path / "file", "rb"))

    server = worker(app)
    assert [len(server.ask().body) for _ in range(3)] == [3_000_000] * 3


def test_a_fork_of_the_application_serves_nobody(worker):
    def app(environ, start_response):
        if environ["PATH_INFO"] == "/fork":
            pid = gevent.os.fork()
            if pid == 0:
                # Here, too, the hub runs, and has the engine's descriptor.
                gevent.sleep(0.3)
                os._exit(0)
            os.write(2, b"forked %d\n" % pid)
            return hello(environ, start_response)
        start_response("200 OK", [])
        return [b"%d" % os.getpid()]

    server = worker(app)
    assert server.ask(path="/fork").body == b"hello"
    assert {server.ask().body for _ in range(30)} == {b"%d" % server.pid}
    child = int(server.wait_for_log("forked").split("forked ")[1].split()[0])
    server.wait_for(lambda: not os.path.exists(f"/proc/{child}") or _is_zombie(child), "the end of the child")


def _is_zombie(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_whoever_asks_is_shown_where_requests_wait(worker):
    def where_it_waits(environ, start_response):
        environ["wsgi.errors"].write("inside\n")
        while not os.path.exists(environ["HTTP_GATE"]):
            gevent.sleep(0.005)
        return hello(environ, start_response)

    server = worker(where_it_waits)
    gate = str(server.directory / "gate")
    with server.connect() as sock:
        sock.sendall(speak.http(Gate=gate))
        server.wait_for_log("inside")
        os.kill(server.pid, signal.SIGUSR2)
        server.wait_for_log("in where_it_waits")
        with open(gate, "w"):
            pass
        assert speak.parse(speak.read_all(sock)).body == b"hello"


def test_a_worker_that_has_nothing_to_do_sleeps(worker):
    server = worker(hello)
    assert server.ask().body == b"hello"

    def switches():
        with open(f"/proc/{server.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("voluntary"))

    before = server.wait_for(switches, "the count")
    time.sleep(1.2)  # nothing to wait for: that nothing happens is what is asked
    assert switches() - before <= 3


def test_memory_does_not_grow_with_uploads(worker):
    def app(environ, start_response):
        count = 0
        while piece := environ["wsgi.input"].read(1 << 16):
            count += len(piece)
        start_response("200 OK", [])
        return [b"%d" % count]

    def resident():
        with open(f"/proc/{server.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    server = worker(app)
    server.ask("POST", body=b"x" * 2_000_000)
    before = resident()
    assert server.ask("POST", body=b"x" * 60_000_000).body == b"60000000"
    assert resident() - before < 10_000_000


def test_garbage_of_greenlets_is_no_obstacle(worker):
    class Loop:
        def __del__(self):
            io.StringIO()

    def app(environ, start_response):
        for _ in range(50):
            loop = Loop()
            loop.self = loop
        gevent.sleep(0)
        gc.collect(0)
        return hello(environ, start_response)

    server = worker(app)
    socks = [server.connect() for _ in range(20)]
    for sock in socks:
        sock.sendall(speak.http(close=False) * 5 + speak.http())
    assert [speak.read_all(sock).count(b"hello") for sock in socks] == [6] * 20


def test_an_answer_without_the_application_hides_no_request(worker, tmp_path):
    """Or nobody would see that it takes too long."""
    (tmp_path / "a.txt").write_text("hello")
    gate = []

    def application(environ, start_response):
        gate.append(Event())
        if environ["PATH_INFO"] == "/go":
            gate[0].set()
        assert gate[0].wait(PATIENCE)
        return hello(environ, start_response)

    server = worker(application, statics=statics(("/static", tmp_path)))
    with server.connect() as sock:
        sock.sendall(speak.http("GET", "/waits"))
        server.wait_for(lambda: server.row().cores[0].in_request, "the request")
        assert server.ask(path="/static/a.txt").body == b"hello"
        row = server.row().cores[0]
        assert row.in_request and row.request == "GET /waits"
        assert row.requests == 1
        assert server.ask(path="/go").status == 200 and speak.read_all(sock).endswith(b"hello")
