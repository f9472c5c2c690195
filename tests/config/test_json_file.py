"""JSON: values, order, lines."""

import pytest

from imperator.config.complain import Complaints
from imperator.config.json_file import parse


def parsed(text, section="uwsgi"):
    complaints = Complaints()
    return [(p.key, p.value, p.where.line) for p in parse(text, section, "a.json", complaints)], complaints


def test_values_and_their_lines():
    text = '{"uwsgi": {\n"a": "x",\n"b": true, "c": false,\n"d": null, "e": 3000000000, "f": 1.50,\n"g": ["1", 2]\n}}'
    assert parsed(text) == ([("a", "x", 2), ("b", "1", 3), ("c", "0", 3), ("d", "0", 4), ("e", "3000000000", 4),
                             ("f", "1.50", 4), ("g", "1", 5), ("g", "2", 5)], [])


def test_repeated_keys_all_count():
    assert [value for _, value, _ in parsed('{"uwsgi": {"env": "A=1", "env": "B=2"}}')[0]] == ["A=1", "B=2"]


@pytest.mark.parametrize(("text", "code"), [
    ('{"uwsgi": {"a": 1,}}', "syntax-error"), ("", "syntax-error"), ("[" * 100000, "syntax-error"),
    ('{"x": {}}', "section-missing"), ("[]", "section-missing"), ('{"uwsgi": 1}', "section-missing"),
    ('{"uwsgi": {"a": {"b": 1}}}', "value-dropped"), ('{"uwsgi": {"a": [[1]]}}', "value-dropped"),
])
def test_what_cannot_be_used_is_said(text, code):
    pairs, complaints = parsed(text)
    assert pairs == []
    assert [d.code for d in complaints] == [code]


def test_the_line_of_a_syntax_error():
    assert parsed('{"uwsgi": {\n"a": 1,\n}}')[1][0].where.line == 3
