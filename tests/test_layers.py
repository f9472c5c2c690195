"""Imports go downward only, and what is dangerous has one home each: docs/architecture.md, read off the source.

Every rule is a function from modules to the places that break it. It is asked twice: about the package, where there
must be none, and about a small module written to break it, where there must be one.
"""

from __future__ import annotations

import ast
import fnmatch
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "imperator"

LAYERS = [
    ("the version", ["__init__"]),
    ("leaves", ["errors"]),
    ("pure", ["config.*", "cron", "lifecycle", "metrics", "pipes", "sharing", "spooling"]),
    ("decisions", [
        "*.policy", "master.triggers", "stats", "emperor.spawn", "emperor.seen", "tasks.daemon", "tasks.smart",
        "tasks.timetable",
    ]),
    ("mechanism", ["logs", "process.*", "emperor.monitor", "emperor.source", "_core", "module.*"]),
    ("carried out", ["*.run", "generation.*", "master.*", "emperor.*", "tasks.*", "ops.*"]),
    ("shells", ["cli"]),
    ("programs", ["__main__", "launch"]),
]
"""From the ground up. A module belongs to the first layer that names it, and imports from its own or lower ones."""

SHELLS = ("emperor", "master", "generation")
"""They run in different processes and know nothing of one another."""

KERNEL = {"fork", "forkpty", "kill", "killpg", "system", "popen", "posix_spawn", "posix_spawnp", "abort"}
KERNEL_PREFIXES = ("exec", "spawn", "wait")
HARMLESS = {"waitstatus_to_exitcode"}

PURE = [
    "errors", "config.*", "cron", "lifecycle", "metrics", "pipes", "sharing", "spooling", "*.policy", "master.triggers",
    "stats", "emperor.spawn", "emperor.seen",
    "generation.harakiri", "generation.cheaper", "tasks.daemon", "tasks.smart", "tasks.timetable",
    "generation.companions", "generation.targets",
]  # fmt: skip
TOUCHES_THE_WORLD = {
    "os", "socket", "select", "selectors", "time", "datetime", "subprocess", "fcntl", "mmap", "signal", "threading",
    "tempfile", "glob", "shutil", "io", "random", "logging", "asyncio", "pathlib", "pwd", "grp", "ctypes", "sys",
}  # fmt: skip
PURE_MAY = {
    ("master.triggers", "signal"): "the names of signals are what it is about",
    ("emperor.seen", "os"): "the type of what stat found, which others ask for",
}
BUILT_IN = {"open", "print", "input", "exec", "eval", "__import__"}

HEAVY = {"dataclasses", "inspect", "argparse", "logging", "subprocess", "asyncio", "pathlib", "typing_extensions"}
FOR_PEOPLE = ["ops.*"]
"""They run once, at a terminal, and may take their time."""


class Use(NamedTuple):
    """One import or attribute in a module: ``name`` is dotted."""

    module: str
    line: int
    name: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: {self.name}"


class Module(NamedTuple):
    """A module below the package: its name without the package's, and its tree."""

    name: str
    tree: ast.Module


def parse(name: str, text: str) -> Module:
    return Module(name, ast.parse(text))


def package() -> list[Module]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found.append(parse(name.removesuffix(".__init__") if name != "__init__" else name, path.read_text()))
    return found


MODULES = package()
NAMES = {module.name for module in MODULES} | {"_core"}


