"""What a request leaves in a ContextVar is gone with it."""

import contextvars

import pytest

from . import speak

LEFT = contextvars.ContextVar("left", default="nothing")


@pytest.mark.parametrize("threads", [1, 4])
def test_a_request_does_not_see_what_another_left(worker, threads):
    def app(environ, start_response):
        before = LEFT.get()
        LEFT.set(environ["PATH_INFO"])
        start_response("200 OK", [])
        return [f"{before} {LEFT.get()}".encode()]

    server = worker(app, threads=threads)
    for number in range(20):
        assert server.ask(path=f"/{number}").body == f"nothing /{number}".encode()
    with server.connect() as sock:
        for _ in range(3):
            sock.sendall(speak.http(path="/kept", close=False))
            assert speak.read_one(sock)[0].body == b"nothing /kept"


@pytest.mark.parametrize("threads", [1, 4])
def test_one_request_has_one_context_to_its_end(worker, threads):
    class Result:
        def __init__(self, errors):
            self.errors, self.left = errors, 3

        def __iter__(self):
            return self

        def __next__(self):
            self.left -= 1
            if self.left < 0:
                raise StopIteration
            return LEFT.get().encode() + b" "

        def close(self):
            self.errors.write(f"closed in {LEFT.get()}\n")

    def app(environ, start_response):
        LEFT.set(environ["PATH_INFO"])
        start_response("200 OK", [])
        return Result(environ["wsgi.errors"])

    server = worker(app, threads=threads)
    assert server.ask(path="/here").body == b"/here /here /here "
    server.wait_for_log("closed in /here")


def test_an_abandoned_generator_leaves_nothing(worker):
    kept = []

    def app(environ, start_response):
        def body():
            token = LEFT.set("of a generator")
            try:
                yield b"x"
                yield b"y"
            finally:
                LEFT.reset(token)

        start_response("200 OK", [])
        if environ["PATH_INFO"] == "/begin":
            generator = body()
            kept.append(generator)
            return [next(generator)]
        return [LEFT.get().encode()]

    server = worker(app)
    assert server.ask(path="/begin").body == b"x"
    assert server.ask(path="/look").body == b"nothing"
