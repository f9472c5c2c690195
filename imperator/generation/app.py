"""Find and import the application that the configuration names.

A file, whatever its extension, is run as a module; a module is imported; source text out of the configuration is run.
They end at an attribute: ``application``, what ``callable`` says, or what the name itself says; a name with ``()`` is
a factory. The fourth way is an address for paste.deploy, which makes the application.

What goes wrong is told once, in one line with the place in the application's code that can be mended, the traceback
beside it, and the files that a watcher should look at.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import sys
import traceback
import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn

from imperator.errors import printable
from imperator.pipes import Failed, Loader

Application = Callable[..., Any]


class NotLoaded(Exception):
    """The application cannot be had; carries the word that says so."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.reason)
        self.failed = failed


class _Place(NamedTuple):
    """Where in the application's own files something went wrong."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def load(loaders: list[Loader], callable_name: str) -> Application:
    """The application of the first loader that has one. Raises :class:`NotLoaded` with the first one's reason."""
    if not loaders:
        reason = "no application is configured; name one with wsgi-file = app.py or module = package.module"
        raise NotLoaded(Failed(reason, "", []))
    failures = []
    for loader in loaders:
        try:
            return _load(loader, callable_name or "application")
        except NotLoaded as failure:
            failures.append(failure.failed)
    raise NotLoaded(together(failures))


def together(failures: list[Failed]) -> Failed:
    """Several failures as one, which gives the reason of the first."""
    return failures[0]._replace(
        traceback="".join(failure.traceback for failure in failures),
        files=[file for failure in failures for file in failure.files],
    )


class Several(dict[str, Application]):
    """Applications by their mounts, as a module's ``applications`` names them. Not called."""

    def __call__(self, *_: Any) -> NoReturn:  # noqa: ANN401 - whatever an application is called with
        """There is no one application."""
        raise TypeError("several applications are not one")


def several(application: Application | None) -> Several | None:
    """The applications that a module mounts by itself; None if it is one."""
    return application if isinstance(application, Several) else None


def _load(loader: Loader, callable_name: str) -> Application:
    if loader.kind == "file":
        path = os.path.abspath(loader.target)
        module = guarded(loader, [path], lambda: run_file(loader.target))
        return _attribute(loader, module, callable_name, [path])
    if loader.kind == "eval":
        return _attribute(loader, guarded(loader, [], lambda: _run_text(loader.target)), callable_name, [])
    if loader.kind == "paste":
        return guarded(loader, [], lambda: _paste(loader.target))  # type: ignore[no-any-return]
    name, _, attribute = loader.target.partition(":")
    module = guarded(loader, _candidates(name), lambda: importlib.import_module(name))
    files = [module.__file__] if getattr(module, "__file__", None) else []
    if mounted := _mounted(module):
        return mounted
    return _attribute(loader, module, attribute or callable_name, [str(file) for file in files])


def _mounted(module: types.ModuleType) -> Several | None:
    """The dict ``applications`` of a module: callables by their mounts, whose keys may be bytes as uWSGI wants them."""
    told = getattr(module, "applications", None)
    if not isinstance(told, dict) or not told or not all(callable(one) for one in told.values()):
        return None
    names = [os.fsdecode(name) if isinstance(name, bytes) else name for name in told]
    if not all(isinstance(name, str) and (not name or name.startswith("/")) for name in names):
        return None
    return Several(zip(names, told.values(), strict=True))


def _run_text(text: str) -> types.ModuleType:
    module = types.ModuleType("uwsgi_eval_config")
    sys.modules[module.__name__] = module
    exec(compile(text, "<eval>", "exec"), vars(module))
    return module


def _paste(address: str) -> Application:
    """What paste.deploy makes of ``config:file.ini[#name]``; without a scheme it is a file."""
    deploy = importlib.import_module("paste.deploy")  # the application's, found where it is found
    uri = address if ":" in address else "config:" + address
    return deploy.loadapp(uri, relative_to=os.getcwd())  # type: ignore[no-any-return]


