"""The application behind the front ends: it tells what reached it, and answers in every way there is.

PATH_INFO's last part chooses the answer; everything else tells the environ as JSON. It counts what it served, so that a
test can ask how many requests arrived and how many answers were ended by a client that left.
"""

import hashlib
import json
import threading
from urllib.parse import quote

COUNTS = {"requests": 0, "begun": 0, "closed": 0, "broken": 0}
SEEN = []
LOCK = threading.Lock()
GATE = threading.Event()


class Endless:
    """Chunks until somebody closes it."""

    def __init__(self):
        count("begun")

    def __iter__(self):
        return self

    def __next__(self):
        return b"x" * 16384

    def close(self):
        count("closed")


def count(name):
    with LOCK:
        COUNTS[name] += 1


def read_all(stream):
    """SHA-256 and size of a body, read in pieces."""
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(50000):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def gated():
    """The first part at once, the last one when ``/open`` is asked for."""
    yield b"first\n"
    GATE.wait(20)
    yield b"last\n"


def tell(environ):
    shown = {key: value for key, value in environ.items() if isinstance(value, (str, bool, int))}
    shown["body.sha256"], shown["body.size"] = read_all(environ["wsgi.input"])
    return json.dumps(shown).encode()


def application(environ, start_response):
    action = environ["PATH_INFO"].rpartition("/")[2]
    query = environ["QUERY_STRING"]
    if action == "counts":
        with LOCK:
            data = json.dumps(COUNTS | {"seen": SEEN}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(data)))])
        return [data]
    seen = f"{environ['REQUEST_METHOD']} {quote(environ.get('SCRIPT_NAME', '') + environ['PATH_INFO'])}"
    with LOCK:
        COUNTS["requests"] += 1
        SEEN.append(seen)
        del SEEN[:-300]
    # Whoever gets this answer can tell whose it is.
    text = [("Content-Type", "text/plain"), ("X-Seen", seen)]
    if action == "empty":
        start_response("204 No Content", [])
        return []
    if action == "unchanged":
        start_response("304 Not Modified", [("ETag", '"a"')])
        return []
    if action == "stream":
        start_response("200 OK", text)
        return (b"%06d\n" % number for number in range(int(query)))
    if action == "large":
        start_response("200 OK", [*text, ("Content-Length", query)])
        return (b"y" * min(65536, int(query) - at) for at in range(0, int(query), 65536))
    if action == "endless":
        start_response("200 OK", text)
        return Endless()
    if action == "gated":
        GATE.clear()
        # nginx buffers unless it is told not to.
        start_response("200 OK", [*text, ("X-Accel-Buffering", "no")])
        return gated()
    if action == "open":
        GATE.set()
        start_response("200 OK", [*text, ("Content-Length", "4")])
        return [b"open"]
    if action == "cookies":
        start_response("200 OK", [*text, ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2"), ("Content-Length", "0")])
        return []
    if action == "ignored":
        start_response("200 OK", [*text, ("Content-Length", "7")])
        return [b"ignored"]
    if action == "teapot":
        start_response("418 I'm a Teapot", [*text, ("Content-Length", "6")])
        return [b"teapot"]
    try:
        data = tell(environ)
    except OSError:
        count("broken")
        raise
    start_response("200 OK", [*text, ("Content-Length", str(len(data)))])
    return [data]
