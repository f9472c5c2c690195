"""nginx, Apache and lighttpd in front, by every protocol, over TCP and UNIX sockets: the application sees the same
request and the client the same answer. The configurations are those of docs/front-ends.md."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import socket
import ssl
import struct
from typing import Any

import pytest

from tests.harness import program, snippets, wait
from tests.real.fronts import DIRECT, SECURE, WAYS, Stage, Way

ALL = [*WAYS, DIRECT]
EVERY_WAY = pytest.mark.parametrize("way", ALL, ids=str)

pytestmark = pytest.mark.skipif(program.REFERENCE, reason="one socket that knows all protocols is ours")


def connect(stage: Stage, way: Way, source: str = "127.0.0.1") -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", stage.ports[way], 30, source_address=(source, 0))


def ask(connection: http.client.HTTPConnection, method: str, path: str, *args: Any, **more: Any) -> tuple[int, bytes]:
    connection.request(method, path, *args, **more)
    answer = connection.getresponse()
    return answer.status, answer.read()


def tell(stage: Stage, way: Way, method: str, path: str, *args: Any, **more: Any) -> dict[str, Any]:
    """What the application says that it was asked."""
    connection = connect(stage, way, more.pop("source", "127.0.0.1"))
    try:
        status, body = ask(connection, method, way.prefix + path, *args, **more)
    finally:
        connection.close()
    assert status == 200, (status, body, stage.errors())
    told: dict[str, Any] = json.loads(body)
    return told


def test_the_page_names_every_front_end_and_protocol() -> None:
    found = set(snippets.read())
    for front in ("nginx", "Apache", "lighttpd"):
        for title in ("uwsgi", "FastCGI", "SCGI", "HTTP", "Below a path"):
            assert (front, title) in found


@EVERY_WAY
def test_a_request_arrives_as_it_was_sent(stage: Stage, way: Way) -> None:
    headers = {"X-Foo": "bar", "Cookie": "a=1; b=2", "Content-Type": "text/x-odd", "User-Agent": "tests"}
    headers["Host"] = "a.example"
    told = tell(stage, way, "POST", "/p/x?q=1&r=%20", b"hello", headers, source="127.0.0.2")
    assert (told["REQUEST_METHOD"], told["QUERY_STRING"]) == ("POST", "q=1&r=%20")
    assert (told["SCRIPT_NAME"], told["PATH_INFO"]) == (way.prefix, "/p/x")
    assert told["REQUEST_URI"] == way.prefix + "/p/x?q=1&r=%20"
    assert (told["HTTP_X_FOO"], told["HTTP_COOKIE"], told["HTTP_USER_AGENT"]) == ("bar", "a=1; b=2", "tests")
    assert (told["CONTENT_TYPE"], told["CONTENT_LENGTH"], told["body.size"]) == ("text/x-odd", "5", 5)
    assert told["HTTP_HOST"] == "a.example"
    assert told["wsgi.url_scheme"] == "http"
    if way.door == "http-socket" and way is not DIRECT:
        assert told["HTTP_X_FORWARDED_FOR"] == "127.0.0.2"
    else:
        assert told["REMOTE_ADDR"] == "127.0.0.2"


#: What is asked for, and the PATH_INFO and QUERY_STRING of it.
PATHS = {
    "/": ("/", ""),
    "/?": ("/", ""),
    "/?a=b?c=%3F&d": ("/", "a=b?c=%3F&d"),
    "/?/../x": ("/", "/../x"),
    "/a%20b": ("/a b", ""),
    "/%C3%A4": ("/\xc3\xa4", ""),
    "/%E2%82%AC?%E2%82%AC": ("/\xe2\x82\xac", "%E2%82%AC"),
    "/%FF": ("/\xff", ""),
    "/a%25b": ("/a%b", ""),
    "/a%253Fb": ("/a%3Fb", ""),
    "/a%3Fb?c": ("/a?b", "c"),
    "/a%23b": ("/a#b", ""),
    "/a%2Fb": ("/a/b", ""),
    "/a+b&c=d;e,f!'()*~@:$": ("/a+b&c=d;e,f!'()*~@:$", ""),
    "/a/../b": ("/b", ""),
    "/a/./b/": ("/a/b/", ""),
    "/%2e%2e/b": ("/b", ""),
    "//a///b": ("/a/b", ""),
    "/a/": ("/a/", ""),
    "/" + "long/" * 300: ("/" + "long/" * 300, ""),
}
#: What the front end answers itself.
REFUSED = {"nginx": {"/%2e%2e/b": 400}, "Apache": {"/%2e%2e/b": 400, "/a%2Fb": 404}, "lighttpd": {"/%FF": 400}}


@EVERY_WAY
def test_odd_paths(stage: Stage, way: Way) -> None:
    wrong = []
    connection = connect(stage, way)
    for path, (info, query) in PATHS.items():
        if path.startswith("/%2e%2e") and way.prefix:
            continue  # it leads out of the prefix
        status, body = ask(connection, "GET", way.prefix + path)
        if status != 200:
            if status != REFUSED.get(way.front, {}).get(path):
                wrong.append((path, status))
            continue
        told = json.loads(body)
        # Some merge slashes, and uWSGI's users know it: what is between the slashes is what counts.
        # mod_proxy_uwsgi counts the slash twice where nothing follows it; frameworks strip it from SCRIPT_NAME.
        got = (told["SCRIPT_NAME"].rstrip("/"), re.sub("/+", "/", told["PATH_INFO"]), told["QUERY_STRING"])
        if got != (way.prefix, info, query):
            wrong.append((path, got))
    connection.close()
    assert not wrong


@EVERY_WAY
def test_methods(stage: Stage, way: Way) -> None:
    connection = connect(stage, way)
    for method in ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"):
        body = b"x" * 10 if method in ("PUT", "POST", "PATCH") else None
        status, answer = ask(connection, method, way.prefix + "/m", body)
        told = json.loads(answer)
        assert (status, told["REQUEST_METHOD"], told["body.size"]) == (200, method, len(body or b""))
    connection.request("HEAD", way.prefix + "/large?100000")
    answer_head = connection.getresponse()
    assert (answer_head.status, answer_head.read()) == (200, b"")
    assert answer_head.headers["Content-Length"] in ("100000", None)
    # The connection is where the client thinks it is.
    assert ask(connection, "GET", way.prefix + "/teapot") == (418, b"teapot")
    connection.close()


SIZES = [0, 1, 8191, 65535, 65536, 131073, 3_000_001]


@EVERY_WAY
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_bodies(stage: Stage, way: Way, chunked: bool) -> None:
    connection = connect(stage, way)
    if chunked and way.front == "Apache" and way.title in ("uwsgi", "SCGI", "Below a path"):
        # Apache hands a body over by these only when it knows its length, and says so.
        assert ask(connection, "PUT", way.prefix + "/b", iter([b"x"]), encode_chunked=True,
                   headers={"Transfer-Encoding": "chunked"})[0] == 411  # fmt: skip
        return
    for size in SIZES:
        body = bytes(range(251)) * (size // 251 + 1)
        body = body[:size]
        if chunked:
            pieces = (body[at : at + 50_001] for at in range(0, size, 50_001))
            status, answer = ask(connection, "PUT", way.prefix + "/b", pieces, encode_chunked=True,
                                 headers={"Transfer-Encoding": "chunked"})  # fmt: skip
        else:
            status, answer = ask(connection, "POST", way.prefix + "/b", body)
        assert status == 200, (size, answer, stage.errors())
        told = json.loads(answer)
        assert (told["body.size"], told["body.sha256"]) == (size, hashlib.sha256(body).hexdigest())
    connection.close()


@EVERY_WAY
def test_answers_on_one_connection_do_not_mix(stage: Stage, way: Way) -> None:
    """Bodies, no bodies, streams, a body that nobody read: the next answer is the next request's."""
    connection = connect(stage, way)
    expected = [
        ("GET", "/empty", None, 204, b""),
        ("GET", "/unchanged", None, 304, b""),
        ("GET", "/stream?3000", None, 200, b"".join(b"%06d\n" % n for n in range(3000))),
        ("GET", "/stream?0", None, 200, b""),
        ("HEAD", "/stream?5", None, 200, b""),
        ("GET", "/large?1000003", None, 200, b"y" * 1000003),
        ("HEAD", "/large?1000003", None, 200, b""),
        ("POST", "/ignored", b"z" * 500_000, 200, b"ignored"),
        ("POST", "/empty", b"z" * 50_000, 204, b""),
    ]
    for turn in range(2):
        for method, path, body, status, text in expected:
            assert ask(connection, method, way.prefix + path, body) == (status, text), path
            status, answer = ask(connection, "GET", f"{way.prefix}/marker?{turn}")
            assert (status, json.loads(answer)["QUERY_STRING"]) == (200, str(turn)), path
    connection.close()


