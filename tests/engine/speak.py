"""The four protocols as a front-end speaks them: small encoders and readers that share no code with ``rust/wire``."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple


class Answer(NamedTuple):
    """An answer taken apart. ``raw`` is what came over the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    raw: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def variables(method: str = "GET", path: str = "/", body: bytes = b"", **more: str) -> dict[str, str]:
    """What nginx's ``uwsgi_params`` sends."""
    path_info, _, query = path.partition("?")
    return {
        "QUERY_STRING": query,
        "REQUEST_METHOD": method,
        "CONTENT_TYPE": "",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "REQUEST_URI": path,
        "PATH_INFO": path_info,
        "DOCUMENT_ROOT": "/srv/www",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REQUEST_SCHEME": "http",
        "REMOTE_ADDR": "203.0.113.9",
        "REMOTE_PORT": "40000",
        "SERVER_PORT": "8080",
        "SERVER_NAME": "example.org",
        "HTTP_HOST": "example.org",
    } | more


def uwsgi(variables: dict[str, str], body: bytes = b"", modifier1: int = 0) -> bytes:
    block = b""
    for key, value in variables.items():
        k, v = key.encode("latin-1"), value.encode("latin-1")
        block += struct.pack("<H", len(k)) + k + struct.pack("<H", len(v)) + v
    return struct.pack("<BHB", modifier1, len(block), 0) + block + body


def scgi(variables: dict[str, str], body: bytes = b"") -> bytes:
    head = {"CONTENT_LENGTH": str(len(body)), "SCGI": "1"} | {
        k: v for k, v in variables.items() if k != "CONTENT_LENGTH"
    }
    block = b"".join(k.encode("latin-1") + b"\0" + v.encode("latin-1") + b"\0" for k, v in head.items())
    return b"%d:%s," % (len(block), block) + body


def fastcgi_record(kind: int, data: bytes, request_id: int = 1) -> bytes:
    return struct.pack(">BBHHBB", 1, kind, request_id, len(data), 0, 0) + data


def fastcgi(variables: dict[str, str], body: bytes = b"", keep: bool = False) -> bytes:
    params = b""
    for key, value in variables.items():
        for text in (key, value):
            size = len(text)
            params += bytes([size]) if size < 128 else struct.pack(">I", size | 1 << 31)
        params += key.encode("latin-1") + value.encode("latin-1")
    out = fastcgi_record(1, struct.pack(">HB5x", 1, int(keep))) + fastcgi_record(4, params) + fastcgi_record(4, b"")
    for at in range(0, len(body), 60000):
        out += fastcgi_record(5, body[at : at + 60000])
    return out + fastcgi_record(5, b"")


def http(method: str = "GET", path: str = "/", body: bytes = b"", close: bool = True, **headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: example.org"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    if close:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def encode(protocol: str, method: str, path: str, body: bytes = b"", **more: str) -> bytes:
    """One request in any of the protocols. ``more`` are environ keys, of which HTTP can only say headers."""
    if protocol == "http":
        return http(method, path, body, **{k[5:].title(): v for k, v in more.items() if k.startswith("HTTP_")})
    encoder = {"uwsgi": uwsgi, "scgi": scgi, "fastcgi": fastcgi}[protocol]
    return encoder(variables(method, path, body, **more), body)


def read_all(sock: socket.socket) -> bytes:
    pieces = []
    while piece := sock.recv(1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


def unpack_fastcgi(raw: bytes) -> tuple[bytes, bool]:
    """STDOUT, and whether END_REQUEST came."""
    out, ended, at = [], False, 0
    while at < len(raw):
        _, kind, _, size, padding, _ = struct.unpack_from(">BBHHBB", raw, at)
        data = raw[at + 8 : at + 8 + size]
        at += 8 + size + padding
        assert len(data) == size, "a record is cut short"
        if kind == 6:
            out.append(data)
        elif kind == 3:
            ended = True
    return b"".join(out), ended


def unchunk(data: bytes) -> tuple[bytes, bytes]:
    """A chunked body and what follows it."""
    pieces, at = [], 0
    while True:
        end = data.index(b"\r\n", at)
        count, at = int(data[at:end], 16), end + 2
        if count == 0:
            assert data[at : at + 2] == b"\r\n"
            return b"".join(pieces), data[at + 2 :]
        pieces.append(data[at : at + count])
        assert data[at + count : at + count + 2] == b"\r\n", "a chunk is cut short"
        at += count + 2


def parse(raw: bytes) -> Answer:
    """A whole HTTP or CGI answer up to the end of the connection."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    status = int(first.split()[1])
    answer = Answer(status, headers, body, raw)
    if (answer.header("Transfer-Encoding") or "").lower() == "chunked":
        body, rest = unchunk(body)
        assert rest == b""
        answer = answer._replace(body=body)
    return answer


def decode(protocol: str, raw: bytes) -> Answer:
    if protocol == "fastcgi":
        raw, ended = unpack_fastcgi(raw)
        assert ended, "END_REQUEST is missing"
    return parse(raw)


def read_one(sock: socket.socket, pending: bytes = b"") -> tuple[Answer, bytes]:
    """One HTTP answer of a connection that stays open, and the bytes after it."""
    while b"\r\n\r\n" not in pending:
        piece = sock.recv(65536)
        assert piece, f"closed in the middle of a head: {pending!r}"
        pending += piece
    answer = parse_head(pending)
    length = answer.header("Content-Length")
    if length is not None:
        size = int(length)
        body = answer.body
        while len(body) < size:
            piece = sock.recv(65536)
            assert piece, "closed in the middle of a body"
            body += piece
        return answer._replace(body=body[:size]), body[size:]
    assert answer.header("Transfer-Encoding") == "chunked"
    body = answer.body
    while not body.endswith(b"0\r\n\r\n"):
        piece = sock.recv(65536)
        assert piece, "closed in the middle of a body"
        body += piece
    text, rest = unchunk(body)
    return answer._replace(body=text), rest


def parse_head(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return Answer(int(first.split()[1]), headers, body, raw)
