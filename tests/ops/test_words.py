"""The words that a page uses are explained below it."""

import pytest

from imperator.ops import explain, pages
from imperator.ops.words import used, words


def test_the_list_is_in_order_and_says_something():
    assert list(words()) == sorted(words(), key=str.lower)
    assert len(words()) > 15 and all(meaning and not meaning.endswith(".") for meaning in words().values())


@pytest.mark.parametrize(("text", "found"), [
    ("Two vassals of an Emperor.", ["emperor", "vassal"]), ("A `vassal` is code.", []), ("```ini\nmaster = 1\n```", []),
    ("masterly", []), ("A UNIX socket.", ["UNIX socket"]),
])  # fmt: skip
def test_the_words_of_a_text(text, found):
    assert list(used(text)) == found


def test_a_page_is_shown_with_its_words(capsys):
    assert explain.main(["address-shared"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(pages.page("address-shared")) and "- vassal: one site below an emperor" in out
