"""Files that are mended are noticed, however that is done."""

from __future__ import annotations

import os

import pytest

from imperator.master.mending import Mending
from imperator.process.loop import Loop

NEVER = float("inf")
"""Nothing has changed since then."""


def watch(files: list[str], change) -> list[str]:
    """What is said to be mended after ``change``."""
    loop, mended = Loop(), []

    def note(path: str) -> None:
        mended.append(path)
        loop.stop()

    mending = Mending(loop, tuple(files), NEVER, note)
    change()
    guard = loop.at(loop.now + 1.5, loop.stop)
    loop.run()
    guard.cancel()
    mending.close()
    mending_done = loop.at(0, loop.stop)  # nothing is left that could ring or be read
    loop.run()
    mending_done.cancel()
    return mended


def replace(path):
    new = path.with_suffix(".new")
    new.write_text("new")
    os.replace(new, path)


@pytest.mark.parametrize(
    "change",
    [lambda path: path.write_text("mended"), replace, lambda path: path.chmod(0o600), lambda path: os.utime(path)],
    ids=["written", "replaced", "permitted", "touched"],
)
def test_a_file_that_changes(tmp_path, change):
    file = tmp_path / "app.py"
    file.write_text("broken")
    assert watch([str(file)], lambda: change(file)) == [str(file)]


def test_a_file_that_was_mended_while_it_was_imported(tmp_path):
    file = tmp_path / "app.py"
    file.write_text("mended")
    loop, mended = Loop(), []
    mending = Mending(loop, (str(file),), file.stat().st_mtime - 1, lambda path: (mended.append(path), loop.stop()))
    loop.run()
    mending.close()
    assert mended == [str(file)]


def test_a_file_from_the_future_is_not_mended_for_ever(tmp_path):
    file = tmp_path / "app.py"
    file.write_text("broken")
    os.utime(file, (2**32, 2**32))
    loop, mended = Loop(), []
    mending = Mending(loop, (str(file),), 0.0, mended.append)
    done = loop.at(loop.now + 0.2, loop.stop)
    loop.run()
    done.cancel()
    mending.close()
    assert mended == []


def test_a_file_that_appears(tmp_path):
    file = tmp_path / "app.py"
    assert watch([str(file)], lambda: file.write_text("x")) == [str(file)]


def test_a_directory_on_the_way_that_appears(tmp_path):
    file = tmp_path / "site" / "package" / "app.py"
    assert watch([str(file)], lambda: (tmp_path / "site").mkdir()) == [str(tmp_path / "site")]


def test_a_burst_is_told_once(tmp_path):
    files = [tmp_path / name for name in ("a.py", "b.py")]

    def burst() -> None:
        for _ in range(20):
            for file in files:
                file.write_text("x")

    mended = watch([str(file) for file in files], burst)
    assert len(mended) == 1


def test_other_files_are_no_matter(tmp_path):
    (tmp_path / "app.py").write_text("broken")
    assert watch([str(tmp_path / "app.py")], lambda: (tmp_path / "log").write_text("x")) == []


def test_nothing_is_said_after_it_was_closed(tmp_path):
    loop = Loop()
    file = tmp_path / "app.py"
    mending = Mending(loop, (str(file),), NEVER, lambda path: pytest.fail("closed"))
    file.write_text("x")
    loop.at(0, loop.stop)
    loop.run()  # the change is read, and waits to settle
    mending.close()
    loop.at(loop.now + 0.1, loop.stop)
    loop.run()


def test_a_file_without_a_directory_that_can_be_watched_is_no_error():
    loop = Loop()
    Mending(loop, ("/proc/self/nowhere/app.py", "/dev/null/x/app.py"), NEVER, lambda path: None).close()
