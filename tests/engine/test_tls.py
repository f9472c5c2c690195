"""TLS: the same requests and answers, whatever the client does with its records; and what a handshake may not do."""

import hashlib
import os
import select
import socket
import ssl
import subprocess
import threading
from types import SimpleNamespace

import pytest

from tests.harness.certificates import Authority, Pair

from . import speak


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("ca"))
    for name, kind in (("localhost", "rsa"), ("a.example", "ec"), ("*.b.example", "ec"), ("other", "ec")):
        made.sign(name, kind=kind)
    made.sign("client", subject="/C=IT/O=Ex\\/ample/CN=a client")
    return made


def context(pair, name="", **more):
    defaults = {"name": name, "certificate": pair[0].read_text(), "key": pair[1].read_text(), "suites": [],
                "client_ca": "", "demands_client": False}  # fmt: skip
    return SimpleNamespace(**(defaults | more))


def settings(*contexts, **more):
    defaults = {"contexts": contexts, "secret": "secret of the test", "lifetime": 300, "exports_certificate": False}
    return SimpleNamespace(**(defaults | more))


def pair(authority, name):
    place = authority.place / name.replace("*", "_")
    return Pair(place / "crt", place / "key")


@pytest.fixture
def tls(authority):
    """One context, for localhost."""
    return settings(context(pair(authority, "localhost")))


def secure(server, authority, name="tls-http", host="localhost", client=None, session=None):
    client = client or authority.client()
    sock = server.connect(name)
    return client.wrap_socket(sock, server_hostname=host, session=session)


def echo(environ, start_response):
    body = environ["PATH_INFO"].encode() + environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def show(environ, start_response):
    keys = ("HTTPS", "wsgi.url_scheme", "HTTPS_DN", "HTTPS_CC", "HTTPS_CLIENT_CERTIFICATE", "SERVER_PORT")
    body = "\n".join(f"{key}={environ.get(key)!r}" for key in keys).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_connection_serves_many_requests(worker, authority, tls, version):
    client = authority.client(minimum_version=version, maximum_version=version)
    with secure(worker(echo, tls=tls), authority, client=client) as sock:
        assert sock.version() == version.name.replace("v1_", "v1.")
        rest = b""
        for number in range(50):
            sock.sendall(speak.http("POST", f"/{number}-", b"x" * number * 100, close=False))
            answer, rest = speak.read_one(sock, rest)
            assert answer.body == f"/{number}-".encode() + b"x" * number * 100 and rest == b""


def test_pipelined_requests_are_answered_in_order(worker, authority, tls):
    requests = b"".join(speak.http("POST", f"/{number}", b"b" * (number % 50), close=False) for number in range(500))
    with secure(worker(echo, tls=tls), authority) as sock:
        # All of it in few records: what was decrypted and not yet looked at makes no edge.
        sock.sendall(requests + speak.http(path="/last"))
        rest = b""
        for number in range(500):
            answer, rest = speak.read_one(sock, rest)
            assert answer.body == f"/{number}".encode() + b"b" * (number % 50)
        answer, rest = speak.read_one(sock, rest)
        assert answer.body == b"/last" and rest == b"" and sock.recv(1) == b""


def test_uwsgi_over_tls(worker, authority, tls):
    server = worker(echo, tls=tls)
    with secure(server, authority, "tls-uwsgi") as sock:
        sock.sendall(speak.encode("uwsgi", "POST", "/u", b"body"))
        assert speak.decode("uwsgi", speak.read_all(sock)).body == b"/ubody"


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("version", VERSIONS)
def test_large_bodies_both_ways(worker, authority, tls, version, threads):
    def digest(environ, start_response):
        body, taken = environ["wsgi.input"], hashlib.sha256()
        while piece := body.read(100_000):
            taken.update(piece)
        start_response("200 OK", [("X-Digest", taken.hexdigest())])
        return (bytes([number]) * 70_000 for number in range(200))

    data = os.urandom(20_000_000)
    client = authority.client(minimum_version=version, maximum_version=version)
    with secure(worker(digest, tls=tls, threads=threads), authority, client=client) as sock:
        sock.sendall(speak.http("POST", "/", data))
        answer = speak.parse(speak.read_all(sock))
    assert answer.header("X-Digest") == hashlib.sha256(data).hexdigest()
    assert answer.body == b"".join(bytes([number]) * 70_000 for number in range(200))


def test_a_file(worker, authority, tls, tmp_path):
    data = os.urandom(3_000_000)
    (tmp_path / "file").write_bytes(data)

    def file(environ, start_response):
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](open(tmp_path / "file", "rb"))

    with secure(worker(file, tls=tls), authority) as sock:
        sock.sendall(speak.http())
        assert speak.parse(speak.read_all(sock)).body == data


