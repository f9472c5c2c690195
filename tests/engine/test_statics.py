"""Files are answered by the engine: which path means which file, what a client gets of it, and what it never gets."""

from __future__ import annotations

import email.utils
import gzip
import os
import socket
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.config.test_statics import TAKEN

from . import speak
from .conftest import PROTOCOLS
from .test_log import lines

LARGE = bytes(range(256)) * 8000


def app(environ, start_response):
    data = b"the application: " + environ["PATH_INFO"].encode("latin-1")
    start_response("200 OK", [("X-App", "1"), ("Content-Length", str(len(data)))])
    return [data]


def statics(*maps, **more):
    defaults = {
        "maps": [(prefix, str(path), False) for prefix, path in maps],
        "docroot": False,
        "indexes": [],
        "skipped": [],
        "safe": [],
        "mime_files": [],
        "expires": [],
        "gzip": [],
        "mode": "direct",
        "sendfile": True,
    }
    return SimpleNamespace(**(defaults | more))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    root = tmp_path / "static"
    (root / "sub").mkdir(parents=True)
    (root / "a.css").write_bytes(b"body {}")
    (root / "large.bin").write_bytes(LARGE)
    (root / "empty.txt").write_bytes(b"")
    (root / "unknown.qqqq").write_bytes(b"?")
    (root / "sub" / "index.html").write_bytes(b"<p>index</p>")
    secret = tmp_path / "static-secret"
    secret.mkdir()
    (secret / "key").write_bytes(b"secret")
    os.utime(root / "a.css", (1_700_000_000, 1_700_000_000))
    return root


def is_apps(answer):
    return answer.header("X-App") == "1"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", ["a.css", "large.bin", "empty.txt"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_is_answered_by_every_protocol(worker, site, protocol, name, method):
    server = worker(app, statics=statics(("/static", site)))
    content = (site / name).read_bytes()
    for family in ("", "tcp-"):
        request = speak.encode(protocol, method, f"/static/{name}")
        answer = speak.decode(protocol, server.send(request, family + protocol))
        assert answer.status == 200 and not is_apps(answer)
        assert answer.body == (content if method == "GET" else b"")
        assert answer.header("Content-Length") == str(len(content))
        assert answer.header("Accept-Ranges") == "bytes"


def test_what_a_file_is_comes_with_it(worker, site):
    server = worker(app, statics=statics(("/static", site)))
    answer = server.ask(path="/static/a.css?v=1")
    assert answer.header("Content-Type") == "text/css"
    assert answer.header("Last-Modified") == email.utils.formatdate(1_700_000_000, usegmt=True)
    assert answer.header("ETag").startswith('"') and answer.header("Expires") is None and answer.header("Vary") is None
    assert server.ask(path="/static/unknown.qqqq").header("Content-Type") == "application/octet-stream"


@pytest.mark.parametrize(
    "path",
    [
        "/", "/static", "/static/", "/static/missing", "/static/sub", "/static/sub/", "/staticone",
        "/static-secret/key", "/static/a.css/", "/static/a.css/x", "//static/a.css", "/STATIC/a.css",
    ],
)  # fmt: skip
def test_what_is_no_file_is_the_applications(worker, site, path):
    assert is_apps(worker(app, statics=statics(("/static", site))).ask(path=path))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get"])
def test_other_methods_are_the_applications(worker, site, method):
    server = worker(app, statics=statics(("/static", site)))
    assert is_apps(server.ask(method, "/static/a.css", protocol="uwsgi"))


ESCAPES = [
    "/static/../static-secret/key", "/static/..%2fstatic-secret/key", "/static%2e%2e/static-secret/key",
    "/static/%2e%2e/static-secret/key", "/static/sub/../../static-secret/key", "/static-secret/key",
    "/static/..%2f..%2f..%2f..%2fetc/passwd", "/static//etc/passwd", "/static/%2fetc/passwd", "/static/a.css%2f..",
    "/static/sub%2findex.html", "/static/....//static-secret/key", "/static/..\\static-secret\\key",
    "/static/leaves", "/static/leaves-by-directory/key", "/static/passwd", "/static/parent/static-secret/key",
    "/static/proc/environ",
]  # fmt: skip


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("path", ESCAPES)
def test_nothing_outside_is_ever_read(worker, site, tmp_path, protocol, path):
    (site / "leaves").symlink_to("../static-secret/key")
    (site / "leaves-by-directory").symlink_to(tmp_path / "static-secret")
    (site / "passwd").symlink_to("/etc/passwd")
    (site / "parent").symlink_to("..")
    (site / "proc").symlink_to("/proc/self")
    server = worker(app, statics=statics(("/static", site), ("/all", site)))
    answer = server.ask(path=path, protocol=protocol)
    assert b"secret\n" not in answer.raw and not answer.body.endswith(b"secret") and b"root:" not in answer.raw
    assert is_apps(answer) or answer.status == 400


