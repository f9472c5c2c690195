"""Alarms, out of the configuration."""

from __future__ import annotations

import pytest

from imperator.config.alarms import Alarms, Descriptor, Rule
from tests.config.reading import ini

MAIL = "alarm = mail cmd:mail -s x root"


def test_a_usual_one(tmp_path):
    got = ini(tmp_path, MAIL, "alarm = log log:", "log-alarm = mail,log ^ERROR .*", "not-log-alarm = mail  boring",
              "alarm-freq = 9", "alarm-msg-size = 100", "alarm-segfault = mail", "lq-alarm = log",
              "alarm-fd = mail 7:8 out of memory", "alarm-fd = mail 8")  # fmt: skip
    alarms = got.settings.alarms
    assert got.codes == []
    assert [(one.name, one.kind, one.argument) for one in alarms.alarms] == [
        ("mail", "cmd", "mail -s x root"), ("log", "log", ""),
    ]  # fmt: skip
    assert alarms._replace(alarms=()) == Alarms(
        (), 9, 100, (Rule(("mail", "log"), "^ERROR .*", True), Rule(("mail",), "boring", False)),
        (Descriptor("mail", 7, 8, "out of memory"), Descriptor("mail", 8, 1, "descriptor 8")), ("mail",), ("log",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        (["alarm = x xmpp:a;b;c"], ["alarm-unknown"]), (["alarm = x"], ["alarm-unknown"]),
        (["alarm = x cmd:"], ["alarm-unknown"]), (["log-alarm = x error"], ["alarm-unknown"]),
        (["alarm-segfault = x"], ["alarm-unknown"]), ([MAIL, "log-alarm = mail ("], ["regexp-invalid"]),
        ([MAIL, "log-alarm = mail"], ["value-malformed"]), ([MAIL, "alarm-fd = mail x y"], ["value-malformed"]),
        ([MAIL, "alarm-freq = x"], ["number-missing"]),
    ],
)  # fmt: skip
def test_complaints(tmp_path, lines, codes):
    assert ini(tmp_path, *lines).codes == codes