def test_a_client_that_reads_late_gets_everything(worker, authority, tls):
    data = os.urandom(8_000_000)

    def large(environ, start_response):
        start_response("200 OK", [("Content-Length", str(len(data)))])
        return [data]

    server = worker(large, tls=tls)
    sock = server.connect("tls-http")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    with authority.client().wrap_socket(sock, server_hostname="localhost") as sock:
        sock.sendall(speak.http(path="/first", close=False))
        server.wait_for(lambda: server.row().requests == 1, "the request")
        with secure(server, authority) as other:
            other.sendall(speak.http(path="/second"))
            assert speak.parse(speak.read_all(other)).body == data
        answer, rest = speak.read_one(sock, b"")
        assert answer.body == data and rest == b""


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_handshake_may_come_in_pieces(worker, authority, tls, size):
    server = worker(echo, tls=tls)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = authority.client().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with server.connect("tls-http") as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def send():
            data = outgoing.read()
            for at in range(0, len(data), size):
                sock.sendall(data[at : at + size])

        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                send()
                incoming.write(sock.recv(65536))
        client.write(speak.http("POST", "/slow", b"body", close=False))
        send()
        got = b""
        while b"/slowbody" not in got:
            try:
                got += client.read(65536)
            except ssl.SSLWantReadError:
                incoming.write(sock.recv(65536))


def test_the_environ(worker, authority):
    server = worker(show, tls=settings(context(pair(authority, "localhost"))))
    with secure(server, authority) as sock:
        sock.sendall(speak.http())
        text = speak.parse(speak.read_all(sock)).body.decode()
        port = server.sockets["tls-http"].getsockname()[1]
    assert text == (
        f"HTTPS='on'\nwsgi.url_scheme='https'\nHTTPS_DN=None\nHTTPS_CC=None\nHTTPS_CLIENT_CERTIFICATE=None\n"
        f"SERVER_PORT='{port}'"
    )
    with server.connect("tcp-http") as sock:
        sock.sendall(speak.http())
        text = speak.parse(speak.read_all(sock)).body.decode()
    assert text.startswith("HTTPS=None\nwsgi.url_scheme='http'\n")


@pytest.mark.parametrize("export", [False, True])
@pytest.mark.parametrize("version", VERSIONS)
def test_the_certificate_of_a_client(worker, authority, version, export):
    ours = context(pair(authority, "localhost"), client_ca=authority.pair.certificate.read_text())
    server = worker(show, tls=settings(ours, exports_certificate=export))
    certificate, _ = shown = pair(authority, "client")
    client = authority.client(shown, minimum_version=version, maximum_version=version)
    with secure(server, authority, client=client) as sock:
        sock.sendall(speak.http())
        text = speak.parse(speak.read_all(sock)).body.decode()
    pem = certificate.read_text()
    der = ssl.PEM_cert_to_DER_cert(pem).decode("latin-1")
    assert "HTTPS_DN='/C=IT/O=Ex\\\\/ample/CN=a client'\n" in text
    assert f"HTTPS_CLIENT_CERTIFICATE={der!r}\n" in text
    assert f"HTTPS_CC={pem if export else None!r}\n" in text
    # It is not demanded.
    with secure(server, authority) as sock:
        sock.sendall(speak.http())
        assert b"HTTPS_DN=None" in speak.read_all(sock)


def refused(sock_of):
    """A handshake that must fail: at once, or with TLS 1.3 at the first read."""
    with pytest.raises((ssl.SSLError, ConnectionResetError)), sock_of() as sock:
        sock.sendall(speak.http())
        assert not sock.recv(1)
        raise ConnectionResetError


@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_may_be_demanded(worker, authority, tmp_path, version):
    ours = context(
        pair(authority, "localhost"), client_ca=authority.pair.certificate.read_text(), demands_client=True
    )
    server = worker(show, tls=settings(ours))
    versions = {"minimum_version": version, "maximum_version": version}
    refused(lambda: secure(server, authority, client=authority.client(**versions)))
    stranger = Authority(tmp_path / "stranger", "Stranger").sign("client")
    refused(lambda: secure(server, authority, client=authority.client(stranger, **versions)))
    assert server.wait_for_log("no TLS with 127.0.0.1: ").count("[tls-handshake]") >= 1
    with secure(server, authority, client=authority.client(pair(authority, "client"), **versions)) as sock:
        sock.sendall(speak.http())
        assert b"a client" in speak.read_all(sock)


