"""Daemons, out of the configuration."""

from __future__ import annotations

import pytest

from imperator.config.daemons import Daemon
from imperator.errors import Severity, Where
from tests.config.reading import ini

HERE = Where("")


@pytest.mark.parametrize(("lines", "expected"), [
    ([], []),
    (["attach-daemon = ./manage.py qcluster"], [Daemon("./manage.py qcluster", HERE)]),
    (["attach-daemon = a", "attach-daemon = a"], [Daemon("a", HERE), Daemon("a", HERE)]),
    (["attach-control-daemon = a"], [Daemon("a", HERE, control=True)]),
    (["smart-attach-daemon = /run/m.pid memcached -d -P /run/m.pid"],
     [Daemon("memcached -d -P /run/m.pid", HERE, pidfile="/run/m.pid")]),
    (["smart-attach-daemon2 = m.pid,5 memcached"], [Daemon("memcached", HERE, "/srv/m.pid", True, 5)]),
    (["daemons-honour-stdin = true", "attach-daemon = a"], [Daemon("a", HERE, stdin=True)]),
    (["attach-daemon2 = ns_pid=1,uid=33,gid=33,touch=/etc/d.pl,command=perl /etc/d.pl"],
     [Daemon("perl /etc/d.pl", HERE, own_pids=True, uid=33, gid=33, user="www-data", touch=("/etc/d.pl",))]),
    (["attach-daemon2 = exec=a\\,b,chdir=sub,stopsignal=2,reloadsignal=HUP,touch=x;/y,control=1,max_throttle=9"],
     [Daemon("a,b", HERE, control=True, touch=("/srv/x", "/y"), stop_signal=2, reload_signal=1, chdir="/srv/sub",
             max_throttle=9)]),
    (["attach-daemon2 = cmd=a,pidfile=p,daemonize=1,freq=3"], [Daemon("a", HERE, "/srv/p", True, 3)]),
    (["attach-daemon2 = cmd=a,pidfile=/p,stop_signal=SIGQUIT"], [Daemon("a", HERE, "/p", stop_signal=3)]),
    (["attach-daemon2 = cmd=a,stdin=1,notifypid=1"], [Daemon("a", HERE, stdin=True)]),
])  # fmt: skip
def test_daemons(tmp_path, lines, expected):
    got = ini(tmp_path, "chdir = /srv", *lines)
    assert [one._replace(where=HERE) for one in got.settings.tasks.daemons] == expected
    assert got.codes == []
    assert got.settings.master or not lines


@pytest.mark.parametrize(("lines", "shells", "mercy"), [
    ([], ("/bin/sh",), 3),
    (["binsh = /bin/bash", "reload-mercy = 20"], ("/bin/bash", "/bin/sh"), 20),
])  # fmt: skip
def test_what_they_share(tmp_path, lines, shells, mercy):
    tasks = ini(tmp_path, "attach-daemon = x", *lines).settings.tasks
    assert (tasks.shells, tasks.mercy) == (shells, mercy)


@pytest.mark.parametrize("lines", [
    ["smart-attach-daemon = /tmp/x"], ["smart-attach-daemon2 = /tmp/x  "], ["attach-daemon2 = freq=1"],
    ["smart-attach-daemon = /p a", "attach-daemon2 = cmd=b,pidfile=/p"],
])  # fmt: skip
def test_what_cannot_be(tmp_path, lines):
    assert [(d.code, d.severity) for d in ini(tmp_path, *lines).diagnostics] == [("value-malformed", Severity.ERROR)]


@pytest.mark.parametrize(("line", "code"), [
    ("attach-daemon2 = cmd=echo a,b", "key-unknown"), ("attach-daemon2 = cmd=x,control=0", "key-always-on"),
    ("attach-daemon2 = cmd=x,stopsignal=soft", "number-missing"), ("attach-daemon2 = cmd=x,freq=5s", "number-trailing"),
    ("attach-daemon2 = cmd=x,uid=nobodyatall", "user-unknown"), ("attach-daemon =", "value-empty"),
    ("attach-daemon2 = cmd=x,daemonize=1", "no-effect-alone"),
])  # fmt: skip
def test_complaints(tmp_path, line, code):
    assert ini(tmp_path, line).codes == [code]
