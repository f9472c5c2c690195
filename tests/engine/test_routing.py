"""Internal routing: what rules make of a request and its answer. What a real uWSGI answered to the same is kept."""

from __future__ import annotations

import gzip
import json
import re
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from imperator.generation.worker import _rules
from imperator.master.launch import _statics
from tests.config.reading import ini

from . import speak
from .routing import app, record
from .routing.cases import CASES, Ask

RECORDED = json.loads((record.HERE / "recorded.json").read_text())


@pytest.fixture
def site(tmp_path: Path) -> Path:
    place = tmp_path / "files"
    place.mkdir()
    return record.make_site(place)


@pytest.fixture
def routed(worker, site, tmp_path):
    """A worker with the rules of these lines, in which ``@`` is the site."""

    def make(*lines, application=app.application, codes=(), **more):
        got = ini(tmp_path, *(line.replace("@", str(site)) for line in lines))
        assert got.codes == list(codes), got.diagnostics
        add, remove = got.settings.headers
        if add or remove:
            headers = [(name.encode(), value.encode()) for name, value in add], [name.encode() for name in remove]
            more["headers"] = type("Headers", (), {"add": headers[0], "remove": headers[1]})
        rules = got.settings.routing
        return worker(application, routing=_rules(rules) if rules else None, statics=_statics(got.settings), **more)

    return make


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda index: " + ".join(CASES[index].lines)[:100])
def test_answers_are_uwsgis(routed, site, index):
    case, recorded = CASES[index], RECORDED[index]
    codes = ["route-invalid"] if any("goto:nowhere" in line or "goto:back" in line for line in case.lines) else []
    server = routed(*case.lines, codes=codes)
    for ask, theirs in zip(case.asks, recorded, strict=True):
        expected = list(ask.ours) if isinstance(ask, Ask) and ask.ours else theirs
        assert record.told(server.send(record.packet(ask, site), "uwsgi"), site) == expected, ask


# what clients try


@pytest.mark.parametrize(("line", "path", "status"), [
    ("route = (?s)^/(.*)$ addheader:X-P: $1", "/a%0d%0aX-Evil:%201", 400),
    ("route = (?s)^/(.*)$ redirect:/$1", "/a%0d%0aX-Evil:%201", 400),
    ("route-run = clearheaders:200 ${qs[a]}", "/?a=\x01", 400),
    ("route-run = addheader:X-A: ${qs[a]}", "/?a=${HTTP_HOST}", 200),
    ("route-run = addvar:X_TEST=${qs[a]}${qs[a]}${qs[a]}", "/?a=" + "b" * 25000, 400),
    ("route = ^/(.*)$ rewrite:/$1", "/a%2500", 400),
])
def test_a_client_puts_nothing_into_a_head(routed, line, path, status):
    server = routed(line)
    answer = server.ask(path=path) if "\x01" not in path else server.ask(path=path, protocol="uwsgi")
    assert answer.status == status
    assert answer.header("X-Evil") is None
    assert answer.header("X-A") in (None, "${HTTP_HOST}")
    assert (status == 400) == ("the request is refused [route]" in server.log())


@pytest.mark.parametrize("line", [
    "route-run = static:@${PATH_INFO}", "route-run = static:@/${qs[f]}", "route-run = static:@/sub/../${qs[f]}",
    "route = ^/(.*)$ file:filename=@/$1", "route-run = sendfile:filename=@${qs[f]}", "route-run = static:${X_NONE}",
    "route-run = fastfile-next:filename=@/sub$0", "route-run = addvar:F=@/${qs[f]}\nroute-run = static:${F}",
])
def test_no_client_gets_out_of_the_directory(routed, site, line):
    (site / "leaves").symlink_to(site.parent / "site-secret")
    server = routed(*line.splitlines())
    for path in ("../site-secret/key", "leaves/key", "-secret/key", "sub/../../site-secret/key", "a.txt\0.css"):
        for escaped in (path, path.replace("..", "%2e%2e").replace("\0", "%00")):
            request = speak.variables(path=f"/x?f={path}") | {"PATH_INFO": "/" + path, "HTTP_X": escaped}
            answer = speak.parse(server.send(speak.uwsgi(request), "uwsgi"))
            assert b"secret\n" not in answer.body and (answer.status == 404 or b"PATH_INFO" in answer.body), path
    if "static:@${PATH_INFO}" in line:
        assert "a symbolic link leads to" in server.log()
        safe = routed(line, f"static-safe = {site.parent / 'site-secret'}")
        assert safe.ask(path="/leaves/key", protocol="uwsgi").body == b"secret\n"


