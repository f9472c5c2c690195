"""What was measured, and what follows from it: medians, spreads, ratios. Measures nothing itself."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

from bench.lines import Line

OURSELVES = "imperator"
NOTHING = "(nothing)"
"""No server, but what nginx could do if the one behind it cost next to nothing."""
NO_PEERS = (OURSELVES, NOTHING)
NOISY = 0.1
"""Above this share of a core for other work, throughput says as much about that work as about the servers."""
BUSY = 0.9
"""Above this share of its core, the load may have been what limited a slice."""


class Slice(NamedTuple):
    """One server on one line, once."""

    round: int
    line: str
    server: str
    per_second: float
    cpu: float
    """Microseconds of CPU time per request, of the server's whole tree."""
    p50: float
    p99: float
    load: float
    """Share of the load's core that wrk, and nginx if it is there, used."""
    others: float
    """Work of the machine for anybody else meanwhile, as a share of one core: noise."""
    timeouts: int
    """Requests that waited longer than wrk's two seconds."""
    broken: int
    """Connections that could not be made, or broke."""


class Limit(NamedTuple):
    """What the interpreter alone could do in a round, beside the slices of one line."""

    round: int
    line: str
    per_second: float
    """Calls a second of one process without a server."""


class Standing(NamedTuple):
    """One server on one line, over all rounds. Ratios are taken within each round, then the median: a machine that is
    slower for a while is slower for both sides.
    """

    server: str
    per_second: float
    least: float
    most: float
    cpu: float
    p99: float
    load: float
    timeouts: int
    broken: int
    of_best: float
    """Throughput as a share of the best peer's; ourselves are no peer."""
    of_limit: float
    """Throughput as a share of what the interpreter can do without a server, for each worker."""


class Results:
    """Everything of one run."""

    def __init__(self) -> None:
        self.slices: list[Slice] = []
        self.limits: list[Limit] = []
        self.failures: list[tuple[str, str, str]] = []
        """Server, line, reason."""
        self.missing: dict[str, str] = {}
        """Peers that could not be installed, and why."""

    def limit(self, line: Line) -> float:
        """Calls a second without a server; for two workers twice as many."""
        return median(self.limits_of(line).values()) * line.workers

    def limits_of(self, line: Line) -> dict[int, float]:
        """By round."""
        return {one.round: one.per_second for one in self.limits if one.line == line.name}

    def standings(self, line: Line) -> list[Standing]:
        """The line's servers, the quickest first."""
        by_server: dict[str, list[Slice]] = {}
        for one in self.slices:
            if one.line == line.name:
                by_server.setdefault(one.server, []).append(one)

        def middle(slices: list[Slice], what: Callable[[Slice], float]) -> float:
            return median(what(one) for one in slices)

        throughput = {name: middle(slices, lambda one: one.per_second) for name, slices in by_server.items()}
        peers = [name for name in by_server if name not in NO_PEERS]
        best = max(peers, key=lambda name: throughput[name], default=None)
        of_peer = {one.round: one.per_second for one in by_server[best]} if best else {}
        limits = self.limits_of(line)
        found = [
            Standing(
                server=name,
                per_second=throughput[name],
                least=min(one.per_second for one in slices),
                most=max(one.per_second for one in slices),
                cpu=middle(slices, lambda one: one.cpu),
                p99=middle(slices, lambda one: one.p99),
                load=middle(slices, lambda one: one.load),
                timeouts=max(one.timeouts for one in slices),
                broken=max(one.broken for one in slices),
                of_best=ratio(slices, of_peer),
                of_limit=ratio(slices, limits) / line.workers,
            )
            for name, slices in by_server.items()
        ]
        return sorted(found, key=lambda standing: -standing.per_second)

    @property
    def others(self) -> float:
        """Other work while measuring, as a share of one core: the median of the slices."""
        return median(one.others for one in self.slices) if self.slices else 0.0

    def noise(self) -> str:
        """How much other work there was, in words."""
        most = max((one.others for one in self.slices), default=0.0)
        return f"{self.others:.0%} of one core (median of the slices), at most {most:.0%}"

    def as_json(self, facts: dict[str, str]) -> dict[str, Any]:
        """Every slice, for other programs."""
        return {
            "machine": facts,
            "limits": [one._asdict() for one in self.limits],
            "missing": self.missing,
            "failures": [dict(zip(("server", "line", "reason"), failure, strict=True)) for failure in self.failures],
            "slices": [one._asdict() for one in self.slices],
        }


def ratio(slices: list[Slice], others: dict[int, float]) -> float:
    """The median over the rounds that have both; 0 where none has."""
    return median([one.per_second / others[one.round] for one in slices if others.get(one.round)] or [0.0])
