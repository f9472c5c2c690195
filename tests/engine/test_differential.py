"""The same bytes to our engine and to h11: what is served, what is refused, and whether the connection goes on.

Conversations are random, from a seed: one to three pipelined requests, right or broken in one or two named ways. Where
we are stricter or more lenient than the reference, the way is listed below with the section that allows it, and it
excuses nothing but the requests that were broken in that way.
"""

from __future__ import annotations

import json
import random
import re
import socket
from collections import Counter
from typing import NamedTuple

import h11
import pytest

from . import speak

# Ways in which the reference serves what we refuse: (the code of our refusal, why).
STRICTER = {
    "line feed": (
        "bare-lf",
        "RFC 9112 2.2: a recipient MAY take LF alone for the end of a line; two that differ are smuggled past",
    ),
    "fold": ("fold", "RFC 9112 5.2: a server MUST reject obs-fold or replace it"),
    "equal lengths": ("two-content-lengths", "RFC 9112 6.3: rejecting or replacing are both allowed"),
    "list of lengths": ("content-length", "RFC 9112 6.3, the same"),
    "length and chunks": ("length-and-encoding", "RFC 9112 6.1: a server MAY reject such a request"),
    "chunks in 1.0": ("transfer-encoding", "RFC 9112 6.1: the framing of such a message is faulty"),
    "host with a path": ("host", "RFC 9112 3.2: an invalid Host is answered with 400"),
    "fragment": ("target", "RFC 9112 3.2: a target has no fragment"),
    "no slash": ("target", "RFC 9112 3.2.1: a path begins with a slash"),
    "asterisk": ("target", "RFC 9112 3.2.4: only OPTIONS has it"),
    "escape": ("path-escape", "RFC 3986 2.1: two hexadecimal digits follow a percent sign"),
    "expectation": ("expectation", "RFC 9110 10.1.1: 417 is the answer to one that is not known"),
    "blank lines": ("request-line", "RFC 9112 2.2: at least one empty line is ignored, not any number"),
    "version": ("version", "RFC 9110 15.6.6: another major version is not served"),
    "chunk without LF": ("chunk", "RFC 9112 7.1: chunk lines end with CR LF"),
    "bad trailer": ("chunk", "RFC 9112 7.1.2: trailers are fields"),
}
# Ways in which we serve what the reference refuses.
MORE_LENIENT = {
    "raw target": "RFC 9112 3.2: browsers send raw UTF-8, and no delimiter is among it",
    "empty line": "RFC 9112 2.2: a server SHOULD ignore one before the request line",
    "blank before extension": "RFC 9112 7.1.1: white space before the semicolon is bad, and must be understood",
}


