"""A small HTTP client: one request, the whole answer; over TCP or a UNIX socket; with cookies if one keeps them."""

from __future__ import annotations

import http.client
import json
import socket
import urllib.parse
from pathlib import Path
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Client:
    """Sends requests to one place and keeps cookies, as a browser does."""

    def __init__(self, address: str | Path, timeout: float = 30.0) -> None:
        self.address = address
        self.timeout = timeout
        self.cookies: dict[str, str] = {}

    def connect(self) -> http.client.HTTPConnection:
        """A new connection."""
        if isinstance(self.address, Path):
            connection = http.client.HTTPConnection("localhost", timeout=self.timeout)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(self.timeout)
            connection.sock.connect(str(self.address))
            return connection
        return http.client.HTTPConnection(self.address, timeout=self.timeout)

    def get(self, path: str = "/") -> Answer:
        """GET."""
        return self.request("GET", path)

    def form(self, path: str, **fields: str) -> Answer:
        """POST a form."""
        body = urllib.parse.urlencode(fields).encode()
        return self.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Any request, on a connection of its own."""
        sent = dict(headers or {})
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = self.connect()
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        for header in answer.headers.get_all("Set-Cookie", []):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def status(self, path: str = "/") -> int:
        """The status of a GET, 0 when nobody answers. For waiting."""
        try:
            return self.get(path).status
        except OSError:
            return 0
        except http.client.HTTPException:
            return 0

    def body(self, path: str = "/") -> str:
        """The body of a GET, empty unless its status is 200. For waiting."""
        try:
            answer = self.get(path)
        except (OSError, http.client.HTTPException):
            return ""
        return answer.text if answer.status == 200 else ""


def free_port() -> int:
    """A port of the loopback interface that nobody uses now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def stats(address: Path | str) -> dict[str, Any]:
    """The JSON document of a stats socket."""
    if isinstance(address, Path):
        sock = socket.socket(socket.AF_UNIX)
        target: Any = str(address)
    else:
        host, _, port = address.partition(":")
        sock, target = socket.socket(), (host, int(port))
    with sock:
        sock.settimeout(10)
        sock.connect(target)
        parts = []
        while part := sock.recv(65536):
            parts.append(part)
    document: dict[str, Any] = json.loads(b"".join(parts))
    return document
