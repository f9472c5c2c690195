"""The directories of tasks."""

from __future__ import annotations

import os

import pytest

from imperator.errors import Refused
from imperator.master import spools
from tests.config.reading import ini


def settings(tmp_path, *lines):
    return ini(tmp_path, f"spooler = {tmp_path}/a", f"spooler-external = {tmp_path}/b", *lines).settings


@pytest.mark.skipif(os.geteuid() != 0, reason="gives directories away")
def test_they_belong_to_the_user(tmp_path):
    (tmp_path / "b").mkdir(mode=0o700)
    spools.make(settings(tmp_path, "uid = 12345", "gid = 54321"))
    made, kept = os.stat(tmp_path / "a"), os.stat(tmp_path / "b")
    assert (made.st_uid, made.st_gid, made.st_mode & 0o7777) == (12345, 54321, 0o750)
    assert (kept.st_uid, kept.st_mode & 0o7777) == (0, 0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives directories away")
def test_what_became_a_link_meanwhile_is_not_given_away(tmp_path, monkeypatch):
    (tmp_path / "roots").mkdir()
    monkeypatch.setattr(spools, "_make", lambda path: os.symlink(tmp_path / "roots", path))
    with pytest.raises(Refused):
        spools.make(settings(tmp_path, "uid = 12345"))
    assert os.stat(tmp_path / "roots").st_uid == 0


def test_they_are_made_whatever_the_umask(tmp_path):
    umask = os.umask(0o777)
    try:
        spools.make(settings(tmp_path))
    finally:
        os.umask(umask)
    assert os.stat(tmp_path / "b").st_mode & 0o777 == 0o750
    spools.check(settings(tmp_path))


def test_what_is_no_directory_is_refused(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(Refused) as refused:
        spools.make(settings(tmp_path))
    assert [one.code for one in refused.value.diagnostics] == ["spooler-unusable"]


def test_what_may_not_be_written_to_is_refused(tmp_path):
    with pytest.raises(Refused) as refused:
        spools.check(settings(tmp_path))
    assert [one.code for one in refused.value.diagnostics] == ["spooler-unusable"] * 2
