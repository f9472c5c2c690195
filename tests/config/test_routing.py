"""Lines into rules, and what is said of those that are none."""

import pathlib
import re

import pytest

from imperator.config import routing
from imperator.config.statics import flaw
from imperator.errors import Severity
from imperator.pipes import ErrorPages, Plan, Routing, Rule
from tests.config.reading import ini, reading

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
RUST = DOCS.parent / "rust" / "core" / "src" / "routing"


def test_without_a_line_there_is_nothing(tmp_path):
    settings = ini(tmp_path, "master = true").settings
    assert settings.routing is None and settings.error_pages is None


def test_rules_stand_in_the_order_of_the_file(tmp_path):
    got = ini(tmp_path, "route-uri = ^/a b:c addheader:X: y z", "route = ^/(.*)$ rewrite:/$1 x", "route-label = end",
              "route-if-not = equal:${A};b goto:end", "route-run = last:", "response-route-status = 404 break:",
              "error-route-host = x log:y", "final-route-referer = z donotlog:", "route-label = end")
    assert got.codes == ["route-invalid"]  # b:c is no action
    got = ini(tmp_path, "route-uri = ^/a addheader:X: y z", "route-if-not = equal:${A};b goto:end",
              "route = ^/(.*)$ rewrite:/$1 x", "route-label = end", "route-run = last:",
              "response-route-status = 404 break:", "error-route-host = x log:y", "final-route-referer = z donotlog:")
    assert got.codes == []
    told = got.settings.routing
    place = str(tmp_path / "a.ini")
    assert [rule._replace(place=rule.place.replace(place, "a.ini").rpartition("/")[2]) for rule in told.request] == [
        Rule("a.ini:2", "REQUEST_URI", "^/a", "addheader", "X: y z"),
        Rule("a.ini:3", "if-not", "equal:${A};b", "goto", "end"),
        Rule("a.ini:4", "PATH_INFO", "^/(.*)$", "rewrite", "/$1 x"),
        Rule("a.ini:5", "label", "end", "", ""),
        Rule("a.ini:6", "", "", "last", ""),
    ]
    assert [(rule.test, rule.pattern, rule.action) for rule in (*told.response, *told.error, *told.last)] == [
        ("status", "404", "break"), ("HTTP_HOST", "x", "log"), ("HTTP_REFERER", "z", "donotlog")]


@pytest.mark.parametrize(("line", "code", "severity"), [
    ("route = ^/x", "route-invalid", Severity.ERROR),
    ("route = ^/x break", "route-invalid", Severity.ERROR),
    ("route-run = nothing:x", "route-invalid", Severity.ERROR),
    ("route-run = addvar:x", "route-invalid", Severity.ERROR),
    ("route-run = addvar:wsgi.input=x", "route-invalid", Severity.ERROR),
    ("route-run = file:status=404", "route-invalid", Severity.ERROR),
    ("route-run = basicauth:realm", "route-invalid", Severity.ERROR),
    ('route-run = basicauth:a "realm",x:y', "route-invalid", Severity.ERROR),
    ("route-run = return:no", "route-invalid", Severity.ERROR),
    ("route-if = equal break:", "route-invalid", Severity.ERROR),
    ("route-if = never:x break:", "route-invalid", Severity.ERROR),
    ("route-run = goto:nowhere", "route-invalid", Severity.WARNING),
    ("route-if = equal:a break:", "value-malformed", Severity.WARNING),
    ("error-route-status = 40 break:", "value-malformed", Severity.WARNING),
    ("route = ^/(?=a) break:", "regexp-invalid", Severity.ERROR),
    ("route-if = regexp:${A};(?<!a)b break:", "regexp-invalid", Severity.ERROR),
    ("route-run = uwsgi:127.0.0.1:3031,0,0", "route-refused", Severity.WARNING),
    ("route-if = lord:x break:", "route-refused", Severity.WARNING),
    ("collect-header = X-A", "route-invalid", Severity.ERROR),
    ("pull-header = X A B", "ok", None),
    ("collect-header = X: A", "route-invalid", Severity.ERROR),
    ("http-var = A", "value-malformed", Severity.WARNING),
    ("error-page-404 = no-such-page.html", "error-page-missing", Severity.WARNING),
    ("http-to-https = :80,https", "address-invalid", Severity.ERROR),
])
def test_what_is_said(tmp_path, line, code, severity):
    told = [(d.code, d.severity) for d in ini(tmp_path, line).diagnostics if d.code not in ("no-socket",)]
    assert told == ([] if code == "ok" else [(code, severity)])


