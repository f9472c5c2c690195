"""Whether the application of an instance will be found: its file, its module, its callable. Nothing of it is run.

The text is compiled and its top level is looked through. A module may be found in more places than can be known without
starting (import hooks, editable installs, zip files); where one of those is in play, nothing is said.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from typing import NamedTuple

from imperator.config.apps import Loader
from imperator.config.expand import unresolved
from imperator.config.settings import Settings
from imperator.errors import Diagnostic, Severity, Where
from imperator.ops.ground import look
from imperator.ops.oddities import MODULE
from imperator.ops.person import READ, Person

LARGEST = 4 << 20
_ASGI = "serve it with an ASGI server, or wrap it: application = a2wsgi.ASGIMiddleware(app)"
_ASGI_MAKERS = frozenset((
    "FastAPI", "Starlette", "Quart", "Litestar", "Sanic", "get_asgi_application", "ProtocolTypeRouter", "BlackSheep",
))  # fmt: skip
"""Classes and functions whose results speak ASGI."""


class _Source(NamedTuple):
    path: str
    """Of the file to compile; empty: found, but it is nothing that can be read as text."""


def examine(settings: Settings, runner: Person) -> list[Diagnostic]:
    """What is wrong with every application that shall be loaded. Some directory must exist: the rest is ground.py's."""
    if settings.directory is not None and not os.path.isdir(settings.directory):
        return []
    if settings.home is not None and not os.path.isdir(settings.home):
        return []
    default = settings.callable or "application"
    found = _root(settings, default, runner)
    for mount in settings.apps.mounts:
        found += _one(settings, mount.loader, mount.callable or default, runner)
    return found + _gevent(settings)


def _root(settings: Settings, default: str, runner: Person) -> list[Diagnostic]:
    """Of several applications for the root the first that loads is served, those before it only fail in the log."""
    found: list[Diagnostic] = []
    for loader in settings.loaders:
        wrong = _one(settings, loader, default, runner)
        if not any(one.severity is Severity.ERROR for one in wrong):
            return [one._replace(severity=Severity.WARNING) for one in found] + wrong
        found += wrong
    return found


def _gevent(settings: Settings) -> list[Diagnostic]:
    """Whether the virtualenv has the gevent that is asked for; of an interpreter without one, too little is known."""
    if not settings.gevent.is_wanted or settings.home is None or _sees_the_system(settings.home):
        return []
    installed, certain = _installed(settings)
    if not certain or not installed or _find(_own_folders(settings) + installed, "gevent"):
        return []
    names = ("gevent", "loop", "gevent-early-monkey-patch")
    where = next((settings.where[name] for name in names if name in settings.where), None)
    hint = f"{os.path.join(settings.home, 'bin', 'python3')} -m pip install gevent"
    return [Diagnostic("gevent-missing", where, f"gevent is not installed in {settings.home}", hint)]


def _sees_the_system(home: str) -> bool:
    """Whether the virtualenv also has what is installed for all."""
    try:
        with open(os.path.join(home, "pyvenv.cfg"), encoding="utf-8", errors="replace") as file:
            return re.search(r"(?im)^include-system-site-packages\s*=\s*true\s*$", file.read()) is not None
    except OSError:
        return True


def _one(settings: Settings, loader: Loader, name: str, runner: Person) -> list[Diagnostic]:
    if unresolved(loader.target) or any(mark in loader.target for mark in ("{{", "${", "<%")):
        return []
    if loader.kind == "file":
        return _file(settings, loader, name, runner)
    if loader.kind == "paste":
        return _paste(settings, loader)
    return _module(settings, loader, name, runner) if loader.kind == "module" else []


def _paste(settings: Settings, loader: Loader) -> list[Diagnostic]:
    """The file of an address for paste.deploy; what is in it only paste.deploy knows."""
    scheme, colon, rest = loader.target.partition(":")
    path = os.path.join(settings.directory or settings.start, rest.partition("#")[0])
    if not colon or scheme != "config" or look(path) is not None:
        return []
    hint = "correct the name, or write the whole path"
    return [Diagnostic("app-missing", loader.where, f"there is no file {path}", hint)]


