"""A log format is filled in for each request, and no client can break what its lines are."""

import json
import os
import re
import time
from pathlib import Path

import pytest

from imperator.config.request_log import VARIABLES
from imperator.pipes import RequestLog

from . import speak
from .conftest import PROTOCOLS

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = [b'/"\\', b"/\xff\xfe", b"/\x01\x1b[2J", "/\u2028\u0085è".encode(), b'/","admin":"', b"/%00%0a", b"/-1e5"]


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/fail":
        raise ValueError("no")
    if path == "/slow":
        time.sleep(0.03)
    if path == "/file":
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    start_response({"/404": "404 Not Found"}.get(path, "200 OK"), [("Content-Type", "text/plain"), ("X-A", "b")])
    return [] if path == "/empty" else [b"hello"]


def lines(server, count):
    return server.wait_for(lambda: len(found := server.log().splitlines()) >= count and found, f"{count} lines")


def logged(worker, template, method="GET", path="/a?b=1", body=b"", protocol="http", more=None, **how):
    server = worker(app, log_requests=True, request_log=RequestLog(format=template, **how))
    server.ask(method, path, body, protocol=protocol, **(more or {}))
    return lines(server, 1)[0]


def test_the_table_of_options_and_the_engine_know_the_same_variables():
    source = (ROOT / "rust/core/src/log_format.rs").read_text()
    assert sorted(re.findall(r'^ +b"(\w+)" =>', source, re.MULTILINE)) == sorted(VARIABLES)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_request_in_every_protocol(worker, protocol):
    template = "%(method) %(uri) %(addr) %(user) %(host) %(proto) %(uagent) %(referer) %(var.HTTP_X_THING) %(HTTP_NO)"
    line = logged(worker, template, protocol=protocol, more={
        "REMOTE_USER": "joe", "HTTP_USER_AGENT": "a b", "HTTP_X_THING": "x",
    })  # fmt: skip
    who = "0.0.0.0 -" if protocol == "http" else "203.0.113.9 joe"
    assert line == f"GET /a?b=1 {who} example.org HTTP/1.1 a b - x -"


def test_the_numbers(worker):
    line = logged(worker, "%(status) %(rsize) %(headers) %(cl) %(wid) %(core) %(switches) %(app) %(modifier1)"
                  " %(modifier2) %(werr) %(rerr) %(ioerr) %(metric.x) %(nothing) %(hsize)+%(rsize)=%(size)",
                  "POST", "/a", b"12345678")  # fmt: skip
    text, _, sums = line.rpartition(" ")
    assert text == "200 5 2 8 1 0 1 0 0 0 0 0 0 0 -"
    head, body, total = map(int, re.findall(r"\d+", sums))
    assert head > 40 and head + body == total


def test_the_times(worker):
    before = time.time()
    line = logged(worker, "%(time) %(epoch) %(tmsecs) %(tmicros) %(msecs) %(micros) %(secs)|%(ctime)|%(ltime)|%(ftime)|"
                  "%(isotime)", path="/slow", time_format="%Y and %%")  # fmt: skip
    numbers, ctime, ltime, ftime, isotime = line.split("|")
    start, now, start_ms, start_us, ms, us, secs = map(float, numbers.split())
    assert before - 1 < start <= now < time.time() + 1
    assert int(start_us / 1000) == start_ms and int(start_ms / 1000) == start
    assert us >= 30_000 and ms == us // 1000 and secs == us / 1e6
    assert time.mktime(time.strptime(ctime)) == start == time.mktime(time.strptime(ltime[:-6], "%d/%b/%Y:%H:%M:%S"))
    assert ftime == time.strftime("%Y and %%", time.localtime(start))
    assert isotime.startswith(time.strftime("%Y-%m-%dT%H:%M:%S.", time.localtime(start)))


def test_the_process(worker):
    server = worker(app, log_requests=True, request_log=RequestLog(format="%(pid) %(vsz) %(rss) %(vszM) %(rssM)"))
    server.ask()
    pid, vsz, rss, vsz_mega, rss_mega = map(int, lines(server, 1)[0].split())
    assert pid == server.pid and vsz > rss > 1_000_000
    assert (vsz_mega, rss_mega) == (vsz >> 20, rss >> 20)


