"""Random configurations, read by the real uWSGI and by us: the same list of options, or a known difference.

``IMPERATOR_DIFFERENTIAL=1000`` reads so many; ``IMPERATOR_SEED=7`` begins at another number, each number being one
configuration. One that differs is made small before it is shown.
"""

import os

import pytest

from tests.config import comparison, ini_files, reference
from tests.config.reading import ini
from tests.config.shrink import shrink

COUNT = int(os.environ.get("IMPERATOR_DIFFERENTIAL", "150"))
FIRST = int(os.environ.get("IMPERATOR_SEED", "0"))
BATCH = 50
"""Configurations a test: many enough that pytest is not in the way, few enough that one that fails is soon told."""


@pytest.fixture(scope="session")
def uwsgi():
    try:
        return reference.install()
    except (OSError, RuntimeError) as error:
        pytest.fail(str(error), pytrace=False)


@pytest.mark.timeout(600)  # the first one may build uWSGI, one that fails makes a file small
@pytest.mark.parametrize("start", range(FIRST, FIRST + COUNT, BATCH))
def test_the_list_of_options_is_that_of_uwsgi(start, uwsgi, tmp_path):
    here = tmp_path / "here"
    for seed in range(start, min(start + BATCH, FIRST + COUNT)):
        case = ini_files.make(seed)
        found = comparison.difference(case, here, uwsgi)
        if found:
            kind = found[:12]
            small = shrink(case, lambda smaller, kind=kind: comparison.difference(smaller, here, uwsgi)[:12] == kind)
            found = comparison.difference(small, here, uwsgi)
            pytest.fail(f"IMPERATOR_SEED={seed}\n{small.shown()}\n\n{found}", pytrace=False)


@pytest.mark.parametrize("code", sorted(comparison.KNOWN))
def test_a_known_difference_is_one(code, uwsgi, tmp_path, monkeypatch):
    text = {
        "byte-order-mark": b"\xef\xbb\xbf[uwsgi]\na = 1\n",
        "else-branch": b"[uwsgi]\nif-env = NONE\na = 1\nelse =\na = 2\nendif =\n",
        "percent-at-end": b"[uwsgi]\na = 100%\nb = 2\n",
        "section-comment": b"[uwsgi] ; ours\na = 1\n",
    }[code]
    case = ini_files.Case({"a.ini": text}, ("--show-config", "--ini", "a.ini"), dict(ini_files.ENVIRON))
    assert not comparison.difference(case, tmp_path / "here", uwsgi)
    monkeypatch.setattr(comparison, "KNOWN", {})
    assert "the lists differ" in comparison.difference(case, tmp_path / "here", uwsgi)


def test_a_failing_configuration_is_made_small():
    case = ini_files.Case({"a.ini": b"[uwsgi]\na = 1\nb = 2 bad 3\nc = 4\n", "b.ini": b""},
                          ("--show-config", "-M", "--ini", "a.ini"), {"HOME": "/"})
    small = shrink(case, lambda smaller: b"bad" in smaller.files.get("a.ini", b""))
    assert small.files == {"a.ini": b"b =bad"}
    assert (small.argv, small.environ) == (("--show-config",), {})


def test_the_same_number_makes_the_same_configuration():
    assert ini_files.make(5) == ini_files.make(5)
    assert ini_files.make(5) != ini_files.make(6)


def test_a_line_ends_at_a_zero_byte(tmp_path):
    got = ini(tmp_path, "a = 1\0 2", "b\0c = 3", "\0d = 4")
    assert [(pair.key, pair.value) for pair in got.pairs[1:]] == [("a", "1"), ("b", "")]
    assert got.codes.count("zero-byte") == 3


def test_closing_words_are_not_expanded(tmp_path):
    got = ini(tmp_path, "endif = %(1 2)", "end-for = %(1 2)", "end = %(1 2)")
    assert [pair.value for pair in got.pairs[1:]] == ["%(1 2)", "%(1 2)", "12"]


def test_an_open_condition_swallows_what_is_inherited(tmp_path):
    (tmp_path / "b.ini").write_text("[uwsgi]\nb = 1\n")
    assert ini(tmp_path, "inherit = b.ini", "if-env = NONE").values("b") == []
    assert ini(tmp_path, "inherit = b.ini", "if-env = HOME").values("b") == ["1"]


def test_a_condition_is_judged_for_every_line(tmp_path):
    got = ini(tmp_path, "if-not-opt = port", "port = 80", "host = h", "else =", "other = %(_)", "endif =")
    assert (got.values("port"), got.values("host"), got.values("other")) == (["80"], [], ["80"])
    assert "condition-changed" in got.codes


def test_a_percent_sign_takes_one_byte(tmp_path):
    assert ini(tmp_path, "a = %éx").values("a") == ["\udca9x"]


def test_a_line_without_a_name_is_no_variable(tmp_path):
    assert ini(tmp_path, "= v", "a = %()").values("a") == ["%()"]


def test_a_value_sees_what_it_has_become(tmp_path):
    assert ini(tmp_path, "v2=%(v1 ++)%(v0 + v1 - v2 * 2)").values("v2") == ["1-2"]


def test_only_a_file_of_the_command_line_names_the_first(tmp_path):
    (tmp_path / "b.ini").write_text("[uwsgi]\nb = %O%S\n")
    (tmp_path / "a.ini").write_text("[uwsgi]\nini = b.ini\n")
    from tests.config.reading import reading

    assert reading(tmp_path, "a.ini").values("b") == [""]
    assert reading(tmp_path, "--ini", "a.ini").values("b") == ["a.inia.ini"]
