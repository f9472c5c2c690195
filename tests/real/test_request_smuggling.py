"""What two recipients read differently is how requests are smuggled: here the front end and Imperator read it together.

One rule for every vector and every way: each request that the application saw was answered to the client that sent it,
in its order, and nothing else was. A request that only Imperator saw would be an answer too many, or one that the next
client gets. RFC 9112 section 11; the vectors are those of the classic papers and of RFC 9112's own "must reject".
"""

from __future__ import annotations

import itertools
import json
import re
import socket
import time

import pytest

from tests.harness import program
from tests.real.fronts import DIRECT, WAYS, Stage, Way

pytestmark = pytest.mark.skipif(program.REFERENCE, reason="one socket that knows all protocols is ours")

WITHIN = 10.0
NUMBERS = itertools.count(100_000)

#: The request that must not come into being. ``@`` is the way's prefix, ``#`` the number of the trial.
INNER = b"GET @/smuggled-# HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST @/v-# HTTP/1.1\r\nHost: a\r\n"
GET = b"GET @/v-# HTTP/1.1\r\nHost: a\r\n"
HELLO = b"5\r\nhello\r\n0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
#: A chunk that holds the inner request, and the end.
INSIDE = b"LEN\r\n" + INNER + b"\r\n0\r\n\r\n"
#: Nothing for who counts chunks, and the inner request for who counts bytes.
BEHIND = b"0\r\n\r\n" + INNER


def field(text: bytes, body: bytes) -> bytes:
    """A POST with one more line."""
    return POST + text + b"\r\n\r\n" + body


