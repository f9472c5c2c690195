"""Small applications of well-known frameworks against a real uWSGI: the same answers, byte for byte.

What the server may add to a head is in ``OURS``; everything else an application or its framework said.
"""

from __future__ import annotations

import importlib.util

import pytest

from tests.real.twins import Twins

OURS = {"Content-Length", "Connection", "Transfer-Encoding", "Date"}
"""Headers of the server itself: uWSGI sends none of them by itself."""

CHECKED = """
import sys
if "imperator" in sys.modules:
    from wsgiref.validate import validator
    application = validator(application)
"""
"""What uWSGI passes to an application does not stand the check."""
UNCHECKED = {
    "flask": "reads wsgi.input to its end without a size, because wsgi.input_terminated says that it has one",
    "django": "sends a Content-Type with 204",
}
"""Frameworks that do not stand it themselves."""

FLASK = """
import flask
application = flask.Flask(__name__)
@application.get("/")
def root():
    return "caff\\u00e8"
@application.route("/echo/<path:rest>", methods=["GET", "POST", "PUT", "HEAD"])
def echo(rest):
    request = flask.request
    answer = flask.jsonify(rest=rest, args=request.args, form=request.form, data=request.get_data(as_text=True))
    answer.set_cookie("seen", "1")
    return answer
@application.get("/stream")
def stream():
    def body():
        for number in range(5):
            yield f"{flask.request.path} {number} "
    return flask.Response(flask.stream_with_context(body()), mimetype="text/plain")
@application.get("/away")
def away():
    return flask.redirect(flask.url_for("root"))
@application.get("/nothing")
def nothing():
    return "", 204
@application.get("/fails")
def fails():
    raise ValueError("no")
"""
BOTTLE = """
import bottle
application = bottle.Bottle()
@application.get("/")
def root():
    return "caff\\u00e8"
@application.route("/echo/<rest:path>", method=["GET", "POST", "PUT"])
def echo(rest):
    bottle.response.set_cookie("seen", "1")
    return {"rest": rest, "q": bottle.request.query.get("q"), "data": bottle.request.body.read().decode()}
@application.get("/stream")
def stream():
    yield b"a"
    yield b"b"
@application.get("/away")
def away():
    bottle.redirect("/")
@application.get("/nothing")
def nothing():
    bottle.response.status = 204
@application.get("/fails")
def fails():
    bottle.abort(503, "later")
"""
FALCON = """
import falcon
class Root:
    def on_get(self, request, response):
        response.text = "caff\\u00e8"
class Echo:
    def on_get(self, request, response, rest):
        response.media = {"rest": rest, "params": request.params}
    def on_post(self, request, response, rest):
        response.media = {"rest": rest, "data": request.bounded_stream.read().decode()}
        response.set_cookie("seen", "1")
    on_put = on_post
class Stream:
    def on_get(self, request, response):
        response.stream = iter([b"a", b"b"])
class Away:
    def on_get(self, request, response):
        raise falcon.HTTPFound("/")
class Nothing:
    def on_get(self, request, response):
        response.status = falcon.HTTP_204
class Fails:
    def on_get(self, request, response):
        raise falcon.HTTPServiceUnavailable(title="later")
application = falcon.App()
for path, thing in (("/", Root()), ("/echo/{rest}", Echo()), ("/stream", Stream()), ("/away", Away()),
                    ("/nothing", Nothing()), ("/fails", Fails())):
    application.add_route(path, thing)
"""
PYRAMID = """
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound, HTTPNoContent, HTTPServiceUnavailable
from pyramid.response import Response
def echo(request):
    answer = Response(json={"rest": request.matchdict["rest"], "q": request.params.get("q"), "data": request.text})
    answer.set_cookie("seen", "1")
    return answer
VIEWS = {
    "/": lambda request: Response("caff\\u00e8"),
    "/echo/{rest:.*}": echo,
    "/stream": lambda request: Response(app_iter=iter([b"a", b"b"])),
    "/away": lambda request: HTTPFound("/"),
    "/nothing": lambda request: HTTPNoContent(),
    "/fails": lambda request: HTTPServiceUnavailable("later"),
}
with Configurator() as config:
    for path, view in VIEWS.items():
        config.add_route(path, path)
        config.add_view(view, route_name=path)
    application = config.make_wsgi_app()
"""
DJANGO = """
import django
from django.conf import settings
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x", DEBUG=False)
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
@csrf_exempt
def echo(request, rest):
    answer = JsonResponse({"rest": rest, "q": request.GET.get("q"), "data": request.body.decode()})
    answer.set_cookie("seen", "1")
    return answer
def fails(request):
    raise ValueError("no")
urlpatterns = [
    path("", lambda request: HttpResponse("caff\\u00e8")),
    path("echo/<path:rest>", echo),
    path("stream", lambda request: StreamingHttpResponse(iter([b"a", b"b"]))),
    path("away", lambda request: HttpResponseRedirect("/")),
    path("nothing", lambda request: HttpResponse(status=204)),
    path("fails", fails),
]
application = get_wsgi_application()
"""
FRAMEWORKS = {"flask": FLASK, "bottle": BOTTLE, "falcon": FALCON, "pyramid": PYRAMID, "django": DJANGO}
FORM = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
REQUESTS = [
    {"path": "/"},
    {"path": "/", "method": "HEAD"},
    {"path": "/echo/a", "QUERY_STRING": "q=caff%C3%A8"},
    {"path": "/echo/caff\u00c3\u00a8"},
    {"path": "/echo/b", "method": "POST", "body": b"a=1&b=2", **FORM},
    {"path": "/echo/c", "method": "PUT", "body": b"x" * 100000, "CONTENT_TYPE": "text/plain"},
    {"path": "/stream"},
    {"path": "/away"},
    {"path": "/nothing"},
    {"path": "/fails"},
    {"path": "/missing"},
    {"path": "/", "method": "DELETE"},
]


@pytest.fixture
def twins(server_program, tmp_path):
    made: list[Twins] = []

    def start(name: str) -> Twins:
        (tmp_path / "framework_site.py").write_text(FRAMEWORKS[name] + (CHECKED if name not in UNCHECKED else ""))
        libraries = importlib.util.find_spec(name)
        assert libraries and libraries.origin
        folder = libraries.origin.rsplit("/", 2 if libraries.submodule_search_locations else 1)[0]
        made.append(Twins(server_program, tmp_path, "--module", "framework_site", "--pythonpath", folder))
        made[-1].up()
        return made[-1]

    yield start
    for one in made:
        one.kill()


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_the_answers_are_the_same(twins, name):
    pytest.importorskip(name)
    both = twins(name)
    statuses = set()
    for request in REQUESTS:
        ours, theirs = both.ask(**request)
        told = [[header for header in seen.headers if header[0] not in OURS] for seen in (ours, theirs)]
        assert ours.status == theirs.status and told[0] == told[1], request
        # uWSGI sends the body of an answer that must not have one.
        without = request.get("method") == "HEAD" or ours.status.startswith("204")
        assert ours.body == (b"" if without else theirs.body), request
        statuses.add(ours.status[:3])
    assert {"200", "204", "404"} <= statuses and statuses & {"302", "303"}
    log = both.servers[0].log.text()
    assert "AssertionError" not in log, log
