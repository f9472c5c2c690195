"""An application that waits as for a database: five milliseconds of every request belong to nobody's CPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

BODY = b"Hello, World!"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Wait, then answer."""
    time.sleep(0.005)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "13")])
    return [BODY]
