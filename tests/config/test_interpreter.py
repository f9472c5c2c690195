"""Lines into how Python is started and prepared."""

import pytest

from imperator.config.interpreter import Interpreter
from tests.config.reading import ini


def test_nothing(tmp_path):
    assert ini(tmp_path, "workers = 1").settings.interpreter == Interpreter()


def test_everything(tmp_path):
    lines = [
        'pyargv = a  b "c d"', "optimize = 1", "no-site = true", "py-sys-executable = /x", "import = late",
        "shared-import = early.py", "pyimport = later", "post-pymodule-alias = b=two.py", "pymodule-alias = a = one",
    ]  # fmt: skip
    got = ini(tmp_path, *lines)
    told = got.settings.interpreter
    assert got.codes == []
    assert (told.argv, told.optimize, told.no_site, told.executable) == (("a", "b", '"c', 'd"'), 1, True, "/x")
    assert [one.target for one in told.imports] == ["early.py", "late", "later"]
    assert [(one.alias, one.target) for one in told.aliases] == [("a", "one"), ("b", "two.py")]


@pytest.mark.parametrize("line", ["pymodule-alias = a", "pymodule-alias = =a", "post-pymodule-alias = a="])
def test_an_alias_has_two_halves(tmp_path, line):
    got = ini(tmp_path, line)
    assert got.codes == ["alias-invalid"] and got.settings.interpreter.aliases == ()