def _file(settings: Settings, loader: Loader, name: str, runner: Person) -> list[Diagnostic]:
    base = settings.directory or settings.start
    path = os.path.join(base, loader.target)
    state = look(path)
    if state is None:
        if closed := runner.barrier(path):
            return [_closed(loader, path, runner, closed)]
        hint = f"names begin at {base}; correct the name, or set chdir"
        script, colon, attribute = loader.target.rpartition(":")
        if colon and look(os.path.join(base, script)) is not None:
            hint = f"a file takes no callable: write wsgi-file = {script} and callable = {attribute}"
        elif look(path + ".py") is not None:
            hint = f"there is {path}.py"
        return [Diagnostic("app-missing", loader.where, f"there is no file {path}", hint)]
    return _source(settings, loader, path, name, runner)


def _module(settings: Settings, loader: Loader, default: str, runner: Person) -> list[Diagnostic]:
    name, _, attribute = loader.target.partition(":")
    if not MODULE.fullmatch(name):
        return []  # oddities.py speaks of it
    if name.split(".")[0] in sys.stdlib_module_names:
        return []
    folders = _own_folders(settings)
    source = _find(folders, name)
    if source is None:
        more, certain = _installed(settings)
        source = _find(more, name)
        if source is None:
            if not certain:
                return []
            shown = ", ".join(dict.fromkeys(folders + more[:1]))
            hint = f"looked in {shown}; set chdir or pythonpath to the directory that holds it"
            if below := _below(folders[0], name):
                hint = f"it is in {below}: write chdir = {below}, or pythonpath = {below}"
            return [Diagnostic("app-missing", loader.where, f"there is no module {name}", hint)]
    if not source.path:
        return []
    return _source(settings, loader, source.path, attribute or default, runner)


def _own_folders(settings: Settings) -> list[str]:
    base = settings.directory or settings.start
    paths = [base, *settings.pythonpath]
    for change in settings.env:
        if change.name == "PYTHONPATH" and change.value:
            paths += change.value.split(":")
    return list(dict.fromkeys(os.path.normpath(os.path.join(base, path)) for path in paths if path))


def _installed(settings: Settings) -> tuple[list[str], bool]:
    """Where packages are installed, and whether a module that is not there is nowhere."""
    if settings.home is None:
        folders = [path for path in sys.path if path.endswith("-packages")]
    else:
        library = os.path.join(settings.home, "lib")
        try:
            versions = [name for name in os.listdir(library) if name.startswith("python3")]
        except OSError:
            return [], False
        folders = [os.path.join(library, version, "site-packages") for version in versions]
    for folder in folders:
        try:
            if any(
                name.endswith((".pth", ".egg-link")) and not name.startswith(("distutils-", "_virtualenv"))
                for name in os.listdir(folder)
            ):
                return folders, False
        except OSError:
            continue
    return folders, True


def _find(folders: list[str], name: str) -> _Source | None:
    for folder in folders:
        at = folder
        parts = name.split(".")
        for part in parts[:-1]:
            at = os.path.join(at, part)
        if not os.path.isdir(at):
            continue
        last = os.path.join(at, parts[-1])
        for path in (os.path.join(last, "__init__.py"), last + ".py"):
            if os.path.isfile(path):
                return _Source(path)
        if os.path.isdir(last) or any(
            one.startswith(parts[-1] + ".") and one.endswith((".so", ".pyc")) for one in os.listdir(at)
        ):
            return _Source("")
    return None


def _below(folder: str, name: str) -> str:
    """The directory in ``folder`` that holds the module, if one of the first hundred does."""
    try:
        names = sorted(os.listdir(folder))[:100]
    except OSError:
        return ""
    return next((path for one in names if _find([path := os.path.join(folder, one)], name)), "")