def test_a_user_is_who_the_rules_say(routed):
    server = routed("route = ^/ basicauth:R,joe:secret", log_requests=True)
    assert server.ask(path="/a").status == 401
    answer = server.ask(path="/a", HTTP_AUTHORIZATION="Basic am9lOnNlY3JldA==")
    assert b"REMOTE_USER=joe\n" in answer.body
    server.wait_for_log(" (joe) {")


def test_a_file_of_users_that_cannot_be_used_is_told(routed, site):
    (site / "users").write_text("eve:$apr1$abc$1234567890123456789012\n")
    server = routed("route = ^/ basicauth:R,@/users")
    assert server.ask(HTTP_AUTHORIZATION="Basic ZXZlOnB3").status == 401
    assert "write it with htpasswd -B" in server.log()
    (site / "users").unlink()
    assert server.ask(HTTP_AUTHORIZATION="Basic ZXZlOnB3").status == 401
    assert "cannot read" in server.log()


# answers


def test_an_application_may_leave_files_to_the_server(routed, site):
    """The header that Flask and Django send, whatever way the body comes."""
    (site / "large.bin").write_bytes(bytes(range(256)) * 4000)

    def application(environ, start_response):
        path, kind = environ["PATH_INFO"].rsplit("/", 1)
        start_response("200 OK", [("X-Sendfile", f"{site}{path}"), ("Content-Length", "9")])
        if kind == "generator":
            return (piece for piece in (b"not", b"this", b"it"))
        return [b"not this!"] if kind == "list" else environ["wsgi.file_wrapper"](open(site / "sub" / "b.txt", "rb"))

    server = routed("collect-header = X-Sendfile X_SENDFILE", "static-map = /never=@",
                    "response-route-if-not = empty:${X_SENDFILE} static:${X_SENDFILE}", application=application)
    with server.connect() as sock:
        left = b""
        for name in ("a.txt", "large.bin"):
            for kind in ("generator", "list", "file"):
                for method in ("GET", "HEAD", "POST"):
                    sock.sendall(speak.http(method, f"/{name}/{kind}", close=False))
                    if method == "HEAD":
                        while b"\r\n\r\n" not in left:
                            left += sock.recv(65536)
                        head, _, left = left.partition(b"\r\n\r\n")
                        assert f"Content-Length: {(site / name).stat().st_size}".encode() in head
                        continue
                    answer, left = speak.read_one(sock, left)
                    assert (answer.status, answer.body) == (200, (site / name).read_bytes())
                    assert answer.header("X-Sendfile") is None and answer.header("ETag")
    part = server.ask(path="/a.txt/list", HTTP_RANGE="bytes=1-2")
    assert (part.status, part.body) == (206, b"el")
    assert server.ask(path="/a.txt/list", HTTP_IF_NONE_MATCH=part.header("ETag")).status == 304
    assert server.ask(path="/none/list").status == 404
    assert server.log() == ""


def test_a_client_is_not_taken_for_the_application(routed, site):
    server = routed("collect-header = X-Sendfile HTTP_X_SENDFILE", "static-map = /never=@",
                    "response-route-if-not = empty:${HTTP_X_SENDFILE} static:${HTTP_X_SENDFILE}",
                    "route = ^/410 return:410")
    for path, status in (("/", 200), ("/410", 410)):
        assert server.ask(path=path, HTTP_X_SENDFILE=f"{site}/a.txt").status == status


def test_nobody_gets_behind_a_rule_by_escaping(routed):
    server = routed("route = ^/private$ return:403", "route = ^/pub/(.*) rewrite:/other/$1")
    with server.connect() as sock:
        left = b""
        for path, status in (("/private", 403), ("/private%0a", 403), ("/pub/%252e%252e/private", 400),
                             ("/pub/..%252fprivate", 400), ("/pub/a%2520b", 200)):
            sock.sendall(speak.http("GET", path, close=False))
            answer, left = speak.read_one(sock, left)
            assert answer.status == status, path


