"""Functions by name: registered by the application, called by it. Calls to other machines are not made.

Names and arguments may be text; uWSGI wants bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imperator.module.text import octets

Function = Callable[..., Any]

MOST = 254
"""Arguments of a call."""

_functions: dict[bytes, Function] = {}


def register_rpc(name: Any, function: Function, _arguments: int = 0) -> bool:
    """Give a function a name. It gets bytes, and answers bytes, text, or None for nothing."""
    if not callable(function):
        raise ValueError("what is registered must be a function")
    _functions[octets(name, "the name of a function")] = function
    return True


def rpc_list() -> tuple[bytes, ...]:
    """All names there are in this process."""
    return tuple(_functions)


def call(name: Any, *arguments: Any) -> bytes | None:
    """What the function of this name answers; None if it answers nothing, or if there is none."""
    if len(arguments) > MOST:
        raise ValueError(f"a call has {MOST} arguments at most")
    function = _functions.get(octets(name, "the name of a function"))
    if function is None:
        return None
    answer = function(*(octets(one, "an argument") for one in arguments))
    return None if answer is None else octets(answer, "the answer of a function")


def rpc(node: Any, name: Any, *arguments: Any) -> bytes | None:
    """The same; a ``node`` other than None or nothing would be another machine."""
    if node:
        raise NotImplementedError(
            "uwsgi.rpc() calls functions of this instance only: for another machine use HTTP, or a task queue"
        )
    return call(name, *arguments)


NAMES: dict[str, Any] = {"register_rpc": register_rpc, "rpc_list": rpc_list, "call": call, "rpc": rpc}