def _source(settings: Settings, loader: Loader, path: str, attribute: str, runner: Person) -> list[Diagnostic]:
    state = look(path)
    closed = runner.barrier(path)
    if closed is None and state is not None and not runner.may(state, READ):
        closed = path
    if closed:
        return [_closed(loader, path, runner, closed)]
    try:
        with open(path, "rb") as file:
            text = file.read(LARGEST)
        tree = ast.parse(text, path)
        compile(tree, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        return [_broken(settings, loader, path, error)]
    except (OSError, ValueError, RecursionError, MemoryError):
        return []
    name = attribute.removesuffix("()")
    if name in _bound(tree):
        return _unfit(tree, loader, name, called=attribute.endswith("()"))
    if _obscure(tree):
        return []
    offer = [
        node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and node.targets[0].id in ("app", "application", "api", "server", "wsgi", "handler")
    ]
    hint = f"it has {offer[0]}: write callable = {offer[0]}" if offer else "name another with callable ="
    return [Diagnostic("app-callable-missing", loader.where, f"{path} defines no {name}", hint)]


def _unfit(tree: ast.Module, loader: Loader, name: str, *, called: bool) -> list[Diagnostic]:
    """What is there by the name, and cannot be called as it will be."""
    bound = [node for node in tree.body if name in _bound(ast.Module([node], []))]
    if len(bound) != 1:
        return []  # it depends
    node, fact, hint = bound[0], "", ""
    if isinstance(node, ast.FunctionDef) and not node.decorator_list:
        given = node.args.posonlyargs + node.args.args
        least = len(given) - len(node.args.defaults)
        most = 1 << 30 if node.args.vararg else len(given)
        if called and least:
            fact = f"{name}() is called without arguments, and {name} takes {least}"
            hint = f"write {name} without parentheses" if least == 2 else f"give {name} defaults, or name another"
        elif not called and not least <= 2 <= most:
            takes = f"takes {least or 'no'} argument{'s' if least != 1 else ''}"
            fact = f"{name} {takes}, and a WSGI application is called with two"
            hint = f"write {name}() if it makes the application" if not least else "name another with callable ="
    elif isinstance(node, ast.AsyncFunctionDef):
        fact, hint = f"{name} is asynchronous, and a WSGI application is not", _ASGI
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        made = node.value.func
        maker = made.attr if isinstance(made, ast.Attribute) else made.id if isinstance(made, ast.Name) else ""
        if maker in _ASGI_MAKERS:
            fact, hint = f"{name} is made by {maker} and speaks ASGI, not WSGI", _ASGI
    return [Diagnostic("app-not-wsgi", loader.where, fact, hint)] if fact else []


def _closed(loader: Loader, path: str, runner: Person, closed: str) -> Diagnostic:
    return Diagnostic(
        "app-unreadable",
        loader.where,
        f"{runner.name} may not read {path}: {closed} is closed to it",
        f"allow it: chmod a+rx {closed}" if closed != path else f"allow it: chmod a+r {path}",
    )


def _broken(settings: Settings, loader: Loader, path: str, error: SyntaxError) -> Diagnostic:
    ours = f"{sys.version_info[0]}.{sys.version_info[1]}"
    theirs = _version(settings.home) if settings.home else ours
    place = Where(path, error.lineno or 0)
    message = f"the application cannot be compiled: {error.msg}"
    if theirs and theirs != ours:
        return Diagnostic(
            "app-syntax",
            place,
            f"{message} (Python {ours}; the virtualenv has {theirs})",
            f"run the check under Python {theirs} to be sure",
            Severity.WARNING,
        )
    return Diagnostic("app-syntax", place, message, f"mend the line; it is loaded because of {loader.where}")


def _version(home: str) -> str | None:
    """The version of a virtualenv's Python, as its ``pyvenv.cfg`` tells."""
    try:
        with open(os.path.join(home, "pyvenv.cfg"), encoding="utf-8", errors="replace") as file:
            found = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+)", file.read(65536), re.MULTILINE)
    except OSError:
        return None
    return found[1] if found else None


def _bound(tree: ast.Module) -> set[str]:
    """Every name that the module's own level may bind, in whatever branch."""
    names: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        waiting.extend(ast.iter_child_nodes(node))
    return names


def _obscure(tree: ast.Module) -> bool:
    """Whether names may come from where they cannot be seen."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return True
        if isinstance(node, ast.Name) and node.id in ("globals", "exec", "setattr", "vars", "execfile"):
            return True
        if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
            return True
        if isinstance(node, ast.Global):
            return True
    return False
