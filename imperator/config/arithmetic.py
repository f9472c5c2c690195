"""The calculator inside ``%(…)``: words from left to right, no precedence.

``%(workers * 2 + 1)`` multiplies, then adds. Digits are numbers, ``+ - * /`` take what stands at both sides, ``++`` and
``--`` what stands before them, everything else is a name. Operands side by side are joined as text. Arithmetic is that
of signed 64-bit integers: it wraps, and a division by zero gives zero.
"""

from __future__ import annotations

from collections.abc import Callable

_OPERATORS = frozenset("+-*/")


def evaluate(text: str, value_of: Callable[[str], str]) -> str | None:
    """The value of ``text``, as text; None if there is no operand in it."""
    result: str | None = None
    pending = ""
    for word in text.split(" "):
        if not word:
            continue
        if word in ("++", "--"):
            if result is not None:
                result = str(_wrap(_number(result) + (1 if word == "++" else -1)))
        elif word in _OPERATORS:
            pending = word
        else:
            operand = word if word.isdigit() and word.isascii() else value_of(word)
            if pending:
                result = str(_apply(pending, _number(result or ""), _number(operand)))
                pending = ""
            else:
                result = (result or "") + operand
    return result


def _apply(operator: str, a: int, b: int) -> int:
    if operator == "+":
        return _wrap(a + b)
    if operator == "-":
        return _wrap(a - b)
    if operator == "*":
        return _wrap(a * b)
    if b == 0:
        return 0
    quotient = abs(a) // abs(b)
    return _wrap(quotient if (a < 0) == (b < 0) else -quotient)


def _number(text: str) -> int:
    """The leading digits, sign allowed; what is too large for 64 bits is the largest that is not."""
    text = text.lstrip(" \t\n\v\f\r")  # what C takes for white space
    sign = -1 if text.startswith("-") else 1
    end = start = 1 if text[:1] in ("-", "+") else 0
    while end < len(text) and text[end] in "0123456789" and end - start < 40:
        end += 1
    value = sign * int(text[start:end]) if end > start else 0
    return min(max(value, -(1 << 63)), (1 << 63) - 1)


def _wrap(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)
