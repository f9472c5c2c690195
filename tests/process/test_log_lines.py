"""Lines go where they are sent, with what is done to them on the way."""

import json
import os
import time

import pytest

from imperator.config.settings import LogEncoder
from imperator.process.log_lines import LONGEST, Lines, encode
from imperator.process.log_sinks import Sink


class Kept(Sink):
    """Keeps what it gets."""

    def __init__(self, whole=True):
        super().__init__()
        self.whole = whole
        self.got = []

    def _write(self, data):
        self.got.append(data)


def test_bytes_pass_as_they_came():
    kept = Kept()
    Lines([("", kept)]).feed(b"half\nand ")
    assert kept.got == [b"half\nand "]


def test_who_wants_lines_gets_whole_ones():
    kept = Kept(whole=False)
    lines = Lines([("", kept)])
    for piece in (b"one\ntw", b"", b"o\n", b"three"):
        lines.feed(piece)
    assert kept.got == [b"one\n", b"two\n"]
    lines.end()
    assert kept.got[2:] == [b"three"]


def test_a_line_without_end_is_no_memory_without_end():
    kept = Kept(whole=False)
    lines = Lines([("", kept)])
    for _ in range(10):
        lines.feed(b"x" * LONGEST)
    assert len(kept.got) == 10


def test_routes_take_lines_away_from_the_others():
    usual, errors, everything = Kept(), Kept(), Kept()
    lines = Lines([("", usual), ("bad", errors), ("all", everything)],
                  [("bad", "^error"), ("all", "r"), ("nowhere", ".")])  # fmt: skip
    lines.feed(b"error: one\nhello\nother\n")
    assert (usual.got, errors.got) == ([b"hello\n"], [b"error: one\n"])
    assert everything.got == [b"error: one\n", b"other\n"]


def test_drains_and_filters():
    kept = Kept()
    Lines([("", kept)], drains=["^GET /health"], filters=["^GET", "^POST"]).feed(
        b"GET /\nGET /health\nPOST /\nPUT /\n"
    )
    assert kept.got == [b"GET /\n", b"POST /\n"]


@pytest.mark.parametrize(("kind", "argument", "expected"), [
    ("prefix", "site ", b"site line\n"), ("suffix", "!", b"line\n!"), ("nl", "", b"line\n\n"),
    ("format", "<${msg}>${msgnl}", b"<line>line\n"), ("json", '{"m": "${msgnl}"}', b'{"m": "line\\n"}'),
])  # fmt: skip
def test_encoders(kind, argument, expected):
    assert encode(b"line\n", LogEncoder(kind, "", argument)) == expected


def test_json_of_any_line_is_json():
    line = bytes(range(256)).replace(b"\n", b"") + b"\n"
    told = json.loads(encode(line, LogEncoder("json", "", '{"at": ${unix}, "day": "${strftime:%Y}", "m": "${msg}"}')))
    assert abs(told["at"] - time.time()) < 60 and told["day"] == time.strftime("%Y") and "\\xff" in told["m"]


def test_an_encoder_may_be_for_one_logger():
    one, other = Kept(), Kept()
    lines = Lines([("", one), ("b", other)], [("b", "^b")],
                  [LogEncoder("prefix", "b", ">"), LogEncoder("suffix", "", "<")])  # fmt: skip
    lines.feed(b"a\nb\n")
    assert (one.got, other.got) == ([b"a\n<"], [b">b\n<"])


def test_what_could_not_be_written_is_counted():
    kept = Kept()
    full = True

    def write(data):
        if full:
            raise OSError(28, os.strerror(28))
        kept.got.append(data)

    kept._write = write
    kept.write(b"1\n2\n")
    kept.write(b"3\n")
    full = False
    kept.write(b"4\n")
    assert kept.got[0] == b"4\n" and kept.got[1].startswith(b"warning: 3 lines ")
