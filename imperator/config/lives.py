"""How long workers live: the options that replace a worker or end a request, as one value.

Out of pairs into :class:`imperator.pipes.Lives`, with complaints. Judges no other option.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import flag, number
from imperator.pipes import Lives

Found = Mapping[str, Sequence[Pair]]

_MEGABYTE = 1 << 20
_MOST = 2**31 - 1


def read(found: Found, workers: int, complaints: Complaints) -> Lives:
    """What the lines mean for an instance of so many workers."""
    reader = Reader(found, complaints)
    count = reader.number("max-requests")
    count, delta = _spread(count, reader.number("max-requests-delta", default=-1), workers)
    least = reader.number("min-worker-lifetime", default=10)
    longest = reader.number("max-worker-lifetime")
    if longest and longest <= least:
        pair = found["max-worker-lifetime"][-1]
        complaints.error("lifetime-too-short", pair.where, f"{pair.key} = {longest} is not more than"
                         f" min-worker-lifetime, which is {least}",
                         f"write {pair.key} = {least + 1} or more, or a smaller min-worker-lifetime")
    most, most_delta = _spread(longest, reader.number("max-worker-lifetime-delta", default=-1), workers)
    return Lives(
        lazy=reader.flag("lazy-apps") or reader.flag("lazy"),
        max_requests=count,
        max_requests_delta=delta,
        least=float(least),
        most=float(most),
        most_delta=float(most_delta),
        rss=reader.number("reload-on-rss") * _MEGABYTE,
        address_space=reader.number("reload-on-as") * _MEGABYTE,
        evil_rss=reader.number("evil-reload-on-rss") * _MEGABYTE,
        evil_address_space=reader.number("evil-reload-on-as") * _MEGABYTE,
        memory_interval=float(reader.number("mem-collector-freq", default=1, least=1)),
        harakiri=float(reader.number("harakiri")),
        harakiri_verbose=reader.flag("harakiri-verbose"),
        harakiri_grace=float(reader.number("harakiri-graceful-timeout")),
        harakiri_signal=reader.number("harakiri-graceful-signal", default=15, least=1, most=64),
        harakiri_queue=reader.number("harakiri-queue-threshold"),
        autoreload=float(reader.number("py-auto-reload")),
        autoreload_ignored=",".join(pair.text() for pair in found.get("py-auto-reload-ignore", ())),
    )


def _spread(limit: int, delta: int, workers: int) -> tuple[int, int]:
    """The limit of worker 1, and how much each one has more than the one before.

    Who says nothing of it does not want all workers to end at once: the last one lives a tenth longer than the first.
    """
    if not limit:
        return 0, 0
    if delta >= 0:
        return limit + delta, delta
    return limit, max(1, limit // (10 * workers))


class Reader:
    """Values of options by their names; what is not there has its default."""

    def __init__(self, found: Found, complaints: Complaints) -> None:
        self._found = found
        self._complaints = complaints

    def number(self, name: str, *, default: int = 0, least: int = 0, most: int = _MOST) -> int:
        """A whole number."""
        pairs = self._found.get(name)
        return number(pairs[-1], max(default, least), self._complaints, least=least, most=most) if pairs else default

    def flag(self, name: str) -> bool:
        """Yes or no."""
        pairs = self._found.get(name)
        return flag(pairs[-1], self._complaints) if pairs else False
