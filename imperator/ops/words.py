"""The words that a text takes for granted, and what they mean, as docs/words.md lists them; a link to it is here."""

from __future__ import annotations

import os
import re

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "words.md")
_ROW = re.compile(r"^\| ([\w ]+) \| (.+) \|$", re.MULTILINE)


def words() -> dict[str, str]:
    """Every word and its meaning, in the order of the alphabet."""
    with open(FILE, encoding="utf-8") as file:
        return {word: meaning for word, meaning in _ROW.findall(file.read()) if word != "word"}


def used(text: str) -> dict[str, str]:
    """The words that ``text`` uses, outside of its examples and quoted names."""
    plain = re.sub(r"```.*?```|`[^`]*`", " ", text, flags=re.DOTALL)
    return {word: meaning for word, meaning in words().items() if re.search(rf"\b{word}s?\b", plain, re.IGNORECASE)}
