"""The small languages in values of options that are not done yet. What stops uWSGI 2.0.31 was seen to stop it."""

import pytest

from imperator.config.options import lookup
from imperator.errors import Severity
from tests.config.reading import ini


def found(tmp_path, *lines):
    told = ini(tmp_path, "http-socket = 127.0.0.1:8000", *lines).diagnostics
    return [(d.code, d.severity) for d in told if d.code not in ("not-yet", "refused-option")]


def not_yet(line):
    """Whether the option of a line is still nobody's: whoever does it reads its values from then on."""
    return lookup(line.partition(" ")[0]).status == "not yet"


@pytest.mark.parametrize("line", [
    "cron = * * * * * x", "cron = 1 2 3 4 x y", "unique-cron = 5", "hook-as-user = foo:bar", "hook-as-user = print",
    "signal-timer = 5", "smart-attach-daemon = /tmp/x", "map-socket = 0", "farm = f", "alarm = x",
    "metric-threshold = key=a,foo=2", "attach-daemon2 = freq=1", "cache2 = name=a", "cache2 = items=5",
    "cache2 = name = x, items = 10", "route = ^/admin", "file-write = /x",
])
def test_what_stops_uwsgi_is_an_error(tmp_path, line):
    if not_yet(line):
        assert ("value-malformed", Severity.ERROR) in found(tmp_path, line)


@pytest.mark.parametrize(("line", "code"), [
    ("cron = 75 2 3 4 5 x", "cron-never"), ("cron = 0 24 -1 -1 -1 x", "cron-never"),
    ("cron = 0 0 -1 -1 9 x", "cron-never"), ("unique-cron = 1 2 3 4 5", "value-malformed"),
    ("cron2 = FOO=1 command", "key-unknown"), ("cron2 = minute=5,foo=2 x", "key-unknown"),
    ("cron2 = minute=5,unique=0 x", "key-always-on"), ("cron2 = minute=5", "value-malformed"),
    ("cache2 = name=x,items=10,foo=2", "key-unknown"), ("cache2 = name=x,items=10,ignore_full=0", "key-always-on"),
    ("attach-daemon2 = cmd=echo a,b", "key-unknown"), ("attach-daemon2 = cmd=x,control=0", "key-always-on"),
    ("metric = name=x,bogus=1", "key-unknown"), ("rbtimer = x y", "number-missing"),
    ("touch-exec = /x", "value-malformed"),
    ("enable-metrics = ture", "flag-unclear"), ("legion-freq = abc", "number-missing"),
    ("cron-harakiri = 5m", "number-trailing"), ("cache = -5", "number-negative"),
    ("metrics-dir = /x # here", "comment-in-value"),
])
def test_what_uwsgi_swallows_is_a_warning(tmp_path, line, code):
    if not_yet(line):
        assert (code, Severity.WARNING) in found(tmp_path, line)


@pytest.mark.parametrize("line", [
    "cron = 59 2 -1 -1 -1 /usr/bin/x", "cron = -5 -1 -1 -1 7 echo * , ;", "cron2 = minute=-5,unique=1 x y",
    "cron2 = command alone", "hook-as-user = print:", "hook-as-user = !exec:touch /x", "hook-touch = /x print:a",
    "route = ^/(?<name>x) addheader:X: y", "route-run = log:hello", "route-if = empty:${X} break:", "queue = 10",
    "route = ^/[a-z]{2,}$ donotlog:", "cache2 = name=x,items=10,lazy", "attach-daemon2 = cmd=echo a\\,b,freq=5",
    "metric = plain", "metric = name=x,type=gauge,children=a;b", "sharedarea = 10", "sharedarea = pages=10",
    "alarm = a cmd:x", "cheaper-algo = busyness",
    "smart-attach-daemon = /tmp/x,5 memcached -p 11311", "cache2 = {{ cache }}",
    "gevent = 100", "harakiri = 60", "limit-as = 512", "prio = -5",
])
def test_what_is_right_is_left_alone(tmp_path, line):
    # A value that was not filled in has a complaint of its own.
    assert [one for one in found(tmp_path, line) if one[0] not in ("no-effect-alone", "placeholder-foreign")] == []


def test_a_broken_pattern_is_an_error(tmp_path):
    assert found(tmp_path, "route = ^/( break:") == [("regexp-invalid", Severity.ERROR)]


def test_names_are_offered(tmp_path):
    told = ini(tmp_path, "http-socket = 127.0.0.1:8000", "cache2 = name=x,items=1,block-size=5,Lazy").diagnostics
    hints = [d.hint for d in told if d.code == "key-unknown"]
    assert hints == ["did you mean blocksize", "did you mean lazy"] or "did you mean lazy" in hints