#: What is sent, and how many requests it is to us: 0 where it is refused.
VECTORS: dict[str, tuple[bytes, int]] = {
    # Two lengths.
    "cl-te": (POST + b"Content-Length: BEHIND\r\n" + CHUNKED + b"\r\n" + BEHIND, 0),
    "te-cl": (POST + CHUNKED + b"Content-Length: 4\r\n\r\n" + INSIDE, 0),
    "cl-cl": (POST + b"Content-Length: 0\r\nContent-Length: INNER\r\n\r\n" + INNER, 0),
    "cl-cl-equal": (POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 0),
    "cl-list": (field(b"Content-Length: 5, 5", b"hello"), 0),
    "cl-list-different": (field(b"Content-Length: 0, INNER", INNER), 0),
    # Lengths that are none.
    "cl-plus": (field(b"Content-Length: +INNER", INNER), 0),
    "cl-minus": (field(b"Content-Length: -1", INNER), 0),
    "cl-hex": (field(b"Content-Length: 0x5", b"hello"), 0),
    "cl-space": (field(b"Content-Length: 0 INNER", INNER), 0),
    "cl-empty": (field(b"Content-Length:", INNER), 0),
    "cl-overflow": (field(b"Content-Length: 18446744073709551616", INNER), 0),
    "cl-space-before-colon": (field(b"Content-Length : INNER", INNER), 0),
    "cl-underscore": (POST + b"Content_Length: INNER\r\nContent-Length: 5\r\n\r\nhello", 1),
    "cl-nul": (field(b"Content-Length: 5\x00", b"hello"), 0),
    "cl-named-by-connection": (POST + b"Connection: Content-Length\r\nContent-Length: INNER\r\n\r\n" + INNER, 1),
    # Transfer-Encoding, nearly.
    "te-twice": (POST + CHUNKED + CHUNKED + b"\r\n" + HELLO, 0),
    "te-chunked-identity": (field(b"Transfer-Encoding: chunked, identity", HELLO), 0),
    "te-identity-chunked": (field(b"Transfer-Encoding: identity, chunked", HELLO), 0),
    "te-gzip-chunked": (field(b"Transfer-Encoding: gzip, chunked", HELLO), 0),
    "te-x": (POST + b"Transfer-Encoding: xchunked\r\nContent-Length: BEHIND\r\n\r\n" + BEHIND, 0),
    "te-quoted": (POST + b'Transfer-Encoding: "chunked"\r\nContent-Length: BEHIND\r\n\r\n' + BEHIND, 0),
    "te-vertical-tab": (POST + b"Transfer-Encoding: \x0bchunked\r\nContent-Length: BEHIND\r\n\r\n" + BEHIND, 0),
    "te-nul": (POST + b"Transfer-Encoding: chunked\x00\r\nContent-Length: BEHIND\r\n\r\n" + BEHIND, 0),
    "te-space-before-colon": (POST + b"Transfer-Encoding : chunked\r\nContent-Length: BEHIND\r\n\r\n" + BEHIND, 0),
    "te-underscore": (POST + b"Transfer_Encoding: chunked\r\nContent-Length: BEHIND\r\n\r\n" + BEHIND, 1),
    "te-folded": (POST + b"Transfer-Encoding:\r\n chunked\r\nContent-Length: BEHIND\r\n\r\n" + BEHIND, 0),
    "te-behind-bare-lf": (POST + b"X: y\nTransfer-Encoding: chunked\r\nContent-Length: BEHIND\r\n\r\n" + BEHIND, 0),
    "te-behind-bare-cr": (POST + b"X: y\rTransfer-Encoding: chunked\r\nContent-Length: BEHIND\r\n\r\n" + BEHIND, 0),
    "te-of-1.0": (b"POST @/v-# HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n" + CHUNKED + b"\r\n" + INSIDE, 0),
    "te-named-by-connection": (POST + b"Connection: Transfer-Encoding\r\n" + CHUNKED + b"\r\n" + INSIDE, 1),
    "te-upper-case": (field(b"TRANSFER-ENCODING: CHUNKED", INSIDE), 1),
    "te-tabs": (field(b"Transfer-Encoding:\tchunked\t", INSIDE), 1),
    # Chunks.
    "chunk-extension": (POST + CHUNKED + b"\r\n5;a=b\r\nhello\r\n0\r\n\r\n", 1),
    "chunk-extension-lf": (POST + CHUNKED + b"\r\n5;a\nXX\r\nhello\r\n0\r\n\r\n" + INNER, 0),
    "chunk-bare-lf": (POST + CHUNKED + b"\r\n5\nhello\n0\n\n" + INNER, 0),
    "chunk-plus": (POST + CHUNKED + b"\r\n+5\r\nhello\r\n0\r\n\r\n", 0),
    "chunk-0x": (POST + CHUNKED + b"\r\n0x5\r\nhello\r\n0\r\n\r\n", 0),
    "chunk-minus": (POST + CHUNKED + b"\r\n-5\r\nhello\r\n0\r\n\r\n", 0),
    "chunk-space-first": (POST + CHUNKED + b"\r\n 5\r\nhello\r\n0\r\n\r\n", 0),
    "chunk-huge": (POST + CHUNKED + b"\r\nFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n" + INNER, 0),
    "chunk-wraps": (POST + CHUNKED + b"\r\n10000000000000005\r\nhello\r\n0\r\n\r\n" + INNER, 0),
    "chunk-garbage-behind": (POST + CHUNKED + b"\r\n5\r\nhelloXX\r\n0\r\n\r\n" + INNER, 0),
    "chunk-no-size": (POST + CHUNKED + b"\r\n\r\nhello\r\n0\r\n\r\n" + INNER, 0),
    "trailer-request": (POST + CHUNKED + b"\r\n0\r\nGET @/smuggled-# HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    "trailer-length": (POST + CHUNKED + b"\r\n5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n", 1),
    # Heads.
    "folded": (GET + b"X: a\r\n " + INNER, 0),
    "folded-first": (b"GET @/v-# HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n", 0),
    "bare-lf-head": (b"GET @/v-# HTTP/1.1\nHost: a\n\n", 0),
    "bare-lf-end": (GET + b"X: y\n\n" + INNER, 0),
    "bare-cr": (GET + b"X: y\r\r" + INNER, 0),
    "nul-in-value": (GET + b"X: a\x00b\r\n\r\n", 0),
    "nul-in-name": (GET + b"X\x00: a\r\n\r\n", 0),
    "nul-in-path": (b"GET @/v-#\x00 HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    "nul-escaped": (b"GET @/v-#%00 HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    "newline-escaped": (b"GET @/v-#%0d%0aX:%20y HTTP/1.1\r\nHost: a\r\n\r\n", 1),
    "newline-in-query": (b"GET @/v-#?%0d%0aContent-Length:%205 HTTP/1.1\r\nHost: a\r\n\r\n", 1),
    "two-hosts": (GET + b"Host: b\r\n\r\n", 0),
    "no-host": (b"GET @/v-# HTTP/1.1\r\n\r\n", 0),
    "absolute-other-host": (b"GET http://b@/v-# HTTP/1.1\r\nHost: a\r\n\r\n", 1),
    "space-in-target": (b"GET @/v-# x HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    "two-spaces": (b"GET  @/v-# HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    "tab-for-space": (b"GET\t@/v-#\tHTTP/1.1\r\nHost: a\r\n\r\n", 0),
    "simple-request": (b"GET @/v-#\r\n\r\n", 0),
    "version-3": (b"GET @/v-# HTTP/3.0\r\nHost: a\r\n\r\n", 0),
    "no-colon": (GET + b"Nonsense\r\n\r\n", 0),
    "no-name": (GET + b": a\r\n\r\n", 0),
    # Bodies where few expect one, and right ones.
    "get-with-body": (GET + b"Content-Length: INNER\r\n\r\n" + INNER, 1),
    "expect-with-body": (POST + b"Expect: 100-continue\r\nContent-Length: INNER\r\n\r\n" + INNER, 1),
    "upgrade-h2c": (POST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
                    b"Content-Length: INNER\r\n\r\n" + INNER, 1),
    "pipelined": (GET + b"\r\n" + b"GET @/w-# HTTP/1.1\r\nHost: a\r\n\r\n", 2),
    "pipelined-behind-a-body": (POST + b"Content-Length: 5\r\n\r\nhello" + b"GET @/w-# HTTP/1.1\r\nHost: a\r\n\r\n", 2),
    "pipelined-behind-chunks": (POST + CHUNKED + b"\r\n" + HELLO + b"GET @/w-# HTTP/1.1\r\nHost: a\r\n\r\n", 2),
}  # fmt: skip


def fill(vector: bytes, way: Way, number: int) -> bytes:
    """The bytes of one trial."""
    for mark, value in ((b"@", way.prefix.encode()), (b"#", b"%d" % number)):
        vector = vector.replace(mark, value)
    inner = len(INNER) - 2 + len(way.prefix) + len(str(number))
    vector = vector.replace(b"LEN\r\n", b"%x\r\n" % inner)
    return vector.replace(b"INNER", b"%d" % inner).replace(b"BEHIND", b"%d" % (inner + 5))


def answered(raw: bytes) -> list[str]:
    """What the application says it answered, in the order of the answers."""
    if raw.startswith(b"{"):
        # HTTP/0.9, which Apache and nginx still speak: an answer without a head.
        told = json.loads(raw)
        return [f"{told['REQUEST_METHOD']} {told['SCRIPT_NAME']}{told['PATH_INFO']}"]
    return [value.decode("latin-1") for value in re.findall(rb"\r\nX-Seen: ([^\r\n]*)\r\n", raw, re.IGNORECASE)]


def converse(stage: Stage, way: Way, data: bytes, number: int) -> tuple[bytes, list[str]]:
    """All that comes back, and all that the application saw of it, once both have come to rest."""
    mark = f"-{number}"
    raw, closed = b"", False
    until = time.monotonic() + WITHIN
    with socket.create_connection(("127.0.0.1", stage.ports[way]), WITHIN) as sock:
        sock.sendall(data)
        sock.settimeout(0.03)
        while True:
            try:
                piece = sock.recv(65536)
                raw += piece
                closed = not piece
            except ConnectionResetError:
                closed = True
            except TimeoutError:
                pass
            else:
                if piece:
                    continue
            seen = [one for one in stage.counts()["seen"] if mark in one]
            if closed or time.monotonic() > until or ((raw or may_wait(data)) and seen == answered(raw)):
                return raw, seen


def may_wait(data: bytes) -> bool:
    """The peer may rightly wait for more: silence is an answer then."""
    return any(sign in data for sign in (b"chunked", b"CHUNKED", b"Content-Length", b" \r\n", b"\r\r"))


@pytest.mark.parametrize("way", [way for way in WAYS if way.family == "unix"] + [DIRECT], ids=str)
def test_nobody_smuggles(stage: Stage, way: Way) -> None:
    wrong: list[tuple[object, ...]] = []
    known: dict[str, list[str]] = {}
    for name, (vector, direct) in VECTORS.items():
        number = next(NUMBERS)
        raw, seen = converse(stage, way, fill(vector, way, number), number)
        known[f"-{number}"] = seen
        if seen != answered(raw):
            wrong.append((name, "the application saw", seen, "and the client was answered", answered(raw), raw[:200]))
        if way is DIRECT and len(seen) != direct:
            wrong.append((name, "to us these are", len(seen), raw[:80]))
        # Whoever comes next gets the answer to what he asked.
        probe = next(NUMBERS)
        answer = stage.client(way).get(f"{way.prefix}/probe-{probe}")
        if answer.headers["X-Seen"] != f"GET {way.prefix}/probe-{probe}":
            wrong.append((name, "the next client was answered", answer.status, answer.headers["X-Seen"]))
    # Nothing came to light later.
    late = stage.counts()["seen"]
    wrong += [(mark, late) for mark, seen in known.items() if [one for one in late if mark in one] != seen]
    assert not wrong, "\n".join(map(repr, wrong))


@pytest.mark.parametrize("way", [way for way in WAYS if way.family == "unix"] + [DIRECT], ids=str)
def test_the_host_of_an_absolute_target_is_the_one_that_counts(stage: Stage, way: Way) -> None:
    """RFC 9112 3.2.2: what the application takes for the host is never the field that the target overrules, unless the
    front end says so in its own words."""
    with socket.create_connection(("127.0.0.1", stage.ports[way]), WITHIN) as sock:
        line = f"GET http://right.example{way.prefix}/x HTTP/1.1"
        sock.sendall(f"{line}\r\nHost: wrong.example\r\nConnection: close\r\n\r\n".encode())
        raw = b""
        while piece := sock.recv(65536):
            raw += piece
    assert raw.startswith(b"HTTP/1.1 400") or b'"HTTP_HOST": "right.example"' in raw, raw
