"""Liberties beyond PEP 3333 that the configuration allows, and the exceptions that cost a worker its life."""

import array
import select
import socket
import struct
import time

import pytest

from . import speak
from .conftest import Gate

PLAIN = {
    "file_wrapper": True,
    "accept_buffers": False,
    "tells_waited": False,
    "reload_on_exception": False,
    "reload_on_types": (),
    "reload_on_values": (),
    "reload_on_reprs": (),
}


class Choices:
    def __init__(self, **changes):
        self.__dict__ |= PLAIN | changes


def test_the_file_wrapper_can_be_withheld(worker):
    def app(environ, start_response):
        start_response("200 OK", [])
        return [repr("wsgi.file_wrapper" in environ).encode()]

    assert worker(app).ask().body == b"True"
    assert worker(app, wsgi=Choices(file_wrapper=False)).ask().body == b"False"


def test_the_application_is_told_how_long_a_request_waited(worker):
    """The second request comes while the first one keeps the only core."""
    gate = Gate()

    def app(environ, start_response):
        told = environ.get("imperator.waited")
        if environ["PATH_INFO"] == "/wait":
            return gate(environ, start_response)
        start_response("200 OK", [])
        return [repr(told).encode()]

    assert worker(app).ask().body == b"None"
    server = worker(app, wsgi=Choices(tells_waited=True))
    with server.connect("tcp-http") as first, server.connect("tcp-http") as second:
        first.sendall(speak.http(path="/wait"))
        server.wait_for_log("waiting")
        began = time.monotonic()
        second.sendall(speak.http())
        assert select.select([second], [], [], 0.05)[0] == []
        waits = time.monotonic() - began
        gate.open()
        answer = speak.parse(speak.read_all(second))
    # The kernel counts in its own ticks, of up to ten milliseconds.
    assert int(answer.body) >= waits / 2 * 1e6
    assert server.row().avg_wait >= 0


BUFFERS = [bytearray(b"abc"), memoryview(b"def"), b"ghi", array.array("B", b"jkl"), bytearray()]


@pytest.mark.parametrize(
    "result",
    [lambda: BUFFERS, lambda: iter(BUFFERS), lambda: tuple(BUFFERS), lambda: [bytearray(b"abcdefghijkl")]],
)
def test_buffers_are_bytes_where_they_are_accepted(worker, result):
    def app(environ, start_response):
        start_response("200 OK", [])
        return result()

    assert worker(app).ask().status == 500
    assert worker(app, wsgi=Choices(accept_buffers=True)).ask().body == b"abcdefghijkl"


def test_write_takes_buffers_too(worker):
    def app(environ, start_response):
        start_response("200 OK", [])(bytearray(b"abc"))
        return [b"def"]

    assert worker(app).ask().status == 500
    assert worker(app, wsgi=Choices(accept_buffers=True)).ask().body == b"abcdef"


def test_a_str_is_no_buffer(worker):
    def app(environ, start_response):
        start_response("200 OK", [])
        return ["text"]

    server = worker(app, wsgi=Choices(accept_buffers=True))
    assert server.ask().status == 500 and "must yield bytes, not str" in server.log()


@pytest.mark.parametrize("raises", [True, False])
def test_write_to_a_client_that_has_gone(worker, raises):
    def app(environ, start_response):
        write = start_response("200 OK", [])
        try:
            for _ in range(2000):
                write(b"x" * 100000)
        except OSError as error:
            environ["wsgi.errors"].write(f"raised {error}\n")
        else:
            environ["wsgi.errors"].write("went on\n")
        return []

    server = worker(app, clients={} if raises else {"write_errors_tolerance": 2**63 - 1})
    with server.connect() as sock:
        sock.sendall(speak.http())
        sock.recv(10)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.wait_for_log("raised write error" if raises else "went on")
    server.wait_for(lambda: server.row().cores[0].write_errors == 1, "a write error")


class Special(ValueError):
    pass


FATAL = [
    ({"reload_on_exception": True}, True),
    ({"reload_on_types": ("ValueError",)}, False),
    ({"reload_on_types": ("Special",)}, True),
    ({"reload_on_types": (f"{__name__}.Special",)}, True),
    ({"reload_on_values": ("boom",)}, True),
    ({"reload_on_values": ("bo",)}, False),
    ({"reload_on_reprs": ("Special('boom')",)}, True),
    ({}, False),
]


@pytest.mark.parametrize(("choices", "fatal"), FATAL)
def test_an_exception_may_cost_the_worker_its_life(worker, choices, fatal):
    def app(environ, start_response):
        raise Special("boom")

    server = worker(app, wsgi=Choices(**choices))
    assert server.ask().status == 500
    assert ("monitored exception detected, respawning worker 1" in server.log()) == fatal
    if fatal:
        assert server.control.recv(1) == b"E"
    # Until the generation has another one, it goes on.
    assert server.ask().status == 500 and not server.has_ended()
