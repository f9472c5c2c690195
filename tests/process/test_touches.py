"""Files whose change is an order, however they change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imperator.process.loop import Loop
from imperator.process.touches import Touches


def touched(files: list[Path], *changes) -> list[str]:
    """What was touched by each of ``changes``, one after the other; "" for those that are none."""
    loop, told = Loop(), []

    def note(path: str) -> None:
        told.append(path)
        loop.stop()

    touches = Touches(loop, map(str, files), note)
    found = []
    for change in changes:
        told.clear()
        change()
        guard = loop.at(loop.now + 1.0, loop.stop)
        loop.run()
        guard.cancel()
        found.append(told[0] if told else "")
    touches.close()
    loop.close()
    return found


def later(path: Path, seconds: int = 5) -> None:
    """As ``touch`` does, at a time of its own."""
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + seconds))


def replace(path: Path) -> None:
    new = path.with_suffix(".new")
    new.write_text("new")
    os.replace(new, path)


@pytest.mark.parametrize(
    "change",
    [later, lambda path: later(path, -5), lambda path: path.write_text("more"), replace, lambda path: path.unlink()],
    ids=["touched", "set back", "written", "replaced", "removed"],
)
def test_a_file_that_changes(tmp_path, change):
    file = tmp_path / "touch-me"
    file.write_text("")
    later(file, -100)
    assert touched([file], lambda: change(file)) == [str(file)]


def test_every_change_counts(tmp_path):
    file = tmp_path / "touch-me"
    file.write_text("")
    changes = [lambda: later(file), lambda: replace(file), file.unlink, file.touch, lambda: later(file)]
    assert touched([file], *changes) == [str(file)] * 5


def test_a_file_in_a_directory_that_does_not_exist_yet(tmp_path):
    file = tmp_path / "a" / "b" / "touch-me"

    def make() -> None:
        file.parent.mkdir(parents=True)
        file.touch()

    assert touched([file], make, lambda: later(file)) == [str(file)] * 2


def test_a_directory_s_content(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    later(folder, -100)
    assert touched([folder], (folder / "new").touch) == [str(folder)]


def test_behind_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "file"
    target.touch()
    link = tmp_path / "link"
    link.symlink_to(target)
    assert touched([link], lambda: later(target)) == [str(link)]


def test_a_link_on_the_way_that_is_switched(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    current = tmp_path / "current"
    current.symlink_to("one")

    def switch() -> None:
        (tmp_path / "new").symlink_to("two")
        os.replace(tmp_path / "new", current)

    file = current / "file"
    assert touched([file], switch, lambda: later(tmp_path / "two" / "file")) == [str(file)] * 2


def test_what_happens_beside_it_is_nothing(tmp_path):
    file = tmp_path / "touch-me"
    file.touch()
    assert touched([file], (tmp_path / "other").touch, lambda: file.chmod(0o600), file.read_text) == ["", "", ""]


def test_a_directory_in_which_something_happens_all_the_time(tmp_path):
    file = tmp_path / "touch-me"
    file.touch()
    loop, told = Loop(), []
    touches = Touches(loop, [str(file)], lambda path: (told.append(path), loop.stop()))
    later(file)

    def noise() -> None:
        (tmp_path / "noise").touch()
        (tmp_path / "noise").unlink()
        loop.at(loop.now + 0.01, noise)

    noise()
    loop.at(loop.now + 5, loop.stop)
    loop.run()
    touches.close()
    loop.close()
    assert told == [str(file)]


def test_without_the_kernels_news_files_are_looked_at(tmp_path, monkeypatch, capfd):
    def none_left():
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("imperator.process.touches.Inotify", none_left)
    file = tmp_path / "a"
    file.write_text("")
    assert touched([file], lambda: later(file), lambda: file.unlink()) == [str(file)] * 2
    assert "Too many open files" in capfd.readouterr().err
