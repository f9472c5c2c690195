"""Mules and farms: processes beside the workers that serve no requests, as one value.

Out of pairs into :class:`imperator.pipes.Mules`, with complaints. They are numbered in the order of their lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imperator.config.complain import Complaints
from imperator.config.lives import Reader
from imperator.config.pairs import Pair
from imperator.config.values import leading_digits
from imperator.pipes import MULE_MESSAGE, Farm, Mules

MOST = 1024
"""Mules of an instance."""


def read(found: Mapping[str, Sequence[Pair]], order: Sequence[Pair], complaints: Complaints) -> Mules:
    """What the lines mean. ``order``: the lines of ``mule`` and ``mules`` as they stand."""
    targets: list[str] = []
    for pair in order:
        if pair in found.get("mules", ()):
            targets += [""] * Reader({"mules": [pair]}, complaints).number("mules", most=MOST)
        else:
            targets.append(_target(pair, complaints))
    reader = Reader(found, complaints)
    return Mules(
        targets=tuple(targets),
        farms=tuple(farm for pair in found.get("farm", ()) if (farm := _farm(pair, len(targets), complaints))),
        size=reader.number("mule-msg-size", default=MULE_MESSAGE, least=1024, most=1 << 30) or MULE_MESSAGE,
        harakiri=float(reader.number("mule-harakiri")),
        mercy=float(reader.number("mule-reload-mercy", default=60)),
    )


def _target(pair: Pair, complaints: Complaints) -> str:
    """A file or ``module:function``; empty for one that waits for messages, which is what uWSGI makes of the rest."""
    text = pair.text().strip()
    if pair.value is None or not text or text.lower() in ("true", "1", "yes", "on"):
        return ""
    if text.endswith(".py") or ":" in text:
        return text
    complaints.warn("mule-odd", pair.where, f"{pair.key} = {text} is neither a file that ends in .py nor"
                    " module:function", "the mule waits for messages and does nothing else")
    return ""


def _farm(pair: Pair, mules: int, complaints: Complaints) -> Farm | None:
    name, colon, members = pair.text().partition(":")
    if not colon or not name.strip() or not members.strip():
        complaints.error("value-malformed", pair.where, f"{pair.key} = {pair.text()} is not of the form"
                         " name:mule,mule", f"write {pair.key} = name:1,2; uWSGI would not start")
        return None
    numbers = []
    for word in members.split(","):
        digits, rest = leading_digits(word.strip())
        if rest or not digits or not 1 <= int(digits[:9]) <= mules:
            complaints.error("mule-unknown", pair.where, f"{pair.key} = {pair.text()} names mule {word.strip()}, and"
                             f" there are {mules} mules", "write mules = N or more mule lines, or another number;"
                             " uWSGI would not start")
            return None
        numbers.append(int(digits))
    return Farm(name.strip(), tuple(dict.fromkeys(numbers)))
