"""Placeholders: replaced, left, or endless."""

import pytest

from imperator.config.expand import MOST_STEPS, Endless, expand, references, unresolved
from tests.config.reading import ini

NAMES = {"a": "A", "ref": "a", "p_a": "I", "start": "%(a)", "e": ""}


@pytest.mark.parametrize(("text", "value"), [
    ("%(a)", "A"), ("[%(a)]", "[A]"), ("%(no)", "%(no)"), ("%()", "%()"), ("%(a", "%(a"), ("%(%(ref))", "%(a)"),
    ("[%(%(ref))]", "[A]"), ("[%(p_%(ref))]", "[I]"), ("%(a)%(a)", "AA"), ("%(no) %(a)", "%(no) A"), ("%%(a)", "%A"),
    ("%(start)", "%(a)"), (" %(start)", " A"), ("%(e)", ""), ("%((a))", "%((a))"),
    ("%(a %)", "%(a %)"), ("%(a % a)%(a)", "%(a % a)A"),
])
def test_references(text, value):
    assert expand(text, "%", NAMES.get) == value


def test_growing_text_ends():
    with pytest.raises(Endless):
        expand("x%(a)", "%", {"a": "%(a)%(a)"}.get)


def test_many_opening_marks_end():
    assert expand("%(" * 50000, "%", NAMES.get) == "%(" * 50000


def test_as_many_references_as_a_long_line_has_are_fine():
    assert expand("%(a)" * (MOST_STEPS // 2), "%", NAMES.get) == "A" * (MOST_STEPS // 2)


@pytest.mark.parametrize(("text", "left"), [
    ("%(a)", "%(a)"), ("x$(B)/c", "$(B)"), ("@(f)", "@(f)"), ("%()", None), ("100%", None), ("(a)", None),
    ("%(a", None),
])
def test_what_is_left(text, left):
    assert unresolved(text) == left


def test_names_in_references():
    assert references("%(a) %(b + c) %(d_%(e))") == ["a", "b", "+", "c", "d_%(e)", "e"]


@pytest.mark.parametrize("lines", [["a = [%(a)]"], ["a = x%(b)", "b = y%(a)"]])
def test_a_cycle_is_named_and_the_line_is_kept(tmp_path, lines):
    got = ini(tmp_path, *lines)
    assert got.values("a")[0].startswith(lines[0].partition(" = ")[2][:4])
    (line, *_) = got.lines("placeholder-cycle")
    assert "a.ini:2" in line
    assert "%(a)" in line


def test_environment_then_files_then_the_list(tmp_path):
    (tmp_path / "f").write_text("<%(v)$(V)>\n\n")
    got = ini(tmp_path, "v = 1", "x = $(V)", "y = @(f)", env={"V": "[%(v)]"})
    assert got.values("x") == ["[1]"]
    assert got.values("y") == ["<1$(V)>\n"]


def test_a_missing_file_is_an_error_at_its_line(tmp_path):
    assert "a.ini:2" in ini(tmp_path, "x = @(none)").lines("file-unreadable")[0]


def test_numbers_that_uwsgi_reads_too_early_are_filled_in(tmp_path):
    got = ini(tmp_path, "n = 512", "listen = %(n)", "umask = $(U)", env={"U": "027"})
    assert got.settings.backlog == 512
    assert got.settings.umask == 0o027