def test_a_zero_byte_reaches_no_file(worker, site):
    server = worker(app, statics=statics(("/static", site)))
    assert server.ask(path="/static/a.css%00.png").status == 400
    assert is_apps(server.ask(path="/static/a.css\0.png", protocol="uwsgi"))


def test_links_stay_within_or_lead_to_where_they_may(worker, site, tmp_path):
    (site / "inside").symlink_to("a.css")
    (site / "absolute").symlink_to(site / "a.css")
    (site / "sub" / "up").symlink_to("../a.css")
    (site / "leaves").symlink_to("../static-secret/key")
    server = worker(app, statics=statics(("/static", site)))
    for name in ("inside", "absolute", "sub/up"):
        assert server.ask(path=f"/static/{name}").body == b"body {}"
    assert is_apps(server.ask(path="/static/leaves"))
    assert "static-safe" in server.wait_for_log("static-secret/key")
    server = worker(app, statics=statics(("/static", site), safe=[str(tmp_path / "static-secret")]))
    assert server.ask(path="/static/leaves").body == b"secret"


def test_a_turned_link_is_another_directory_at_once(worker, site, tmp_path):
    new = tmp_path / "new"
    new.mkdir()
    (new / "a.css").write_bytes(b"new")
    current = tmp_path / "current"
    current.symlink_to(site)
    server = worker(app, statics=statics(("/static", current)))
    assert server.ask(path="/static/a.css").body == b"body {}"
    current.unlink()
    current.symlink_to(new)
    assert server.ask(path="/static/a.css").body == b"new"


def test_pipes_and_devices_are_not_waited_for(worker, site):
    os.mkfifo(site / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(site / "socket"))
        server = worker(app, statics=statics(("/static", site)))
        assert is_apps(server.ask(path="/static/fifo"))
        assert is_apps(server.ask(path="/static/socket"))


def test_what_may_not_be_read_is_the_applications(worker, site):
    (site / "missing").mkdir(mode=0o700)
    server = worker(app, statics=statics(("/static", site), ("/nowhere", "/nowhere"), ("/file", site / "a.css")))
    for path in ("/static/missing", "/nowhere/a", "/static/" + "x" * 5000, "/static/" + "a/" * 3000):
        assert is_apps(server.ask(path=path, protocol="uwsgi"))
    assert server.ask(path="/file").body == b"body {}" and is_apps(server.ask(path="/file/a"))
    assert is_apps(server.ask(path="/files"))


def test_maps_are_asked_in_order(worker, site, tmp_path):
    other = tmp_path / "other"
    (other / "keep").mkdir(parents=True)
    (other / "a.css").write_bytes(b"other")
    (other / "b.css").write_bytes(b"b")
    (other / "keep" / "c").write_bytes(b"kept")
    maps = [("/static", str(site), False), ("/static", str(other), False), ("/keep", str(other), True)]
    server = worker(app, statics=statics(maps=maps))
    assert server.ask(path="/static/a.css").body == b"body {}"
    assert server.ask(path="/static/b.css").body == b"b"
    assert server.ask(path="/keep/c").body == b"kept"