def test_no_door_stands_open_because_a_rule_is_not_there(tmp_path):
    told = ini(tmp_path, "route = ^/a ldapauth:R,url=ldap://x", "route = ^/b cachestore:key=x",
               "route = ^/c http:1.2.3.4:80", "route-if = lord:x break:403",
               "route-run = setmodifier1:9").settings.routing
    assert [(rule.pattern, rule.action, rule.argument) for rule in told.request] == [
        ("^/a", "return", "501"), ("^/c", "return", "501"), ("equal:", "break", "403"), ("", "return", "501")]


def test_the_page_names_what_there_is():
    page = (DOCS / "routing.md").read_text()
    others = {"redirect-301", "redirect-302", "break-with-status", "resetheaders", "remheader", "send-crlf",
              "setmodifier2", "isequal", "eq", "==", "contain", "re"}
    names = {name.removesuffix("-next") for name in routing.ACTIONS | routing.CONDITIONS} - others
    assert {name for name in names if name not in page} == set()
    assert not routing.REFUSED.keys() & routing.ACTIONS


def test_the_engine_knows_every_action_and_condition():
    for file, names in (("action.rs", routing.ACTIONS), ("condition.rs", routing.CONDITIONS)):
        known = set(re.findall(r'"([a-z0-9<>=-]+)"', (RUST / file).read_text()))
        assert names <= known, names - known


def test_what_http_does_by_itself(tmp_path):
    (tmp_path / "a.html").write_text("x")
    got = ini(tmp_path, "http-to-https = :8080,8443", "http-to-https = 127.0.0.1:8081", "http-var = A=b=c",
              "http-server-name-as-http-host = true", "http-auto-gzip = true", "pull-header = X-A A",
              "collect-header = x-b B", "error-page-500 = a.html", "http = :8082")
    assert got.codes == []
    assert [(one.address, one.https_port, one.protocol) for one in got.settings.listen] == [
        (":8080", "8443", "http"), ("127.0.0.1:8081", "", "http"), (":8082", None, "http")]
    assert got.settings.routing == Routing(
        collected=(("X-A", "A", True), ("x-b", "B", False)), variables=(("A", "b=c"),), names_by_host=True,
        compresses=True)
    assert got.settings.error_pages == ErrorPages(failed=(f"{tmp_path}/a.html",))


def test_rules_reach_a_generation_as_they_are(tmp_path):
    (tmp_path / "a.ini").write_bytes("[uwsgi]\nroute = ^/é\udcff break:\ncollect-header = A B\nhttp-var = A=b\n".encode(
        "utf-8", "surrogateescape"))
    told = reading(tmp_path).settings.routing
    assert told.request[0].pattern == "^/é\udcff"
    plan = Plan(1, "n", [], [], "", "", "", [], 1, 1, 3, 4, [], 1.0, 1.0, True, "h", False, [], routing=told,
                error_pages=ErrorPages(("a",)))
    assert Plan.read(plan.write()) == plan


@pytest.mark.parametrize("pattern", [
    "a(?i)b", "(?<name>x)", r"a\z", r"\x{41}", "[[:alpha:]]", "x{y}", "[[]", "[a&&b]", "[^]a]", "a{,3}", r"\/\-\_",
])
def test_expressions_that_the_engine_takes(pattern):
    assert flaw(pattern) == ""