@pytest.mark.parametrize("path", HOSTILE)
def test_lines_of_json_are_json_whatever_a_client_sends(worker, path):
    template = '{"uri": "%(uri)", "bare": %(uri), "status": %(status), "none": %(user), "agent": "%(var.HTTP_AGENT)"}'
    server = worker(app, log_requests=True, request_log=RequestLog(format=template))
    text = path.decode("latin-1")
    server.ask(protocol="uwsgi", REQUEST_URI=text, HTTP_AGENT=text)
    (line,) = lines(server, 1)
    told = json.loads(line)
    assert told["uri"] == told["bare"] == told["agent"]
    assert (told["status"], told["none"]) == (200, None)
    assert told["uri"].encode("latin-1" if b"\xff" in path else "utf-8") == path


def test_a_line_of_json_without_a_format(worker):
    server = worker(app, log_requests=True, request_log=RequestLog(json=True))
    server.ask(path='/a"b')
    told = json.loads(lines(server, 1)[0])
    assert (told["method"], told["uri"], told["status"], told["body_bytes"]) == ("GET", '/a"b', 200, 5)
    assert told["user"] is None and told["pid"] == server.pid and told["micros"] >= 0 and told["waited_micros"] >= 0


def test_quotes_in_quotes_are_escaped_and_lines_cannot_be_forged(worker):
    line = logged(worker, '"%(uri)" %(uri)', path='/"\\')
    assert line == r'"/\"\\" /"' + "\\"
    line = logged(worker, '"%(uri)" %(uri)', protocol="uwsgi", more={"REQUEST_URI": "/\n200\x1b"})
    assert line == r'"/\n200\x1b" /\n200\x1b'


def test_how_long_a_request_waited_for_a_core(worker):
    server = worker(app, log_requests=True, request_log=RequestLog(format="%(uri) %(waited) %(waitedmicros)"))
    with server.connect() as first, server.connect() as second:
        # The core sees both at once and takes one after the other.
        os.kill(server.pid, 19)
        first.sendall(speak.http(path="/slow"))
        second.sendall(speak.http(path="/slow"))
        os.kill(server.pid, 18)
        speak.read_all(first)
        speak.read_all(second)
    waits = sorted(int(line.split()[1]) for line in lines(server, 2))
    assert waits[1] >= 25
    assert all(int(line.split()[1]) == int(line.split()[2]) // 1000 for line in lines(server, 2))


@pytest.mark.parametrize(("how", "paths"), [
    ({}, []), ({"client_errors": True}, ["/404"]), ({"server_errors": True}, ["/fail"]),
    ({"empty": True}, ["/fail", "/empty"]),
    ({"slow": 25}, ["/slow"]), ({"big": 1000}, ["/file"]), ({"sendfile": True}, ["/file"]),
    ({"empty": True, "client_errors": True}, ["/404", "/fail", "/empty"]),
])  # fmt: skip
def test_exceptions_from_silence(worker, how, paths):
    server = worker(app, request_log=RequestLog(format="told: %(uri)", **how))
    for path in ("/", "/404", "/fail", "/empty", "/slow", "/file"):
        server.ask(path=path)
    assert server.drain() == 0
    # What the client gets for a failure is no body of the application's.
    assert re.findall("told: (.*)", server.log()) == paths


def test_a_client_that_left_is_an_error_of_writing(worker):
    server = worker(big, request_log=RequestLog(format="told: %(werr) %(ioerr)", io_errors=True))
    server.ask()
    with server.connect() as sock:
        sock.sendall(speak.http())
    server.wait_for_log("told: 1 1\n")


def big(environ, start_response):
    start_response("200 OK", [])
    for _ in range(200):
        yield b"x" * 100_000


def test_uwsgis_own_line_with_what_may_be_added(worker):
    server = worker(app, log_requests=True, request_log=RequestLog(micros=True, memory=True, forwarded=True))
    server.ask(HTTP_X_FORWARDED_FOR="1.2.3.4, 5.6.7.8")
    server.ask(path="/file")
    first, second = lines(server, 2)
    start = r"\{address space usage: \d+ bytes/\d+MB\} \{rss usage: \d+ bytes/\d+MB\} \[pid: \d+\|app: 0\|req: "
    assert re.match(start + r"1/1\] 1\.2\.3\.4, 5\.6\.7\.8 \(\) \{", first) and re.search(r" in \d+ micros \(", first)
    assert re.match(start + r"2/2\] 0\.0\.0\.0 \(\) \{", second) and " micros via sendfile() (HTTP" in second
