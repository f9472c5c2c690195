"""XML: which element, which text."""

import pytest

from imperator.config.complain import Complaints
from imperator.config.xml_file import parse


def parsed(text, section="uwsgi"):
    complaints = Complaints()
    return [(p.key, p.value, p.where.line) for p in parse(text, section, "a.xml", complaints)], complaints


@pytest.mark.parametrize(("text", "section", "pairs"), [
    ("<uwsgi>\n<a>1</a>\n<master/><e></e></uwsgi>", "uwsgi", [("a", "1", 2), ("master", "1", 3), ("e", "1", 3)]),
    ("<x><uwsgi><a> 1 </a></uwsgi></x>", "uwsgi", [("a", " 1 ", 1)]),
    ("<uwsgi><a>x&amp;y<!-- c -->z</a></uwsgi>", "uwsgi", [("a", "x&yz", 1)]),
    ('<x><uwsgi id="p"><a>1</a></uwsgi><uwsgi id="d"><a>2</a></uwsgi></x>', "d", [("a", "2", 1)]),
    ("<x><uwsgi><a>1</a></uwsgi><uwsgi><a>2</a></uwsgi></x>", "uwsgi", [("a", "1", 1)]),
    ('<uwsgi><app mountpoint="/x"><script>m</script></app></uwsgi>', "uwsgi", [("mount", "/x=m", 1)]),
])
def test_options(text, section, pairs):
    assert parsed(text, section) == (pairs, [])


@pytest.mark.parametrize(("text", "section", "code"), [
    ("<uwsgi><a>1</uwsgi>", "uwsgi", "syntax-error"), ("", "uwsgi", "syntax-error"),
    ("<a>" * 200, "uwsgi", "syntax-error"), ("<x/>", "uwsgi", "section-missing"),
    ("<uwsgi><a>1</a></uwsgi>", "d", "section-missing"), ("<uwsgi><a><b>1</b></a></uwsgi>", "uwsgi", "value-dropped"),
])
def test_what_cannot_be_used_is_said(text, section, code):
    pairs, complaints = parsed(text, section)
    assert pairs == []
    assert [d.code for d in complaints] == [code]


def test_entities_do_not_multiply():
    text = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {c} "{("&" + p + ";") * 10}">' for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    ) + "]><uwsgi><k>&i;</k></uwsgi>"
    pairs, complaints = parsed(text)
    assert pairs == []
    assert [d.code for d in complaints] == ["syntax-error"]