def test_an_answer_that_a_rule_gives_leaves_the_connection_usable(routed):
    server = routed("route = ^/(a|b) return:410", "route = ^/c break:403", "route = ^/d redirect:/e")
    with server.connect() as sock:
        left = b""
        for path, status in (("/a", 410), ("/x", 200), ("/d", 302), ("/b", 410), ("/c", 403)):
            sock.sendall(speak.http("POST", path, b"x" * 1000, close=False))
            answer, left = speak.read_one(sock, left)
            assert answer.status == status
        assert sock.recv(1) == b""


def test_a_rule_answers_before_a_large_body_has_come(routed):
    server = routed("route = ^/up break:403")
    with server.connect() as sock:
        sock.sendall(b"POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n\r\nx")
        assert speak.parse(speak.read_all(sock)).status == 403


@pytest.mark.parametrize("protocol", ["http", "uwsgi", "fastcgi", "scgi"])
@pytest.mark.parametrize("threads", [1, 3])
def test_every_protocol_is_routed(routed, protocol, threads):
    server = routed("route = ^/old redirect:${REQUEST_METHOD}${PATH_INFO}", "route = ^/x rewrite:/y?q=1",
                    "response-route-run = addheader:X-S: ${uwsgi[status]}", threads=threads)
    for _ in range(3):
        assert server.ask(path="/old/1", protocol=protocol).header("Location") == "GET/old/1"
        answer = server.ask(path="/x", protocol=protocol)
        assert b"PATH_INFO=/y\nQUERY_STRING=q=1\n" in answer.body and answer.header("X-S") == "200"


def test_a_path_that_is_refused_is_not_routed(routed):
    server = routed("route-run = redirect:/x")
    assert server.ask(path="/%zz").status == 400


def test_the_application_fails_behind_rules(routed):
    def application(environ, start_response):
        if environ["PATH_INFO"] == "/late":
            start_response("200 OK", [])
        raise ValueError("on purpose")

    server = routed("response-route-run = addheader:X-A: 1", "final-route-run = log:over ${uwsgi[status]}",
                    application=application)
    for path in ("/early", "/late"):
        assert server.ask(path=path).status == 500
    server.wait_for_log("over 500\n")
    assert "ValueError: on purpose" in server.log()


def test_what_an_application_does_behind_an_answer_of_rules_changes_nothing_of_it(routed):
    def application(environ, start_response):
        start_response("404 Not Found", [])
        yield b"not this"
        raise ValueError("on purpose")

    server = routed("response-route-status = 404 return:410", application=application)
    assert server.ask(path="/x").body == b"Gone"
    assert "ValueError: on purpose" in server.log()


@pytest.mark.parametrize("chain", ["error", "response"])
def test_a_rule_that_cannot_be_kept_lets_no_other_be_forgotten(routed, chain):
    server = routed(f"{chain}-route = (?s)^/(.*)$ addheader:X-P: $1", f"{chain}-route-run = break:403",
                    "route = ^/y return:200")
    assert server.ask(path="/a").status == 403
    for path in ("/a%0d%0aX-Evil:%201", "/y%0ab"):
        answer = server.ask(path=path)
        assert (answer.status, answer.header("X-Evil")) == (400, None)


# the log


def test_what_rules_say_of_the_log(routed):
    names = "empty client_errors server_errors sendfile io_errors micros memory forwarded json"
    how = SimpleNamespace(fd=2, date="", format="%(kind) %(TAG) %(user) %(uri) %(method)", time_format="", slow=0,
                          big=0, **dict.fromkeys(names.split(), False))
    server = routed("route = ^/quiet donotlog:", "route-run = logvar:kind=k-${HTTP_HOST}", "route-run = logvar:TAG=t",
                    "route-run = setuser:u", "route-run = seturi:/other", "final-route-status = 404 log:lost ${qs[a]}",
                    log_requests=True, request_log=how)
    server.ask(path="/quiet")
    server.ask(path="/status/404_x?a=1\n2", protocol="uwsgi")
    server.ask(path="/loud")
    server.drain()
    assert server.log() == "lost 1\\n2\nk-example.org t u /other GET\nk-example.org t u /other GET\n"


