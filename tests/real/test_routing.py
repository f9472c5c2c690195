"""Rules in a whole instance: an application that leaves its files to the server, passwords, and reloads."""

from __future__ import annotations

import signal

import pytest

from tests.harness import http, program, wait
from tests.harness.server import Server

APP = """
import flask
application = flask.Flask(__name__)
application.config["USE_X_SENDFILE"] = True
@application.get("/download/<name>")
def download(name):
    return flask.send_file("/nowhere/" + name if name == "lost" else flask.current_app.root_path + "/" + name)
@application.get("/<path:rest>")
def other(rest):
    return flask.request.environ.get("REMOTE_USER", "nobody") + " " + flask.request.path
"""
INI = """[uwsgi]
socket = {place}/x.sock
http-socket = {place}/h.sock
wsgi-file = {place}/site_of_test.py
master = true
processes = 2
stats = {place}/stats.sock
route = ^/old redirect-permanent:/new
route = ^/staff basicauth:Staff,{place}/users
route = ^/quiet donotlog:
collect-header = X-Sendfile X_SENDFILE
response-route-if-not = empty:${{X_SENDFILE}} static:${{X_SENDFILE}}
"""

pytestmark = pytest.mark.skipif(program.REFERENCE, reason="the reference is built without PCRE")


def test_rules_serve_and_a_reload_with_a_broken_one_changes_nothing(server_program, tmp_path):
    (tmp_path / "site_of_test.py").write_text(APP)
    (tmp_path / "data.txt").write_text("the file\n")
    (tmp_path / "users").write_text("ann:{SHA}" + "GKmkvLdXxtErNyxtvQxOEDUHNNQ=\n")
    ini = tmp_path / "a.ini"
    ini.write_text(INI.format(place=tmp_path))
    server = Server(server_program, "--ini", ini, cwd=tmp_path)
    try:
        wait.until(lambda: server.log.text().count("spawned uWSGI worker") == 2, "two workers")
        client = http.Client(tmp_path / "h.sock")
        found = client.get("/download/data.txt")
        assert (found.status, found.body) == (200, b"the file\n")
        assert found.headers["X-Sendfile"] is None and found.headers["Content-Type"] == "text/plain"
        assert client.get("/old").headers["Location"] == "/new"
        assert client.get("/staff").status == 401
        client.get("/quiet")
        assert client.get("/loud").body == b"nobody /loud"

        ini.write_text(INI.format(place=tmp_path) + "route = ^/(?=x) break:403\n")
        server.expected = ("regexp-invalid", "reload")
        server.send(signal.SIGHUP)
        wait.until(lambda: "regexp-invalid" in server.log.text(), "a complaint")
        assert f"{ini}:{INI.count(chr(10)) + 1}: route: ^/(?=x) is no expression that can be used" in server.log.text()
        assert client.get("/old").status == 301

        ini.write_text(INI.format(place=tmp_path).replace("/new", "/newer"))
        server.send(signal.SIGHUP)
        wait.until(lambda: client.get("/old").headers["Location"] == "/newer", "the new rule")
        text = server.log.text()
        assert " GET /loud " in text and " GET /quiet " not in text
        server.stop()
    finally:
        server.kill()
