"""``py-tracebacker``: whoever connects to a worker's socket gets the stacks of its threads, and is hung up on.

A thread of Python's writes them, so a worker whose C code never lets go of the GIL does not answer; SIGUSR2 reaches
that one, too. Only the worker's own user may connect.
"""

from __future__ import annotations

import os
import socket
import stat
import sys
import threading
import traceback

from imperator import logs

SLOW = 5.0
"""Seconds that a reader has."""


def start(path: str) -> None:
    """Answer at ``path`` from now on. That it cannot be is logged, and keeps nothing from serving."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        if _is_socket(path):
            os.unlink(path)  # that of a worker before, or of the one that this one replaces
        mask = os.umask(0o177)
        try:
            listener.bind(path)
        finally:
            os.umask(mask)
        listener.listen(8)
    except OSError as error:
        listener.close()
        logs.say(f"warning: no tracebacks at {path}: {error.strerror} [tracebacker-unavailable]")
        return
    logs.say(f"python tracebacker for process {os.getpid()} available on {path}")
    threading.Thread(target=_serve, args=(listener,), name="tracebacker", daemon=True).start()


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.lstat(path).st_mode)
    except OSError:
        return False


def _serve(listener: socket.socket) -> None:
    while True:
        try:
            with listener.accept()[0] as reader:
                reader.settimeout(SLOW)
                reader.sendall(stacks().encode("utf-8", "backslashreplace"))
        except OSError:
            continue  # the reader has gone


def stacks() -> str:
    """The stacks of all threads of this process but the one that asks."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    lines = ["*** uWSGI Python tracebacker output ***\n\n"]
    for ident, frame in sys._current_frames().items():
        if ident == threading.get_ident():
            continue
        lines.append(f"thread_id = {names.get(ident, ident)}\n")
        lines += traceback.format_stack(frame)
        lines.append("\n")
    return "".join(lines)
