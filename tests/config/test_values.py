"""Text into values, and what is said about a guess."""

import pytest

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import flag, number, socket_mode, split_comment, umask
from imperator.errors import Severity, Where

HERE = Where("a.ini", 7)


def read(kind, value, *more, **how):
    complaints = Complaints()
    got = kind(Pair("key", value, HERE), *more, complaints, **how)
    assert all(d.where == HERE for d in complaints)
    return got, [d.code for d in complaints]


@pytest.mark.parametrize("value", ["true", "1", "on", "yes", "", "TRUE", None])
def test_yes(value):
    assert read(flag, value) == (True, [])


@pytest.mark.parametrize("value", ["false", "0", "off", "no", "False", "NO"])
def test_no(value):
    assert read(flag, value) == (False, [])


@pytest.mark.parametrize(("value", "code"), [
    ("ture", "flag-unclear"), ("n", "flag-unclear"), ("null", "flag-unclear"), ('"false"', "flag-unclear"),
    ("00", "flag-unclear"), ("-1", "flag-unclear"), ("false ; note", "comment-in-value"),
    ("true # x", "comment-in-value"),
])
def test_whatever_else_is_yes_and_is_said(value, code):
    assert read(flag, value) == (True, [code])


def test_a_comment_that_turns_no_into_yes_is_said_to():
    complaints = Complaints()
    flag(Pair("master", "false ; note", HERE), complaints)
    assert "counts as true" in complaints[0].message


@pytest.mark.parametrize(("value", "got", "codes"), [
    ("\v\f\r\t 4", 4, []),
    ("4", 4, []), (" 4", 4, []), ("+4", 4, []), ("4x", 4, ["number-trailing"]), ("2.9", 2, ["number-trailing"]),
    ("5m", 5, ["number-trailing"]), ("4 # cores", 4, ["comment-in-value"]), ("abc", 9, ["number-missing"]),
    ("", 9, ["number-missing"]), ("-", 9, ["number-missing"]), ("0x4", 0, ["number-trailing"]),
    ("$(N)", 9, ["placeholder-unresolved"]), ("-1", 9, ["number-negative"]),
    ("99999999999", 2**31 - 1, ["number-out-of-range"]), ("9" * 30, 2**31 - 1, ["number-out-of-range"]),
    ("-" + "9" * 30, 9, ["number-negative"]), (None, 9, ["number-missing"]),
])
def test_numbers(value, got, codes):
    assert read(number, value, 9) == (got, codes)


def test_a_number_is_kept_within_its_bounds():
    assert read(number, "0", 9, least=1) == (1, ["number-out-of-range"])
    assert read(number, "70000", 9, most=65535) == (65535, ["number-out-of-range"])


def test_a_unit_is_explained():
    complaints = Complaints()
    number(Pair("harakiri", "5m", HERE), 0, complaints)
    assert "minutes" in complaints[0].hint


@pytest.mark.parametrize(("value", "mode"), [("664", 0o664), ("1", 0o666), (None, 0o666), ("600", 0o600)])
def test_modes(value, mode):
    assert read(socket_mode, value) == (mode, [])


@pytest.mark.parametrize("value", ["", "66", "0660", "true", "0", "888", "000", "660 # x"])
def test_no_modes(value):
    assert read(socket_mode, value) == (None, ["mode-invalid"])


def test_the_mode_that_was_meant_is_in_the_hint():
    for value in ("0660", "0o660", "660 # x"):
        complaints = Complaints()
        socket_mode(Pair("chmod-socket", value, HERE), complaints)
        assert complaints[0].hint == "write chmod-socket = 660", value


@pytest.mark.parametrize(("value", "mask"), [("022", 0o22), ("0022", 0o22), ("077", 0o77)])
def test_umasks(value, mask):
    assert read(umask, value) == (mask, [])


@pytest.mark.parametrize("value", ["7", "00027", "abc", ""])
def test_no_umasks(value):
    assert read(umask, value) == (None, ["umask-invalid"])


@pytest.mark.parametrize(("text", "halves"), [
    ("a # b", ("a", "# b")), ("a\t; b", ("a", "; b")), ("a#b", ("a#b", "")), ("#a", ("#a", "")), ("", ("", "")),
])
def test_comments(text, halves):
    assert split_comment(text) == halves


def test_only_a_negative_number_or_a_bad_mode_keeps_from_starting():
    complaints = Complaints()
    number(Pair("k", "abc", HERE), 1, complaints)
    number(Pair("k", "5m", HERE), 1, complaints)
    flag(Pair("k", "ture", HERE), complaints)
    assert not complaints.fatal
    number(Pair("k", "-1", HERE), 1, complaints)
    assert [d.severity for d in complaints][-1] is Severity.ERROR
