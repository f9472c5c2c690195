"""Real directories and the kernel's real news. Time is ours, so nothing waits."""

from __future__ import annotations

import os
import shutil

import pytest

from imperator.emperor.monitor import SETTLE, Monitor
from imperator.emperor.source import sources
from imperator.process import inotify


@pytest.fixture
def watch(tmp_path):
    """Monitors of values below ``tmp_path``, after their first look at time 0."""
    made = []

    def start(*values):
        made.append(Monitor(sources(values, str(tmp_path))))
        made[-1].first = made[-1].scan(0.0)
        return made[-1]

    yield start
    for one in made:
        one.close()


def names(scan):
    return list(scan.found)


def after(monitor, now=1.0):
    """What a look finds, which the kernel's news asked for."""
    assert monitor.news(now)
    return monitor.scan(now)


@pytest.fixture
def vassals(tmp_path):
    directory = tmp_path / "v"
    directory.mkdir()
    (directory / "a.ini").write_text("1")
    return directory


def test_what_is_there_is_found(watch, vassals):
    monitor = watch("v")
    assert names(monitor.first) == ["a.ini"]
    assert (monitor.first.again, monitor.first.complaints) == (None, ())
    assert not monitor.news(1.0)


def test_a_new_file_is_there_as_soon_as_it_is_closed(watch, vassals):
    monitor = watch("v")
    with open(vassals / "b.ini", "w") as file:
        scan = after(monitor)
        assert (names(scan), scan.again) == (["a.ini"], 1.0 + SETTLE)
        file.write("x")
    scan = after(monitor)
    assert (names(scan), scan.again) == (["a.ini", "b.ini"], None)


def test_a_writer_is_not_waited_for_for_ever(watch, vassals):
    monitor = watch("v")
    with open(vassals / "b.ini", "w") as file:
        file.write("x")
        file.flush()
        assert names(after(monitor)) == ["a.ini"]
        assert names(monitor.scan(1.0 + SETTLE)) == ["a.ini", "b.ini"]


def test_half_a_change_is_not_seen(watch, vassals):
    monitor = watch("v")
    before = monitor.first.found["a.ini"]
    with open(vassals / "a.ini", "w") as file:
        file.write("much more")
        file.flush()
        assert after(monitor).found["a.ini"] == before
    assert after(monitor).found["a.ini"].stamp.size == 9


