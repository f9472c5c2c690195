"""Clients that cut, reset, dribble, talk nonsense or say nothing, while others go on being served.

`make chaos` is the long form: 100,000 connections instead of 2,000, and memory is looked at, too.
"""

from __future__ import annotations

import os
import random
import socket
import struct

from . import speak
from .conftest import PROTOCOLS

CONNECTIONS = int(os.environ.get("CHAOS_CONNECTIONS", "2000"))
IS_LONG = CONNECTIONS >= 20_000
# What the log may hold of such clients.
SAID = ("refused: ", "write error: the client is gone during ", " on wsgi.input during ")


def app(environ, start_response):
    body = environ["wsgi.input"].read()
    text = environ["PATH_INFO"].encode() + body
    if environ["PATH_INFO"].startswith("/large"):
        start_response("200 OK", [])
        return (b"x" * 50_000 for _ in range(20))
    start_response("200 OK", [("Content-Length", str(len(text)))])
    return [text]


def reset(sock: socket.socket) -> None:
    """Close with RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def offend(server, chance: random.Random, slow: list[tuple[socket.socket, bytes]]) -> None:
    """One client of the bad kind."""
    protocol = chance.choice(PROTOCOLS)
    name = chance.choice(["", "tcp-"]) + protocol
    path = chance.choice(["/small", "/large"])
    request = speak.encode(protocol, "POST", path, b"b" * chance.choice([0, 10, 3000, 100_000]))
    sock = server.connect(name)
    try:
        match chance.randrange(6):
            case 0:  # cut anywhere
                sock.sendall(request[: chance.randrange(len(request))])
                sock.close()
            case 1:  # reset, perhaps in the middle of the answer
                sock.sendall(request)
                if chance.random() < 0.7:
                    sock.recv(chance.choice([1, 1000]))
                reset(sock)
            case 2:  # reset in the middle of the request
                sock.sendall(request[: chance.randrange(len(request))])
                reset(sock)
            case 3:  # half-closed, and the rest is read
                sock.sendall(request[: chance.randrange(len(request) + 1)])
                sock.shutdown(socket.SHUT_WR)
                speak.read_all(sock)
                sock.close()
            case 4:  # noise
                sock.sendall(chance.randbytes(chance.randrange(1, 5000)))
                sock.close()
            case _:  # slow: a few bytes now, more when others had their turn
                slow.append((sock, request))
    except (ConnectionResetError, BrokenPipeError):
        sock.close()  # the server was faster with its refusal


def dribble(chance: random.Random, slow: list[tuple[socket.socket, bytes]]) -> None:
    """One of the slow goes on by a few bytes, or gives up."""
    place = chance.randrange(len(slow))
    sock, rest = slow[place]
    size = chance.randint(1, 20)
    try:
        sock.sendall(rest[:size])
        slow[place] = (sock, rest[size:])
    except (ConnectionResetError, BrokenPipeError):
        rest = b""
    if len(slow) > 100 or len(rest) <= size:
        slow.pop(place)[0].close()


def memory(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_bad_clients_harm_nobody_else(worker):
    server = worker(app, threads=2)
    chance = random.Random(1)
    assert server.ask(path="/first").body == b"/first"
    descriptors = server.descriptors()
    slow: list[tuple[socket.socket, bytes]] = []
    half = 0
    for number in range(CONNECTIONS):
        offend(server, chance, slow)
        if slow:
            dribble(chance, slow)
        if number % 20 == 0:
            protocol = chance.choice(PROTOCOLS)
            answer = server.ask("POST", f"/{number}", b"healthy", protocol=protocol)
            assert (answer.status, answer.body) == (200, b"/%dhealthy" % number)
        if number == CONNECTIONS // 2:
            half = memory(server.pid)
    for sock, _ in slow:
        sock.close()
    server.wait_for(lambda: server.descriptors() <= descriptors, "the closing of connections")
    assert not server.has_ended() and server.ask(path="/last").body == b"/last"
    if IS_LONG:
        assert memory(server.pid) - half < 4_000_000
    strange = [line for line in server.log().splitlines() if not any(part in line for part in SAID)]
    assert strange == []
