"""What uWSGI's module has and this one has not: each function raises, and says what to use instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

_ENVIRON = "the environ that your application is called with has it"
_SOCKETS = "use the socket module, or an HTTP client such as urllib.request"
_WEBSOCKETS = "serve WebSockets with an ASGI server on a path of its own"
_ASYNC = "use threads = N, or a library that does not block"
_METRICS = "use a client library of your metrics system, such as prometheus_client or statsd"
_SNMP = _METRICS
_CLUSTER = "let keepalived, Pacemaker or your orchestrator decide which machine does it"

INSTEAD: dict[str, str] = {
    "add_var": "log it with uwsgi.set_logvar()",
    "async_connect": _SOCKETS,
    "async_sleep": "use time.sleep()",
    "chunked_read": "read environ['wsgi.input'], which takes chunked bodies apart",
    "chunked_read_nb": "read environ['wsgi.input'], which takes chunked bodies apart",
    "cl": "use environ['CONTENT_LENGTH']",
    "close": _SOCKETS,
    "connect": _SOCKETS,
    "connection_fd": "the connection is the server's; read wsgi.input and return the answer",
    "disconnect": "return the answer, and go on in a thread, a mule or the spooler",
    "i_am_the_lord": _CLUSTER,
    "is_connected": _SOCKETS,
    "log_this_request": "use log-4xx, log-5xx, log-slow and their like, or the logging module",
    "lord_scroll": _CLUSTER,
    "offload": "return environ['wsgi.file_wrapper'](file): no worker waits for the client",
    "ready_fd": _ASYNC,
    "recv": _SOCKETS,
    "route": "use the routes of your framework, or those of the front-end",
    "scrolls": _CLUSTER,
    "send": _SOCKETS,
    "sendfile": "return environ['wsgi.file_wrapper'](file), or use static-map",
    "set_warning_message": "use uwsgi.log()",
    "wait_fd_read": _ASYNC,
    "wait_fd_write": _ASYNC,
    **dict.fromkeys(
        ("websocket_handshake", "websocket_recv", "websocket_recv_nb", "websocket_send", "websocket_send_binary"),
        _WEBSOCKETS,
    ),
    **dict.fromkeys(
        (f"metric_{what}" for what in ("get", "set", "inc", "dec", "mul", "div", "set_max", "set_min")), _METRICS
    ),
    **dict.fromkeys(
        (
            "snmp_set_community",
            *(f"snmp_{what}_{kind}" for what in ("set", "incr", "decr") for kind in ("counter32", "counter64")),
            "snmp_set_gauge",
            "snmp_incr_gauge",
            "snmp_decr_gauge",
        ),
        _SNMP,
    ),
}
"""Functions, and what to use instead of each."""

_VALUES = {
    "env": _ENVIRON,
    "start_response": "use the start_response that your application is called with",
    "mode": "ask uwsgi.opt",
}


def why(name: str) -> str:
    """Why the module has no such name."""
    instead = _VALUES.get(name)
    return f"module 'uwsgi' has no attribute {name!r}" + (f" here: {instead}" if instead else "")


def _raising(name: str, instead: str) -> Callable[..., NoReturn]:
    def absent(*_: object, **__: object) -> NoReturn:
        raise NotImplementedError(f"uwsgi.{name}() is not offered by Imperator: {instead}")

    absent.__name__ = absent.__qualname__ = name
    absent.__doc__ = f"Not offered: {instead}."
    return absent


def names() -> dict[str, Any]:
    """One function that raises for each."""
    return {name: _raising(name, instead) for name, instead in INSTEAD.items()}