def test_indexes_and_endings(worker, site):
    server = worker(
        app, statics=statics(("", site), indexes=["missing.html", "index.html"], skipped=[".css", ".php"])
    )
    assert server.ask(path="/sub").body == server.ask(path="/sub/").body == b"<p>index</p>"
    assert server.ask(path="/sub/").header("Content-Type") == "text/html"
    assert is_apps(server.ask(path="/")) and is_apps(server.ask(path="/a.css"))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_document_root_counts_from_trusted_peers_only(worker, site, protocol):
    server = worker(app, statics=statics(docroot=True))
    for family in ("", "tcp-"):
        raw = server.send(speak.encode(protocol, "GET", "/a.css", DOCUMENT_ROOT=str(site)), family + protocol)
        assert is_apps(speak.decode(protocol, raw)) == (protocol == "http")
    stranger = worker(app, statics=statics(docroot=True), trusted=[])
    raw = stranger.send(speak.encode(protocol, "GET", "/a.css", DOCUMENT_ROOT=str(site)), "tcp-" + protocol)
    assert is_apps(speak.decode(protocol, raw))
    without = worker(app, statics=statics())
    assert is_apps(without.ask(path="/a.css", protocol=protocol, DOCUMENT_ROOT=str(site)))


def test_conditions(worker, site):
    server = worker(app, statics=statics(("/static", site)))
    ask = lambda **headers: server.ask(path="/static/a.css", **headers)  # noqa: E731
    first = ask()
    etag, modified = first.header("ETag"), first.header("Last-Modified")
    for headers in ({"HTTP_IF_NONE_MATCH": etag}, {"HTTP_IF_MODIFIED_SINCE": modified}):
        answer = ask(**headers)
        assert (answer.status, answer.body, answer.header("ETag")) == (304, b"", etag)
        assert answer.header("Content-Type") is None and answer.header("Last-Modified") == modified
    assert ask(HTTP_IF_NONE_MATCH='"x"').status == 200
    failed = ask(HTTP_IF_MATCH='"x"')
    assert (failed.status, failed.body, failed.header("Content-Length")) == (412, b"", "0")
    (site / "a.css").write_bytes(b"body {x}")
    assert ask(HTTP_IF_NONE_MATCH=etag, HTTP_IF_MODIFIED_SINCE=modified).status == 200


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", ["large.bin", "a.css"])
def test_ranges(worker, site, protocol, name):
    server = worker(app, statics=statics(("/static", site)))
    content = (site / name).read_bytes()
    size = len(content)
    ask = lambda text, **more: server.ask(  # noqa: E731
        path=f"/static/{name}", protocol=protocol, HTTP_RANGE=text, **more
    )
    for text, first, last in (
        ("bytes=0-0", 0, 0), ("bytes=2-", 2, size - 1), ("bytes=-3", size - 3, size - 1),
        ("bytes=1-99999999", 1, size - 1),
    ):  # fmt: skip
        answer = ask(text)
        assert (answer.status, answer.body) == (206, content[first : last + 1])
        assert answer.header("Content-Range") == f"bytes {first}-{last}/{size}"
        assert answer.header("Content-Length") == str(last - first + 1)
    answer = ask(f"bytes={size}-")
    assert (answer.status, answer.header("Content-Range"), answer.body) == (416, f"bytes */{size}", b"")
    for text in ("bytes=0-1,3-4", "bytes=3-1", "cows=1-2"):
        assert (ask(text).status, ask(text).body) == (200, content)
    etag = ask("bytes=0-0").header("ETag")
    assert ask("bytes=0-0", HTTP_IF_RANGE=etag).status == 206
    assert ask("bytes=0-0", HTTP_IF_RANGE='"x"').status == 200


def test_types_come_from_the_tables(worker, site, tmp_path):
    table = tmp_path / "types"
    table.write_text("# mine\ntext/x-mine css qqqq\n")
    server = worker(app, statics=statics(("", site), mime_files=[str(table), "/nowhere/types"]))
    assert server.ask(path="/a.css").header("Content-Type") == "text/x-mine"
    assert server.ask(path="/sub/index.html").header("Content-Type") == "text/html"
    assert "/nowhere/types" in server.log()


@pytest.mark.parametrize(
    ("rule", "seconds", "from_mtime"),
    [
        (("type", "text/css", 100, False), 100, False),
        (("file", r"\.css$", 200, True), 200, True),
        (("path-info", "^/static/a", 300, False), 300, False),
        (("uri", r"\?v=", 400, True), 400, True),
        (("type", "text/html", 100, False), None, False),
    ],
)
def test_expiry(worker, site, rule, seconds, from_mtime):
    server = worker(app, statics=statics(("/static", site), expires=[rule, ("type", "nothing", 1, False)]))
    before = int(time.time())
    answer = server.ask(path="/static/a.css?v=1")
    again = server.ask(path="/static/a.css?v=1", HTTP_IF_NONE_MATCH=answer.header("ETag"))
    for expires in (answer.header("Expires"), again.header("Expires")):
        if seconds is None:
            assert expires is None
            continue
        when = email.utils.parsedate_to_datetime(expires).timestamp()
        # The clock of the kernel's tick may be a moment behind.
        assert when == 1_700_000_000 + seconds if from_mtime else -1 <= when - before - seconds <= 60