def test_names(worker, authority):
    server = worker(
        echo,
        tls=settings(
            context(pair(authority, "localhost")),
            context(pair(authority, "a.example"), "A.example"),
            context(pair(authority, "*.b.example"), "*.b.example"),
        ),
    )
    client = authority.client()
    client.check_hostname = False
    for asked, given in [("a.example", "a.example"), ("A.EXAMPLE", "a.example"), ("x.b.example", "*.b.example"),
                         ("b.example", "localhost"), ("x.y.b.example", "localhost"), ("c.example", "localhost"),
                         (None, "localhost")]:  # fmt: skip
        with secure(server, authority, host=asked, client=client) as sock:
            assert dict(one[0] for one in sock.getpeercert()["subject"])["commonName"] == given


@pytest.mark.parametrize("version", VERSIONS)
def test_sessions_are_resumed_by_another_worker(worker, authority, tls, version):
    """Two workers that share nothing but the secret."""
    one, other = worker(echo, tls=tls), worker(echo, tls=tls)
    stranger = worker(echo, tls=settings(*tls.contexts, secret="another"))
    client = authority.client(minimum_version=version, maximum_version=version)
    with secure(one, authority, client=client) as sock:
        sock.sendall(speak.http(close=False))
        speak.read_one(sock, b"")  # with TLS 1.3 the ticket comes before it
        session = sock.session
    for server, reused in [(other, True), (one, True), (stranger, False)]:
        with secure(server, authority, client=client, session=session) as sock:
            sock.sendall(speak.http(path="/again"))
            assert speak.parse(speak.read_all(sock)).body == b"/again"
            assert sock.session_reused == reused


def test_a_session_of_another_context_is_no_way_round_its_rules(worker, authority):
    """One that was made without a certificate does not open the door where one is demanded."""
    easy = worker(echo, tls=settings(context(pair(authority, "localhost"))))
    client = authority.client()
    with secure(easy, authority, client=client) as sock:
        sock.sendall(speak.http(close=False))
        speak.read_one(sock, b"")
        session = sock.session
    strict = context(pair(authority, "localhost"), name="localhost", demands_client=True,
                     client_ca=authority.pair.certificate.read_text())  # fmt: skip
    server = worker(echo, tls=settings(context(pair(authority, "localhost")), strict))
    refused(lambda: secure(server, authority, client=client, session=session))


def test_alpn(worker, authority, tls):
    server = worker(echo, tls=tls)
    client = authority.client()
    client.set_alpn_protocols(["h2", "http/1.1"])
    with secure(server, authority, client=client) as sock:
        assert sock.selected_alpn_protocol() == "http/1.1"
    client.set_alpn_protocols(["h2"])
    with pytest.raises(ssl.SSLError, match=r"(?i)no.application.protocol"):
        secure(server, authority, client=client)


