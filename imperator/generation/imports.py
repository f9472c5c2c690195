"""What the interpreter is given before it loads the application: arguments, paths, other names for modules, imports.

An import that fails is told and forgotten, as by uWSGI; a name for a module that does not exist keeps the application
from loading.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
import traceback
import types

from imperator import logs
from imperator.generation import app as applications
from imperator.pipes import Import, Interpreter, Loader


def prepare(interpreter: Interpreter, pythonpath: list[str]) -> None:
    """What uWSGI's applications find in ``sys``: ``.`` and the configured directories before the normal path."""
    from glob import glob

    sys.argv = ["uwsgi", *interpreter.argv]
    if interpreter.executable:
        sys.executable = interpreter.executable
    sys.path[:0] = [".", ""]
    for pattern in pythonpath:
        # A directory that does not exist yet is an entry all the same, as it is for Python.
        sys.path[:0] = sorted(glob(pattern), reverse=True) or [pattern]
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(line_buffering=True)


def run(interpreter: Interpreter) -> None:
    """Make the aliases, then import what shall be. Raises ``NotLoaded`` for an alias of nothing."""
    for one in interpreter.aliases:
        loader = Loader("file" if _is_file(one.target) else "module", one.target, one.where)
        sys.modules[one.alias] = applications.guarded(loader, [], functools.partial(_import, one.target))
        logs.say(f'mapped virtual pymodule "{one.alias}" to real pymodule "{one.target}"')
    for one in interpreter.imports:
        _try(one)


def _try(one: Import) -> None:
    try:
        _import(one.target)
    except KeyboardInterrupt:
        raise
    except BaseException:
        sys.stderr.write(traceback.format_exc())
        logs.say(f"unable to import {one.target} ({one.where}); the application is loaded without it")


def _is_file(target: str) -> bool:
    return target.endswith(".py") or "/" in target


def _import(target: str) -> types.ModuleType:
    if not _is_file(target):
        return importlib.import_module(target)
    name = os.path.basename(target).removesuffix(".py")
    return sys.modules.get(name) or applications.run_file(target, name)
