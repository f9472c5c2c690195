"""What is said about names and leftovers."""

import pytest

from imperator.errors import Severity
from tests.config.reading import ini


@pytest.mark.parametrize(("line", "near"), [
    ("enable_threads = 1", "enable-threads"), ("MASTER = 1", "master"), ("processes: 4", "processes"),
])
def test_a_slip_is_said_with_its_line(tmp_path, line, near):
    (text,) = ini(tmp_path, "a = 1", line).lines("unknown-option")
    assert text.startswith("warning: a.ini:3: ")
    assert f"did you mean {near}" in text


@pytest.mark.parametrize("lines", [
    ["base = /srv", "chdir = %(base)"], ["project = x"], ["procesess = 4", "processes = %(procesess)"],
    ["procesess = 4", "if-opt = procesess", "endif ="], ["set-placeholder = procesess=4"],
    ["workerz = 2", "x = %(workerz + 1)"],
])
def test_variables_are_left_in_peace(tmp_path, lines):
    assert ini(tmp_path, *lines).codes == []


def test_strict_makes_it_an_error(tmp_path):
    got = ini(tmp_path, "strict = true", "project = x")
    assert [(d.code, d.severity) for d in got.diagnostics] == [("unknown-option", Severity.ERROR)]
    assert ini(tmp_path, "strict = true", "strict = false", "project = x").codes == []


@pytest.mark.parametrize("name", ["UWSGI_SERVICE_HOST", "UWSGI_PORT", "UWSGI_PORT_80_TCP", "UWSGI_MY_SERVICE_PORT"])
def test_what_an_orchestrator_sets_is_no_slip(tmp_path, name):
    assert ini(tmp_path, "strict = true", env={name: "1"}).codes == []


@pytest.mark.parametrize(("line", "code"), [
    ("php-docroot = /x", "foreign-option"),
    ("plugins = python3,php", "foreign-plugin"),
    ("plugins = python27", "foreign-plugin"), ("legion-freq = 5", "refused-option"),
    ("fastrouter = :1", "refused-option"), ("zeus = x", "not-yet"),
    ("chdir = {{ base }}", "placeholder-foreign"), ("chdir = ${BASE}", "placeholder-foreign"),
    ("chdir = %(nope)", "placeholder-unresolved"), ("env = A=$(NOPE)", "placeholder-unresolved"),
])
def test_a_line_without_effect_is_said_once(tmp_path, line, code):
    got = ini(tmp_path, line)
    assert got.codes == [code]
    assert got.diagnostics[0].severity is Severity.WARNING
    assert got.diagnostics[0].where.line == 2
    assert got.diagnostics[0].hint


@pytest.mark.parametrize("line", [
    "plugins = python3", "plugin = python", "plugins = http,python3", "thunder-lock = true", "enable-threads = true",
    "need-plugin = python", "autoload = 1", "master = true", "vacuum = true", "print = %(nope)",
])
def test_lines_that_are_no_longer_needed_are_harmless(tmp_path, line):
    assert ini(tmp_path, line).codes == []


def test_a_variable_that_hides_a_log_variable(tmp_path):
    got = ini(tmp_path, "user = deploy", "log-format = %(addr) %(user)")
    assert "a.ini:2" in got.lines("log-format-shadowed")[0]
    assert got.values("log-format") == ["%(addr) deploy"]
