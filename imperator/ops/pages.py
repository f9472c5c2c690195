"""The pages about diagnostics, one a code: what it means, an example, what uWSGI does, how to mend it.

They are the files of docs/diagnostics; the package holds links to them, which become files when it is built.
"""

from __future__ import annotations

import os

DIRECTORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pages")


def codes() -> list[str]:
    """Every code that has a page."""
    return sorted(name[:-3] for name in os.listdir(DIRECTORY) if name.endswith(".md"))


def page(code: str) -> str | None:
    """The text of a page; None if there is none."""
    if not all(letter.isalnum() or letter == "-" for letter in code):
        return None
    try:
        with open(os.path.join(DIRECTORY, code + ".md"), encoding="utf-8") as file:
            return file.read()
    except OSError:
        return None
