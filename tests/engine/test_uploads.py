"""Bodies of any size: memory stays flat, limits hold before the application is called, post-buffering makes them
seekable."""

from __future__ import annotations

import hashlib
import os
import socket
import threading

import pytest

from tests.harness.nginx import Nginx

from . import speak
from .test_faults import memory
from .test_input import LARGE, perform

MIB = 1024 * 1024
PIECE = bytes(range(256)) * 256
UPLOAD = int(os.environ.get("UPLOAD_MIB", "64")) * MIB
#: Nothing that grows with the body fits into this.
SLACK = 8 * MIB


def measuring(environ, start_response):
    """Reads to the end in pieces, and answers length, digest, and what the memory was at most."""
    digest, total, most = hashlib.blake2b(), 0, 0
    while piece := environ["wsgi.input"].read(65536):
        digest.update(piece)
        if total % (4 * MIB) < 65536:
            most = max(most, memory(os.getpid()))
        total += len(piece)
    start_response("200 OK", [])
    return [f"{total} {digest.hexdigest()} {most}".encode()]


def pieces_of(protocol: str, framing: str, size: int):
    """An upload as the bytes of its protocol, a piece at a time."""
    if protocol == "http":
        how = "Transfer-Encoding: chunked" if framing == "chunked" else f"Content-Length: {size}"
        yield f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{how}\r\n\r\n".encode()
    else:
        variables = speak.variables("POST", "/", CONTENT_LENGTH=str(size))
        if protocol == "fastcgi":
            yield speak.fastcgi(variables).removesuffix(speak.fastcgi_record(5, b""))
        elif protocol == "scgi":
            yield scgi_head(size)
        else:
            yield speak.uwsgi(variables)
    for _ in range(size // len(PIECE)):
        if framing == "chunked":
            yield b"%x\r\n" % len(PIECE) + PIECE + b"\r\n"
        elif protocol == "fastcgi":
            for at in range(0, len(PIECE), 32768):
                yield speak.fastcgi_record(5, PIECE[at : at + 32768])
        else:
            yield PIECE
    yield {"chunked": b"0\r\n\r\n"}.get(framing, speak.fastcgi_record(5, b"") if protocol == "fastcgi" else b"")


def scgi_head(size: int) -> bytes:
    variables = {"CONTENT_LENGTH": str(size), "SCGI": "1", "REQUEST_METHOD": "POST", "PATH_INFO": "/"}
    block = b"".join(f"{key}\0{value}\0".encode() for key, value in variables.items())
    return b"%d:%s," % (len(block), block)


def upload(sock: socket.socket, pieces) -> bytes:
    for piece in pieces:
        sock.sendall(piece)
    return speak.read_all(sock)


@pytest.mark.parametrize("protocol, framing", [
    ("http", "length"), ("http", "chunked"), ("uwsgi", "length"), ("fastcgi", "length"), ("scgi", "length"),
])  # fmt: skip
@pytest.mark.parametrize("buffered", [False, True])
def test_memory_does_not_grow_with_the_body(worker, protocol, framing, buffered):
    server = worker(measuring, clients={"post_buffering": buffered})
    server.ask("POST", "/", b"x", protocol=protocol)
    idle = memory(server.pid)
    with server.connect(protocol) as sock:
        answer = speak.decode(protocol, upload(sock, pieces_of(protocol, framing, UPLOAD)))
    total, digest, most = answer.body.decode().split()
    wanted = hashlib.blake2b()
    for _ in range(UPLOAD // len(PIECE)):
        wanted.update(PIECE)
    assert (int(total), digest) == (UPLOAD, wanted.hexdigest())
    assert int(most) - idle < SLACK
    assert memory(server.pid) - idle < SLACK


@pytest.mark.parametrize("protocol", ["http", "uwsgi", "fastcgi", "scgi"])
def test_a_body_above_the_limit_never_reaches_the_application(worker, protocol):
    server = worker(measuring, clients={"limit_post": MIB})
    with server.connect(protocol) as sock:
        head = next(pieces_of(protocol, "length", 64 * MIB))
        sock.sendall(head)
        # Not a byte of the body was sent, and none is waited for.
        assert speak.decode(protocol, speak.read_all(sock)).status == 413
    assert server.row().requests == 0 and "raise limit-post" in server.log()


def test_a_client_that_expects_to_go_on_is_not_told_to_above_the_limit(worker):
    server = worker(measuring, clients={"limit_post": 10})
    with server.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n")
        assert speak.parse(speak.read_all(sock)).status == 413


@pytest.mark.parametrize("size", [MIB // 2, 3 * MIB])
def test_chunks_above_the_limit_are_answered_413(worker, size):
    """At once if they are collected; if the application reads them, when it passes on what its read raised."""
    server = worker(measuring, clients={"limit_post": size - 1})
    with server.connect() as sock:
        answer = speak.parse(upload(sock, pieces_of("http", "chunked", size)))
    assert answer.status == 413 and "Traceback" not in server.log()


def seeking(environ, start_response):
    stream = environ["wsgi.input"]
    size = int(environ["CONTENT_LENGTH"])
    start_response("200 OK", [])
    first = stream.read(10)
    end = stream.seek(0, 2)
    nothing = stream.read(10)
    stream.seek(size - 7)
    last = stream.read()
    stream.seek(0)
    whole = hashlib.blake2b(stream.read()).hexdigest()
    return [repr((first, end, nothing, last, whole, stream.seekable(), stream.tell())).encode()]


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("size", [MIB // 2, MIB, 5 * MIB])
def test_a_buffered_body_is_seekable(worker, framing, size):
    server = worker(seeking, clients={"post_buffering": True})
    descriptors = server.descriptors()
    body = PIECE * (size // len(PIECE))
    with server.connect() as sock:
        answer = speak.parse(upload(sock, pieces_of("http", framing, size)))
    digest = hashlib.blake2b(body).hexdigest()
    assert answer.body.decode() == repr((body[:10], size, b"", body[-7:], digest, True, size))
    server.wait_for(lambda: server.descriptors() <= descriptors, "the closing of the file")


def test_random_operations_on_a_body_in_a_file(worker):
    import io
    import json
    import random

    from .test_input import body_of, operations, performing

    chance = random.Random("file")
    server = worker(performing, clients={"post_buffering": True})
    for _ in range(20):
        body = body_of(chance, LARGE)
        wanted = [w for w in operations(chance, seekable=True) if w[0] != "read1"]
        answer = server.ask("POST", "/", body, HTTP_X_OPERATIONS=json.dumps(wanted))
        assert json.loads(answer.body) == perform(io.BytesIO(body), wanted), (wanted, body[:100])


def test_a_buffered_body_holds_no_core_while_it_comes(worker):
    server = worker(measuring, clients={"post_buffering": True})
    with server.connect() as slow:
        pieces = pieces_of("http", "length", 4 * MIB)
        for _ in range(40):
            slow.sendall(next(pieces))
        assert server.ask("POST", "/", b"others").status == 200
        assert server.row().requests == 1
        answer = speak.parse(upload(slow, pieces))
    assert answer.body.startswith(b"%d " % (4 * MIB))


def test_a_client_that_waits_to_be_told_is_told_before_its_body_is_buffered(worker):
    server = worker(measuring, clients={"post_buffering": True})
    with server.connect() as sock:
        sock.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
            % (2 * MIB)
        )
        expected = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert sock.recv(len(expected), socket.MSG_WAITALL) == expected
        sock.sendall(PIECE * 32)
        assert speak.parse(speak.read_all(sock)).body.startswith(b"%d " % (2 * MIB))


def test_no_room_for_a_body_is_said(worker, monkeypatch):
    monkeypatch.setenv("TMPDIR", "/nonexistent/uploads")
    server = worker(measuring, clients={"post_buffering": True})
    with server.connect() as sock:
        sender = threading.Thread(target=sock.sendall, args=(b"".join(pieces_of("http", "length", 3 * MIB)),))
        sender.start()
        assert speak.parse(speak.read_all(sock)).status == 507
        sender.join()
    log = server.log()
    assert "/nonexistent/uploads" in log and "TMPDIR" in log and len(log.splitlines()) == 1
    assert server.row().requests == 0 and server.ask("POST", "/", b"small").status == 200


def test_a_full_disk_is_said(worker, monkeypatch, tmp_path):
    import subprocess

    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", disk], stderr=subprocess.DEVNULL)
    if mounted.returncode:
        pytest.skip("only root mounts a disk that is full")
    try:
        monkeypatch.setenv("TMPDIR", str(disk))
        server = worker(measuring, clients={"post_buffering": True})
        with server.connect() as sock:
            sender = threading.Thread(target=sock.sendall, args=(b"".join(pieces_of("http", "length", 4 * MIB)),))
            sender.start()
            assert speak.parse(speak.read_all(sock)).status == 507
            sender.join()
        assert str(disk) in server.log() and "No space left" in server.log()
        # What was written is gone, and what fits is taken again.
        assert os.statvfs(disk).f_bfree == os.statvfs(disk).f_blocks
        with server.connect() as sock:
            answer = speak.parse(upload(sock, pieces_of("http", "length", MIB + len(PIECE))))
        assert answer.body.startswith(b"%d " % (MIB + len(PIECE)))
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


WAYS = {
    "uwsgi": "uwsgi_pass unix:{place}; include uwsgi_params; uwsgi_request_buffering {buffering};",
    "fastcgi": "fastcgi_pass unix:{place}; include fastcgi_params; fastcgi_request_buffering {buffering};",
    "scgi": "scgi_pass unix:{place}; include scgi_params; scgi_request_buffering {buffering};",
    "http": "proxy_pass http://unix:{place}:; proxy_http_version 1.1; proxy_request_buffering {buffering};",
}


COMBINATIONS = [
    (protocol, framing, buffering)
    for protocol in WAYS
    for framing in ("length", "chunked")
    for buffering in ("on", "off")
    # nginx then announces to SCGI servers the length of what it has read so far, and sends no more.
    if (protocol, framing, buffering) != ("scgi", "length", "off")
]


@pytest.mark.parametrize(("protocol", "framing", "buffering"), COMBINATIONS)
def test_an_upload_through_nginx(worker, tmp_path, protocol, framing, buffering):
    server = worker(measuring)
    server.ask("POST", "/", b"x", protocol=protocol)
    idle = memory(server.pid)
    way = WAYS[protocol].format(place=server.directory / protocol, buffering=buffering)
    nginx = Nginx(tmp_path / "nginx", f"location / {{ client_max_body_size 0; {way} }}")
    try:
        with socket.create_connection(("127.0.0.1", nginx.port), 30) as sock:
            answer = speak.parse(upload(sock, pieces_of("http", framing, UPLOAD)))
    finally:
        nginx.stop()
    total, _, most = answer.body.decode().split()
    assert (answer.status, int(total)) == (200, UPLOAD)
    assert int(most) - idle < SLACK
