"""The part of YAML that configurations use."""

import pytest
import yaml

from imperator.config.complain import Complaints
from imperator.config.yaml_file import parse


def parsed(text, section="uwsgi"):
    complaints = Complaints()
    return [(p.key, p.value, p.where.line) for p in parse(text, section, "a.yaml", complaints)], complaints


@pytest.mark.parametrize("body", [
    "a: 1", "a:   x y  ", "a: 'it''s'", 'a: "x\\ty"', "a: http://h/#x # c", "a: [x, 'y, z', 2]", "a:\n  - x\n  - y",
    "a:\n- x\n- y", "a: |\n  l1\n   l2\n\n  l3\nb: 2", "a: >\n  l1\n  l2\nb: 2", "a: |-\n  l1\n  l2", "'a b': c",
    "a: x\n  y z\nb: 2", "a: b:c", "a: x %(x)", "a: -1", "a: '#no'", "a: \"x # y\"", "a:\n  - 'A=1'\n  - B=2 # c",
    "# c\n\na: 1\n", "a: 'x: y'", "a: $(HOME)/x", "a: [\n  x,\n  y\n  ]",
])
def test_as_a_real_parser_reads_it(body):
    text = "uwsgi:\n" + "".join(f"  {line}\n" if line else "\n" for line in body.split("\n"))
    wanted = []
    for key, value in yaml.load(text, yaml.BaseLoader)["uwsgi"].items():
        wanted += [(key, item) for item in (value if isinstance(value, list) else [value])]
    got, complaints = parsed(text)
    assert [(key, value) for key, value, _ in got] == wanted
    assert complaints == []


def test_a_placeholder_may_begin_a_value_though_no_yaml_allows_it():
    assert parsed("uwsgi:\n  a: %(x)\n") == ([("a", "%(x)", 2)], [])


def test_lines_and_repeated_keys():
    assert parsed("---\nuwsgi:\n  env: A=1\n\n  env: B=2\nx:\n  y: 1\n")[0] == [("env", "A=1", 3), ("env", "B=2", 5)]


@pytest.mark.parametrize(("text", "code", "line"), [
    ("uwsgi:\n  b:2\n", "syntax-error", 2), ("uwsgi:\n  a: *x\n", "syntax-error", 2),
    ("uwsgi:\n  a:\n", "value-empty", 2),
    ("uwsgi:\n  a: {b: 1}\n", "value-dropped", 2), ("uwsgi:\n  n:\n    x: 1\n", "value-dropped", 2),
    ("x:\n  a: 1\n", "section-missing", 0), ("", "section-missing", 0), ("uwsgi: 1\n", "syntax-error", 1),
    ("uwsgi:\n  - a\n", "syntax-error", 2), ("just text\n", "syntax-error", 1),
])
def test_nothing_is_dropped_in_silence(text, code, line):
    assert (code, line) in [(d.code, d.where.line) for d in parsed(text)[1]]


def test_text_may_be_cut_anywhere():
    text = "---\nuwsgi:\n  a: 'x''y' # c\n  b: [1, \"2\"]\n  c: |\n    l\n  d:\n    - e\n"
    for end in range(len(text)):
        parsed(text[:end])
    assert len(parsed(text)[0]) == 5
