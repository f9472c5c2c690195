"""Answers of any size from a generator: memory stays flat, whatever the protocol, and only the client is waited for."""

from __future__ import annotations

import os

import pytest

from . import speak
from .test_faults import memory

MIB = 1024 * 1024
DOWNLOAD = int(os.environ.get("DOWNLOAD_MIB", "1024")) * MIB
PIECE = bytes(range(256)) * 256
SLACK = 8 * MIB


def generating(environ, start_response):
    """Yields the same piece again and again; after it what the memory was at most on the way."""
    pieces, most = int(environ["PATH_INFO"][1:]), 0
    start_response("200 OK", [])
    for number in range(pieces):
        if number % 64 == 0:
            most = max(most, memory(os.getpid()))
        # A new object each time: what is kept of them would be seen.
        yield PIECE[number % 251 :] + PIECE[: number % 251]
    yield b" %d" % most


@pytest.mark.parametrize("protocol", ["http", "uwsgi"])
def test_a_download_of_a_generator_needs_no_memory(worker, protocol):
    server = worker(generating)
    server.ask(path="/1", protocol=protocol)
    idle = memory(server.pid)
    size = DOWNLOAD if protocol == "http" else 64 * MIB
    room, got, end = memoryview(bytearray(MIB)), 0, b""
    with server.connect() as sock:
        sock.sendall(speak.encode(protocol, "GET", f"/{size // len(PIECE)}"))
        while count := sock.recv_into(room):
            got += count
            end = (end + bytes(room[max(0, count - 64) : count]))[-64:]
    assert got > size
    most = int(end.replace(b"\r\n0\r\n\r\n", b"").rpartition(b" ")[2])
    assert most - idle < SLACK
    server.wait_for(lambda: memory(server.pid) - idle < SLACK, "memory as before")
