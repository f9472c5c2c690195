"""The command line by the rules of getopt_long."""

import pytest

from imperator.config.argv import Known, Word, parse
from imperator.config.complain import Complaints

OPTIONS = {"master": "none", "processes": "required", "chmod-socket": "optional", "plugins": "required",
           "plugins-list": "none", "plugins-dir": "required"}
LETTERS = {"M": ("master", "none"), "p": ("processes", "required"), "C": ("chmod-socket", "optional")}
KNOWN = Known(OPTIONS.get, lambda: list(OPTIONS), LETTERS.get)


def words(*argv, **how):
    complaints = Complaints()
    return [(word.name, word.value) for word in parse(argv, KNOWN, complaints, **how)], [d.code for d in complaints]


@pytest.mark.parametrize(("argv", "found"), [
    (["--processes", "4"], [("processes", "4")]),
    (["--processes=4"], [("processes", "4")]),
    (["--processes", "--master"], [("processes", "--master")]),
    (["--processes="], [("processes", "")]),
    (["--chmod-socket", "664"], [("chmod-socket", None), (None, "664")]),
    (["--chmod-socket=664"], [("chmod-socket", "664")]),
    (["-C664"], [("chmod-socket", "664")]),
    (["-C", "664"], [("chmod-socket", None), (None, "664")]),
    (["-Mp2"], [("master", None), ("processes", "2")]),
    (["-Mp", "2"], [("master", None), ("processes", "2")]),
    (["--plugins-li"], [("plugins-list", None)]),
    (["--plugins", "x"], [("plugins", "x")]),
    (["a", "--master", "b"], [("master", None), (None, "a"), (None, "b")]),
    (["--", "--master"], [(None, "--master")]),
    (["-"], [(None, "-")]),
    ([], []),
])
def test_what_is_accepted(argv, found):
    assert words(*argv) == (found, [])


@pytest.mark.parametrize(("argv", "code"), [
    (["--nope"], "option-unknown"), (["-Z"], "option-unknown"), (["--master=1"], "option-takes-no-value"),
    (["--processes"], "option-needs-value"), (["-p"], "option-needs-value"), (["--plugins-"], "option-ambiguous"),
    (["--=x"], "option-unknown"), (["--enable_threads"], "option-unknown"),
])
def test_what_is_refused(argv, code):
    assert words(*argv) == ([], [code])


def test_complaints_do_not_stop_at_the_first():
    assert words("--nope", "-Z", "--master") == ([("master", None)], ["option-unknown", "option-unknown"])


def test_the_first_other_word_may_end_the_options():
    assert words("a", "--master", in_order=True)[0] == [(None, "a"), (None, "--master")]


def test_an_option_declared_meanwhile_is_known():
    options = dict(OPTIONS)
    found = []
    for word in parse(["--master", "--fresh"], Known(options.get, lambda: list(options), LETTERS.get), Complaints()):
        options["fresh"] = "none"
        found.append(word)
    assert found == [Word("master", None), Word("fresh", None)]