def test_a_rule_that_is_no_expression_is_left_out_and_said(worker, site):
    rules = {"expires": [("file", "(?=x)", 1, False)], "gzip": [("file", "(")]}
    server = worker(app, statics=statics(("/static", site), **rules))
    assert server.ask(path="/static/a.css").status == 200
    assert server.log().count("is left out") == 2


def test_what_the_configuration_lets_pass_the_engine_takes(worker, site):
    server = worker(app, statics=statics(("/static", site), gzip=[("file", pattern) for pattern in TAKEN]))
    assert server.ask(path="/static/a.css").status == 200
    assert server.log() == ""


@pytest.mark.parametrize("rule", [("all", ""), ("file", r"\.css$"), ("ending", "css"), ("directory", "{site}")])
def test_a_compressed_sibling_is_sent_to_those_who_take_it(worker, site, rule):
    packed = gzip.compress(b"body {}")
    (site / "a.css.gz").write_bytes(packed)
    server = worker(app, statics=statics(("/static", site), gzip=[(rule[0], rule[1].format(site=site))]))
    plain = server.ask(path="/static/a.css")
    zipped = server.ask(path="/static/a.css", HTTP_ACCEPT_ENCODING="deflate, gzip")
    assert plain.body == b"body {}" and plain.header("Content-Encoding") is None
    assert zipped.body == packed and zipped.header("Content-Encoding") == "gzip"
    assert zipped.header("Content-Type") == "text/css" and zipped.header("ETag") != plain.header("ETag")
    assert plain.header("Vary") == zipped.header("Vary") == "Accept-Encoding"
    for refusal in ("gzip;q=0", "br", ""):
        assert server.ask(path="/static/a.css", HTTP_ACCEPT_ENCODING=refusal).body == b"body {}"
    (site / "a.css.br").write_bytes(b"brotli")
    assert server.ask(path="/static/a.css", HTTP_ACCEPT_ENCODING="gzip, br").body == b"brotli"
    assert server.ask(path="/static/large.bin", HTTP_ACCEPT_ENCODING="gzip").body == LARGE
    (site / "a.css.br").unlink()
    (site / "a.css.gz").unlink()
    (site / "a.css.gz").symlink_to("../static-secret/key")
    assert server.ask(path="/static/a.css", HTTP_ACCEPT_ENCODING="gzip").body == b"body {}"


@pytest.mark.parametrize(("mode", "header"), [("nginx", "X-Accel-Redirect"), ("apache", "X-Sendfile")])
def test_a_front_end_may_send_the_file(worker, site, mode, header):
    server = worker(app, statics=statics(("/static", site), mode=mode))
    answer = server.ask(path="/static/a.css", protocol="uwsgi", HTTP_RANGE="bytes=0-0")
    assert (answer.status, answer.body, answer.header(header)) == (200, b"", f"{site}/a.css")
    assert answer.header("Content-Type") == "text/css" and answer.header("Content-Range") is None


@pytest.mark.parametrize("sendfile", [True, False])
@pytest.mark.parametrize("threads", [1, 3])
def test_many_files_on_one_connection(worker, site, sendfile, threads):
    server = worker(app, threads=threads, statics=statics(("/static", site), sendfile=sendfile))
    names = ["large.bin", "a.css", "missing", "empty.txt", "large.bin", "sub/index.html"] * 5
    with server.connect() as sock:
        sock.sendall(b"".join(speak.http(path=f"/static/{name}", close=False) for name in names))
        pending = b""
        for name in names:
            answer, pending = speak.read_one(sock, pending)
            if name == "missing":
                assert is_apps(answer)
            else:
                assert answer.body == (site / name).read_bytes()


def test_a_body_that_nobody_reads_spoils_nothing(worker, site):
    server = worker(app, statics=statics(("/static", site)))
    for size in (10, 3_000_000):
        answer = server.ask("GET", "/static/a.css", b"x" * size)
        assert (answer.status, answer.body) == (200, b"body {}")


