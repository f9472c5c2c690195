"""The kernel's news about files."""

from __future__ import annotations

import os

import pytest

from imperator.process import inotify
from imperator.process.inotify import Inotify


@pytest.fixture
def news():
    made = Inotify()
    yield made
    made.close()


def test_what_happens_in_a_directory_is_told_in_order(news, tmp_path):
    watch = news.add(str(tmp_path), inotify.CREATE | inotify.CLOSE_WRITE | inotify.DELETE)
    (tmp_path / "caffè").write_text("x")
    (tmp_path / "caffè").unlink()
    (tmp_path / "folder").mkdir()
    assert news.read() == [
        (watch, inotify.CREATE, "caffè"),
        (watch, inotify.CLOSE_WRITE, "caffè"),
        (watch, inotify.DELETE, "caffè"),
        (watch, inotify.CREATE | inotify.IS_DIRECTORY, "folder"),
    ]


def test_no_news_is_an_answer_too(news, tmp_path):
    news.add(str(tmp_path), inotify.CREATE)
    assert news.read() == []


def test_any_bytes_may_be_a_name(news, tmp_path):
    watch = news.add(str(tmp_path), inotify.CREATE)
    name = os.fsdecode(b"caf\xe9")
    (tmp_path / name).mkdir()
    assert news.read() == [(watch, inotify.CREATE | inotify.IS_DIRECTORY, name)]


def test_more_news_than_one_reading_takes(news, tmp_path):
    news.add(str(tmp_path), inotify.CREATE)
    for number in range(3000):
        os.mkdir(f"{tmp_path}/{number:0100}")
    assert [int(one.name) for one in news.read()] == list(range(3000))


def test_the_same_file_has_one_watch(news, tmp_path):
    assert news.add(str(tmp_path), inotify.CREATE) == news.add(f"{tmp_path}/.", inotify.DELETE | inotify.MASK_ADD)
    (tmp_path / "a").mkdir()
    (tmp_path / "a").rmdir()
    assert [one.mask & 0xFFF for one in news.read()] == [inotify.CREATE, inotify.DELETE]


def test_removing_is_told_and_may_be_done_twice(news, tmp_path):
    watch = news.add(str(tmp_path), inotify.CREATE)
    news.remove(watch)
    news.remove(watch)
    (tmp_path / "a").mkdir()
    assert news.read() == [(watch, inotify.IGNORED, "")]


def test_a_directory_that_goes_takes_its_watch_along(news, tmp_path):
    (tmp_path / "a").mkdir()
    watch = news.add(str(tmp_path / "a"), inotify.DELETE_SELF)
    (tmp_path / "a").rmdir()
    assert news.read() == [(watch, inotify.DELETE_SELF, ""), (watch, inotify.IGNORED, "")]


@pytest.mark.parametrize(
    ("path", "mask", "error"),
    [("/nowhere", inotify.CREATE, FileNotFoundError), ("/etc/passwd", inotify.ONLY_DIRECTORY | 2, NotADirectoryError)],
)
def test_what_cannot_be_watched(news, path, mask, error):
    with pytest.raises(error) as raised:
        news.add(path, mask)
    assert raised.value.filename == path


def test_the_descriptor_is_not_passed_on(news):
    assert not os.get_inheritable(news.fd)
