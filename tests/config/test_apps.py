"""Lines into the applications of an instance."""

import pytest

from tests.config.reading import ini


def mounted(tmp_path, *lines):
    got = ini(tmp_path, *lines)
    mounts = got.settings.apps.mounts
    return [(one.host, one.prefix, one.loader.kind, one.loader.target, one.callable) for one in mounts], got.codes


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/a=one.py", ("", "/a", "file", "one.py", "")),
        ("/a/=one.wsgi", ("", "/a", "file", "one.wsgi", "")),
        ("/=one.py", ("", "", "file", "one.py", "")),
        ("=one.py", ("", "", "file", "one.py", "")),
        ("/a = one:app", ("", "/a", "module", "one:app", "")),
        ("/a=pkg.one:make()", ("", "/a", "module", "pkg.one:make()", "")),
        ("/a=pkg.one", ("", "/a", "module", "pkg.one", "")),
        ("/a=one.py:app", ("", "/a", "file", "one.py", "app")),
        ("/a=/srv/one:app", ("", "/a", "file", "/srv/one", "app")),
        ("/a=/srv/one", ("", "/a", "file", "/srv/one", "")),
        ("/a/b=one.py", ("", "/a/b", "file", "one.py", "")),
    ],
)
def test_what_a_mount_says(tmp_path, line, told):
    assert mounted(tmp_path, f"mount = {line}") == ([told], [])


def test_hosts(tmp_path):
    lines = ["vhost = true", "mount = h.com|/a=one.py", "mount = h.com=two.py", "mount = x.com|=one:app"]
    told, codes = mounted(tmp_path, *lines)
    assert [one[:2] for one in told] == [("h.com", "/a"), ("h.com", ""), ("x.com", "")] and codes == []


@pytest.mark.parametrize(
    ("lines", "codes", "count"),
    [
        (["mount = one.py"], ["mount-invalid"], 0),
        (["mount = /a="], ["mount-invalid"], 0),
        (["mount = $(NOWHERE_TO_BE_FOUND)=one.py"], ["placeholder-unresolved"], 1),
        (["mount = a=one.py"], ["mount-odd"], 1),
        (["mount = /a=one.py", "mount = /a/=two.py"], ["mount-odd"], 1),
        (["mount = h.com|/a=one.py"], ["mount-odd"], 1),
        (["mount = /a=one.py", "vhost = true", "mount = h.com|/a=two.py"], [], 2),
    ],
)
def test_what_is_the_matter_with_a_mount(tmp_path, lines, codes, count):
    told, found = mounted(tmp_path, *lines)
    assert (found, len(told)) == (codes, count)


def test_how_one_is_chosen(tmp_path):
    apps = ini(tmp_path, "mount = /a=one.py").settings.apps
    assert (apps.by_path, apps.by_name, apps.by_host, apps.default) == (False, True, False, True)
    lines = ["manage-script-name = true", "ignore-script-name = 1", "vhost-host = yes", "no-default-app = on"]
    apps = ini(tmp_path, "mount = /a=one.py", *lines).settings.apps
    assert (apps.by_path, apps.by_name, apps.by_host, apps.default) == (True, False, True, False)
    assert not ini(tmp_path, "mount = /a=one.py", "manage-script-name = false").settings.apps.by_path


def test_every_loader_is_there_in_uwsgis_order(tmp_path):
    lines = ["paste = config:site.ini", "eval = application = 1", "wsgi-file = one.py", "module = two"]
    told = [(one.kind, one.target) for one in ini(tmp_path, *lines).settings.loaders]
    assert told == [("module", "two"), ("file", "one.py"), ("eval", "application = 1"), ("paste", "config:site.ini")]
