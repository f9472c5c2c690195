"""The pages that are made from the table are current, whole, and say the same as the command."""

import contextlib
import io
import pathlib
import re
import shutil
import subprocess

import pytest

from imperator.config.options import rows
from imperator.ops import manual, options, reference
from imperator.ops.wording import KINDS, STATUS, SUBJECTS, facts, sentence, standing

DOCS = pathlib.Path(__file__).parents[2] / "docs"


def test_the_page_of_options_is_current():
    assert (DOCS / "options.md").read_text() == reference.page(), "scripts/option-reference > docs/options.md"


def test_the_man_page_is_current():
    assert (DOCS / "man" / "imperator.1").read_text() == manual.page(), "scripts/man-page > docs/man/imperator.1"


def test_every_option_is_on_the_page():
    page = reference.page()
    for row in rows():
        assert f"\n### {row.name}\n" in page
        for name in row.names[1:]:
            assert f"`{name}`" in page


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_every_row_can_be_put_in_words(row):
    assert row.kind in KINDS and row.status in STATUS and row.subsystem in SUBJECTS
    assert all(facts(row)) and standing(row)
    assert sentence(row.help).endswith(".")


def test_the_command_says_what_the_page_says():
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert options.main(["cheaper-step"]) == 0
    row = next(row for row in rows() if row.name == "cheaper-step")
    assert sentence("; ".join(facts(row))) in out.getvalue()
    assert row.default in out.getvalue()


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc reads manual pages strictly; it is not installed")
def test_the_man_page_has_no_faults():
    path = DOCS / "man" / "imperator.1"
    told = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path], capture_output=True, text=True, check=False)
    faults = [line for line in told.stdout.splitlines() if "missing date" not in line]  # a page has no date of its own
    assert faults == []
    shown = subprocess.run(["mandoc", "-T", "ascii", path], capture_output=True, text=True, check=True).stdout
    plain = re.sub(".\b", "", shown)
    assert "imperator check" in plain and "--chmod-socket" in plain and "\nSEE ALSO" in plain
