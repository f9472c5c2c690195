"""All that is in the module, put together from its subjects. Who wants another name adds a file and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import Any

SUBJECTS = (
    "facts", "control", "counters", "requests", "rpc", "files", "mules", "signals", "locks", "cache", "queue", "areas",
    "spooler", "absent",
)  # fmt: skip
"""Each is a module beside this one with ``NAMES``, or with ``names()`` if they depend on the instance."""


def everything() -> dict[str, Any]:
    """Every name and what it is. The first subject that has a name decides."""
    found: dict[str, Any] = {}
    for subject in SUBJECTS:
        module = import_module("imperator.module." + subject)
        names: dict[str, Any] = module.names() if hasattr(module, "names") else module.NAMES
        for name, value in names.items():
            found.setdefault(name, value)
    return found
