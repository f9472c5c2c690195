"""Complaints: one line each, which nobody can forge."""

from __future__ import annotations

import pytest

from imperator.errors import Diagnostic, Refused, Severity, Where, printable

FULL = Diagnostic("port-in-use", Where("/etc/site.ini", 3), "port 80 is taken", "choose another")

LINES = {
    "everything": (FULL, "error: /etc/site.ini:3: port 80 is taken; choose another [port-in-use]"),
    "no hint": (FULL._replace(hint=""), "error: /etc/site.ini:3: port 80 is taken [port-in-use]"),
    "no place": (FULL._replace(where=None), "error: port 80 is taken; choose another [port-in-use]"),
    "a place without lines": (
        FULL._replace(where=Where("command line")),
        "error: command line: port 80 is taken; choose another [port-in-use]",
    ),
    "a warning": (
        FULL._replace(severity=Severity.WARNING),
        "warning: /etc/site.ini:3: port 80 is taken; choose another [port-in-use]",
    ),
    "a note": (FULL._replace(severity=Severity.NOTE, hint=""), "note: /etc/site.ini:3: port 80 is taken [port-in-use]"),
    "a file name with a line of its own": (
        FULL._replace(where=Where("a\nerror: b", 1), hint=""),
        "error: a\\nerror: b:1: port 80 is taken [port-in-use]",
    ),
}


@pytest.mark.parametrize("case", LINES)
def test_the_line(case):
    diagnostic, line = LINES[case]
    assert diagnostic.line() == line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain", "plain"),
        ("città 設定", "città 設定"),
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x7f\x9b", "\\x7f\\x9b"),
        ("\u2028\u202e", "\\u2028\\u202e"),
        ("caf\udce9", "caf\\udce9"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_cannot_be_printed_is_shown_as_an_escape(text, shown):
    assert printable(text) == shown


def test_a_line_stays_one_line_whatever_the_character():
    broken = [hex(code) for code in range(0x110000) if len(printable(f"a{chr(code)}b").splitlines()) != 1]
    assert not broken


def test_a_refusal_tells_all_of_its_complaints():
    other = FULL._replace(code="no-file", message="x")
    refused = Refused(FULL, other, status=22)
    assert (refused.diagnostics, refused.status) == ((FULL, other), 22)
    assert str(refused).splitlines() == [FULL.line(), other.line()]


def test_a_refusal_is_status_1_unless_it_says_otherwise():
    assert Refused(FULL).status == 1
