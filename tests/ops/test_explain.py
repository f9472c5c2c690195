"""Where values come from, and what codes mean."""

import os

import pytest

from imperator.ops import explain, pages
from tests.ops.checking import write


@pytest.fixture
def say(tmp_path, monkeypatch, capsys):
    """Write files, explain, and answer the status and both outputs."""

    def run(*argv, **files):
        write(tmp_path, **files)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("SITE_HOME", "/srv")
        status = explain.main(list(argv))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_a_value_is_told_with_its_line_and_what_it_overrode(say):
    files = {"a__ini": "[uwsgi]\nini = b.ini\nworkers = 9\n", "b__ini": "[uwsgi]\nprocesses = 2\n"}
    status, out, _ = say("a.ini", "processes", **files)
    assert status == 0
    assert out.splitlines()[:3] == [
        "processes = 9",
        "    from a.ini:3 as workers",
        "    overridden: 2 of b.ini:2 (a later line counts)",
    ]
    assert "Default: 1." in out


def test_variables_are_filled_in_one_after_the_other(say):
    text = "[uwsgi]\nbase = $(SITE_HOME)/%n\nchdir = %(base)/x\n"
    _, out, _ = say("a.ini", "chdir", a__ini=text)
    assert out.splitlines()[:4] == [
        "chdir = /srv/a/x",
        "    from a.ini:3",
        "    written: %(base)/x",
        "      %(base) -> /srv/a  (a.ini:2)",
    ]
    _, out, _ = say("a.ini", "base", a__ini=text)
    assert out.splitlines() == [
        "base = /srv/a  (a variable)",
        "    from a.ini:2",
        "    written: $(SITE_HOME)/%n",
        "      %n -> a  (its name without the ending)",
        "      $(SITE_HOME) -> /srv  (the environment)",
        "",
    ]


def test_all_lines_of_a_list_count(say):
    _, out, _ = say("a.ini", "env", a__ini="[uwsgi]\nenv = A=1\nenv = B=2\n")
    assert "env = A=1\n" in out and "env = B=2\n" in out and "overridden" not in out


def test_the_first_line_of_a_variable_counts(say):
    _, out, _ = say("a.ini", "name", a__ini="[uwsgi]\nname = x\nname = y\n")
    assert out.startswith("name = x") and "overridden: y of a.ini:3 (the first line counts for a variable)" in out


def test_why_a_line_has_no_effect(say):
    _, out, _ = say("a.ini", a__ini="[uwsgi]\nfastrouter = :1\nthunder-lock = 1\nenable_threads = 1\nvacuum = ture\n")
    assert "No effect: put nginx or HAProxy in front." in out
    assert "Nothing to do here: " in out
    assert "did you mean enable-threads [unknown-option]" in out
    assert "[flag-unclear]" in out


def test_what_is_not_set(say):
    status, out, _ = say("a.ini", "harakiri", a__ini="[uwsgi]\nhttp = :1\n")
    assert (status, out.splitlines()[0]) == (0, "harakiri is not set")
    status, _, err = say("a.ini", "harakri")
    assert (status, err) == (1, "error: harakri is no option and no variable of this file; did you mean harakiri\n")


def test_secrets_are_not_shown(say):
    _, out, _ = say("a.ini", a__ini="[uwsgi]\nenv = DB_PASSWORD=correct-%n\n")
    assert "DB_PASSWORD=***" in out and "correct-" not in out


def test_a_code_has_its_page(say):
    assert say("flag-unclear") == (0, pages.page("flag-unclear"), "")
    assert say("[flag-unclear]")[1] == pages.page("flag-unclear")


def test_what_is_neither(say):
    assert say("flag-uncler") == (2, "", "error: flag-uncler is neither a file nor the code of a diagnostic;"
                                         " did you mean flag-unclear\n")  # fmt: skip
    assert say("no-such.ini")[0] == 2
    assert say()[0] == 2
    assert say(os.curdir)[0] == 2
    assert say("--help")[:2] == (0, explain.USAGE)


@pytest.mark.parametrize("name", ["a.yaml", "a.json", "a.xml"])
def test_other_formats(say, name):
    texts = {
        "a.yaml": "uwsgi:\n  processes: 3\n", "a.json": '{"uwsgi": {"processes": 3}}',
        "a.xml": "<uwsgi><processes>3</processes></uwsgi>",
    }  # fmt: skip
    status, out, _ = say(name, "processes", **{name.replace(".", "__"): texts[name]})
    assert status == 0 and out.startswith(f"processes = 3\n    from {name}:")
