"""Options about static files into rules."""

import pytest

from imperator.config.statics import Expiry, GzipRule, StaticMap, Statics, flaw
from tests.config.reading import ini


def test_without_a_line_there_is_nothing(tmp_path):
    assert ini(tmp_path, "master = true").settings.statics == Statics()


def test_every_option_has_its_field(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    (tmp_path / "types").write_text("")
    got = ini(tmp_path, "static-map2 = /c=c", "static-map = /a=a", "static-map = /b=b", "static-check = c",
              "check-static-docroot = true", "static-index = index.html", "static-skip-ext = .php",
              "static-safe = /srv/media/", "mime-file = types", "static-expires-type = text/css=60",
              "static-expires-type-mtime = image/png=61", r"static-expires = \.js$ 62",
              r"static-expires-mtime = a b\.js$   63", "static-expires-uri = ^/u 64", "static-expires-uri-mtime = u 65",
              "static-expires-path-info = p 66", "static-expires-path-info-mtime = p 67", "static-gzip-all = true",
              r"static-gzip = \.css$", "static-gzip-prefix = a", "static-gzip-dir = /srv", "static-gzip-suffix = .js",
              "fileserve-mode = nginx", "disable-sendfile = true", "offload-threads = 2", "static-cache-paths = 60",
              "honour-range = true")
    assert got.codes == []
    assert got.settings.statics == Statics(
        maps=(StaticMap("", f"{tmp_path}/c", False), StaticMap("/a", f"{tmp_path}/a", False),
              StaticMap("/b", f"{tmp_path}/b", False), StaticMap("/c", f"{tmp_path}/c", True)),
        docroot=True, indexes=("index.html",), skipped=(".php",), safe=("/srv/media",),
        mime_files=(f"{tmp_path}/types",),
        expires=(Expiry("type", "text/css", 60, False), Expiry("type", "image/png", 61, True),
                 Expiry("file", r"\.js$", 62, False), Expiry("file", r"a b\.js$", 63, True),
                 Expiry("path-info", "p", 66, False), Expiry("path-info", "p", 67, True),
                 Expiry("uri", "^/u", 64, False), Expiry("uri", "u", 65, True)),
        gzip=(GzipRule("all", ""), GzipRule("file", r"\.css$"), GzipRule("directory", f"{tmp_path}/a"),
              GzipRule("directory", "/srv"), GzipRule("ending", ".js")),
        mode="nginx", sendfile=False,
    )


def test_paths_begin_at_chdir(tmp_path):
    (tmp_path / "site" / "static").mkdir(parents=True)
    got = ini(tmp_path, "chdir = site", "static-map = /s=static")
    assert got.settings.statics.maps == (StaticMap("/s", f"{tmp_path}/site/static", False),)


@pytest.mark.parametrize(("line", "code"), [
    ("static-map = /srv/static", "static-map-invalid"),
    ("static-map = /static=", "static-map-invalid"),
    ("static-map = static=/tmp", "static-map-invalid"),
    ("static-map = /s=/nowhere", "static-missing"),
    ("static-map = /s=/tmp # all", "comment-in-value"),
    ("check-static = /nowhere", "static-missing"),
    ("check-static =", "value-empty"),
    ("mimefile = /nowhere", "static-missing"),
    ("static-expires-type = text/css", "static-expires-invalid"),
    ("static-expires = 3600", "static-expires-invalid"),
    ("static-expires = x 3600s", "static-expires-invalid"),
    ("static-expires = ( 3600", "regexp-invalid"),
    ("static-gzip = (?<=a)b", "regexp-invalid"),
    ("file-serve-mode = lighttpd", "static-mode-unknown"),
])
def test_what_is_wrong_is_said(tmp_path, line, code):
    assert ini(tmp_path, line).codes == [code]


@pytest.mark.parametrize("pattern", [
    r"(?=x)", r"(?!x)", r"(?<=x)y", r"(?<!x)y", r"(?>x)", r"(a)\1", r"(?P<n>a)(?P=n)", r"a++", r"a*+", r"a?+", r"a{2}+",
    r"\Qa\E", r"a\Kb", r"(?R)", r"(?1)", r"(?|a|b)", r"(", r"[", r"*", r"a**", r"(?#x)",
])
def test_expressions_that_are_not_taken(pattern):
    assert flaw(pattern)


TAKEN = [
    r"\.css$", r"^/static/.*\.[0-9a-f]{8,}\.(?:js|css)$", r"(?i)\.JPE?G$", r"a\\1", r"[a-z+]+", r"\+\+", r"x*?y+?",
    r"\d+\w\s\b", r"(?P<name>x)", r"[^/]+/\.", r"a|b", r"\x41", r"\\Q", r"(?:a+)+",
]


@pytest.mark.parametrize("pattern", TAKEN)
def test_expressions_that_are_taken(pattern):
    assert flaw(pattern) == ""
