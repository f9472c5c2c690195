"""Readers of statistics: many, slow, gone."""

from __future__ import annotations

import socket

import pytest

from imperator.config.settings import Endpoint
from imperator.process.listeners import Listener
from imperator.process.loop import Loop
from imperator.process.stats_server import CLIENTS, StatsServer


@pytest.fixture
def serve():
    """A stats server of this document; answers its loop and its address."""
    loop = Loop()
    opened = []

    def make(document: str):
        listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        opened.append(listening)
        StatsServer(loop, [Listener(listening.fileno(), "test", Endpoint("inet"))], lambda: document)
        return loop, listening.getsockname()

    yield make
    for one in opened:
        one.detach()  # the server owns it


def read(loop: Loop, client: socket.socket) -> bytes:
    """All that the server has for a reader."""
    data = b""
    client.setblocking(False)

    def more() -> None:
        nonlocal data
        piece = client.recv(1 << 20)
        data += piece
        if not piece:
            loop.forget(client.fileno())
            loop.stop()

    loop.watch(client.fileno(), more)
    guard = loop.at(loop.now + 20, lambda: pytest.fail("no end"))
    loop.run()
    guard.cancel()
    return data


@pytest.mark.parametrize("length", [3, 20_000_000])
def test_whoever_connects_reads_the_document(serve, length):
    loop, address = serve("x" * length)
    with socket.create_connection(address) as client:
        assert read(loop, client) == b"x" * length


def test_a_reader_who_does_not_read_delays_nobody(serve):
    loop, address = serve("x" * 20_000_000)
    with socket.create_connection(address), socket.create_connection(address) as second:
        assert len(read(loop, second)) == 20_000_000


def test_a_reader_who_is_gone_is_forgotten(serve):
    loop, address = serve("x" * 20_000_000)
    for _ in range(CLIENTS + 5):
        client = socket.create_connection(address)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        client.close()
        loop.at(0, loop.stop)
        loop.run()
    with socket.create_connection(address) as client:
        assert len(read(loop, client)) == 20_000_000


def test_more_readers_than_can_be_are_turned_away(serve):
    loop, address = serve("x" * 20_000_000)
    waiting = [socket.create_connection(address) for _ in range(CLIENTS)]
    with socket.create_connection(address) as late:
        assert read(loop, late) == b""
    waiting.pop().close()
    for one in waiting:
        one.close()
