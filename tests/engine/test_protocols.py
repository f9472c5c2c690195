"""One application, four protocols: the environ, the body, the answer, and who may say what."""

import io
import json
import warnings
from wsgiref.validate import validator

import pytest

from . import speak
from .conftest import PROTOCOLS


def show(environ, start_response):
    plain = {key: value for key, value in environ.items() if isinstance(value, str | int | bool)}
    plain["body"] = environ["wsgi.input"].read().decode("latin-1")
    plain["types"] = {key: type(value).__name__ for key, value in environ.items()}
    data = json.dumps(plain).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(data)))])
    return [data]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("family", ["", "tcp-"])
def test_a_request_becomes_an_environ(worker, protocol, family):
    server = worker(show)
    body = b"a=1&b=2"
    raw = server.send(speak.encode(protocol, "POST", "/p/x?q=1", body, HTTP_X_FOO="bar"), family + protocol)
    answer = speak.decode(protocol, raw)
    seen = json.loads(answer.body)
    assert answer.status == 200
    assert seen["REQUEST_METHOD"] == "POST" and seen["PATH_INFO"] == "/p/x" and seen["QUERY_STRING"] == "q=1"
    assert seen["REQUEST_URI"] == "/p/x?q=1" and seen["SCRIPT_NAME"] == "" and seen["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert seen["HTTP_X_FOO"] == "bar" and seen["CONTENT_LENGTH"] == "7" and seen["body"] == body.decode()
    assert seen["wsgi.url_scheme"] == "http" and seen["wsgi.multiprocess"] is True and seen["wsgi.multithread"] is False
    assert seen["wsgi.run_once"] is False and seen["wsgi.input_terminated"] is True
    assert seen["types"]["uwsgi.version"] == seen["types"]["uwsgi.node"] == "bytes"
    assert "uwsgi.core" not in seen


@pytest.mark.parametrize("declared", PROTOCOLS)
@pytest.mark.parametrize("spoken", PROTOCOLS)
def test_a_trusted_peer_may_speak_any_protocol(worker, declared, spoken):
    server = worker(show)
    for name in (declared, "tcp-" + declared):
        answer = speak.decode(spoken, server.send(speak.encode(spoken, "GET", "/any"), name))
        assert json.loads(answer.body)["PATH_INFO"] == "/any"


@pytest.mark.parametrize("spoken", ["uwsgi", "fastcgi", "scgi"])
def test_an_untrusted_peer_speaks_http_only_where_http_is_declared(worker, spoken):
    server = worker(show, trusted=[])
    raw = server.send(speak.encode(spoken, "GET", "/", REMOTE_USER="admin"), "tcp-http")
    assert b"admin" not in raw and (raw == b"" or speak.parse(raw).status == 400)
    # The declared protocol it may.
    answer = speak.decode(spoken, server.send(speak.encode(spoken, "GET", "/x"), "tcp-" + spoken))
    assert json.loads(answer.body)["PATH_INFO"] == "/x"


PATHS = {
    # name: (variables told instead of PATH_INFO, SCRIPT_NAME, PATH_INFO)
    "nginx fastcgi_params": ({"SCRIPT_NAME": "/a b", "DOCUMENT_URI": "/a b"}, "", "/a b"),
    "nginx scgi_params": ({"DOCUMENT_URI": "/a"}, "", "/a"),
    "Apache": ({"SCRIPT_NAME": "/a"}, "", "/a"),
    "mounted": ({"SCRIPT_NAME": "/m", "DOCUMENT_URI": "/m/a"}, "/m", "/a"),
    "not mounted": ({"SCRIPT_NAME": "/m", "DOCUMENT_URI": "/mm"}, "", "/mm"),
    "nothing": ({}, "", ""),
}


@pytest.mark.parametrize("protocol", ["fastcgi", "scgi"])
@pytest.mark.parametrize("case", PATHS)
def test_the_path_is_found_where_a_front_end_tells_it(worker, protocol, case):
    told, script_name, path_info = PATHS[case]
    variables = speak.variables(path="/raw") | told
    del variables["PATH_INFO"]
    raw = worker(show).send(getattr(speak, protocol)(variables), protocol)
    seen = json.loads(speak.decode(protocol, raw).body)
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == (script_name, path_info)


@pytest.mark.parametrize("protocol", ["uwsgi", "fastcgi", "scgi"])
def test_a_server_without_a_name_has_that_of_the_machine(worker, protocol):
    variables = speak.variables(SERVER_NAME="", SERVER_PORT="")
    raw = worker(show).send(getattr(speak, protocol)(variables), protocol)
    seen = json.loads(speak.decode(protocol, raw).body)
    assert (seen["SERVER_NAME"], seen["SERVER_PORT"]) == ("vm", "80")  # PEP 3333: never empty


def test_http_tells_the_addresses(worker):
    server = worker(show)
    with server.connect("tcp-http") as sock:
        sock.sendall(speak.http())
        seen = json.loads(speak.parse(speak.read_all(sock)).body)
        # An environ key, whatever the client calls its headers.
        assert seen["REMOTE_ADDR"] == "127.0.0.1"
        assert seen["SERVER_PORT"] == str(server.sockets["tcp-http"].getsockname()[1]) and seen["SERVER_NAME"] == "vm"
    seen = json.loads(server.ask(protocol="http").body)
    assert seen["REMOTE_ADDR"] == "0.0.0.0" and seen["SERVER_PORT"] == "80"


@pytest.mark.parametrize(
    ("more", "scheme"),
    [
        ({}, "http"),
        ({"HTTPS": "on"}, "https"),
        ({"HTTPS": "1"}, "https"),
        ({"HTTPS": "off"}, "http"),
        ({"HTTPS": ""}, "http"),
        ({"REQUEST_SCHEME": "https"}, "https"),
        ({"UWSGI_SCHEME": "https"}, "https"),
        ({"HTTP_X_FORWARDED_PROTO": "https"}, "https"),
        ({"HTTP_X_FORWARDED_PROTO": "javascript"}, "http"),
        ({"HTTP_X_FORWARDED_PROTO": "http", "HTTPS": "on"}, "http"),
        ({"UWSGI_SCHEME": "https", "HTTP_X_FORWARDED_PROTO": "http"}, "https"),
    ],
)
def test_the_scheme_is_what_the_front_end_says(worker, more, scheme):
    server = worker(show)
    for protocol in ("uwsgi", "fastcgi", "scgi"):
        assert json.loads(server.ask(protocol=protocol, **more).body)["wsgi.url_scheme"] == scheme


def test_x_forwarded_proto_counts_from_trusted_peers_only(worker):
    for trusted, scheme in ((["127.0.0.1"], "https"), ([], "http")):
        server = worker(show, trusted=trusted)
        raw = server.send(speak.http(X_Forwarded_Proto="https"), "tcp-http")
        assert json.loads(speak.parse(raw).body)["wsgi.url_scheme"] == scheme


def test_control_variables_are_dropped_and_named_once(worker):
    server = worker(show)
    for _ in range(3):
        seen = json.loads(
            server.ask(protocol="uwsgi", UWSGI_FILE="/etc/passwd", UWSGI_SETENV="A=B", HTTP_PROXY="evil").body
        )
        assert not {"UWSGI_FILE", "UWSGI_SETENV", "HTTP_PROXY"} & set(seen)
    assert server.log().count("UWSGI_FILE") == 1 and server.log().count("UWSGI_SETENV") == 1


def test_the_header_proxy_never_becomes_http_proxy(worker):
    assert b"evil" not in worker(show).send(speak.http(Proxy="http://evil"))


def test_headers_that_come_twice_are_joined(worker):
    server = worker(show)
    twice = b"X-A: 1\r\nCookie: a=1\r\nx-a: 2\r\nCookie: b=2\r\nAccept: a\r\nAccept: b\r\n"
    raw = b"GET / HTTP/1.1\r\nHost: x\r\n" + twice + b"Connection: close\r\n\r\n"
    seen = json.loads(speak.parse(server.send(raw)).body)
    assert (seen["HTTP_X_A"], seen["HTTP_COOKIE"], seen["HTTP_ACCEPT"]) == ("1, 2", "a=1; b=2", "a, b")


def test_of_variables_that_come_twice_the_last_wins(worker):
    server = worker(show)
    request = speak.uwsgi(speak.variables() | {"X": "1", "X ": "2"}).replace(b"X ", b"X\x01")
    assert json.loads(speak.parse(server.send(request, "uwsgi")).body)["X\x01"] == "2"
    doubled = speak.variables(HTTP_X_A="1", HTTP_X_B="2")
    raw = speak.uwsgi(doubled).replace(b"HTTP_X_B", b"HTTP_X_A")
    assert json.loads(speak.parse(server.send(raw, "uwsgi")).body)["HTTP_X_A"] == "2"


def test_bytes_become_latin_1(worker):
    seen = json.loads(worker(show).ask(path="/%C3%A9", HTTP_X_A="\xe9").body)
    assert seen["PATH_INFO"] == "/\xc3\xa9" and seen["HTTP_X_A"] == "\xe9" and seen["REQUEST_URI"] == "/%C3%A9"


def test_modifier_30_takes_script_name_off_the_path(worker):
    server = worker(show)
    for path, expected in (("/a/x", "/x"), ("/a", ""), ("/ab", "/ab")):
        raw = server.send(speak.uwsgi(speak.variables(path=path, SCRIPT_NAME="/a"), modifier1=30), "uwsgi")
        assert json.loads(speak.parse(raw).body)["PATH_INFO"] == expected


def test_a_ping_is_answered(worker):
    assert worker(show).send(b"\x64\x00\x00\x00", "uwsgi") == b"\x64\x00\x00\x01"


def test_the_environ_is_a_fresh_dict_each_time(worker):
    kept = []

    def keep(environ, start_response):
        kept.append((environ, start_response, environ["wsgi.input"]))
        start_response("200 OK", [])
        return [
            ",".join(sorted({e["PATH_INFO"] for e, _, _ in kept})).encode() + b" %d" % len({id(s) for _, s, _ in kept})
        ]

    server = worker(keep)
    server.ask(path="/1")
    server.ask(path="/2")
    assert server.ask(path="/3").body == b"/1,/2,/3 3"


def test_cores_are_told_apart_only_if_there_are_several(worker):
    seen = json.loads(worker(show, threads=3).ask().body)
    assert seen["uwsgi.core"] in (0, 1, 2) and seen["wsgi.multithread"] is True


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_reference_validator_is_silent(worker, protocol):
    def app(environ, start_response):
        environ["wsgi.input"].read(3)
        environ["wsgi.input"].readline()
        list(environ["wsgi.input"])
        environ["wsgi.errors"].write("to the log\n")
        environ["wsgi.errors"].writelines(["two ", "pieces\n"])
        environ["wsgi.errors"].flush()
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"written, ")
        return iter([b"and ", b"", b"yielded"])

    warnings.simplefilter("error")
    server = worker(validator(app))
    answer = server.ask("POST", "/x?y", b"some body\nand more\n", protocol=protocol)
    assert (answer.status, answer.body) == (200, b"written, and yielded")
    assert server.wait_for_log("pieces").splitlines() == ["to the log", "two pieces"]


def test_without_an_application_every_answer_is_500(worker):
    server = worker(None)
    for protocol in PROTOCOLS:
        assert server.ask(protocol=protocol).status == 500
    assert "no python application found" in server.log()


def test_wsgi_input_can_be_wrapped_by_io(worker):
    def app(environ, start_response):
        start_response("200 OK", [])
        return [io.TextIOWrapper(io.BufferedReader(environ["wsgi.input"]), "utf-8").read().upper().encode()]

    assert worker(app).ask("POST", "/", "gr\xfcn\n".encode()).body == "GR\xdcN\n".encode()
