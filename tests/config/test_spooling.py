"""Spoolers, out of the configuration."""

from __future__ import annotations

import pytest

from imperator.spooling import Spooling
from tests.config.reading import ini


def test_spooling(tmp_path):
    got = ini(
        tmp_path, "chdir = /srv", "spooler = spool", "spooler = /b", "spooler = /b", "spooler-external = /c",
        "spooler-processes = 3", "spooler-chdir = work", "spooler-quiet = 1", "spooler-max-tasks = 4",
        "spooler-harakiri = 5", "spooler-freq = 6", "spooler-import = m",
    )  # fmt: skip
    where = got.settings.spooling.imports[0][1]
    assert got.settings.spooling == Spooling(
        (f"{tmp_path}/spool", "/b"), ("/c",), 3, "/srv/work", True, 4, 5.0, 6, (("m", where),)
    )
    assert got.codes == [] and where.endswith(":13")
    assert ini(tmp_path).settings.spooling == Spooling()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("spooler =", "value-empty"),
        ("spooler = /a # tasks", "comment-in-value"),
        ("spooler = /a\nspooler-processes = 0", "number-out-of-range"),
        ("spooler = /a\nspooler-frequency = often", "number-missing"),
    ],
)
def test_complaints(tmp_path, line, code):
    assert code in ini(tmp_path, line).codes
