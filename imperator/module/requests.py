"""What concerns the request that is being worked on: variables for its line in the log."""

from __future__ import annotations

from typing import Any

from imperator.module.noted import LOG_VARIABLES
from imperator.module.text import octets


def set_logvar(name: Any, value: Any) -> None:
    """Set what ``%(name)`` in ``log-format`` stands for in the line of this request."""
    key, text = octets(name, "the name of a variable"), octets(value, "the value of a variable")
    variables = LOG_VARIABLES.get()
    if variables is None:
        variables = {}
        LOG_VARIABLES.set(variables)
    variables[key] = text


def get_logvar(name: Any) -> bytes | None:
    """What was set in this request; None if nothing was."""
    return (LOG_VARIABLES.get() or {}).get(octets(name, "the name of a variable"))


NAMES: dict[str, Any] = {"set_logvar": set_logvar, "get_logvar": get_logvar}
