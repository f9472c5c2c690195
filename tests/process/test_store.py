"""Files that keep memory."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys

import pytest

from imperator.process.store import open_store


def always(head: bytes) -> bool:
    return True


def test_a_new_file_has_all_its_bytes(tmp_path):
    store = open_store(str(tmp_path / "s"), 10000, always)
    found = os.fstat(store.fd)
    assert (found.st_size, found.st_mode & 0o777, store.other) == (10000, 0o600, "")
    assert found.st_blocks * 512 >= 10000
    os.close(store.fd)


def test_what_is_usable_is_kept(tmp_path):
    (tmp_path / "s").write_bytes(b"mine".ljust(100))
    store = open_store(str(tmp_path / "s"), 100, lambda head: head.startswith(b"mine"))
    assert os.pread(store.fd, 4, 0) == b"mine" and not store.other
    os.close(store.fd)


@pytest.mark.parametrize(("delete", "word"), [(False, "moved"), (True, "deleted")])
@pytest.mark.parametrize(("content", "usable"), [(b"x" * 99, True), (b"x" * 100, False)], ids=["size", "content"])
def test_what_is_not_makes_room(tmp_path, delete, word, content, usable):
    (tmp_path / "s").write_bytes(content)
    store = open_store(str(tmp_path / "s"), 100, lambda head: usable, delete=delete)
    assert store.other == word and os.pread(store.fd, 100, 0) == bytes(100)
    assert (tmp_path / "s.before").exists() is not delete
    os.close(store.fd)


def test_a_file_belongs_to_one_process(tmp_path):
    path = str(tmp_path / "s")
    store = open_store(path, 100, always)
    code = f"from imperator.process.store import open_store; open_store({path!r}, 100, bool)"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "BlockingIOError" in other.stderr
    fcntl.lockf(store.fd, fcntl.LOCK_UN)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    os.close(store.fd)
