"""Requests that are at hand together: called one after the other, answered together, and none waits for a slow one."""

import os
import signal

import pytest

from . import speak


def begin_together(server, paths):
    """One connection and request for each path, all there before the worker looks at the first."""
    clients = [server.connect() for _ in paths]
    for client, path in zip(clients, paths, strict=True):
        client.sendall(speak.http(path=path))
    server.control.send(b"S")
    return clients


def read(clients):
    return [speak.parse(speak.read_all(client)).body for client in clients]


def close(clients):
    for client in clients:
        client.close()


def test_an_answer_does_not_wait_for_a_call_that_takes_long(worker, gate):
    server = worker(gate, start=False)
    clients = begin_together(server, ["/", "/", "/wait", "/"])
    assert read(clients[:2]) == [b"hello"] * 2
    gate.open()
    assert read(clients[2:]) == [b"hello"] * 2
    close(clients)


def test_answers_that_wait_for_company_are_sent_before_a_worker_is_killed(worker, gate):
    server = worker(gate, start=False)
    clients = begin_together(server, ["/", "/wait"])
    server.wait_for_log("waiting")
    os.kill(server.pid, signal.SIGTERM)
    server.control.send(b"K")
    assert read(clients[:1]) == [b"hello"]
    close(clients)


def test_many_at_once_all_get_their_own_answer(worker):
    def echo(environ, start_response):
        body = environ["PATH_INFO"].encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    server = worker(echo, start=False)
    paths = [f"/{number}" for number in range(200)]
    clients = begin_together(server, paths)
    assert read(clients) == [path.encode() for path in paths]
    close(clients)


def test_pipelined_requests_are_answered_in_order_beside_others(worker):
    def echo(environ, start_response):
        body = environ["PATH_INFO"].encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    server = worker(echo, start=False)
    clients = [server.connect() for _ in range(3)]
    for number, client in enumerate(clients):
        client.sendall(b"".join(speak.http(path=f"/{number}/{turn}", close=turn == 99) for turn in range(100)))
    server.control.send(b"S")
    for number, client in enumerate(clients):
        answers = speak.read_all(client).split(b"HTTP/1.1 200 OK\r\n")[1:]
        expected = [f"/{number}/{turn}".encode() for turn in range(100)]
        assert [answer.split(b"\r\n\r\n")[1] for answer in answers] == expected
    close(clients)


class Slow:
    """An answer that is complete before the application has done with it."""

    def __init__(self, gate, where):
        self.gate, self.where = gate, where

    def __call__(self, environ, start_response):
        start_response("200 OK", [("Content-Length", "5")])
        return [b"hello"] if environ["PATH_INFO"] == "/" else self

    def __iter__(self):
        yield b"hello"
        self.pause("iteration")

    def close(self):
        self.pause("close")

    def pause(self, where):
        if where == self.where:
            os.read(self.gate.wait_end, 1)


@pytest.mark.parametrize("where", ["iteration", "close"])
@pytest.mark.parametrize("count", [1, 3])
def test_an_answer_does_not_wait_for_what_the_application_does_afterwards(worker, gate, where, count):
    server = worker(Slow(gate, where), start=False)
    clients = begin_together(server, ["/", "/", "/slow"][-count:])
    assert read(clients[:-1]) == [b"hello"] * (count - 1)
    answer = b""
    while not answer.endswith(b"\r\n\r\nhello"):
        piece = clients[-1].recv(4096)
        assert piece, answer
        answer += piece
    gate.open()
    assert clients[-1].recv(1) == b""
    close(clients)
