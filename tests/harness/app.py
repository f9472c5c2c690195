"""Applications as text: what a test writes where the server will find it."""

from __future__ import annotations

import os
from pathlib import Path

#: Answers ``VERSION PID``; ``/slow`` waits as long as its query says (milliseconds) and then answers the same.
PLAIN = """\
import os
import time
VERSION = {version!r}
{extra}

def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(int(environ["QUERY_STRING"] or "100") / 1000)
    body = f"{{VERSION}} {{os.getpid()}}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""


def write(path: Path, version: str = "1", extra: str = "") -> Path:
    """Write the application, atomically, as a deploy does."""
    new = path.with_suffix(".new")
    new.write_text(PLAIN.format(version=version, extra=extra))
    os.replace(new, path)
    return path


def ini(path: Path, **options: object) -> Path:
    """Write a configuration; a list becomes repeated keys, ``_`` in a name becomes ``-``."""
    lines = ["[uwsgi]"]
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            lines.append(f"{name.replace('_', '-')} = {one}")
    new = path.with_suffix(".writing")
    new.write_text("\n".join(lines) + "\n")
    os.replace(new, path)
    return path
