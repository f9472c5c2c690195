"""Smaller habits, out of the configuration."""

from __future__ import annotations

import pytest

from imperator import pipes
from imperator.config.conduct import Conduct, Privileges
from tests.config.reading import ini


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (["processes = 1"], {}),
        (["no-server = true", "skip-atexit = true"], {"generation": pipes.Conduct(serve=False, atexit=False)}),
        (["chdir = /srv", "py-tracebacker = tb"], {"generation": pipes.Conduct(tracebacker="/srv/tb")}),
        (["master-as-root = true", "no-initgroups = 1"],
         {"privileges": Privileges(no_user_groups=True, master_stays=True)}),
        (["add-gid = 7", "add-gid = daemon"], {"privileges": Privileges(groups=(7, 1))}),
        (["immediate-uid = root"], {"privileges": Privileges(at_once=(0, None, "root"))}),
        (["immediate-gid = 5"], {"privileges": Privileges(at_once=(None, 5, None))}),
        (["http-socket-modifier1 = 0", "binary-path = /usr/bin/uwsgi"], {}),
        (["jailed = true", "force-cwd = /x"], {"jailed": True, "directory": "/x"}),
    ],
)  # fmt: skip
def test_conduct(tmp_path, lines, fields):
    got = ini(tmp_path, *lines)
    assert (got.settings.conduct, got.codes) == (Conduct(**fields), [])


def test_locks(tmp_path):
    got = ini(tmp_path, "flock2 = /d", "flock = /a", "flock-wait = b", "flock-wait2 = /c")
    locks = [(lock.path, lock.waits, lock.late) for lock in got.settings.conduct.locks]
    assert locks == [("/a", False, False), (f"{tmp_path}/b", True, False), ("/d", False, True), ("/c", True, True)]


def test_descriptors(tmp_path):
    got = ini(tmp_path, "reload-on-fd = 3", "brutal-reload-on-fd = 4:8 out of memory")
    told = [one[:3] for one in got.settings.conduct.reload_on]
    assert (told, got.codes) == ([(3, 1, ""), (4, 8, "out of memory")], [])


@pytest.mark.parametrize(
    ("line", "code"),
    [("reload-on-fd = x", "value-malformed"), ("flock =", "value-empty"), ("add-gid = nosuchgroup", "group-unknown"),
     ("immediate-uid = nosuchuser", "user-unknown"), ("http-socket-modifier1 = 5", "modifier-foreign")],
)  # fmt: skip
def test_complaints(tmp_path, line, code):
    assert ini(tmp_path, line).codes == [code]
