"""What raises signals of the application by itself: clocks and files that the configuration names.

Out of pairs into :class:`imperator.pipes.Trigger`, with complaints. Which function a signal calls is the application's
matter; paths are made absolute.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import leading_digits
from imperator.pipes import Trigger


def read(found: Mapping[str, Sequence[Pair]], base: str, complaints: Complaints) -> tuple[Trigger, ...]:
    """What the lines mean; relative paths begin at ``base``."""
    triggers: list[Trigger] = []
    for name in ("signal-timer", "signal-rbtimer"):
        for pair in found.get(name, ()):
            first, second = _two(pair, "signal seconds", complaints, stops=True)
            signum, seconds = _number(pair, first, 255, complaints), _number(pair, second, 2**31 - 1, complaints)
            if signum is not None and seconds is not None:
                triggers.append(Trigger("timer", signum, [max(1, seconds)]))
    for name in ("touch-signal", "fs-signal"):
        for pair in found.get(name, ()):
            path, second = _two(pair, "file signal", complaints)
            if (signum := _number(pair, second, 255, complaints)) is not None:
                triggers.append(Trigger("file", signum, [], posixpath.normpath(posixpath.join(base, path))))
    return tuple(triggers)


def _two(pair: Pair, form: str, complaints: Complaints, *, stops: bool = False) -> tuple[str, str]:
    first, space, second = pair.text().partition(" ")
    if space and first and second.strip():
        return first, second.strip()
    fact, hint = f"{pair.key} = {pair.text()} is not of the form {form}", f"write {pair.key} = {form}"
    if stops:
        complaints.error("value-malformed", pair.where, fact, hint + "; uWSGI would not start")
    else:
        complaints.warn("value-malformed", pair.where, fact, hint)
    return "", ""


def _number(pair: Pair, word: str, most: int, complaints: Complaints) -> int | None:
    if not word:
        return None  # there was a complaint already
    digits, rest = leading_digits(word)
    if not digits or rest:
        complaints.warn("number-missing", pair.where, f"{word} in {pair.key} is not a number",
                        "write one; the line is ignored")
        return None
    if not 0 <= int(digits[:12]) <= most:
        complaints.warn("number-out-of-range", pair.where, f"{word} in {pair.key} is not between 0 and {most}",
                        "write another number; the line is ignored")
        return None
    return int(digits)
