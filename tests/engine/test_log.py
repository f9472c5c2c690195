"""The request line is uWSGI's; the scoreboard counts."""

import os
import re
import time

import pytest

from . import speak
from .conftest import PROTOCOLS

LINE = re.compile(
    r"\[pid: (?P<pid>\d+)\|app: (?P<app>-?\d+)\|req: (?P<req>\d+)/(?P<total>\d+)\] (?P<addr>\S*) \((?P<user>[^)]*)\) "
    r"\{(?P<vars>\d+) vars in (?P<bytes>\d+) bytes\} "
    r"\[(?P<date>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\] "
    r"(?P<method>\S+) (?P<uri>\S+) "
    r"=> generated (?P<size>\d+) bytes in (?P<ms>\d+) msecs \((?P<proto>\S+) (?P<status>\d+)\) "
    r"(?P<headers>\d+) headers in (?P<hsize>\d+) bytes \(1 switches on core (?P<core>\d+)\)"
)


def app(environ, start_response):
    if environ["PATH_INFO"] == "/fail":
        raise ValueError("no")
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-A", "b")])
    return [b"hello"]


def lines(server, count):
    server.wait_for(lambda: len(LINE.findall(server.log())) >= count, f"{count} lines")
    return [match.groupdict() for match in LINE.finditer(server.log())]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_request_is_one_line_of_uwsgis(worker, protocol):
    server = worker(app, log_requests=True)
    server.ask(path="/a?b=1", protocol=protocol, REMOTE_USER="joe")
    (line,) = lines(server, 1)
    is_http = protocol == "http"
    assert (
        line | {"pid": str(server.pid), "app": "0", "req": "1", "total": "1", "method": "GET", "uri": "/a?b=1"} == line
    )
    assert line | {"size": "5", "proto": "HTTP/1.1", "status": "200", "core": "0"} == line
    assert line["addr"] == ("0.0.0.0" if is_http else "203.0.113.9") and line["user"] == ("" if is_http else "joe")
    assert int(line["vars"]) % 2 == 0 and int(line["bytes"]) > 20 and int(line["hsize"]) > 40
    assert abs(time.mktime(time.strptime(line["date"])) - time.time()) < 60
    assert server.log() == LINE.search(server.log())[0] + "\n"


def test_lines_count_and_failures_are_lines(worker):
    server = worker(app, log_requests=True)
    for _ in range(3):
        server.ask()
    server.ask(path="/fail")
    last = lines(server, 4)[-1]
    assert (last["req"], last["total"], last["status"]) == ("4", "4", "500")


def test_no_client_can_forge_a_line(worker):
    server = worker(app, log_requests=True)
    server.ask(protocol="uwsgi", REQUEST_URI="/\n[pid: 1|app: 0\x1b[2J", REMOTE_USER="a\r\nb")
    server.wait_for_log("generated")
    assert (
        len(server.log().splitlines()) == 1
        and r"/\n[pid: 1|app: 0\x1b[2J" in server.log()
        and r"(a\r\nb)" in server.log()
    )


def test_lines_are_not_lost_at_the_end(worker):
    server = worker(app, log_requests=True)
    with server.connect() as sock:
        sock.sendall(speak.http(close=False) * 99 + speak.http())
        speak.read_all(sock)
    assert server.drain() == 0
    assert [line["req"] for line in lines(server, 100)] == [str(number) for number in range(1, 101)]


def test_no_lines_when_they_are_not_wanted(worker):
    server = worker(app)
    server.ask()
    assert server.drain() == 0 and server.log() == ""


def test_the_scoreboard_counts(worker):
    def waiting(environ, start_response):
        if environ["PATH_INFO"] == "/wait":
            environ["wsgi.input"].read()
        return app(environ, start_response)

    server = worker(waiting)
    for _ in range(5):
        server.ask()
    server.ask(path="/fail")
    server.wait_for(lambda: server.row().requests == 6, "the counters")
    row = server.row()
    assert (row.pid, row.exceptions, row.busy_cores, row.accepting, row.respawn_count) == (server.pid, 1, 0, True, 1)
    assert row.tx > 5 * 50 and row.running_time > 0 and row.avg_rt >= 0
    with server.connect() as sock:
        sock.sendall(speak.http("POST", "/wait?secret=1", b"x" * 3_000_000, Cookie="secret")[:5000])
        core = server.wait_for(lambda: next((c for c in server.row().cores if c.in_request), None), "the request")
        assert (
            core.request == "POST /wait" and abs(core.request_start - time.time()) < 60 and server.row().busy_cores == 1
        )
    server.wait_for(lambda: server.row().busy_cores == 0, "the end")
    assert server.board.read()[1].requests == 0


def test_application_output_keeps_its_order(worker):
    def app(environ, start_response):
        environ["wsgi.errors"].write("a lone surrogate \udc80\n")
        os.write(2, b"second\n")
        start_response("200 OK", [])
        return []

    server = worker(app)
    server.ask()
    assert server.log() == "a lone surrogate \\udc80\nsecond\n"
