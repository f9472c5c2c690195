"""The PROXY protocol: whom a load balancer speaks for, and what follows from its word."""

import socket
import struct
import subprocess
from types import SimpleNamespace

import pytest

from tests.harness.certificates import Authority

from . import speak

LINE = b"PROXY TCP4 192.0.2.7 198.51.100.1 1111 443\r\n"
ADDRESSES = struct.pack(">4B4BHH", 192, 0, 2, 7, 198, 51, 100, 1, 1111, 443)
PACKET = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f" + ADDRESSES + b"\4\0\0"
LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"
TOLD = b"192.0.2.7 1111 198.51.100.1 443 http"


def show(environ, start_response):
    keys = ("REMOTE_ADDR", "REMOTE_PORT", "SERVER_ADDR", "SERVER_PORT", "wsgi.url_scheme")
    body = " ".join(environ.get(key, "-") for key in keys).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def announced(worker):
    """A worker whose sockets all believe somebody."""

    def make(whom="anybody", **settings):
        return worker(show, announcers=whom, **settings)

    return make


def body(raw):
    return speak.parse(raw).body


@pytest.mark.parametrize("trusted", [["127.0.0.0/8"], ["192.0.2.1"]])
@pytest.mark.parametrize("header", [LINE, PACKET])
def test_the_addresses_are_those_of_the_header(announced, header, trusted):
    server = announced(trusted=trusted)
    assert body(server.send(header + speak.http())) == TOLD
    assert body(server.send(header + speak.http(), "http")) == TOLD  # a unix socket


@pytest.mark.parametrize("header", [LINE, PACKET])
def test_a_header_may_come_byte_by_byte(announced, header):
    with announced().connect() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(header)):
            sock.sendall(header[at : at + 1])
        sock.sendall(speak.http())
        assert body(speak.read_all(sock)) == TOLD


def test_it_holds_for_the_connection(announced):
    with announced().connect() as sock:
        sock.sendall(LINE + speak.http(close=False))
        answer, rest = speak.read_one(sock, b"")
        sock.sendall(speak.http())
        assert answer.body == body(speak.read_all(sock)) == TOLD and rest == b""


@pytest.mark.parametrize("header", [b"", b"PROXY UNKNOWN\r\n", LOCAL])
def test_without_an_address_it_is_that_of_the_peer(announced, header):
    with announced().connect() as sock:
        sock.sendall(header + speak.http())
        port = sock.getsockname()[1]
        told = body(speak.read_all(sock)).decode().split()
    assert told[:3] == ["127.0.0.1", str(port), "-"]


def test_only_where_it_is_enabled(worker):
    assert speak.parse(worker(show).send(LINE + speak.http())).status == 400


@pytest.mark.parametrize(("trusted", "status"), [(["127.0.0.1"], 200), (["192.0.2.1"], 400)])
def test_only_from_those_who_are_trusted_if_that_is_said(announced, trusted, status):
    server = announced("trusted", trusted=trusted)
    assert speak.parse(server.send(LINE + speak.http())).status == status
    assert speak.parse(server.send(speak.http())).status == 200
    assert body(server.send(LINE + speak.http(), "http")) == TOLD
    assert ("[proxy-untrusted]" in server.log()) == (status == 400)


def test_a_malformed_header_is_refused(announced):
    server = announced()
    assert speak.parse(server.send(b"PROXY TCP4 nonsense\r\n" + speak.http())).status == 400
    server.wait_for_log("[proxy-header]")


def test_what_follows_is_not_trusted(announced):
    """The load balancer is; whom it speaks for is not."""
    server = announced()
    assert b"https" in server.send(speak.http(X_Forwarded_Proto="https"))
    assert body(server.send(LINE + speak.http(X_Forwarded_Proto="https"))) == TOLD
    packet = speak.encode("uwsgi", "GET", "/", REMOTE_USER="admin")
    assert speak.decode("uwsgi", server.send(packet)).status == 200
    assert b" 200 " not in server.send(LINE + packet)[:20]


def test_a_header_that_never_ends_obeys_the_deadline(announced):
    server = announced(socket_timeout=0.3)
    with server.connect() as sock:
        sock.sendall(LINE[:9])
        try:
            assert sock.recv(1) == b""
        except ConnectionResetError:
            pass  # what was not taken is thrown away with the connection


def test_curl_before_tls(announced, tmp_path):
    authority = Authority(tmp_path / "ca")
    pair = authority.sign("localhost")
    context = SimpleNamespace(name="", certificate=pair.certificate.read_text(), key=pair.key.read_text(), suites=[],
                              client_ca="", demands_client=False)  # fmt: skip
    tls = SimpleNamespace(contexts=[context], secret="secret", lifetime=300, exports_certificate=False)
    server = announced(tls=tls)
    for name, scheme in (("tcp-http", "http"), ("tls-http", "https")):
        port = server.sockets[name].getsockname()[1]
        command = ["curl", "-sS", "--haproxy-protocol", "--cacert", authority.pair.certificate,
                   f"{scheme}://localhost:{port}/"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        told = done.stdout.split()
        assert (told[0], told[2:]) == ("127.0.0.1", ["127.0.0.1", str(port), scheme]), done.stderr
