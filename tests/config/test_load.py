"""Sources in their order, files that name files, and that reading ends."""

import pytest

from imperator.errors import COMMAND_LINE, ENVIRONMENT, Where
from tests.config.reading import ini, reading


def test_places_are_remembered(tmp_path):
    got = reading(tmp_path, "--set", "a=1", "--ini", "a.ini", env={"UWSGI_E": "5"}, a__ini="[uwsgi]\n\nb = 2\n")
    assert [(p.key, p.where) for p in got.pairs if p.key in "abe"] == [
        ("e", ENVIRONMENT), ("a", COMMAND_LINE), ("b", Where("a.ini", 3))]


@pytest.mark.parametrize(("argv", "env", "workers"), [
    (["--processes", "4", "a.ini"], {}, 2), (["a.ini", "--processes", "4"], {}, 2),
    (["--ini", "a.ini", "--processes", "4"], {}, 4), (["--processes", "4", "--ini", "a.ini"], {}, 2),
    (["--ini", "a.ini"], {"UWSGI_PROCESSES": "3"}, 2),
])
def test_who_wins(tmp_path, argv, env, workers):
    assert reading(tmp_path, *argv, env=env, a__ini="[uwsgi]\nprocesses = 2\n").settings.workers == workers


def test_a_positional_file_that_overrides_is_said(tmp_path):
    got = reading(tmp_path, "--processes", "4", "a.ini", a__ini="[uwsgi]\nprocesses = 2\n")
    assert "a.ini:2" in got.lines("positional-overrides")[0]


def test_inherit_overrides_is_not_expanded_and_both_are_said(tmp_path):
    got = reading(tmp_path, a__ini="[uwsgi]\ninherit = p.ini\nprocesses = 2\nv = 1\n",
                  p__ini="[uwsgi]\nprocesses = 5\ncallable = %(v)\n")
    assert got.settings.workers == 5
    assert got.settings.callable == "%(v)"
    assert "p.ini:2" in got.lines("inherit-overrides")[0]
    assert "p.ini:3" in got.lines("inherit-not-expanded")[0]


def test_include_is_in_place(tmp_path):
    got = reading(tmp_path, a__ini="[uwsgi]\ninclude = p.ini\nprocesses = 2\n", p__ini="[uwsgi]\nprocesses = 5\n")
    assert got.settings.workers == 2
    assert got.files == (f"{tmp_path}/a.ini", f"{tmp_path}/p.ini")
    assert got.diagnostics == []


def test_the_name_of_an_included_file_may_hold_placeholders(tmp_path):
    got = reading(tmp_path, env={"N": "p"}, a__ini="[uwsgi]\ne = ini\ninclude = $(N).%(e)\n",
                  p__ini="[uwsgi]\nprocesses = 5\n")
    assert got.settings.workers == 5


def test_a_section_of_the_same_file(tmp_path):
    got = reading(tmp_path, a__ini="[uwsgi]\nini = :base\n[base]\nx = %x %n\n")
    assert got.values("x") == ["base a"]


def test_a_section_of_no_file_is_an_error(tmp_path):
    assert reading(tmp_path, "--ini", ":dev").codes == ["file-unreadable"]


@pytest.mark.parametrize("line", ["include = a.ini", "ini = a.ini", "inherit = a.ini"])
def test_a_file_that_names_itself_ends(tmp_path, line):
    got = ini(tmp_path, line)
    assert "file-too-deep" in got.codes


def test_files_that_name_each_other_twice_end(tmp_path):
    got = ini(tmp_path, "include = a.ini", "include = a.ini")
    assert "file-too-deep" in got.codes


def test_loops_of_loops_end(tmp_path):
    got = ini(tmp_path, *(["for-times = 10000", *["x%(_) = 1"] * 12, "endfor ="]))
    assert "too-many-pairs" in got.codes


@pytest.mark.parametrize(("word", "key"), [("app.py", "wsgi-file"), ("x/app.wsgi", "wsgi-file"),
                                           ("pkg.mod:app", "module"), ("pkg:make()", "module")])
def test_an_application_may_be_named_without_an_option(tmp_path, word, key):
    got = reading(tmp_path, word)
    assert [(p.key, p.value) for p in got.pairs] == [(key, word)]
    assert got.codes == []


@pytest.mark.parametrize("word", ["app.conf", "app.INI", "-", "a.ini:dev", "664", "false", "pkg.mod"])
def test_other_words_are_errors_with_a_hint(tmp_path, word):
    got = reading(tmp_path, word)
    assert got.codes == ["file-format-unknown"]
    assert got.diagnostics[0].hint


def test_a_word_in_a_bracket_is_skipped(tmp_path):
    assert reading(tmp_path, "[x").codes == []


def test_a_missing_file_says_where_names_begin(tmp_path):
    (line,) = reading(tmp_path, "--ini", "none.ini").lines("file-unreadable")
    assert str(tmp_path) in line


def test_orders_end_the_reading(tmp_path):
    got = reading(tmp_path, "--stop", "run.pid", "--ini", "none.ini")
    assert got.codes == []
    assert got.settings.command.name == "stop"
    assert got.settings.command.argument == "run.pid"


def test_what_the_emperor_sets_is_no_option(tmp_path):
    got = reading(tmp_path, "--set", "a=1", env={"UWSGI_EMPEROR_FD": "3", "UWSGI_ORIGINAL_PROC_NAME": "x"})
    assert [p.key for p in got.pairs] == ["set", "a"]


@pytest.mark.parametrize(("lines", "code"), [
    (["set = x"], "set-without-equals"), (["set-ph = master=1"], "placeholder-is-option"),
    (["declare-option = x"], "set-without-equals"), (["blacklist = a b", "a = 1"], "forbidden-option"),
    (["whitelist = a end-whitelist", "b = 1"], "forbidden-option"), (["need-plugin = php"], "foreign-plugin"),
    (["include = x.conf"], "file-format-unknown"),
])
def test_directives_that_cannot_be_followed(tmp_path, lines, code):
    got = ini(tmp_path, *lines)
    assert got.codes == [code]
    assert got.diagnostics[0].where.line == 1 + len(lines)


def test_lists_of_forbidden_options_end(tmp_path):
    assert ini(tmp_path, "blacklist = a", "end-blacklist =", "a = 1").codes == []
    assert ini(tmp_path, "whitelist = a end-whitelist", "end-whitelist =", "b = 1").codes == []


def test_a_declared_option_stands_for_others(tmp_path):
    got = ini(tmp_path, "site = 8000 4", "declare-option = site=http-socket=:$1;processes=$2")
    assert got.settings.workers == 4
    assert got.settings.listen[0].address == ":8000"
    assert got.settings.listen[0].where.line == 2
    assert got.codes == []


def test_bytes_that_are_no_utf8_pass(tmp_path):
    (tmp_path / "a.ini").write_bytes(b"[uwsgi]\na = caf\xe9\n")
    assert reading(tmp_path).values("a") == ["caf\udce9"]


def test_all_complaints_come_at_once(tmp_path):
    got = ini(tmp_path, "include = none.ini", "processes = 0", "socket = ::1:80", "uid = no-such-user-here")
    assert {"file-unreadable", "no-workers", "address-invalid", "user-unknown"} <= set(got.codes)
