"""What an application notes of a request is in its line of the log, and in no other."""

from __future__ import annotations

import http.client
import socket

import pytest

SETS = """
def application(environ, start_response):
    if environ["QUERY_STRING"]:
        uwsgi.set_logvar("user_id", environ["QUERY_STRING"])
        time.sleep(0.05)
    start_response("200 OK", [])
    yield b"x"
    if environ["PATH_INFO"] == "/late":
        uwsgi.set_logvar(b"user_id", b"set late")
"""
LINE = "--log-format=%(uri) by %(user_id)."


@pytest.mark.parametrize("more", [[], ["--threads", "4"], ["--lazy-apps"]])
def test_in_the_line_of_its_request(begin, more):
    one = begin(f"exec({SETS!r})\nours = application", LINE, "--callable", "ours", *more)
    for path in ("/?one", "/none", "/late", "/?two"):
        one.client.get(path)
    for line in ("/?one by one.", "/none by -.", "/late by set late.", "/?two by two."):
        one.logged(line)


def test_not_in_the_next_of_its_connection(begin):
    one = begin("", LINE)
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(one.socket))
    for body in ("uwsgi.set_logvar('user_id', 'first')", "uwsgi.get_logvar('user_id')"):
        connection.request("POST", f"/{len(body)}", body)
        answer = connection.getresponse().read()
    connection.close()
    assert answer == b"None"
    one.logged("/36 by first.")
    one.logged("/27 by -.")


def test_in_json_it_is_a_string(begin):
    one = begin("", '--log-format={"who": %(user_id), "path": "%(uri)"}')
    one.ask("uwsgi.set_logvar('user_id', '7\"\\n')")
    one.logged('{"who": "7\\"\\n", "path": "/"}')
