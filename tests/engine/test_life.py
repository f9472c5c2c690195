"""A worker's life: ready, accepting, draining, ended; what the generation and signals say; threads."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from . import speak


def hello(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


def test_nothing_is_accepted_before_it_is_told(worker):
    server = worker(hello, start=False)
    with server.connect() as sock:
        sock.sendall(speak.http())
        assert select.select([sock], [], [], 0.2)[0] == [] and not server.row().accepting
        server.control.send(b"S")
        assert speak.parse(speak.read_all(sock)).body == b"hello"
    assert server.row().accepting
    assert server.drain() == 0
    assert not server.row().accepting


def test_a_worker_may_drain_before_it_began(worker):
    assert worker(hello, start=False).drain() == 0


@pytest.mark.parametrize("threads", [1, 4])
def test_a_drain_finishes_what_has_begun(worker, gate, threads):
    server = worker(gate, threads=threads)
    with server.connect() as served, server.connect() as idle, server.connect() as half:
        idle.sendall(speak.http(close=False))
        speak.read_one(idle)
        half.sendall(b"GET / HTTP/1.1\r\n")
        served.sendall(speak.http(path="/wait", close=False))
        server.wait_for_log("waiting")
        server.control.send(b"D")
        server.wait_for(lambda: not server.row().accepting, "the drain")
        if threads > 1:
            assert idle.recv(1) == b""
        gate.open()
        answer = speak.parse(speak.read_all(served))
        assert answer.body == b"hello" and answer.header("Connection") == "close"
        half.sendall(b"Host: x\r\n\r\n")
        answer = speak.parse(speak.read_all(half))
        assert answer.body == b"hello" and answer.header("Connection") == "close"
        assert idle.recv(1) == b""
        assert server.wait() == 0


@pytest.mark.parametrize("threads", [1, 4])
def test_what_waits_in_the_queue_when_a_drain_begins_is_served(worker, gate, threads):
    # The kernel may have woken this worker alone for it; nobody else would look.
    server = worker(gate, threads=threads)
    busy = [server.connect() for _ in range(threads)]
    for number, one in enumerate(busy, 1):
        one.sendall(speak.http(path="/wait"))
        server.wait_for(lambda count=number: server.log().count("waiting") == count, "a busy core")
    with server.connect() as queued, server.connect("http") as unix:
        queued.sendall(speak.http())
        unix.sendall(speak.http())
        server.control.send(b"D")
        server.wait_for(lambda: not server.row().accepting, "the drain")
        gate.open(threads)
        assert speak.parse(speak.read_all(queued)).body == b"hello"
        assert speak.parse(speak.read_all(unix)).body == b"hello"
    for one in busy:
        assert speak.parse(speak.read_all(one)).body == b"hello"
        one.close()
    assert server.wait() == 0


def test_a_connection_that_says_nothing_does_not_keep_a_drain(worker):
    server = worker(hello, socket_timeout=1000.0)
    assert server.ask().status == 200
    with server.connect() as silent:
        server.control.send(b"D")
        assert silent.recv(1) == b""
        assert server.wait() == 0


def test_a_connection_that_speaks_just_after_a_drain_began_is_served(worker, gate):
    server = worker(gate)
    with server.connect() as busy, server.connect() as fresh:
        busy.sendall(speak.http(path="/wait"))
        server.wait_for_log("waiting")
        server.control.send(b"D")
        server.wait_for(lambda: not server.row().accepting, "the drain")
        gate.open()
        assert speak.parse(speak.read_all(busy)).body == b"hello"
        fresh.sendall(speak.http())
        assert speak.parse(speak.read_all(fresh)).body == b"hello"
    assert server.wait() == 0


def test_a_request_that_arrived_on_an_idle_connection_is_served(worker, gate):
    server = worker(gate)
    with server.connect() as other, server.connect() as idle:
        idle.sendall(speak.http(close=False))
        speak.read_one(idle)
        other.sendall(speak.http(path="/wait"))
        server.wait_for_log("waiting")
        # The only core is busy: order and request both wait for it.
        server.control.send(b"D")
        idle.sendall(speak.http(path="/late", close=False))
        gate.open()
        assert speak.parse(speak.read_all(idle)).body == b"hello"
        assert speak.parse(speak.read_all(other)).body == b"hello"
    assert server.wait() == 0


def test_a_connection_that_was_accepted_but_said_nothing_is_waited_for(worker):
    server = worker(hello)
    with server.connect() as fresh:
        inodes = server.descriptors()
        server.wait_for(lambda: server.descriptors() >= inodes, "the accept")
        with server.connect() as other:  # accepted after the first, so the first is accepted
            other.sendall(speak.http())
            speak.read_all(other)
        server.control.send(b"D")
        server.wait_for(lambda: not server.row().accepting, "the drain")
        fresh.sendall(speak.http(close=False))
        assert speak.parse(speak.read_all(fresh)).body == b"hello"
    assert server.wait() == 0


def test_what_was_not_accepted_stays_for_the_next_generation(worker):
    old = worker(hello)
    new = worker(hello, beside=old, start=False)
    assert old.drain() == 0
    with old.connect() as sock:
        sock.sendall(speak.http())
        new.control.send(b"S")
        assert speak.parse(speak.read_all(sock)).body == b"hello"


def test_workers_share_the_sockets(worker, gate):
    first = worker(gate)
    second = worker(gate, beside=first)
    with first.connect() as busy:
        busy.sendall(speak.http(path="/wait"))
        first.wait_for(lambda: "waiting" in first.log() + second.log(), "the first request")
        # One core each, one of which is taken: the other takes whatever comes.
        for name in ("http", "tcp-http", "uwsgi"):
            request = speak.encode(name.split("-")[-1], "GET", "/")
            assert speak.parse(first.send(request, name)).body == b"hello"
        gate.open()
        assert speak.parse(speak.read_all(busy)).body == b"hello"
    assert sorted([first.row().requests, second.row().requests]) == [1, 3]


def test_a_handover_under_load_loses_nothing(worker):
    old = worker(hello)
    new = worker(hello, beside=old, start=False)
    stop, failures, served = threading.Event(), [], [0] * 4

    def client(index, name):
        try:
            while not stop.is_set():
                assert speak.parse(old.send(speak.http(), name)).body == b"hello"
                served[index] += 1
        except BaseException as error:
            failures.append(error)

    clients = [threading.Thread(target=client, args=(i, ("http", "tcp-http")[i % 2])) for i in range(4)]
    for thread in clients:
        thread.start()
    old.wait_for(lambda: min(served) > 50, "requests of the old one")
    new.control.send(b"S")
    old.control.send(b"D")
    assert old.wait() == 0
    marks = list(served)
    old.wait_for(
        lambda: all(now > mark + 50 for now, mark in zip(served, marks, strict=True)), "requests of the new one"
    )
    stop.set()
    for thread in clients:
        thread.join()
    assert failures == []


def test_the_end_of_the_generation_is_a_drain(worker, gate):
    server = worker(gate)
    with server.connect() as sock:
        sock.sendall(speak.http(path="/wait", close=False))
        server.wait_for_log("waiting")
        server.control.close()
        gate.open()
        assert speak.parse(speak.read_all(sock)).body == b"hello"
    assert server.wait() == 0


def test_a_generation_that_ended_before_its_worker_was_ready_is_no_error(tmp_path):
    ours, its = socket.socketpair()
    ours.close()
    listening = socket.create_server(("127.0.0.1", 0))
    program = (
        "import sys; from types import SimpleNamespace as N; from imperator import _core\n"
        "control, listening = int(sys.argv[1]), int(sys.argv[2])\n"
        "sys.exit(_core.serve(None, N(listeners=[N(fd=listening, protocol='http')], worker_id=1, threads=1, workers=1,"
        " control_fd=control, scoreboard_fd=_core.Scoreboard.create(1, 1), buffer_size=32768, trusted=[],"
        " socket_timeout=4.0, mercy=9.0, log_requests=False, hostname='vm')))\n"
    )
    command = [sys.executable, "-c", program, str(its.fileno()), str(listening.fileno())]
    done = subprocess.run(
        command, pass_fds=[its.fileno(), listening.fileno()], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")
    its.close()
    listening.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP])
def test_a_signal_is_a_drain(worker, gate, number):
    server = worker(gate)
    with server.connect() as sock:
        sock.sendall(speak.http(path="/wait"))
        server.wait_for_log("waiting")
        os.kill(server.pid, number)
        gate.open()
        assert speak.parse(speak.read_all(sock)).body == b"hello"
    assert server.wait() == 0


@pytest.mark.parametrize("how", ["signals", "word"])
def test_a_second_signal_or_the_word_ends_at_once(worker, gate, how):
    server = worker(gate)
    with server.connect() as sock:
        sock.sendall(speak.http(path="/wait"))
        server.wait_for_log("waiting")
        if how == "word":
            server.control.send(b"K")
        else:
            os.kill(server.pid, signal.SIGTERM)
            server.wait_for(lambda: not (server.row().accepting and how == "never"), "the first")
            while not server.has_ended():
                os.kill(server.pid, signal.SIGTERM)
                time.sleep(0.005)
        assert server.wait() == 0


@pytest.mark.parametrize("threads", [1, 3])
def test_mercy_has_an_end_even_if_python_does_nothing(worker, threads):
    def stuck(environ, start_response):
        environ["wsgi.errors"].write("stuck\n")
        # One byte code that never ends and never lets the GIL go.
        return sum(iter(int, 1))

    server = worker(stuck, mercy=0.3, threads=threads, expect=1)
    with server.connect() as sock:
        sock.sendall(speak.http(path="/forever"))
        server.wait_for_log("stuck")
        server.control.send(b"D")
        assert server.wait() == 1
    assert "did not finish within 0.3 s" in server.log() and "GET /forever" in server.log()


def test_programs_that_the_application_starts_have_plain_signals(worker):
    def app(environ, start_response):
        status = subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True, check=True).stdout
        start_response("200 OK", [])
        return [status.encode()]

    status = worker(app).ask().body.decode()
    lines = dict(line.split(":\t") for line in status.splitlines() if line.startswith("Sig"))
    ours = sum(1 << (n - 1) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP))
    assert (
        int(lines["SigBlk"], 16) == 0 and int(lines["SigCgt"], 16) & ours == 0 and int(lines["SigIgn"], 16) & ours == 0
    )


def test_forks_of_the_application_die_of_signals_alone(worker):
    def app(environ, start_response):
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(1)
        os.kill(pid, signal.SIGTERM)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        start_response("200 OK", [])
        return [str(status).encode()]

    server = worker(app)
    assert server.ask().body == str(-signal.SIGTERM).encode()
    assert server.ask().status == 200 and not server.has_ended()


def test_threads_serve_at_once(worker):
    count = 8
    barrier = threading.Barrier(count)

    def app(environ, start_response):
        barrier.wait(15)
        return hello(environ, start_response)

    server = worker(app, threads=count)
    socks = [server.connect() for _ in range(count)]
    for sock in socks:
        sock.sendall(speak.http())
    for sock in socks:
        assert speak.parse(speak.read_all(sock)).body == b"hello"
        sock.close()
    assert server.row().requests == count and len(server.row().cores) == count
    assert all(core.requests == 1 for core in server.row().cores)


def test_threads_share_connections_that_stay_open(worker):
    def app(environ, start_response):
        body = environ["PATH_INFO"].encode() + environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    server = worker(app, threads=4)
    failures = []

    def client(name):
        try:
            with server.connect("http") as sock:
                rest = b""
                for number in range(200):
                    body = b"b" * (number * 37 % 5000)
                    sock.sendall(speak.http("POST", f"/{name}/{number}", body, close=False))
                    answer, rest = speak.read_one(sock, rest)
                    assert answer.body == f"/{name}/{number}".encode() + body and rest == b""
        except BaseException as error:
            failures.append(error)

    clients = [threading.Thread(target=client, args=(name,)) for name in range(12)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    assert failures == [] and server.row().requests == 2400


def test_threads_of_the_application_run_while_the_core_waits_and_while_it_works(worker):
    ticks = [0]

    def count():
        while True:
            ticks[0] += 1
            time.sleep(0.001)

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/start":
            threading.Thread(target=count, daemon=True).start()
        start_response("200 OK", [])
        return [b"%d" % ticks[0]]

    server = worker(app)
    server.ask(path="/start")
    first = int(server.ask().body)
    server.wait_for(lambda: int(server.ask().body) > first + 20, "ticks between requests")
    with server.connect() as sock:
        busy = [speak.http(close=False)] * 5000
        sender = threading.Thread(target=sock.sendall, args=(b"".join(busy) + speak.http(),))
        sender.start()
        bodies = [part.partition(b"\r\n\r\n")[2] for part in speak.read_all(sock).split(b"HTTP/1.1 200 OK")[1:]]
        sender.join()
    assert len(bodies) == 5001 and int(bodies[-1]) > int(bodies[0])


def test_signals_and_threads_of_the_application_are_its_own(worker):
    def app(environ, start_response):
        signal.signal(signal.SIGUSR2, lambda *_: os.write(2, b"usr2 heard\n"))
        start_response("200 OK", [])
        return [threading.current_thread().name.encode()]

    server = worker(app)
    assert server.ask().body == b"MainThread"
    os.kill(server.pid, signal.SIGUSR2)
    server.ask()
    server.wait_for_log("usr2 heard")


def test_a_unix_peer_counts_as_trusted_even_if_nobody_else_is(worker):
    server = worker(hello, trusted=[])
    assert server.ask(protocol="uwsgi").body == b"hello"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(server.sockets["http"].getsockname())
        sock.sendall(speak.uwsgi(speak.variables()))
        assert speak.parse(speak.read_all(sock)).body == b"hello"


def test_a_core_that_works_holds_no_other_request(worker, gate):
    server = worker(gate, threads=2)
    socks = [server.connect("http") for _ in range(8)]
    for sock in socks:
        sock.sendall(speak.http(close=False))
        speak.read_one(sock)
    waiting, *others = socks
    for _ in range(20):
        marks = server.log().count("waiting")
        # Together, so that one look of a core sees several of them.
        for sock in socks:
            sock.sendall(speak.http(path="/wait" if sock is waiting else "/", close=False))
        for sock in others:
            assert speak.read_one(sock)[0].body == b"hello"
        server.wait_for(lambda marks=marks: server.log().count("waiting") > marks, "the waiting request")
        gate.open()
        assert speak.read_one(waiting)[0].body == b"hello"


def test_a_long_pipeline_and_a_long_request_share_the_cores(worker, gate):
    server = worker(gate, threads=2)
    with server.connect("http") as pipeline, server.connect("http") as waiting:
        waiting.sendall(speak.http(path="/wait", close=False))
        server.wait_for_log("waiting")
        pipeline.sendall(speak.http(close=False) * 499 + speak.http())
        assert speak.read_all(pipeline).count(b"hello") == 500
        gate.open()
        assert speak.read_one(waiting)[0].body == b"hello"
