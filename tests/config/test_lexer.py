"""Lines, sections, line numbers."""

import pytest

from imperator.config.complain import Complaints
from imperator.config.lexer import lex
from imperator.config.pairs import Pair
from imperator.errors import Where


def lexed(text, section="uwsgi", variables=None):
    complaints = Complaints()
    return lex([("a.ini", text)], section, variables or {"%": "%", "n": "a"}, complaints), complaints


@pytest.mark.parametrize(("line", "key", "value"), [
    ("a = b", "a", "b"), ("a=b=c", "a", "b=c"), ("a == b", "a", "= b"), ("= v", "", "v"), ("a", "a", ""),
    ("  a\t=\t1 \r", "a", "1"), ("a = 1 ; two", "a", "1 ; two"), ('name = "x"', "name", '"x"'),
    ("processes: 4", "processes: 4", ""), ("//x", "//x", ""), ("a = x\\", "a", "x\\"),
])
def test_a_line_is_split_at_its_first_equals_sign(line, key, value):
    assert lexed(f"[uwsgi]\n{line}\n")[0] == [Pair(key, value, Where("a.ini", 2))]


def test_line_numbers_survive_comments_blank_lines_and_percent_signs():
    pairs, _ = lexed("; one 100%\n[uwsgi]\n\na = 50%\r\n# c\nb = %n\n")
    assert pairs == [Pair("a", "50", Where("a.ini", 4)), Pair("b", "a", Where("a.ini", 6))]


@pytest.mark.parametrize("text", ["[uwsgi]\na=1\n", "[uwsgi]  \r\na=1\r\n", "[x]\nb=2\n[uwsgi]\na=1",
                                  "[%n]\nz=1\n[uwsgi]\na=1\n"])
def test_only_the_section_counts_and_nothing_is_said(text):
    pairs, complaints = lexed(text)
    assert [(p.key, p.value) for p in pairs] == [("a", "1")]
    assert complaints == []


@pytest.mark.parametrize(("text", "code", "line"), [
    ("\ufeff[uwsgi]\na=1\n", "byte-order-mark", 1),
    ("[uwsgi] ; prod\na=1\n", "section-comment", 1),
    ("[uwsgi] # prod\na=1\n", "section-comment", 1),
    ("b = 1\n[uwsgi]\na=1\n", "line-before-section", 1),
    ("[uwsgi]\n<<<<<<< HEAD\na=1\n", "merge-conflict", 2),
    ("[uwsgi]\na=1%z\n", "percent-dropped", 2),
    ("[uwsgi]\na=1%\n", "percent-at-end", 2),
    ("[uwsgi]\na=1\n; 100%\n", "percent-at-end", 3),
])
def test_what_is_odd_is_said_and_the_line_is_kept(text, code, line):
    pairs, complaints = lexed(text)
    assert [(p.key, p.value) for p in pairs] == [("a", "1")]
    assert [(d.code, d.where.line) for d in complaints] == [(code, line)]


@pytest.mark.parametrize(("text", "fragment"), [
    ("", "no section"), ("a=1\n", "no section"), ("[uwsgi]\n", "is empty"), ("[ uwsgi ]\na=1\n", "no section [uwsgi]"),
    ("[uwsgi\na=1\n", "no section [uwsgi]"), ("[prod]\na=1\n", "no section [uwsgi]"),
])
def test_a_file_that_gives_nothing_says_why(text, fragment):
    pairs, complaints = lexed(text)
    assert pairs == []
    assert any(d.code == "section-missing" and fragment in d.message for d in complaints)


def test_a_format_of_time_is_corrected_whole():
    complaints = lexed("[uwsgi]\nlogdate = %Y-%m\n")[1]
    assert [d.hint for d in complaints] == ["write %%Y-%%m"]


def test_a_doubled_percent_sign_is_fine():
    pairs, complaints = lexed("[uwsgi]\nlogdate = %%Y-%%m\nlog-format = %(addr) %%\n")
    assert [p.value for p in pairs] == ["%Y-%m", "%(addr) %"]
    assert complaints == []


def test_text_may_be_cut_anywhere():
    text = "\ufeffx\n[uwsgi] ; c\na = %n %% 100%\n<<<<<<< b\n[q\n"
    for end in range(len(text)):
        pairs, complaints = lexed(text[:end])
        last = text[:end].count("\n") + 1
        assert all(0 < pair.where.line <= last for pair in pairs)
        assert bool(pairs) != any(d.code == "section-missing" for d in complaints)
