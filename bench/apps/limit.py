"""Program: how often a second this interpreter can call an application when there is no server at all.

usage: limit.py MODULE SECONDS

The environ is built once and copied for each call, the answer is taken chunk by chunk and thrown away. There is no
socket, no parsing, no headers on the way out: no server in Python's one thread can be faster, and the nearer it comes
the less there is to gain.
"""

from __future__ import annotations

import importlib
import io
import sys
import time
from typing import Any

BATCH = 500


def environ() -> dict[str, Any]:
    """Answer what a server would make of wrk's request."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "REQUEST_URI": "/",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
    """Take the status and the headers, and do nothing."""


def main() -> int:
    """Call the application for the given time; print calls a second."""
    application = importlib.import_module(sys.argv[1]).application
    once = environ()
    started = now = time.perf_counter()
    until = started + float(sys.argv[2])
    calls = 0
    while now < until:
        for _ in range(BATCH):
            answer = application(once.copy(), start_response)
            for _chunk in answer:
                pass
            close = getattr(answer, "close", None)
            if close is not None:
                close()
        calls += BATCH
        now = time.perf_counter()
    print(calls / (now - started))
    return 0


if __name__ == "__main__":
    sys.exit(main())