def imports(module: Module) -> Iterator[Use]:
    """Every import, also those inside functions, but not those for the type checker alone."""
    skipped = {
        id(inner)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(module.tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Use(module.name, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.name}:{node.lineno}: imports are absolute here"
            for alias in node.names:
                yield Use(module.name, node.lineno, f"{node.module}.{alias.name}")


def ours(use: Use) -> str | None:
    """The module of ours that an import means; None if it means another's."""
    head, _, rest = use.name.partition(".")
    if head != "imperator":
        return None
    while rest:
        if rest in NAMES:
            return rest
        rest = rest.rpartition(".")[0]
    return "__init__"


def matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(f"{name}.", pattern) for pattern in patterns)


def layer(name: str) -> int | None:
    return next((height for height, (_, patterns) in enumerate(LAYERS) if matches(name, patterns)), None)


# -- the rules


def unplaced(modules: list[Module]) -> list[str]:
    """Every module has a layer."""
    packages = {module.name.rpartition(".")[0] for module in modules}
    return [module.name for module in modules if layer(module.name) is None and module.name not in packages]


def upward(modules: list[Module]) -> list[Use]:
    """Nobody imports from a higher layer."""
    found = []
    for module in modules:
        height = layer(module.name)
        for use in imports(module):
            target = ours(use)
            other = layer(target) if target else None
            if height is not None and other is not None and other > height:
                found.append(use)
    return found


def across(modules: list[Module]) -> list[Use]:
    """Emperor, master and generation never import each other."""
    return [
        use
        for module in modules
        if (room := module.name.partition(".")[0]) in SHELLS
        for use in imports(module)
        if (target := ours(use)) and (other := target.partition(".")[0]) in SHELLS and other != room
    ]


def attributes(module: Module, owner: str) -> Iterator[Use]:
    """What a module uses of another one, by attribute or by import."""
    aliases = {
        alias.asname or alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == owner
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            yield Use(module.name, node.lineno, f"{owner}.{node.attr}")
    for use in imports(module):
        if use.name.startswith(f"{owner}."):
            yield use


def processes(modules: list[Module]) -> list[Use]:
    """Only process/kernel.py forks, executes, kills and waits."""
    found = []
    for module in modules:
        if module.name == "process.kernel":
            continue
        for use in attributes(module, "os"):
            name = use.name.removeprefix("os.")
            if (name in KERNEL or name.startswith(KERNEL_PREFIXES)) and name not in HARMLESS:
                found.append(use)
        found += [use for use in imports(module) if use.name.split(".")[0] in ("subprocess", "multiprocessing", "pty")]
    return found


def engine(modules: list[Module]) -> list[Use]:
    """Only generation/worker.py enters the engine; of the rest the scoreboard alone is used."""
    found = []
    for module in modules:
        if module.name == "generation.worker":
            continue
        for use in imports(module):
            if use.name in ("imperator._core", "imperator._core.serve", "imperator._core.*"):
                found.append(use)
    return found


def foreign(modules: list[Module]) -> list[Use]:
    """Nobody needs more than the standard library: a generation lives in the application's interpreter."""
    known = sys.stdlib_module_names | {"imperator"}
    return [use for module in modules for use in imports(module) if use.name.split(".")[0] not in known]


def impure(modules: list[Module]) -> list[Use]:
    """What is pure touches no file, clock or socket, and prints nothing."""
    found = []
    for module in modules:
        if not matches(module.name, PURE):
            continue
        for use in imports(module):
            head = use.name.split(".")[0]
            if head in TOUCHES_THE_WORLD and (module.name, head) not in PURE_MAY:
                found.append(use)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILT_IN:
                found.append(Use(module.name, node.lineno, f"{node.func.id}()"))
    return found


def heavy(modules: list[Module]) -> list[Use]:
    """What runs fast to its start imports nothing that is slow to import."""
    return [
        use
        for module in modules
        if not matches(module.name, FOR_PEOPLE)
        for use in imports(module)
        if use.name.split(".")[0] in HEAVY
    ]


RULES = {
    "every module has a layer": (unplaced, "attic.trunk", ""),
    "imports go downward": (upward, "config.values", "from imperator.process import kernel"),
    "also those inside functions": (upward, "errors", "def f():\n    import imperator.pipes"),
    "also those of names": (upward, "stats", "from imperator.logs import say"),
    "also to the shell": (upward, "ops.doctor", "from imperator import cli"),
    "rooms are apart": (across, "master.run", "from imperator.generation import app"),
    "also from within functions": (across, "emperor.run", "def f():\n    from imperator.master.run import Master"),
    "one fork": (processes, "master.run", "import os\nos.fork()"),
    "one kill": (processes, "emperor.run", "from os import kill"),
    "one wait": (processes, "process.loop", "import os\nos.waitpid(1, 0)"),
    "one exec": (processes, "cli", "import os as system\nsystem.execv('/bin/true', [])"),
    "no subprocess": (processes, "ops.check", "def f():\n    import subprocess"),
    "one way into the engine": (engine, "generation.run", "from imperator import _core"),
    "nor by name": (engine, "master.run", "from imperator._core import serve"),
    "the standard library is enough": (foreign, "generation.app", "def f():\n    import yaml"),
    "pure rooms open nothing": (impure, "generation.policy", "import os"),
    "nor read": (impure, "config.load", "def f():\n    return open('/etc/passwd').read()"),
    "nor ask a clock": (impure, "config.magic", "from time import time"),
    "nothing slow": (heavy, "process.loop", "from dataclasses import dataclass"),
}


@pytest.mark.parametrize("case", RULES)
def test_the_rule_holds(case):
    rule, _, _ = RULES[case]
    assert [str(found) for found in rule(MODULES)] == [], rule.__doc__


@pytest.mark.parametrize("case", RULES)
def test_the_rule_would_be_broken_by(case):
    rule, name, text = RULES[case]
    assert rule([parse(name, text)])


def test_every_exception_is_needed():
    used = {(module.name, use.name.split(".")[0]) for module in MODULES for use in imports(module)}
    assert set(PURE_MAY) - used == set()


def test_every_layer_has_somebody():
    heights = {layer(module.name) for module in MODULES}
    assert [name for height, (name, _) in enumerate(LAYERS) if height not in heights] == []


RUNTIME = ["imperator.cli", "imperator.master.run", "imperator.emperor.run", "imperator.generation.run"]


@pytest.mark.parametrize("name", RUNTIME)
def test_what_really_gets_imported(name):
    """The standard library imports too: what a process has loaded once it runs is what counts."""
    import subprocess

    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); __import__(sys.argv[1]);"
        "print(' '.join({name.split('.')[0] for name in sys.modules}))"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, name, str(PACKAGE.parent)],
        capture_output=True, text=True, timeout=60, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    if "imperator._core" in run.stderr and not list(PACKAGE.glob("_core*.so")):
        pytest.skip("the engine is not built: make build")
    assert run.returncode == 0, run.stderr
    loaded = set(run.stdout.split())
    assert loaded & HEAVY == set()
    assert {one for one in loaded if one not in sys.stdlib_module_names} - {"imperator", "__main__"} == set()