def test_suites(worker, authority):
    only = ["TLS13_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]
    server = worker(echo, tls=settings(context(pair(authority, "localhost"), suites=only)))
    for version, suite in zip(VERSIONS, ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_CHACHA20_POLY1305_SHA256"), strict=True):
        client = authority.client(minimum_version=version, maximum_version=version)
        with secure(server, authority, client=client) as sock:
            assert sock.cipher()[0] == suite


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(worker, tls, version):
    server = worker(echo, tls=tls)
    host, port = server.sockets["tls-http"].getsockname()
    command = ["openssl", "s_client", "-connect", f"{host}:{port}", version, "-cipher", "ALL:@SECLEVEL=0"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode != 0 and "alert" in done.stderr
    server.wait_for_log("[tls-handshake]")


def test_renegotiation_is_refused(worker, authority, tls):
    server = worker(echo, tls=tls)
    host, port = server.sockets["tls-http"].getsockname()
    command = ["openssl", "s_client", "-connect", f"{host}:{port}", "-tls1_2", "-CAfile", authority.pair.certificate]
    done = subprocess.run(command, input="R\n", capture_output=True, text=True, timeout=20)
    assert "RENEGOTIATING" in done.stdout + done.stderr
    assert "no renegotiation" in done.stderr or "alert" in done.stderr or "NO_RENEGOTIATION" in done.stderr
    with secure(server, authority) as sock:
        sock.sendall(speak.http(path="/well"))
        assert speak.parse(speak.read_all(sock)).body == b"/well"


@pytest.mark.parametrize("request_", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST / HTTP/1.0\r\n\r\n" + b"x" * 9000])
def test_plain_http_is_told_so(worker, tls, request_):
    server = worker(echo, tls=tls)
    with server.connect("tls-http") as sock:
        sock.sendall(request_)
        assert speak.parse(speak.read_all(sock)).status == 400
    server.wait_for_log("[plain-on-tls-socket]")


GARBAGE = {
    "a record without end": b"\x16\x03\x01\xff\xff" + b"\0" * 100,
    "zeros": b"\0" * 50,
    "noise": b"\xa7" + os.urandom(5000),
    "ssl 2": b"\x80" * 50,
    "an empty hello": b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
    "an alert": b"\x15\x03\x01\x00\x02\x02\x28",
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_an_end(worker, authority, tls, garbage):
    server = worker(echo, tls=tls)
    with server.connect("tls-http") as sock:
        try:
            sock.sendall(garbage)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
        except OSError:
            pass  # reset already: it had enough
    with secure(server, authority) as sock:
        sock.sendall(speak.http(path="/well"))
        assert speak.parse(speak.read_all(sock)).body == b"/well"


def test_a_handshake_that_stops_obeys_the_deadline_and_holds_no_core(worker, authority, tls):
    server = worker(echo, tls=tls, socket_timeout=0.3)
    silent, half = server.connect("tls-http"), server.connect("tls-http")
    outgoing = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        authority.client().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost").do_handshake()
    half.sendall(outgoing.read()[:100])
    with secure(server, authority) as sock:
        sock.sendall(speak.http(path="/well"))
        assert speak.parse(speak.read_all(sock)).body == b"/well"
    for sock in (silent, half):
        with sock:
            assert sock.recv(1) == b""


def test_an_end_is_said_and_a_cut_is_not(worker, authority, tls):
    def broken(environ, start_response):
        start_response("200 OK", [])
        yield b"some"
        if environ["PATH_INFO"] == "/broken":
            raise ValueError("as expected")

    server = worker(broken, tls=tls)
    client = authority.client()
    for path, whole in [("/", True), ("/broken", False)]:
        with server.connect("tls-http") as plain:
            sock = client.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
            sock.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            got = b""
            try:
                while piece := sock.recv(65536):
                    got += piece
                ended = True
            except ssl.SSLEOFError:
                ended = False
            assert got.endswith(b"some") and ended == whole
            sock.detach()
    assert "as expected" in server.wait_for_log("ValueError")


def test_a_client_that_says_goodbye_is_answered_still(worker, authority, tls):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = authority.client().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with worker(echo, tls=tls).connect("tls-http") as sock:
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                sock.sendall(outgoing.read())
                incoming.write(sock.recv(65536))
        client.write(speak.http("POST", "/bye", b"body", close=False))
        with pytest.raises(ssl.SSLWantReadError):
            client.unwrap()
        sock.sendall(outgoing.read())
        got = b""
        while data := sock.recv(65536):
            got += data
        assert got  # the answer and our own goodbye, encrypted


def test_a_drain_ends_idle_connections_and_finishes_the_others(worker, authority, tls):
    begun, go_on = os.pipe(), os.pipe()

    def slow(environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            os.write(begun[1], b"x")
            os.read(go_on[0], 1)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    server = worker(slow, tls=tls, threads=2)
    idle, busy = secure(server, authority), secure(server, authority)
    idle.sendall(speak.http(close=False))
    speak.read_one(idle, b"")
    busy.sendall(speak.http(path="/slow", close=False))
    assert select.select([begun[0]], [], [], 20)[0]
    server.control.send(b"D")
    assert idle.recv(1) == b""
    os.write(go_on[1], b"x")
    assert speak.parse(speak.read_all(busy)).body == b"ok"
    assert server.wait() == 0


def test_many_at_once_leave_nothing_behind(worker, authority, tls):
    server = worker(echo, tls=tls, threads=2)
    before = server.descriptors()
    client = authority.client()
    failures = []

    def some():
        try:
            for number in range(10):
                with secure(server, authority, client=client) as sock:
                    sock.sendall(speak.http("POST", f"/{number}", b"x" * 10_000))
                    assert len(speak.parse(speak.read_all(sock)).body) == 10_002
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    server.wait_for(lambda: server.descriptors() == before, "the closing of all connections")


def test_a_certificate_of_version_1_serves(worker, authority, tmp_path):
    """As openssl made them for years: rustls itself would refuse it."""
    from tests.harness.certificates import openssl

    key, request, certificate = tmp_path / "key", tmp_path / "csr", tmp_path / "crt"
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=old")
    openssl("x509", "-req", "-in", request, "-signkey", key, "-out", certificate, "-days", "30")
    assert "Version: 1" in openssl("x509", "-in", certificate, "-noout", "-text")
    server = worker(echo, tls=settings(context((certificate, key))))
    client = ssl._create_unverified_context()
    with secure(server, authority, client=client) as sock:
        sock.sendall(speak.http(path="/old"))
        assert speak.parse(speak.read_all(sock)).body == b"/old"