def test_without_an_application_files_are_there(worker, site):
    server = worker(None, statics=statics(("/static", site)))
    assert server.ask(path="/static/a.css").body == b"body {}"
    assert server.ask(path="/x").status == 500


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", ["a.css", "large.bin"])
def test_a_file_has_a_line_of_uwsgis(worker, site, protocol, name):
    server = worker(app, log_requests=True, statics=statics(("/static", site)))
    etag = server.ask(path=f"/static/{name}", protocol=protocol).header("ETag")
    server.ask("HEAD", f"/static/{name}", protocol=protocol)
    server.ask(path=f"/static/{name}", protocol=protocol, HTTP_IF_NONE_MATCH=etag)
    log = server.wait_for_log(" 304)")
    size = len((site / name).read_bytes())
    first, head, unchanged = log.splitlines()
    assert "app: -1|req: -1/1]" in first and f"generated {size} bytes in" in first
    assert "via sendfile() (HTTP/1.1 200)" in first
    assert first.endswith("(0 switches on core 0)")
    assert "generated 0 bytes in" in head and "via" not in head and "via" not in unchanged


def test_files_and_answers_are_counted(worker, site):
    server = worker(app, log_requests=True, statics=statics(("/static", site)))
    server.ask(path="/static/large.bin")
    server.ask(path="/x")
    server.wait_for(lambda: server.row().requests == 2, "the counters")
    assert server.row().tx > len(LARGE) and server.row().busy_cores == 0
    (line,) = lines(server, 1)
    assert (line["app"], line["total"]) == ("0", "2")


def test_a_slow_client_keeps_no_core(worker, site):
    server = worker(app, statics=statics(("/static", site)))
    before = server.descriptors()
    with open(site / "huge", "wb") as file:
        file.truncate(200 * 1024 * 1024)
    slow = []
    for _ in range(5):
        sock = server.connect()
        sock.sendall(speak.http(path="/static/huge"))
        assert sock.recv(100)
        slow.append(sock)
    assert is_apps(server.ask(path="/x"))
    assert server.ask(path="/static/a.css").body == b"body {}"
    for sock in slow:
        sock.close()
    server.wait_for(lambda: server.descriptors() <= before, "the descriptors of the files to be closed")


def test_a_client_that_takes_little_at_a_time_is_not_cut_off(worker, site):
    # A socket has room again only when much of what waits in it is gone, which may take longer than the timeout.
    size = 2 * 1024 * 1024
    with open(site / "huge", "wb") as file:
        file.truncate(size)
    server = worker(app, socket_timeout=2.0, statics=statics(("/static", site)))
    with server.connect("http") as sock:
        sock.sendall(speak.http(path="/static/huge"))
        got = 0
        for _ in range(12):
            got += len(sock.recv(30_000))
            time.sleep(0.5)
        assert got + len(speak.read_all(sock)) > size
    with server.connect("http") as sock:
        sock.sendall(speak.http(path="/static/huge"))
        # One that takes nothing is.
        server.wait_for(lambda: server.row().cores[0].write_errors == 1, "the end of the other")


def test_a_file_that_becomes_shorter_ends_the_connection(worker, site):
    server = worker(app, statics=statics(("/static", site)))
    with open(site / "huge", "wb") as file:
        file.truncate(100 * 1024 * 1024)
    with server.connect() as sock:
        sock.sendall(speak.http(path="/static/huge", close=False))
        data = sock.recv(1000)
        os.truncate(site / "huge", 1000)
        while piece := sock.recv(1 << 20):
            data += piece
    assert len(data) < 100 * 1024 * 1024
    server.wait_for_log("became shorter")
    assert is_apps(server.ask(path="/x"))


def test_a_drain_lets_a_file_finish(worker, site):
    with open(site / "huge", "wb") as file:
        file.truncate(50 * 1024 * 1024)
    server = worker(app, statics=statics(("/static", site)))
    with server.connect() as sock:
        sock.sendall(speak.http(path="/static/huge", close=False))
        head = sock.recv(1000)
        server.control.send(b"D")
        server.wait_for(lambda: not server.row().accepting, "the drain")
        assert len(head) + len(speak.read_all(sock)) > 50 * 1024 * 1024
    assert server.wait() == 0
