"""Addresses: what is listened on, and what never could be."""

import pytest

from imperator.config.addresses import endpoint
from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.settings import Endpoint
from imperator.errors import Severity, Where

HERE = Where("a.ini", 7)


def parsed(text, option="socket", shared=()):
    complaints = Complaints()
    return endpoint(Pair(option, text, HERE), "/srv/site", complaints, shared), complaints


@pytest.mark.parametrize(("text", "shown"), [
    ("/tmp/x.sock", "/tmp/x.sock"), ("x.sock", "/srv/site/x.sock"), ("../x.sock", "/srv/x.sock"), ("@name", "@name"),
    ("\\0name", "@name"), ("127.0.0.1:8000", "127.0.0.1:8000"), (":8000", "0.0.0.0:8000"), ("  :8000", "0.0.0.0:8000"),
    ("localhost:80", "localhost:80"), ("[::1]:80", "[::1]:80"), ("[::]:80", "[::]:80"), ("host:", "host:0"),
    (":0", "0.0.0.0:0"), (":00123", "0.0.0.0:123"), ("fd://3", "fd://3"), ("127.*:80", "127.0.0.1:80"),
    (": 80", "0.0.0.0:80"), ("127.0.0.1 :80", "127.0.0.1:80"),
])
def test_an_address_is_taken_apart_without_a_word(text, shown):
    got, complaints = parsed(text)
    assert str(got) == shown
    assert complaints == []


@pytest.mark.parametrize("text", [
    "::1:8000", "unix:x.sock", "unix:///x.sock", "tcp://127.0.0.1:1", "127.0.0.1:abc", "127.0.0.1:99999",
    "127.0.0.1:-5", "[::1]", "[::1", "[]:80", "=0", "fd://x", "10.*:80", "/a:b/c", "a/b:c", "/" + "a" * 200,
    '"127.0.0.1:80"', "my host:80",
])
def test_what_uwsgi_binds_somewhere_else_is_an_error(text):
    got, complaints = parsed(text)
    assert got is None
    assert [(d.code, d.severity) for d in complaints] == [("address-invalid", Severity.ERROR)]
    assert complaints[0].hint


@pytest.mark.parametrize(("text", "hint"), [("::1:8000", "[::1]:8000"), ("tcp://127.0.0.1:1", "127.0.0.1:1"),
                                            ("unix:///x.sock", "/x.sock")])
def test_the_right_spelling_is_given(text, hint):
    assert hint in parsed(text)[1][0].hint


@pytest.mark.parametrize(("text", "shown", "code"), [
    ("*:80", "0.0.0.0:80", "address-odd"), (":80x", "0.0.0.0:80", "number-trailing"),
    (":80 # web", "0.0.0.0:80", "comment-in-value"), ("x.sock ; c", "/srv/site/x.sock", "comment-in-value"),
    ("39010", "/srv/site/39010", "address-is-number"),
])
def test_what_is_odd_is_said(text, shown, code):
    got, complaints = parsed(text)
    assert str(got) == shown
    assert [(d.code, d.severity) for d in complaints] == [(code, Severity.WARNING)]


def test_a_port_alone_is_a_slip_where_http_is_meant():
    got, complaints = parsed("8000", "http-socket")
    assert got is None
    assert complaints[0].hint == "write http-socket = :8000"


def test_a_shared_socket_stands_for_its_address():
    shared = [Endpoint("inet", host="0.0.0.0", port=80)]
    assert parsed("=0", shared=shared)[0] == shared[0]
    assert parsed("=1", shared=shared)[0] is None


def test_nothing_is_no_address():
    assert [d.code for d in parsed("")[1]] == ["value-empty"]
