"""Codes in the program = pages in the docs = pages in the package, and every example shows what it is an example of."""

import ast
import pathlib
import re

import pytest

import imperator
from imperator.config.codes import CODES
from imperator.ops import pages
from tests.ops.checking import Checked

PACKAGE = pathlib.Path(imperator.__file__).parent
DOCS = PACKAGE.parent / "docs" / "diagnostics"
MAKERS = {"Diagnostic", "_warning", "_complaint"}
SAID = re.compile(r"\[([a-z]+(?:-[a-z0-9]+)+)\]\s*$")
CODE = re.compile(r"[a-z]+(-[a-z0-9]+)*")


def codes_in(tree):
    """Every literal that is given as a code: to a Diagnostic, by way of a name, or at the end of a line of the log."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in MAKERS and node.args and not isinstance(node.args[0], ast.Name):
                found |= words(node.args[0])
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
            found |= {word for word in words(node.value) if CODE.fullmatch(word)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and (said := SAID.search(node.value)):
            found.add(said[1])
    return found


def words(node):
    """The texts that an expression may be."""
    if isinstance(node, ast.IfExp):
        return words(node.body) | words(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def in_the_program():
    found = set(CODES)
    for path in PACKAGE.rglob("*.py"):
        found |= codes_in(ast.parse(path.read_text()))
    return found


def test_every_code_has_a_page_and_every_page_a_code():
    assert in_the_program() == {path.stem for path in DOCS.glob("*.md")}


def test_codes_are_found_however_they_are_given():
    text = 'Diagnostic("a-a", None, "")\ncode = "b-b" if x else "c-c"\nsay(f"oh {x} [d-d]")\nx = Diagnostic(code, x)'
    assert codes_in(ast.parse(text)) == {"a-a", "b-b", "c-c", "d-d"}


def test_the_package_has_the_pages_of_the_docs():
    assert pages.codes() == sorted(path.stem for path in DOCS.glob("*.md"))
    for code in pages.codes():
        assert pages.page(code) == (DOCS / f"{code}.md").read_text()


def test_there_is_no_page_outside():
    assert pages.page("../check") is None
    assert pages.page("no-such-code") is None


@pytest.mark.parametrize("code", pages.codes())
def test_a_page_says_four_things(code):
    text = pages.page(code)
    parts = re.split(r"^(#+ .*)$", text, flags=re.MULTILINE)
    assert parts[1::2] == [f"# {code}", "## Example", "## What uWSGI does", "## What to do"]
    assert all(part.strip() for part in parts[2::2])


EXAMPLES = [code for code in pages.codes() if "```ini" in pages.page(code) or "```json" in pages.page(code)]


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_shows_its_code(code, tmp_path):
    """The first block is the configuration, the others are the files that the text before them names."""
    text = pages.page(code)
    main = ""
    for before, language, block in re.findall(r"([^\n]*)\n\n```(\w+)\n(.*?)```", text, re.DOTALL):
        name = re.search(r"`([\w.]+)`", before)
        name = name[1] if name else "site.ini"
        assert language in ("ini", "json", "python")
        (tmp_path / name).write_text(block)
        main = main or name
    (tmp_path / main).chmod(0o644)
    checked = Checked(tmp_path, main)
    assert code in checked.codes(), text


def test_most_pages_have_an_example_that_is_run():
    assert len(EXAMPLES) > len(pages.codes()) / 2