def run_file(path: str, name: str = "") -> types.ModuleType:
    """Run a file as a module; without a name it gets one made of its path as uWSGI makes it."""
    name = name or "uwsgi_file_" + path.replace("/", "_").replace(".", "_")
    loader = _Uncompiled(name, path)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    if spec is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class _Uncompiled(importlib.machinery.SourceFileLoader):
    """Keeps no compiled form: that of ``app.wsgi`` would have the name of that of ``app.py``."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError


def guarded(loader: Loader, files: list[str], action: Callable[[], Any]) -> Any:  # noqa: ANN401 - the application's
    """Run the application's own code; whatever it raises is its failure, not ours."""
    try:
        return action()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise NotLoaded(_failure(loader, error, files)) from error


def _attribute(loader: Loader, module: types.ModuleType, name: str, files: list[str]) -> Application:
    factory = name.endswith("()")
    name = name.removesuffix("()")
    missing = object()
    found: Any = module
    for part in name.split("."):
        found = guarded(loader, files, lambda found=found, part=part: getattr(found, part, missing))  # type: ignore[misc]
        if found is missing:
            break
    place = files[0] if files else module.__name__
    if found is missing:
        names = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        offer = f"name one that it has with callable = {' | '.join(names[:8])}" if names else "it has nothing to call"
        reason = f'{place}: unable to find "{name}" callable in {_what(loader)}; {offer}'
        raise NotLoaded(Failed(reason, "", files))
    application: Any = found
    if factory:
        application = guarded(loader, files, lambda: application())
    if not callable(application):
        kind = type(application).__name__
        hint = "point callable = at the WSGI application"
        reason = f'{place}: "{name}" in {_what(loader)} is a {kind} and cannot be called; {hint}'
        raise NotLoaded(Failed(reason, "", files))
    return application  # type: ignore[no-any-return]


def _failure(loader: Loader, error: BaseException, files: list[str]) -> Failed:
    told = traceback.TracebackException.from_exception(error)
    _strip(told)
    frames = list(told.stack)
    place = _place(error, frames)
    message = _message(error)
    seen = [*([place.file] if place else []), *files, *(frame.filename for frame in reversed(frames))]
    seen = [os.path.abspath(file) for file in seen if not file.startswith("<")]
    where = str(place) if place else loader.where
    reason = f"{where}: {message}; while loading {_what(loader)}"
    if hint := _hint(loader, error):
        reason += f"; {hint}"
    return Failed(reason, "".join(told.format()), list(dict.fromkeys(seen)))


def _strip(told: traceback.TracebackException | None) -> None:
    """Leave out the frames of this file and of the import system, which are not the reader's code."""
    while told is not None:
        told.stack = traceback.StackSummary.from_list(
            frame
            for frame in told.stack
            if frame.filename not in (__file__, importlib.__file__) and not frame.filename.startswith("<frozen ")
        )
        _strip(told.__context__)
        told = told.__cause__


def _place(error: BaseException, frames: list[traceback.FrameSummary]) -> _Place | None:
    if isinstance(error, SyntaxError) and error.filename and error.lineno and not error.filename.startswith("<"):
        return _Place(error.filename, error.lineno)
    if not frames:
        return None
    # The application's last word: libraries are where it shows, seldom where it is mended.
    files = [frame for frame in frames if not frame.filename.startswith("<")]
    own = [frame for frame in files if "site-packages" not in frame.filename and "/lib/python" not in frame.filename]
    last = (own or files or frames)[-1]
    return _Place(last.filename, last.lineno or 0)


def _message(error: BaseException) -> str:
    try:
        text = str(error.msg if isinstance(error, SyntaxError) else error)
    except Exception:
        text = ""  # it cannot even say what it is
    text = printable(" ".join(text.split()))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _hint(loader: Loader, error: BaseException) -> str:
    if isinstance(error, FileNotFoundError) and error.filename == loader.target:
        return f"the file is looked for in {os.getcwd()}, where chdir leads"
    if isinstance(error, ModuleNotFoundError):
        home = f"install it for {sys.executable}" if error.name and "." not in error.name else "check the name"
        return f"{home}, or set home, chdir or pythonpath so that it is found"
    return ""


def _what(loader: Loader) -> str:
    return f"{loader.target} ({loader.where})" if loader.where else loader.target


def _candidates(name: str) -> list[str]:
    """Where a module may appear, for a watcher: beside the first directories of the path."""
    leaf = name.split(".")[0]
    folders = [os.path.abspath(folder) for folder in sys.path[:4]]
    return [f"{folder}/{leaf}{ending}" for folder in folders for ending in (".py", "/__init__.py")]