@pytest.mark.parametrize("way", [way for way in WAYS if way.door == "http-socket" and way.family == "tcp"], ids=str)
def test_a_front_end_that_keeps_its_connection_gets_it_kept(stage: Stage, way: Way) -> None:
    connection = connect(stage, way)
    ports = {json.loads(ask(connection, "POST", "/k", b"x")[1])["REMOTE_PORT"] for _ in range(5)}
    connection.close()
    keeps = way.front == "Apache" or "stay open" in way.title
    assert len(ports) == (1 if keeps else 5)


@EVERY_WAY
def test_several_cookies_come_back(stage: Stage, way: Way) -> None:
    connection = connect(stage, way)
    connection.request("GET", way.prefix + "/cookies")
    answer = connection.getresponse()
    assert answer.headers.get_all("Set-Cookie") == ["a=1; Path=/", "b=2"]
    connection.close()


@EVERY_WAY
def test_more_headers_than_uwsgi_takes(stage: Stage, way: Way) -> None:
    headers = {f"X-Much-{number}": f"{number}" * 2000 for number in range(3)}
    told = tell(stage, way, "GET", "/h", headers=headers)
    assert [told[f"HTTP_X_MUCH_{number}"] for number in range(3)] == list(headers.values())


@EVERY_WAY
def test_a_client_that_leaves_in_the_middle_of_an_answer(stage: Stage, way: Way) -> None:
    with socket.create_connection(("127.0.0.1", stage.ports[way]), 30) as sock:
        sock.sendall(f"GET {way.prefix}/large?8000000 HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert sock.recv(1000).startswith(b"HTTP/1.1 200")
        # A reset, as a browser's stop button makes it.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait.until(lambda: stage.busy() == 0, "the end of what nobody reads")
    assert tell(stage, way, "GET", "/after")["PATH_INFO"] == "/after"


@EVERY_WAY
def test_a_client_that_leaves_in_the_middle_of_a_request(stage: Stage, way: Way) -> None:
    name = f"/half/{way}".replace("_", "-")
    with socket.create_connection(("127.0.0.1", stage.ports[way]), 30) as sock:
        head = f"POST {way.prefix}{name} HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n"
        sock.sendall(head.encode() + b"x" * 300_000)
    assert tell(stage, way, "GET", "/after")["PATH_INFO"] == "/after"
    wait.until(lambda: stage.busy() == 0, "the end of what nobody sends")
    # A body of which a part is missing is never taken for a whole one.
    assert f"POST {way.prefix}{name}" not in stage.counts()["seen"]


@pytest.mark.parametrize("way", [way for way in ALL if way.front in ("nginx", "direct")], ids=str)
def test_the_first_part_of_a_stream_comes_before_the_last_is_made(stage: Stage, way: Way) -> None:
    with socket.create_connection(("127.0.0.1", stage.ports[way]), 30) as sock:
        sock.sendall(f"GET {way.prefix}/gated HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        got = b""
        while b"first\n" not in got:
            piece = sock.recv(65536)
            assert piece, got
            got += piece
        assert b"last\n" not in got
        assert stage.direct.get("/open").body == b"open"
        while piece := sock.recv(65536):
            got += piece
        assert b"last\n" in got


@pytest.mark.parametrize("way", SECURE, ids=str)
def test_https(stage: Stage, way: Way) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", stage.secure[way], timeout=30, context=context)
    status, body = ask(connection, "GET", way.prefix + "/s")
    connection.close()
    told = json.loads(body)
    assert (status, told["wsgi.url_scheme"], told["PATH_INFO"]) == (200, "https", "/s")
