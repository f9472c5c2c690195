"""Questions to a running instance from the command line: ``--ping``, ``--nagios``, ``--connect-and-read``.

The exit statuses and the words of ``--nagios`` are uWSGI's; monitoring reads them.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys

from imperator.config.addresses import endpoint
from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.settings import Endpoint
from imperator.errors import COMMAND_LINE

PING = bytes((100, 0, 0, 0))
"""A packet of the uwsgi protocol; the answer begins with the same byte, and ends in the number of the warning."""

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3


def ping(address: str, timeout: int) -> int:
    """Whether a uwsgi socket answers; 0 if it does, 2 with a warning, 1 if not."""
    print(f"PING uwsgi host {address} (timeout: {timeout})", file=sys.stderr)
    try:
        warning, message = _ask(address, timeout)
    except (OSError, ValueError) as error:
        print(f"error: {address} does not answer: {_why(error)}", file=sys.stderr)
        return 1
    if warning:
        print(f"[WARNING] node {address} message: {message}", file=sys.stderr)
        return 2
    return 0


def nagios(address: str, timeout: int) -> int:
    """Likewise as a plugin of Nagios: one line and its status."""
    if not address:
        print("UWSGI UNKNOWN: you have specified an invalid socket")
        return UNKNOWN
    try:
        with _connect(address, timeout) as sock:
            try:
                warning, message = _answer(sock)
            except OSError as error:
                print(f"UWSGI CRITICAL: error reading response {_why(error)}")
                return CRITICAL
    except (OSError, ValueError) as error:
        print(f"UWSGI CRITICAL: could not connect() to workers {_why(error)}")
        return CRITICAL
    if warning:
        print(f"UWSGI WARNING: {message}")
        return WARNING
    print("UWSGI OK: armed and ready")
    return OK


def connect_and_read(address: str) -> int:
    """Copy what somebody says to standard error, to the end."""
    try:
        with _connect(address, None) as sock:
            while data := sock.recv(65536):
                os.write(2, data)
    except (OSError, ValueError) as error:
        print(f"error: {address} cannot be read: {_why(error)}", file=sys.stderr)
        return 1
    return 0


def _ask(address: str, timeout: int) -> tuple[int, str]:
    with _connect(address, timeout) as sock:
        return _answer(sock)


def _answer(sock: socket.socket) -> tuple[int, str]:
    sock.sendall(PING)
    data = b""
    while len(data) < 4 or len(data) < 4 + int.from_bytes(data[1:3], "little"):
        piece = sock.recv(4096)
        if not piece:
            raise OSError(0, "it closed the connection")
        data += piece
    if data[0] != PING[0]:
        raise OSError(0, "it does not speak uwsgi")
    size = int.from_bytes(data[1:3], "little")
    return (data[3] if size else 0), data[4 : 4 + size].decode("utf-8", "replace")


def _connect(address: str, timeout: int | None) -> socket.socket:
    complaints = Complaints()
    found = endpoint(Pair("address", address, COMMAND_LINE), os.getcwd(), complaints)
    if found is None or found.kind == "fd":
        raise ValueError(complaints[0].message if complaints else f"{address} is no address")
    with contextlib.ExitStack() as undo:
        sock = undo.enter_context(socket.socket(_FAMILIES[found.kind], socket.SOCK_STREAM))
        sock.settimeout(timeout)
        sock.connect(_name(found))
        undo.pop_all()
    return sock


_FAMILIES = {
    "unix": socket.AF_UNIX, "abstract": socket.AF_UNIX, "inet": socket.AF_INET, "inet6": socket.AF_INET6,
}  # fmt: skip


def _name(found: Endpoint) -> str | bytes | tuple[str, int]:
    if found.kind == "unix":
        return found.path
    if found.kind == "abstract":
        return b"\0" + os.fsencode(found.path)
    return "127.0.0.1" if found.host == "0.0.0.0" else found.host, found.port


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, TimeoutError):
        return "it was too slow"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
