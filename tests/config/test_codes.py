"""The codes in the program are the codes in the list."""

import pathlib
import re

import imperator.config
from imperator.config.codes import CODES

SOURCES = [path for path in pathlib.Path(imperator.config.__file__).parent.glob("*.py") if path.name != "codes.py"]


def test_every_code_is_made_somewhere_and_every_one_made_is_listed():
    text = "".join(path.read_text() for path in SOURCES)
    made = set(re.findall(r'(?:error|warn)\(\s*"([a-z0-9-]+)"', text))
    made |= set(re.findall(r'code = "([a-z-]+)" if \w+ else "([a-z-]+)"', text)[0])
    made |= {f"{what}-unknown" for what in re.findall(r'_nobody\("(\w+)"', text)}
    assert made == set(CODES)


def test_codes_are_kebab_case_and_explained():
    for code, meaning in CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
        assert meaning and not meaning.endswith(".")
