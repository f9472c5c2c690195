"""Puts ``uwsgi`` where applications find it, before any of them is imported.

What is put there is an empty module: its contents come with the first question for one of them, so that an application
which never asks pays nothing. What an application sets on it (``post_fork_hook``, ``atexit``, …) is found by
:func:`call_hook`.

``uwsgidecorators`` comes from ``decorators.py`` unless the application's own environment has one.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
import traceback
import types
from collections.abc import Sequence
from typing import Any

from imperator import logs
from imperator.module.here import HERE
from imperator.pipes import Plan

NAME = "uwsgi"
DECORATORS = "uwsgidecorators"
_FILLED = "__filled__"
_NEVER_CALLED = {"after_req_hook": "wrap the application, or use what its framework has for the end of a request"}


class Module(types.ModuleType):
    """The module, until somebody asks it something."""

    def __getattr__(self, name: str) -> Any:
        """Fetch the contents. Names with two underscores are the import system's and debuggers' questions."""
        if name.startswith("__"):
            if name == "__all__":
                _fill(self)
            raise AttributeError(f"module 'uwsgi' has no attribute {name!r}")
        if _FILLED not in vars(self):
            _fill(self)
            if name in vars(self):
                return vars(self)[name]
        from imperator.module import absent

        raise AttributeError(absent.why(name))

    def __setattr__(self, name: str, value: object) -> None:
        """Hooks that nobody calls are told of, not taken in silence."""
        if name in _NEVER_CALLED and value is not None:
            logs.say(f"warning: uwsgi.{name} is never called here: {_NEVER_CALLED[name]}")
        super().__setattr__(name, value)

    def __dir__(self) -> Sequence[str]:
        """All names there are."""
        _fill(self)
        return sorted(vars(self))


def _fill(module: types.ModuleType) -> None:
    from imperator.module import contents

    vars(module)[_FILLED] = True
    for name, value in contents.everything().items():
        vars(module).setdefault(name, value)


class Finder:
    """Finds our decorators where nobody else has found any."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> importlib.machinery.ModuleSpec | None:
        """As ``importlib`` asks."""
        if name != DECORATORS:
            return None
        import importlib.util

        return importlib.util.spec_from_file_location(name, os.path.join(os.path.dirname(__file__), "decorators.py"))


def install(plan: Plan) -> None:
    """Make this process a generation of ``plan`` and ``import uwsgi`` work in it."""
    HERE.begin(plan)
    module = Module(NAME, "What uWSGI offers to applications, offered by Imperator.")
    module.__spec__ = importlib.machinery.ModuleSpec(NAME, None, origin="built-in")
    sys.modules[NAME] = module
    sys.meta_path.append(Finder)


def hook(name: str) -> Any:
    """What the application has set under this name; None if nothing."""
    module = sys.modules.get(NAME)
    return vars(module).get(name) if module else None


def call_hook(name: str) -> None:
    """Call what the application has set, if it has. Its exceptions are printed and stop nobody."""
    function = hook(name)
    if not callable(function):
        return
    try:
        function()
    except Exception:
        sys.stderr.write(traceback.format_exc())
