"""Which of several applications a request is for, as uWSGI answers it, and where that did harm as it should be."""

from types import SimpleNamespace

import pytest

from . import speak
from .conftest import PROTOCOLS


def app(name):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [repr((name, environ["SCRIPT_NAME"], environ["PATH_INFO"])).encode()]

    return application


def mounts(*places, default=0, by_path=False, by_name=True, by_host=False, broken=()):
    """Applications named as their places are written: ``host|/prefix``."""
    entries = []
    for place in places:
        host, bar, prefix = place.partition("|")
        host, prefix = (host, prefix) if bar else ("", place)
        entries.append(SimpleNamespace(host=host, prefix=prefix, app=None if place in broken else app(place)))
    return SimpleNamespace(list=entries, default=default, by_path=by_path, by_name=by_name, by_host=by_host)


def seen(server, path="/", protocol="uwsgi", **variables):
    answer = server.ask(path=path, protocol=protocol, **variables)
    return eval(answer.body) if answer.status == 200 else answer.status


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("", ("", "", "/p")),
        ("/a", ("/a", "/a", "/p")),
        ("/b", ("/b", "/b", "/p")),
        ("/c", ("", "/c", "/p")),
        ("/a/", ("", "/a/", "/p")),
    ],
)
def test_a_front_end_names_the_application_by_script_name(worker, script, told):
    server = worker(None, mounts=mounts("", "/a", "/b"))
    assert seen(server, "/p", SCRIPT_NAME=script) == told


def test_uwsgi_appid_goes_before_script_name(worker):
    server = worker(None, mounts=mounts("", "/a"))
    assert seen(server, SCRIPT_NAME="/q", UWSGI_APPID="/a") == ("/a", "/q", "/")
    assert seen(server, UWSGI_APPID="zz") == ("", "", "/")
    assert seen(server, SCRIPT_NAME="/a", UWSGI_APPID="") == ("/a", "/a", "/")
    assert "ignored" not in server.log()


def test_the_path_means_nothing_unless_it_is_asked_to(worker):
    assert seen(worker(None, mounts=mounts("", "/a")), "/a/x") == ("", "", "/a/x")


PATHS = [
    ("/", ("", "", "/")),
    ("/a", ("/a", "/a", "")),
    ("/a/", ("/a", "/a", "/")),
    ("/a/x", ("/a", "/a", "/x")),
    ("/a//x", ("/a", "/a", "//x")),
    ("/ab", ("", "", "/ab")),
    ("//a", ("", "", "//a")),
    ("/A", ("", "", "/A")),
    ("/a/b/c", ("/a/b", "/a/b", "/c")),
    ("/a/bc", ("/a", "/a", "/bc")),
    ("/q", ("", "", "/q")),
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_longest_mount_of_whole_segments_gets_the_request(worker, protocol):
    server = worker(None, mounts=mounts("", "/a", "/a/b", by_path=True))
    for path, told in PATHS:
        assert seen(server, path, protocol) == told, path


def test_escapes_are_no_way_around(worker):
    server = worker(None, mounts=mounts("", "/a", by_path=True))
    assert eval(speak.parse(server.send(speak.http(path="/%61/x"))).body) == ("/a", "/a", "/x")


def test_a_mount_may_have_any_letters(worker):
    prefix = "/caff\u00e8".encode().decode("latin-1")
    server = worker(None, mounts=mounts("", prefix, by_path=True))
    assert eval(speak.parse(server.send(speak.http(path="/caff%C3%A8/x"))).body) == (prefix, prefix, "/x")


def test_a_script_name_counts_where_no_path_does(worker):
    server = worker(None, mounts=mounts("", "/a", by_path=True))
    assert seen(server, "/p", SCRIPT_NAME="/a") == ("/a", "/a", "/p")
    assert seen(server, "/a/q", SCRIPT_NAME="/zz") == ("/a", "/a", "/q")
    assert seen(server, "/p", SCRIPT_NAME="/zz") == ("", "/zz", "/p")


def test_script_name_can_be_ignored(worker):
    server = worker(None, mounts=mounts("", "/a", by_path=True, by_name=False))
    assert seen(server, "/p", SCRIPT_NAME="/a") == ("", "/a", "/p")
    assert seen(server, "/a/x") == ("", "/a", "/x")
    assert seen(server, "/p", UWSGI_APPID="/a") == ("/a", "", "/p")


def test_without_default_what_is_for_nobody_is_500(worker):
    server = worker(None, mounts=mounts("/a", "/b", default=-1), log_requests=True)
    assert seen(server, SCRIPT_NAME="/b") == ("/b", "/b", "/")
    assert seen(server, SCRIPT_NAME="/c") == 500 and seen(server) == 500
    log = server.wait_for_log("app: -1|")
    assert "app: 1|" in log and "no python application found" in log


def test_what_did_not_load_is_500_and_nobody_elses(worker):
    server = worker(None, mounts=mounts("", "/a", by_path=True, broken=("/a",)))
    assert seen(server, "/a/x") == 500
    assert seen(server, "/b") == ("", "", "/b")
    assert not server.has_ended()


def test_a_body_for_nobody_does_not_spoil_the_next_request(worker):
    server = worker(None, mounts=mounts("/a", default=-1))
    assert server.ask("POST", "/", b"x" * 200000, "uwsgi").status == 500
    assert seen(server, SCRIPT_NAME="/a") == ("/a", "/a", "/")


@pytest.mark.parametrize(
    ("host", "path", "told"),
    [
        ("h.com", "/a/x", ("h.com|/a", "/a", "/x")),
        ("H.COM:8080", "/a/x", ("h.com|/a", "/a", "/x")),
        ("h.com", "/z", ("h.com|", "", "/z")),
        ("x.com", "/z", ("x.com|", "", "/z")),
        ("x.com", "/a", ("/a", "/a", "")),
        ("y.com", "/z", ("", "", "/z")),
        ("h.com.evil", "/z", ("", "", "/z")),
    ],
)
def test_hosts(worker, host, path, told):
    table = mounts("", "/a", "h.com|/a", "h.com|", "x.com|", by_path=True, by_host=True)
    assert seen(worker(None, mounts=table), path, HTTP_HOST=host) == told


def test_hosts_do_not_count_without_vhost(worker):
    table = mounts("", "h.com|/a", by_path=True)
    assert seen(worker(None, mounts=table), "/a", HTTP_HOST="h.com") == ("", "", "/a")


def test_the_log_tells_the_number(worker):
    server = worker(None, mounts=mounts("", "/a", by_path=True), log_requests=True, threads=2)
    for path in ("/a", "/b", "/a/c"):
        seen(server, path)
    log = server.wait_for_log("GET /a/c")
    assert [line.split("app: ")[1][0] for line in log.splitlines() if "app: " in line] == ["1", "0", "1"]
