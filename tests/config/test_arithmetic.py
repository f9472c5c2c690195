"""The calculator of %(a + b)."""

import pytest

from imperator.config.arithmetic import evaluate

NAMES = {"foo": "FOO", "num": "10", "two": "2", "far": " \t\n\v\f\r-3"}


@pytest.mark.parametrize(("text", "value"), [
    ("num + two", "12"), ("two - num", "-8"), ("num * two", "20"), ("num / 3", "3"), ("num / 0", "0"), ("num ++", "11"),
    ("num --", "9"), ("num + 1 * 3", "33"), ("num two + 2", "104"), ("foo num", "FOO10"), ("foo + 1", "1"),
    (" foo ", "FOO"), ("foo nope num", "FOO10"), ("-1 + 5", "5"), ("9223372036854775807 + 1", "-9223372036854775808"),
    ("two - num / 3", "-2"), ("9" * 10000 + " + 1", None),
    ("two + far", "-1"),
    ("nope nope", ""), ("+ 1", "1"), ("- 1", "-1"), ("++ two", "2"), ("nope ++", "1"), ("two + - num", "-8"),
    ("99999999999999999999 + 1", "-9223372036854775808"), ("99999999999999999999 - 1", "9223372036854775806"),
])
def test_words_from_left_to_right(text, value):
    got = evaluate(text, lambda name: NAMES.get(name, ""))
    assert got == value if value is not None else got.lstrip("-").isdigit()


@pytest.mark.parametrize("text", ["", " ", "   ", "+ ", "++ "])
def test_without_an_operand_there_is_no_value(text):
    assert evaluate(text, lambda name: NAMES.get(name, "")) is None
