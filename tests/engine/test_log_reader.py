"""Whatever becomes of the log, requests are served; lines stay whole, and those that are lost are counted."""

import fcntl
import os
import re
import resource
import socket

import pytest

from imperator.pipes import RequestLog

from . import speak
from .test_log import LINE, app


def many(server, count, path="/"):
    with server.connect() as sock:
        sock.sendall(speak.http(path=path, close=False) * (count - 1) + speak.http(path=path))
        assert speak.read_all(sock).count(b"200 OK") == count


def read_until_the_end(fd):
    found = b""
    while piece := os.read(fd, 65536):
        found += piece
    return found.decode()


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_a_reader_that_reads_nothing_stops_nobody(worker, kind):
    if kind == "pipe":
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    else:
        ours, theirs = socket.socketpair()
        reader, writer = ours.detach(), theirs.detach()
    server = worker(app, log_requests=True, stderr=writer)
    os.close(writer)
    long = "/" + "x" * 200
    for _ in range(10):
        many(server, 300, path=long)
    # It reads again: what was kept comes, whole lines in order, and the rest is counted.
    os.set_blocking(reader, True)
    server.control.send(b"D")
    text = read_until_the_end(reader)
    os.close(reader)
    assert server.wait() == 0
    numbers = [int(match["req"]) for match in LINE.finditer(text)]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 500
    if lost := re.search(r"^warning: (\d+) lines of the log were lost", text, re.MULTILINE):
        assert len(numbers) + int(lost[1]) == 3000
    else:
        assert len(numbers) == 3000


def test_a_reader_that_died_stops_nobody(worker):
    reader, writer = os.pipe()
    server = worker(app, log_requests=True, stderr=writer)
    os.close(writer)
    os.close(reader)
    many(server, 200)
    assert server.drain() == 0


def test_lines_of_several_writers_in_one_pipe_stay_whole(worker):
    reader, writer = os.pipe()
    servers = [worker(app, log_requests=True, stderr=writer) for _ in range(2)]
    os.close(writer)
    for server in servers:
        for _ in range(3):
            many(server, 40)
        server.control.send(b"D")
    text = read_until_the_end(reader)
    os.close(reader)
    assert [server.wait() for server in servers] == [0, 0]
    assert [line for line in text.splitlines() if not LINE.fullmatch(line)] == []
    assert len(text.splitlines()) == 240


def test_a_full_disk_costs_lines_but_no_request(worker):
    def limited(environ, start_response):
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
        if environ["PATH_INFO"] == "/room":
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return app(environ, start_response)

    server = worker(limited, log_requests=True)
    many(server, 3000, path="/" + "x" * 200)
    server.wait_for(lambda: os.path.getsize(server.log_path) == 2000, "a full disk")
    many(server, 1, path="/room")
    assert server.drain() == 0
    text = server.log()
    kept = len(LINE.findall(text))
    lost = re.search(r"^warning: (\d+) lines of the log were lost", text, re.MULTILINE)
    assert lost and kept + int(lost[1]) == 3001
    assert [line for line in text.splitlines() if not LINE.fullmatch(line) and not line.startswith("warning: ")] == []


def test_lines_may_go_elsewhere(worker, tmp_path):
    path = tmp_path / "requests"
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    server = worker(app, log_requests=True, request_log=RequestLog(fd=fd))
    os.close(fd)
    server.ask()
    server.ask(path="/fail")
    assert server.drain() == 0
    assert len(LINE.findall(path.read_text())) == 2 == len(path.read_text().splitlines())
    assert server.log().startswith("Traceback") and not LINE.search(server.log())


def test_lines_are_not_lost_when_the_end_is_sudden(worker):
    def stuck(environ, start_response):
        if environ["PATH_INFO"] == "/stuck":
            import threading

            threading.Event().wait()
        return app(environ, start_response)

    server = worker(stuck, log_requests=True, threads=2)
    with server.connect() as sock:
        sock.sendall(speak.http(path="/stuck"))
        server.wait_for(lambda: server.row().busy_cores == 1, "the stuck request")
        many(server, 5)
        server.control.send(b"K")
        assert server.wait() == 0
    assert len(LINE.findall(server.log())) == 5