class Request:
    """The parts of a request, to be broken one by one."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.method = chance.choice([b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE", b"get", b"M-SEARCH"])
        self.target = chance.choice([b"/", b"/a/b?c=d", b"/%41%2e", b"/a//b?x=%&y", b"http://b:81/p?q", b"/~a;b,c"])
        self.version = chance.choice([b"HTTP/1.1"] * 4 + [b"HTTP/1.0"])
        self.fields = [b"Host: a"]
        for name in chance.sample(
            [b"X-A", b"Accept", b"Cookie", b"cookie", b"User-Agent", b"X_Y"], chance.randint(0, 3)
        ):
            self.fields.append(
                name + chance.choice([b": ", b":", b":\t "]) + chance.choice([b"", b"v", b"a, b", b"\xe9\t x"])
            )
        self.body = chance.randbytes(chance.choice([1, 5, 20, 300, 5000]))
        if chance.random() < 0.15:
            self.fields.append(chance.choice([b"Connection: close", b"connection: TE, Close", b"Connection: x"]))
        self.framing = chance.choice(["none", "length", "chunks", "chunks"])
        if self.framing == "chunks" and self.version == b"HTTP/1.0":
            self.framing = "length"
        self.lead = b""
        self.length = b"Content-Length: %d"
        self.coding = chance.choice([b"Transfer-Encoding: chunked", b"transfer-encoding:\tChunked "])
        self.extension = chance.choice([b""] * 5 + [b";a=b", b';a="b;c"'])
        self.sizes = chance.choice([b"%x", b"%X", b"000%x"])
        self.chunk_end = b"\r\n"
        self.trailer = chance.choice([b""] * 5 + [b"X-T: 1\r\nY:2\r\n"])
        self.last_length: list[bytes] = []
        self.ways: set[str] = set()

    def chunks(self) -> bytes:
        out, rest = b"", self.body
        while rest:
            size = self.chance.randint(1, len(rest))
            out += self.sizes % size + self.extension + b"\r\n" + rest[:size] + self.chunk_end
            rest = rest[size:]
        return out + b"0" + self.extension + b"\r\n" + self.trailer + b"\r\n"

    def encode(self) -> bytes:
        fields = list(self.fields)
        body = b""
        if self.framing == "length":
            fields.append(self.length.replace(b"%d", b"%d" % len(self.body)))
            body = self.body
        elif self.framing == "chunks":
            fields.append(self.coding)
            body = self.chunks()
        fields += self.last_length
        if not self.ways:
            self.chance.shuffle(fields)
        head = b"\r\n".join([b" ".join([self.method, self.target, self.version]), *fields]) + b"\r\n\r\n"
        if "line feed" in self.ways:
            ends = [match.start() for match in re.finditer(b"\r\n", head)]
            at = self.chance.choice(ends)
            head = head[:at] + head[at + 1 :]
        return self.lead + head + body

    def shatter(self) -> None:
        """Break it in one way."""
        way = self.chance.choice(list(WAYS))
        if WAYS[way](self) is not False:
            self.ways.add(way)


def field(line: bytes):
    return lambda request: request.fields.append(line)


def put(**parts):
    return lambda request: request.__dict__.update(parts)


def framed(framing: str, **parts):
    """Only for a request with this framing."""

    def change(request: Request):
        if request.framing != framing:
            return False
        return request.__dict__.update(parts)

    return change


def more(framing: str, *lines: bytes):
    def change(request: Request):
        if request.framing != framing:
            return False
        return request.last_length.extend(lines)

    return change


WAYS = {
    "line feed": put(),
    "fold": field(b"X-Fold: a\r\n b"),
    "carriage return": field(b"X-Cr: a\rb"),
    "space before colon": field(b"X-Space : a"),
    "NUL": field(b"X-Nul: a\0b"),
    "vertical tab": field(b"X-Vt: a\x0bb"),
    "no colon": field(b"X-None"),
    "empty name": field(b": x"),
    "bad name": field(b"X(: x"),
    "no host": put(fields=[], version=b"HTTP/1.1"),
    "two hosts": field(b"Host: a"),
    "host with a path": put(fields=[b"Host: a/b"]),
    "underscored length": field(b"Content_Length: 5"),
    "equal lengths": lambda request: (
        False if request.framing != "length" else request.last_length.append(b"Content-Length: %d" % len(request.body))
    ),
    "other lengths": more("length", b"Content-Length: 7"),
    "list of lengths": framed("length", length=b"Content-Length: %d, %d"),
    "plus": framed("length", length=b"Content-Length: +5"),
    "minus": framed("length", length=b"Content-Length: -5"),
    "hexadecimal": framed("length", length=b"Content-Length: 0x5"),
    "empty length": framed("length", length=b"Content-Length:"),
    "huge length": framed("length", length=b"Content-Length: 99999999999999999999999"),
    "length and chunks": more("chunks", b"Content-Length: 3"),
    "chunks in 1.0": framed("chunks", version=b"HTTP/1.0"),
    "two codings": framed("chunks", coding=b"Transfer-Encoding: gzip, chunked"),
    "chunked first": framed("chunks", coding=b"Transfer-Encoding: chunked, gzip"),
    "chunked twice": framed("chunks", coding=b"Transfer-Encoding: chunked, chunked"),
    "chunked on two lines": more("chunks", b"Transfer-Encoding: chunked"),
    "identity": framed("chunks", coding=b"Transfer-Encoding: identity"),
    "xchunked": framed("chunks", coding=b"Transfer-Encoding: xchunked"),
    "fragment": put(target=b"/a#b"),
    "no slash": put(target=b"a"),
    "asterisk": put(method=b"GET", target=b"*"),
    "escape": put(target=b"/%zz"),
    "raw target": put(target=b"/\xc3\xa9"),
    "space in target": put(target=b"/a b"),
    "no target": put(target=b""),
    "bad method": put(method=b"G(T"),
    "CONNECT": put(method=b"CONNECT", target=b"a:80"),
    "version": put(version=b"HTTP/2.0"),
    "later minor": put(version=b"HTTP/1.2"),
    "bad version": put(version=b"HTTP/1.x"),
    "expectation": lambda request: (
        request.fields.append(b"Expect: wonders"),
        request.__dict__.update(version=b"HTTP/1.1"),
    ),
    "continue": field(b"Expect: 100-continue"),
    "empty line": put(lead=b"\r\n"),
    "blank lines": put(lead=b"\r\n\r\n"),
    "chunk size": framed("chunks", sizes=b"0x%x"),
    "chunk minus": framed("chunks", sizes=b"-%x"),
    "chunk too long": framed("chunks", sizes=b"00000000000000000000000%x"),
    "chunk without CR LF": framed("chunks", chunk_end=b""),
    "chunk without LF": framed("chunks", chunk_end=b"\r"),
    "blank before extension": framed("chunks", extension=b" ;x"),
    "bad trailer": framed("chunks", trailer=b"X Y: 1\r\n"),
}


class Outcome(NamedTuple):
    """Requests served, each with whether the connection went on after it; and how it ended."""

    served: list[tuple[str, str, str, bool]]
    end: str


def conversation(seed: int) -> tuple[bytes, set[str], bytes]:
    """The bytes, perhaps cut off; the ways in which they are broken; the bytes without the cut."""
    chance = random.Random(seed)
    requests = [Request(chance) for _ in range(chance.randint(1, 3))]
    if chance.random() < 0.7:
        for _ in range(chance.choice([1, 1, 1, 2])):
            chance.choice(requests).shatter()
    data = b"".join(request.encode() for request in requests)
    ways = {way for request in requests for way in request.ways}
    whole = data
    if chance.random() < 0.1:
        data = data[: chance.randrange(1, len(data))]
    return data, ways, whole


def by_h11(data: bytes) -> Outcome:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=32768)
    served = []
    connection.receive_data(data)
    try:
        while True:
            request = connection.next_event()
            if request is h11.NEED_DATA:
                return Outcome(served, "waits")
            assert isinstance(request, h11.Request), request
            if request.method == b"CONNECT":
                return Outcome(served, "refuses")  # it would wait for a tunnel
            body = b""
            while not isinstance(event := connection.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    return Outcome(served, "waits")
                assert isinstance(event, h11.Data)
                body += event.data
            connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            connection.send(h11.EndOfMessage())
            goes_on = connection.our_state is not h11.MUST_CLOSE
            served.append((request.method.decode(), request.target.decode("latin-1"), body.hex(), goes_on))
            if not goes_on:
                return Outcome(served, "closes")
            connection.start_next_cycle()
    except h11.RemoteProtocolError:
        return Outcome(served, "refuses")


def app(environ, start_response):
    body = environ["wsgi.input"].read()
    seen = json.dumps([environ["REQUEST_METHOD"], environ["REQUEST_URI"], body.hex()])
    start_response("200 OK", [("Content-Length", "0"), ("X-Seen", seen)])
    return []


def by_us(server, data: bytes) -> tuple[Outcome, str]:
    """The outcome, and the code of the refusal."""
    before = len(server.log())
    with server.connect() as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        raw = speak.read_all(sock)
    served = []
    goes_on = True
    while raw and goes_on:
        answer = speak.parse_head(raw)
        raw = answer.body
        if answer.status == 100:
            continue
        goes_on = answer.header("Connection") != "close"
        if answer.status != 200:
            assert not goes_on
            code = re.findall(r"\[([a-z0-9-]+)\]\n", server.log()[before:])
            assert len(code) == 1, server.log()[before:]
            # The end of what we sent is the end of a body that was to be longer.
            return Outcome(served, "waits" if code[0] == "body-short" else "refuses"), code[0]
        method, target, body = json.loads(answer.header("X-Seen"))
        served.append((method, target, body, goes_on))
    assert raw == b""
    return Outcome(served, "waits" if goes_on else "closes"), ""


def excused(ours: Outcome, theirs: Outcome, code: str, ways: set[str], whole: bytes) -> str | None:
    """The way in which the two may differ, if there is one."""
    same = min(len(ours.served), len(theirs.served))
    if ours.served[:same] != theirs.served[:same]:
        return None
    if (ours.end, theirs.end) == ("refuses", "waits") and by_h11(whole) == ours:
        return "earlier"  # at the broken line; the reference reads a head when all of it is there
    if ours.end == "refuses" and len(theirs.served) >= len(ours.served):
        return next((way for way in ways if way in STRICTER and STRICTER[way][0] == code), None)
    if theirs.end == "refuses":
        return next((way for way in ways if way in MORE_LENIENT), None)
    return None


@pytest.mark.parametrize("part", range(4))
def test_we_serve_and_refuse_what_h11_does(worker, part):
    server = worker(app)
    seen: Counter[str] = Counter()
    for seed in range(part * 1000, part * 1000 + 1000):
        data, ways, whole = conversation(seed)
        ours, code = by_us(server, data)
        theirs = by_h11(data)
        if ours != theirs:
            way = excused(ours, theirs, code, ways, whole)
            assert way, f"seed {seed}, {sorted(ways)}: {data!r}\nwe:  {ours} {code}\nh11: {theirs}"
            seen[way] += 1
            continue
        seen[ours.end] += 1
        seen["served"] += len(ours.served)
    # Each outcome is among those that agree.
    assert min(seen[end] for end in ("waits", "closes", "refuses")) >= 50 and seen["served"] > 800, seen


def test_every_exception_is_of_a_way_that_is_tried():
    assert set(STRICTER) | set(MORE_LENIENT) <= set(WAYS)