CHANGES = {
    "touched": lambda path: os.utime(path),
    "older": lambda path: os.utime(path, (1, 1)),
    "same size": lambda path: path.write_text("2"),
    "replaced": lambda path: (path.with_name("n").write_text("2"), os.replace(path.with_name("n"), path)),
    "owner": lambda path: os.chown(path, 1, 1),
    "rewritten by an editor": lambda path: (os.rename(path, path.with_name("a.ini~")), path.write_text("2")),
    "deleted and made": lambda path: (path.unlink(), path.write_text("2")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_another_stamp_at_once(watch, vassals, change):
    monitor = watch("v")
    CHANGES[change](vassals / "a.ini")
    scan = after(monitor)
    assert scan.again is None
    assert scan.found["a.ini"].stamp != monitor.first.found["a.ini"].stamp


@pytest.mark.parametrize("make", ["symlink", "link", "rename"])
def test_what_is_complete_at_once_is_there_at_once(watch, vassals, tmp_path, make):
    (tmp_path / "ready").write_text("x")
    monitor = watch("v")
    getattr(os, make)(tmp_path / "ready", vassals / "b.ini")
    scan = after(monitor)
    assert (names(scan), scan.again) == (["a.ini", "b.ini"], None)


def test_a_change_behind_a_symbolic_link_is_news(watch, vassals, tmp_path):
    (tmp_path / "real").write_text("x")
    (vassals / "b.ini").symlink_to(tmp_path / "real")
    monitor = watch("v")
    (tmp_path / "real").write_text("xyz")
    assert after(monitor).found["b.ini"].stamp.size == 3


def test_a_removed_file_is_gone_when_it_does_not_return(watch, vassals):
    monitor = watch("v")
    (vassals / "a.ini").unlink()
    scan = after(monitor)
    assert (names(scan), scan.again) == (["a.ini"], 1.0 + SETTLE)
    assert names(monitor.scan(1.0 + SETTLE)) == []


def test_a_new_file_waits_with_one_that_is_vanishing(watch, vassals):
    monitor = watch("v")
    (vassals / "a.ini").unlink()
    assert names(after(monitor)) == ["a.ini"]
    # Written elsewhere and moved in, so that its inode cannot be the one that became free.
    (vassals.parent / "b").write_text("x")
    (vassals.parent / "c").write_text("x")
    os.rename(vassals.parent / "c", vassals / "b.ini")
    if os.stat(vassals / "b.ini").st_ino != monitor.first.found["a.ini"].stamp.inode:
        assert names(after(monitor)) == ["a.ini"]
    assert names(monitor.scan(1.0 + SETTLE)) == ["b.ini"]


def test_a_renamed_file_is_seen_as_such(watch, vassals):
    monitor = watch("v")
    os.rename(vassals / "a.ini", vassals / "b.ini")
    scan = after(monitor)
    assert (names(scan), scan.again) == (["b.ini"], None)


def test_files_that_are_no_vassals_are_no_news(watch, vassals):
    monitor = watch("v")
    with open(vassals / "app.log", "w") as file:
        file.write("x")
    (vassals / "app.log").unlink()
    assert not monitor.news(1.0)


def test_a_directory_that_does_not_exist_is_told_once_and_picked_up(watch, tmp_path):
    monitor = watch("deep/er/v")
    (complaint,) = monitor.first.complaints
    assert complaint.code == "emperor-source-missing" and str(tmp_path / "deep/er/v") in complaint.line()
    assert monitor.scan(0.5).complaints == ()
    (tmp_path / "deep").mkdir()
    assert names(after(monitor)) == []
    (tmp_path / "deep" / "er" / "v").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "v" / "a.ini").write_text("x")
    assert names(after(monitor)) == ["a.ini"]
    (tmp_path / "deep" / "er" / "v" / "b.ini").write_text("x")
    assert names(after(monitor)) == ["a.ini", "b.ini"]


def test_a_directory_that_is_moved_away_takes_no_vassal_with_it(watch, vassals, tmp_path):
    monitor = watch("v")
    os.rename(vassals, tmp_path / "old")
    scan = after(monitor)
    assert names(scan) == ["a.ini"] and "its 1 vassals go on" in scan.complaints[0].line()
    vassals.mkdir()
    (vassals / "b.ini").write_text("x")
    assert names(after(monitor)) == ["a.ini"]
    assert names(monitor.scan(1.0 + SETTLE)) == ["b.ini"]
    (vassals / "c.ini").write_text("x")
    assert names(after(monitor)) == ["b.ini", "c.ini"]


def test_a_directory_that_is_deleted_with_its_files_stops_them(watch, vassals):
    monitor = watch("v")
    shutil.rmtree(vassals)
    assert names(after(monitor)) == ["a.ini"]
    assert names(monitor.scan(1.0 + SETTLE)) == []


def test_a_pattern_notices_new_directories(watch, tmp_path):
    (tmp_path / "apps").mkdir()
    monitor = watch("apps/*/vassal.ini")
    assert [complaint.code for complaint in monitor.first.complaints] == ["emperor-source-empty"]
    (tmp_path / "apps" / "x").mkdir()
    assert names(after(monitor)) == []
    (tmp_path / "apps" / "x" / "vassal.ini").write_text("x")
    assert names(after(monitor)) == ["apps/x/vassal.ini"]


def test_the_first_of_two_equal_names_counts_and_that_is_told(watch, vassals, tmp_path):
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "a.ini").write_text("other")
    monitor = watch("v", "w")
    assert monitor.first.found["a.ini"].directory == str(vassals)
    assert [complaint.code for complaint in monitor.first.complaints] == ["emperor-vassal-twice"]
    (vassals / "a.ini").unlink()
    assert after(monitor).found["a.ini"].directory == str(tmp_path / "w")


def test_without_the_kernels_news_a_look_finds_the_same(watch, vassals, monkeypatch):
    def fail(self):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(inotify.Inotify, "__init__", fail)
    monitor = watch("v")
    assert monitor.fd == -1 and [c.code for c in monitor.first.complaints] == ["emperor-no-inotify"]
    (vassals / "b.ini").write_text("x")
    assert not monitor.news(1.0)
    assert names(monitor.scan(1.0)) == ["a.ini", "b.ini"]


def test_a_full_queue_is_a_reason_to_look(watch, vassals):
    with open("/proc/sys/fs/inotify/max_queued_events") as file:
        most = int(file.read())
    if most > 100_000:
        pytest.skip("the kernel's queue is too long to fill")
    monitor = watch("v")
    for number in range(most // 2 + 1):
        # Alternating names, because the kernel joins equal events.
        os.close(os.open(vassals / f"x{number % 2}.log", os.O_CREAT | os.O_WRONLY))
        os.unlink(vassals / f"x{number % 2}.log")
    assert names(after(monitor)) == ["a.ini"]
