"""The stub and the built module say the same; the scoreboard is what it says."""

import ast
import os
from pathlib import Path

import pytest

from imperator import _core

STUB = ast.parse((Path(_core.__file__).parent / "_core.pyi").read_text())
ONLY_FOR_TYPES = {"WSGIApplication"} | {
    node.name
    for node in STUB.body
    if isinstance(node, ast.ClassDef) and "Protocol" in (getattr(base, "id", "") for base in node.bases)
}
"""Protocols are what a settings object looks like: Python makes it, the engine reads it."""


def names_of_stub() -> set[str]:
    names = set()
    for node in STUB.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def members(name: str) -> list[str]:
    (node,) = (node for node in STUB.body if isinstance(node, ast.ClassDef) and node.name == name)
    fields = [n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
    return fields + [n.name for n in node.body if isinstance(n, ast.FunctionDef)]


def test_the_stub_has_the_names_of_the_module():
    built = {name for name in vars(_core) if not name.startswith("__")}
    assert built == names_of_stub() - ONLY_FOR_TYPES


@pytest.mark.parametrize("name", ["WorkerCounters", "CoreCounters"])
def test_the_stub_has_the_fields_of_the_tuples(name):
    assert list(getattr(_core, name)._fields) == members(name)


def test_the_stub_has_the_methods_of_the_scoreboard():
    built = {name for name in vars(_core.Scoreboard) if not name.startswith("__")}
    assert built == set(members("Scoreboard")) - {"__init__"}


def test_a_scoreboard_tells_of_a_spawn_through_any_mapping():
    fd = _core.Scoreboard.create(3, 2)
    one, other = _core.Scoreboard(fd), _core.Scoreboard(fd)
    assert not os.get_inheritable(fd)
    os.close(fd)
    one.spawned(2, 4711)
    rows = other.read()
    assert [row.id for row in rows] == [1, 2, 3]
    assert (rows[1].pid, rows[1].respawn_count, len(rows[1].cores)) == (4711, 1, 2)
    assert rows[1].last_spawn > 0 and rows[0].pid == 0
    one.spawned(2, 0)
    assert other.read()[1].pid == 0


def test_what_is_no_scoreboard_is_refused(tmp_path):
    with open(tmp_path / "x", "wb+") as file:
        file.write(b"x" * 100000)
        file.flush()
        with pytest.raises(ValueError):
            _core.Scoreboard(file.fileno())
    with pytest.raises(OSError):
        _core.Scoreboard(999)
    fd = _core.Scoreboard.create(1, 1)
    with pytest.raises(IndexError):
        _core.Scoreboard(fd).spawned(3, 1)
    with pytest.raises(IndexError):
        _core.Scoreboard(fd).harakiri(3)
    os.close(fd)


def test_both_seats_of_a_worker_count_as_one():
    fd = _core.Scoreboard.create(2, 1)
    board = _core.Scoreboard(fd)
    os.close(fd)
    board.spawned(2, 70)
    board.spawned(4, 71)
    board.harakiri(4)
    board.harakiri(2)
    one, two = board.read()
    assert (one.pid, one.respawn_count, one.harakiri_count) == (0, 0, 0)
    assert (two.respawn_count, two.harakiri_count) == (2, 2)
    board.spawned(2, 0)
    assert board.read()[1].pid == 71
    assert board.busy() == []
