"""Caches, the queue, locks and areas, out of the configuration."""

from __future__ import annotations

import json

import pytest

from imperator.sharing import CacheSettings, Preload, Queue, Shared, Sharing
from tests.config.reading import ini

C = CacheSettings("c", 10, 10)


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        ([], {}),
        (["locks = 3"], {"locks": 3}),
        (["cache = 20", "cache-blocksize = 100", "cache-store = s", "cache-use-last-modified = 1"],
         {"caches": (CacheSettings("default", 20, 20, 100, lastmod=True, store="/srv/s"),)}),
        (["cache2 = name=c,items=10"], {"caches": (C,)}),
        (["cache2 = name=c,maxitems=10,blocks=20,blocksize=5,keysize=6,bitmap=1,lru=1,math_initial=-3,hash=murmur2"],
         {"caches": (CacheSettings("c", 10, 20, 5, 6, bitmap=True, purge_lru=True, math_initial=-3, hash="murmur2"),)}),
        (["cache2 = name=c,items=10,no_expire=1"], {"caches": (C._replace(no_expire=True),)}),
        (["cache2 = name=c,items=10,no_expire=1,lazy=1"], {"caches": (C,)}),
        (["cache2 = name=c,items=10,store=/x,store_delete=1,ignore_full=1,clear_on_full=1,lastmod=1,sweep_on_full=1"],
         {"caches": (C._replace(store="/x", store_delete=True, ignore_full=True, clear_on_full=True, lastmod=True),)}),
        (["cache2 = name=c,items=10", "cache2 = name=d,items=10", "add-cache-item = a=b=c", "add-cache-item = d a=b"],
         {"caches": (C, C._replace(name="d")), "preloads": (Preload("", "a", "b=c"), Preload("d", "a", "b"))}),
        (["cache2 = name=c,items=10", "load-file-in-cache = x.html", "load-file-in-cache-gzip = c /x.css"],
         {"caches": (C,), "preloads": (Preload("", "x.html", file="/srv/x.html"),
                                       Preload("c", "/x.css.gz", file="/x.css", compress=True))}),
        (["cache-no-expire = 1", "cache-report-freed-items = 1"], {"sweep_interval": 0, "sweep_report": True}),
        (["cache-expire-freq = 60"], {"sweep_interval": 60}),
        (["queue = 9", "queue-blocksize = 4096", "queue-store = q"], {"queue": Queue(9, 4096, "/srv/q")}),
        (["queue = 9"], {"queue": Queue(9)}),
        (["sharedarea = 2", "sharedarea = pages=3", "sharedarea = size=5000", "py-sharedarea = 9"],
         {"areas": (8192, 12288, 8192, 4096)}),
    ],
)  # fmt: skip
def test_sharing(tmp_path, lines, fields):
    got = ini(tmp_path, "chdir = /srv", *lines)
    assert got.settings.sharing == Sharing(**fields)
    assert got.codes == []
    shared = Shared(got.settings.sharing, 3, ("user 0",), (4, 5), 6, (7,))
    assert Shared.read(json.loads(json.dumps(shared))) == shared and shared.fds() == [3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("cache2 = items=10", "value-malformed"),
        ("cache2 = name=c", "value-malformed"),
        ("cache2 = name=c,items=x", "cache-invalid"),
        ("cache2 = name=c,items=0", "cache-invalid"),
        ("cache2 = name=c,items=10,blocks=9", "cache-invalid"),
        ("cache2 = name=c,items=10,keysize=65536", "cache-invalid"),
        ("cache2 = name=c,items=10,nodes=10.0.0.1:7171", "cache-local"),
        ("cache2 = name=c,items=10,blocksise=9", "key-unknown"),
        ("cache2 = name=c,items=10\ncache2 = name=c,items=20", "cache-twice"),
        ("add-cache-item = a=b", "cache-missing"),
        ("cache2 = name=c,items=10\nadd-cache-item = d a=b", "cache-missing"),
        ("cache2 = name=c,items=10\nadd-cache-item = a", "value-malformed"),
        ("queue = 3\nqueue-blocksize = 5000", "queue-invalid"),
        ("queue = 3\nqueue-blocksize = 0", "queue-invalid"),
        ("sharedarea = file=/x,pages=2", "area-kind"),
        ("sharedarea = fd=3", "area-kind"),
        ("sharedarea = large", "area-invalid"),
        ("sharedarea = 0", "area-invalid"),
        ("cache-sync = 10.0.0.1:7171", "refused-option"),
    ],
)  # fmt: skip
def test_complaints(tmp_path, line, code):
    assert ini(tmp_path, line).codes == [code]