def test_without_a_line_for_requests_the_final_chain_runs_all_the_same(routed):
    server = routed("final-route-run = log:end ${uwsgi[status]} ${uwsgi[rsize]}", "route = ^/r return:410")
    server.ask(path="/r")
    server.wait_for_log("end 410 4\n")
    server.ask(path="/a")
    server.wait_for_log("end 200 ")



# what sockets of http do by themselves


@pytest.mark.parametrize(("port", "host", "target", "to"), [
    ("", "example.org", "/a?b=c", "https://example.org/a?b=c"),
    ("8443", "example.org:80", "/", "https://example.org:8443/"),
    ("", "[::1]:80", "/a%0d%0ab", "https://[::1]/a%0d%0ab"),
    ("", "example.org", "http://other.example/x", "https://other.example/"),
])
def test_everybody_is_sent_to_https(worker, port, host, target, to):
    server = worker(app.application, https_port=port)
    raw = server.send(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    answer = speak.parse(raw)
    assert (answer.status, answer.header("Location"), answer.header("Connection")) == (301, to, "close")
    nameless = speak.parse(server.send(b"GET /x HTTP/1.0\r\n\r\n"))
    assert nameless.header("Location") == (f"https://vm:{port}/x" if port else "https://vm/x")
    assert server.send(b"GET /x HTTP/1.1\r\nHost: a b\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    # Who may speak other protocols here may not break a line either.
    assert server.ask(path="/x", protocol="uwsgi", HTTP_HOST="a\r\nX-Evil: 1").status == 400


def test_variables_of_requests_that_come_by_http(routed):
    def application(environ, start_response):
        start_response("200 OK", [])
        return [f"{environ['SERVER_NAME']} {environ.get('TENANT')}".encode()]

    lines = "http-var = TENANT=a=b", "http-server-name-as-http-host = true"
    assert routed(*lines, application=application, router=True).ask().body == b"example.org a=b"
    assert routed(*lines, application=application).ask().body == b"vm None"


TEXT = b"compress me, please. " * 2000


def compressible(environ, start_response):
    path = environ["PATH_INFO"]
    headers = [("uWSGI-Encoding", "gzip")] if path != "/plain" else []
    if path == "/encoded":
        headers.append(("Content-Encoding", "br"))
    if path == "/length":
        headers.append(("Content-Length", str(len(TEXT))))
    start_response("200 OK", [*headers, ("ETag", '"x"')])
    if path == "/pieces":
        return (TEXT[at : at + 1000] for at in range(0, len(TEXT), 1000))
    if path == "/file":
        file = tempfile.TemporaryFile()  # noqa: SIM115  # the server closes it
        file.write(TEXT)
        file.seek(0)
        return environ["wsgi.file_wrapper"](file)
    return [TEXT[:100], TEXT[100:]]


@pytest.mark.parametrize("protocol", ["http", "fastcgi"])
@pytest.mark.parametrize(("path", "accepted", "is_gzip"), [
    ("/", "gzip, br", True), ("/pieces", "gzip", True), ("/file", "*", True), ("/", "", False),
    ("/", "gzip;q=0", False), ("/plain", "gzip", False), ("/encoded", "gzip", False), ("/length", "gzip", False),
])
def test_answers_are_compressed_where_both_want_it(routed, protocol, path, accepted, is_gzip):
    server = routed("http-auto-gzip = true", application=compressible, router=True)
    answer = server.ask(path=path, protocol=protocol, HTTP_ACCEPT_ENCODING=accepted)
    assert (answer.header("Content-Encoding") == "gzip") is is_gzip
    assert (gzip.decompress(answer.body) if is_gzip else answer.body) == TEXT
    assert answer.header("uWSGI-Encoding") is None
    assert answer.header("ETag") == ('W/"x"' if is_gzip else '"x"')
    assert (answer.header("Vary") == "Accept-Encoding") is is_gzip


def test_a_rule_compresses(routed):
    server = routed("route = ^/p gzip:", application=compressible)
    with server.connect() as sock:
        left = b""
        for path in ("/pieces", "/plain", "/other"):
            sock.sendall(speak.http(path=path, close=False, Accept_Encoding="gzip"))
            answer, left = speak.read_one(sock, left)
            if path == "/other":
                assert answer.body == TEXT and answer.header("uWSGI-Encoding") == "gzip"
            else:
                assert gzip.decompress(answer.body) == TEXT
    assert server.ask("HEAD", "/pieces", HTTP_ACCEPT_ENCODING="gzip").header("Content-Encoding") is None


# pages for errors


def test_pages_for_errors_of_our_own(routed, tmp_path):
    pages = {status: tmp_path / f"{status}.html" for status in (403, 404, 500)}
    for status, page in pages.items():
        page.write_text(f"<p>{status}")
    names = SimpleNamespace(forbidden=["/none", str(pages[403])], missing=[str(pages[404])], failed=[str(pages[500])])

    def application(environ, start_response):
        if environ["PATH_INFO"] == "/own":
            start_response("404 Not Found", [])
            return [b"mine"]
        raise ValueError("on purpose")

    server = routed("route = ^/deny break:403", "route = ^/gone return:404", "route = ^/file static:@/none",
                    "route = ^/tea break:418", application=application, error_pages=names)
    for path, status, body in (("/deny", 403, b"<p>403"), ("/gone", 404, b"<p>404"), ("/file", 404, b"<p>404"),
                               ("/x", 500, b"<p>500"), ("/own", 404, b"mine"), ("/tea", 418, b"")):
        for protocol in ("http", "fastcgi"):
            answer = server.ask(path=path, protocol=protocol)
            assert (answer.status, answer.body) == (status, body)
            assert (answer.header("Content-Type") == "text/html") is body.startswith(b"<")
    pages[500].unlink()
    assert server.ask(path="/x").body == b"500 Internal Server Error\n"
    pages[500].write_text("<p>again")
    assert server.ask(path="/x").body == b"<p>again"


# the page


BLOCKS = re.findall(r"```ini\n(.*?)```", (Path(__file__).parents[2] / "docs" / "routing.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split(" ")[0])
def test_the_page_is_true(routed, site, block):
    """Every example is taken as it stands, and does what the text beside it says."""
    other = ("http-to-https", "https", "log-format")
    server = routed(*(line for line in block.splitlines() if not line.startswith(other)))

    def ask(path, **more):
        return server.ask(path=path, protocol="uwsgi", **more)

    if block.startswith("route-host"):
        assert ask("/x?y=1", HTTP_HOST="www.example.org").header("Location") == "https://example.org/x?y=1"
        assert ask("/old/a").header("Location") == "/new/a"
    elif "/api/v1" in block:
        assert b"PATH_INFO=/users\n" in ask("/api/v1/users").body
        assert b"PATH_INFO=/item\nQUERY_STRING=id=7&a=b\n" in ask("/item/7?a=b").body
    elif "badbot" in block:
        statuses = [ask(path).status for path in ("/wp-login.php", "/healthz", "/")]
        assert (statuses, ask("/", HTTP_USER_AGENT="a BadBot").status) == ([404, 200, 200], 403)
    elif "basicauth" in block:
        assert ask("/admin").header("WWW-Authenticate") == 'Basic realm="Staff"'
        assert (ask("/x").header("WWW-Authenticate"), ask("/public/x").status) == ('Basic realm="Preview"', 200)
    elif "collect-header" in block:
        assert ask("/file/a.txt", DOCUMENT_ROOT=str(site)).body == b"hello\n"
    elif "static-next" in block:
        assert (ask("/app/x").status, ask("/media/x").status) == (404, 200)
    elif "Cache-Control" in block:
        assert ask("/static/x").header("Cache-Control") == "public, max-age=3600"
        assert ask("/status/404_Lost").header("X-Missing") == "/status/404_Lost"
    elif "TENANT=${cookie" in block:
        assert b"wsgi.url_scheme=https\n" in ask("/x", HTTP_X_FORWARDED_PROTO="https").body
        assert b"UWSGI_APPID=/shop\n" in ask("/shop").body
        ask("/status/500_Ouch")
        server.wait_for_log("failed /status/500_Ouch after ")
    elif "goto" in block:
        assert [ask("/x").status, ask("/admin").status, ask("/admin", REMOTE_ADDR="10.1.2.3").status] == [200, 403, 200]
    else:
        assert "http-auto-gzip" in block
