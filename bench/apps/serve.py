"""Program: starts the servers that have no command line of their own, or none for what we need.

usage: serve.py bjoern|fastwsgi|socketify MODULE PORT WORKERS

It does what their documentation shows and nothing else: one process for one worker, forks for more.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

HOST = "127.0.0.1"
BACKLOG = 1024


def bjoern(application: Any, port: int, workers: int) -> None:
    """Fork after the socket was made, as bjoern's example of prefork does."""
    server: Any = importlib.import_module("bjoern")

    server.listen(application, HOST, port, listen_backlog=BACKLOG)
    for _ in range(workers - 1):
        if not os.fork():
            break
    server.run()


def fastwsgi(application: Any, port: int, workers: int) -> None:
    """Let it fork by itself."""
    server: Any = importlib.import_module("fastwsgi")

    server.server.backlog = BACKLOG
    server.run(application, HOST, port, workers=workers)


def socketify(application: Any, port: int, workers: int) -> None:
    """Let it fork by itself; its command line folds the name of the application to lower case."""
    server: Any = importlib.import_module("socketify")
    server.WSGI(application).listen(server.AppListenOptions(port=port, host=HOST)).run(workers=workers)


def main() -> int:
    """Run the named server until it is ended."""
    name, module, port, workers = sys.argv[1:]
    application = importlib.import_module(module).application
    servers: dict[str, Callable[[Any, int, int], None]] = {
        "bjoern": bjoern,
        "fastwsgi": fastwsgi,
        "socketify": socketify,
    }
    servers[name](application, int(port), int(workers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
