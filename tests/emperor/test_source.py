"""Which files are vassals, and what an ``emperor =`` line means."""

from __future__ import annotations

import os

import pytest

from imperator.emperor.source import Directory, Pattern, sources
from imperator.errors import Refused, Where


def one(value, start, *extra):
    (source,) = sources((value,), str(start), extra)
    return source


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("a.ini", True), ("a.xml", True), ("a.yml", True), ("a.yaml", True), ("a.json", True), ("a.js", True),
        ("a.conf", True), ("ä b.ini", True),
        ("a.INI", False), ("a.ini~", False), ("a.ini.bak", False), (".a.ini.swp", False), ("#a.ini#", False),
        (".hidden.ini", False), (".#a.ini", False), ("a:b.ini", False), ("a", False),
    ],
)  # fmt: skip
def test_which_names_count(tmp_path, name, counts):
    (tmp_path / name).write_text("")
    assert (name in one(str(tmp_path), "/", ".conf").list()) == counts


def test_only_regular_files_count_once_links_are_followed(tmp_path):
    (tmp_path / "directory.ini").mkdir()
    os.mkfifo(tmp_path / "fifo.ini")
    (tmp_path / "nowhere.ini").symlink_to("missing")
    (tmp_path / "real").write_text("")
    (tmp_path / "link.ini").symlink_to("real")
    found = one(str(tmp_path), "/").list()
    assert list(found) == ["link.ini"]
    assert found["link.ini"].stamp.inode == (tmp_path / "real").stat().st_ino


def test_what_a_value_means(tmp_path):
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "a.ini").write_text("")
    start = str(tmp_path)
    assert one("v", start) == Directory(f"{start}/v")
    assert one("v/", start) == Directory(f"{start}/v")
    assert one("dir://v", start) == Directory(f"{start}/v")
    assert one("?", start) == Directory(f"{start}/v")
    assert one("v/*.ini", start) == Pattern("v/*.ini", start)
    assert one("glob://v/*.ini", start) == Pattern("v/*.ini", start)
    assert one("v/a.ini", start) == Pattern("v/a.ini", start)
    assert one("later", start) == Directory(f"{start}/later")
    assert one("later.ini", start) == Pattern("later.ini", start)


def test_a_pattern_names_vassals_as_matched(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "v.ini").write_text("")
    assert list(one("*/v.ini", tmp_path).list()) == ["x/v.ini"]
    assert list(one(f"{tmp_path}/*/v.ini", "/").list()) == [f"{tmp_path}/x/v.ini"]
    assert {seen.directory for seen in one("*/v.ini", tmp_path).list().values()} == {str(tmp_path)}


def test_every_unknown_kind_is_told_at_once():
    with pytest.raises(Refused) as refused:
        sources(("pg://host=a", "/tmp", "amqp://b"), "/", (), Where("e.ini", 3))
    assert [d.code for d in refused.value.diagnostics] == ["emperor-source-unknown"] * 2
    assert "e.ini:3" in refused.value.diagnostics[0].line()
