"""``wsgi.file_wrapper``: the file goes on without the application, and is what reading it would have been."""

# ruff: noqa: SIM115  # the server closes the files

from __future__ import annotations

import gzip
import io
import os
import tempfile

import pytest

from . import speak
from .conftest import PROTOCOLS
from .test_statics import statics

MIB = 1024 * 1024


def sending(make, headers=()):
    """An application that answers with the file that ``make`` opens."""

    def app(environ, start_response):
        start_response("200 OK", list(headers))
        return environ["wsgi.file_wrapper"](make())

    return app


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 4000)
    return path


class Half:
    """A file object that reads less than what is behind its descriptor, as those of range requests do."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.left = 1000

    def read(self, size=-1):
        data = self.file.read(min(size, self.left))
        self.left -= len(data)
        return data

    def fileno(self):
        return self.file.fileno()

    def tell(self):
        return self.file.tell()


class Upper(io.BufferedReader):
    """A reader that changes what it reads."""

    def read(self, size=-1):
        return super().read(size).upper()


def test_what_is_sent_is_what_reading_would_give(worker, path, tmp_path):
    content = path.read_bytes()
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(content))
    words = tmp_path / "words"
    words.write_bytes(b"words " * 10000)

    def temporary():
        file = tempfile.NamedTemporaryFile()
        file.write(content)
        file.seek(5)
        return file

    def beyond():
        file = open(path, "rb")
        file.seek(10 * MIB)
        return file

    cases = {
        "plain": (lambda: open(path, "rb"), content),
        "unbuffered": (lambda: open(path, "rb", buffering=0), content),
        "read and write": (lambda: open(path, "r+b"), content),
        "temporary": (temporary, content[5:]),
        "in memory": (lambda: io.BytesIO(content), content),
        "packed": (lambda: gzip.open(packed), content),
        "buffered packed": (lambda: io.BufferedReader(gzip.open(packed)), content),
        "half": (lambda: Half(path), content[:1000]),
        "upper": (lambda: Upper(io.FileIO(words)), b"WORDS " * 10000),
        "empty": (lambda: open(os.devnull, "rb"), b""),
        "process": (lambda: open("/proc/self/comm", "rb"), open("/proc/self/comm", "rb").read()),
        "beyond the end": (beyond, b""),
    }

    def app(environ, start_response):
        return sending(cases[environ["PATH_INFO"][1:]][0])(environ, start_response)

    server = worker(app)
    for name, (_, expected) in cases.items():
        assert server.ask(path="/" + name, protocol="uwsgi").body == expected, name


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("sendfile", [True, False])
def test_a_slow_client_of_a_file_keeps_no_core(worker, tmp_path, protocol, sendfile):
    path = tmp_path / "huge"
    with open(path, "wb") as file:
        file.truncate(30 * MIB)
    def app(environ, start_response):
        start_response("200 OK", [])
        if environ["PATH_INFO"] == "/small":
            return [b"small"]
        return environ["wsgi.file_wrapper"](io.FileIO(path))

    server = worker(app, statics=statics(sendfile=sendfile))
    with server.connect(protocol) as sock:
        sock.sendall(speak.encode(protocol, "GET", "/huge"))
        first = sock.recv(100)
        # The only core is free again.
        assert server.ask(path="/small").body == b"small"
        raw = first + speak.read_all(sock)
    body = speak.decode(protocol, raw).body
    assert len(body) == 30 * MIB and not body.strip(b"\0")


def test_the_file_of_the_application_is_closed_at_once(worker, tmp_path):
    path = tmp_path / "huge"
    with open(path, "wb") as file:
        file.truncate(30 * MIB)
    files = []

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/state":
            start_response("200 OK", [])
            return [repr([file.closed for file in files]).encode()]
        files.append(open(path, "rb"))
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](files[-1])

    server = worker(app)
    before = server.descriptors()
    with server.connect() as sock:
        sock.sendall(speak.http(path="/huge"))
        assert sock.recv(100)
        assert server.ask(path="/state").body == b"[True]"
    server.wait_for(lambda: server.descriptors() <= before, "the descriptor to be closed")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_lengths_are_kept(worker, path, protocol):
    content = path.read_bytes()
    for declared in (10, len(content)):
        server = worker(sending(lambda: open(path, "rb"), [("Content-Length", str(declared))]))
        assert server.ask(protocol=protocol).body == content[:declared]


def test_a_file_that_is_too_short_ends_the_connection(worker, path):
    server = worker(sending(lambda: open(path, "rb"), [("Content-Length", "2000000")]))
    with server.connect() as sock:
        sock.sendall(speak.http(close=False) * 2)
        raw = speak.read_all(sock)
    assert raw.count(b"HTTP/1.1 200") == 1 and raw.endswith(path.read_bytes())
    server.wait_for_log("less than its Content-Length")


def test_what_was_written_before_comes_first(worker, path):
    def app(environ, start_response):
        start_response("200 OK", [])(b"first ")
        return environ["wsgi.file_wrapper"](open(path, "rb"))

    server = worker(app)
    for protocol in PROTOCOLS:
        assert server.ask(protocol=protocol).body == b"first " + path.read_bytes()


def test_an_unread_body_ends_the_connection_after_the_file(worker, path):
    server = worker(sending(lambda: open(path, "rb")))
    with server.connect() as sock:
        sock.sendall(speak.http("POST", "/", b"x" * 3 * MIB, close=False))
        assert speak.parse(speak.read_all(sock)).body == path.read_bytes()


def test_the_line_tells_of_the_file(worker, path):
    server = worker(sending(lambda: open(path, "rb")), log_requests=True)
    server.ask()
    log = server.wait_for_log("generated")
    assert "|app: 0|req: 1/1] " in log and f"generated {path.stat().st_size} bytes in" in log
    assert "via sendfile() (HTTP/1.1 200)" in log


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


@pytest.mark.parametrize("sendfile", [True, False])
def test_a_gigabyte_needs_no_memory(worker, tmp_path, sendfile):
    size = 1024 * MIB if sendfile else 256 * MIB
    huge = tmp_path / "static"
    huge.mkdir()
    with open(huge / "huge", "wb") as file:
        file.truncate(size)
    server = worker(
        sending(lambda: open(huge / "huge", "rb")), statics=statics(("/static", huge), sendfile=sendfile)
    )
    server.ask(path="/static/huge", method="HEAD")
    server.ask("HEAD", "/wrapped")
    idle = resident(server.pid)
    room = memoryview(bytearray(MIB))
    for path in ("/static/huge", "/wrapped"):
        with server.connect() as sock:
            sock.sendall(speak.http(path=path))
            got, most = 0, 0
            while count := sock.recv_into(room):
                got += count
                if got % (64 * MIB) < count:
                    most = max(most, resident(server.pid))
        assert got > size
        assert most - idle < 8 * MIB
