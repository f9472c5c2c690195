"""Modules that change are seen."""

from __future__ import annotations

import os
import queue
import sys
import types

from imperator.generation import autoreload


def test_the_files_of_modules(tmp_path, monkeypatch):
    gone, mine, odd = types.ModuleType("gone"), types.ModuleType("mine"), types.ModuleType("odd")
    (tmp_path / "mine.py").touch()
    mine.__file__, gone.__file__, odd.__file__ = str(tmp_path / "mine.py"), str(tmp_path / "gone.py"), None
    for module in (gone, mine, odd):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    assert str(tmp_path / "mine.py") in autoreload.files()
    assert str(tmp_path / "gone.py") not in autoreload.files()
    assert str(tmp_path / "mine.py") not in autoreload.files(frozenset(["mine"]))


def test_a_change_is_told(tmp_path, monkeypatch):
    module = types.ModuleType("mine")
    file = tmp_path / "mine.py"
    file.touch()
    module.__file__ = str(file)
    monkeypatch.setitem(sys.modules, "mine", module)
    told: queue.Queue[str] = queue.Queue()
    autoreload.start(0.01, [], told.put)
    for seconds in range(1, 500):
        # The thread may have looked for the first time only after the first of these.
        os.utime(file, (seconds, seconds))
        try:
            assert told.get(timeout=0.05) == str(file)
            return
        except queue.Empty:
            continue
    raise AssertionError("the change was not seen")
