"""How many workers run, and when: ``cheaper``, ``cheap``, ``idle`` and what goes with them, as one value.

Out of pairs into :class:`imperator.pipes.Scaling`, with complaints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imperator.config.complain import Complaints
from imperator.config.lives import Reader
from imperator.config.pairs import Pair
from imperator.pipes import Scaling

ALGORITHMS = ("spare", "backlog", "busyness", "manual")


def read(found: Mapping[str, Sequence[Pair]], workers: int, complaints: Complaints) -> Scaling:
    """What the lines mean for an instance of at most so many workers."""
    reader = Reader(found, complaints)
    least = reader.number("cheaper")
    if least and least >= workers:
        pair = found["cheaper"][-1]
        complaints.error("cheaper-too-high", pair.where, f"{pair.key} = {least} is not less than the number of workers,"
                         f" which is {workers}", f"write processes = {least + 1} or more, or remove {pair.key}")
    initial = reader.number("cheaper-initial", default=least)
    if "cheaper-initial" in found and not least <= initial <= workers:
        pair = found["cheaper-initial"][-1]
        kept = min(max(initial, least), workers)
        complaints.warn("number-out-of-range", pair.where, f"{pair.key} = {initial} is not between cheaper = {least}"
                        f" and processes = {workers}", f"{kept} is used")
        initial = kept
    return Scaling(
        least=least,
        most=workers,
        initial=initial,
        step=reader.number("cheaper-step", default=1, least=1),
        overload=reader.number("cheaper-overload", default=3, least=1),
        algorithm=_algorithm(found, complaints),
        busyness_most=reader.number("cheaper-busyness-max", default=50, most=100),
        busyness_least=reader.number("cheaper-busyness-min", default=25, most=100),
        multiplier=reader.number("cheaper-busyness-multiplier", default=10),
        penalty=reader.number("cheaper-busyness-penalty", default=2),
        verbose=reader.flag("cheaper-busyness-verbose"),
        backlog_alert=reader.number("cheaper-busyness-backlog-alert", default=33),
        backlog_step=reader.number("cheaper-busyness-backlog-step", default=1),
        backlog_nonzero=reader.number("cheaper-busyness-backlog-nonzero", default=60),
        memory_soft=reader.number("cheaper-rss-limit-soft", most=2**62),
        memory_hard=reader.number("cheaper-rss-limit-hard", most=2**62),
        cheap=reader.flag("cheap"),
        idle=float(reader.number("idle")),
        die_on_idle=reader.flag("die-on-idle"),
    )


def _algorithm(found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> str:
    pairs = found.get("cheaper-algo")
    if not pairs:
        return ALGORITHMS[0]
    pair = pairs[-1]
    name = pair.text().strip()
    if name in ALGORITHMS:
        return name
    instead = name.removesuffix("2") if name.removesuffix("2") in ALGORITHMS else ALGORITHMS[0]
    complaints.warn("algorithm-unknown", pair.where, f"{pair.key} = {pair.text()} is not known here",
                    f"write {', '.join(ALGORITHMS[:-1])} or {ALGORITHMS[-1]}; {instead} is used")
    return instead
