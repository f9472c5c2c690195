"""The report: Results into Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from bench import environment
from bench.lines import Line
from bench.results import BUSY, NO_PEERS, NOISY, NOTHING, OURSELVES, Results, Standing
from bench.servers import Server

HEAD = """\
# Benchmarks

Written by `make bench`; do not edit. All servers ran in one run, one after the other, in turns; slices of
{seconds:g} s for each server on each line, after {warm_up:g} s of warm-up, in an order that rotates; rounds:
{rounds}. Figures are medians over the rounds, with the least and the most; ratios are taken within each round, since a
machine that is slower for a while is slower for both sides, and are medians too. On another machine, and on this one
another day, figures differ; the ratios differ less.

![Requests a second by line and server](benchmarks.svg)

"""

METHOD = """
## How to read it

- Load is [wrk](https://github.com/wg/wrk) with one thread, pinned to one core; nginx, where there is one, is pinned to
  the same core. The server with all its processes and threads is pinned to another. Two workers get two cores;
  {sharing}
- One worker, one thread for the application, and the request log off, unless the line says otherwise. All servers use
  the same interpreter, the same site packages, and answer the same 13 bytes, which is verified before each slice.
- **of best peer**: throughput against the quickest of the others.
- **of limit**: throughput against a loop in the same interpreter that calls the application with a copied environ and
  takes its answer, without a socket: what no server can pass, for each worker. The bare application is nearly free, so
  its lines compare servers; Flask's lines say how much of a request is the server's at all.
- **(nothing)** behind nginx is no server but a loop that reads once and sends an answer that was ready before: about as
  far as nginx and the load can go on their core, whatever is behind them.
- **CPU**: user and system time of the server's whole process tree, per request. It is the fairest figure where
  something else was the limit: with one connection (most of the time everybody waits), behind nginx, and where *load*
  says that wrk, with nginx if it is there, had no more of its core to give.
- **p99**: 99 of 100 requests were answered within this time. wrk counts only answers, so a server that lets
  connections wait without end looks better here than it is; *timeouts* are requests without an answer for two seconds.

## Servers
"""


NOISE = """
**The machine had much other work during this run.** Slices of the same line met more or less of it, so throughput and
its ratios are only rough here; compare by CPU time per request, and run it again on a quiet machine.
"""


def ratio(value: float) -> str:
    """As people say it."""
    return f"{value:.2f}"


def time_of(microseconds: float) -> str:
    """Microseconds, or milliseconds when they are many."""
    return f"{microseconds:.0f} µs" if microseconds < 1000 else f"{microseconds / 1000:.1f} ms"


def table(rows: Sequence[Sequence[str]], text: frozenset[int] = frozenset({0})) -> str:
    """A Markdown table; the columns in ``text`` are words, the others figures."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def line(cells: Sequence[str]) -> str:
        padded = [cell.ljust(width) if index in text else cell.rjust(width)
                  for index, (cell, width) in enumerate(zip(cells, widths, strict=True))]  # fmt: skip
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (width + 2) if index in text else "-" * (width + 1) + ":"
                          for index, width in enumerate(widths)) + "|"  # fmt: skip
    return "\n".join([line(rows[0]), rule, *map(line, rows[1:])]) + "\n"


def remarks(standing: Standing) -> str:
    """What a figure does not say."""
    said = [f"load {standing.load:.0%}"] * (standing.load >= BUSY)
    said += [f"{standing.timeouts} timeouts"] * (standing.timeouts > 0)
    said += [f"{standing.broken} broken connections"] * (standing.broken > 0)
    return ", ".join(said)


def summary(results: Results, lines: Sequence[Line]) -> str:
    """One row for each line: ourselves against the best, and against uWSGI."""
    rows = [["line", "requests/s", "best peer", "of best peer", "of best uWSGI", "of limit", "CPU of uWSGI's"]]
    for line in lines:
        standings = results.standings(line)
        ours = next((one for one in standings if one.server == OURSELVES), None)
        peers = [one for one in standings if one.server not in NO_PEERS]
        if ours is None:
            continue
        uwsgi = [one for one in peers if one.server.startswith("uwsgi")]
        rows.append([
            line.name,
            f"{ours.per_second:,.0f}",
            f"{peers[0].server} {peers[0].per_second:,.0f}" if peers else "",
            ratio(ours.of_best) if peers else "",
            ratio(ours.per_second / max(one.per_second for one in uwsgi)) if uwsgi else "",
            ratio(ours.of_limit),
            ratio(ours.cpu / min(one.cpu for one in uwsgi)) if uwsgi else "",
        ])  # fmt: skip
    if len(rows) == 1:
        return ""
    return (
        table(rows)
        + "\nThe last column: CPU time per request against the thriftiest way to run uWSGI; less is better.\n"
    )


def line_table(results: Results, line: Line) -> str:
    """Every server on one line."""
    rows = [["server", "requests/s", "min-max", "of best peer", "of limit", "CPU/request", "p99", "remarks"]]
    rows += [
        [
            f"**{one.server}**" if one.server == OURSELVES else one.server,
            f"{one.per_second:,.0f}",
            f"{one.least:,.0f}-{one.most:,.0f}",
            ratio(one.of_best) if one.of_best else "",
            ratio(one.of_limit),
            time_of(one.cpu) if one.cpu >= 100 else f"{one.cpu:.1f} µs",
            time_of(one.p99),
            remarks(one),
        ]
        for one in results.standings(line)
    ]
    limit = f"The interpreter's limit: {results.limit(line):,.0f} calls/s."
    return f"### {line.name}\n\n{line.title}. {limit}\n\n{table(rows, frozenset({0, 7}))}"


def roll(results: Results, servers: Sequence[Server]) -> str:
    """Who took part, in which version and how started; and who could not, and why."""
    rows = [["server", "version", "started with"]]
    for server in servers:
        missing = results.missing.get(server.package or "")
        if server.name == NOTHING:
            version = ""
        else:
            version = environment.version(server.package) if server.package else environment.our_version()
        rows.append([server.name, version, f"did not take part: {missing}" if missing else server.remark])
    return table(rows, text=frozenset({0, 1, 2})) + "\nThe full commands are in `bench/servers.py`.\n"


def failures(results: Results) -> str:
    """Who took part and failed."""
    if not results.failures:
        return ""
    return "\n## Failed\n\n" + "".join(f"- {server} on {line}: {reason}\n" for server, line, reason in results.failures)


def tables(results: Results, lines: Sequence[Line]) -> str:
    """The figures alone, as they are printed."""
    found = [line for line in lines if results.standings(line)]
    return summary(results, found) + "\n## Lines\n\n" + "\n".join(line_table(results, line) for line in found)


def page(
    results: Results,
    lines: Sequence[Line],
    servers: Sequence[Server],
    facts: dict[str, str],
    rounds: int,
    seconds: float,
    warm_up: float,
    sharing: str,
) -> str:
    """The whole document."""
    machine = "".join(f"- {name}: {value}\n" for name, value in facts.items())
    head = (
        HEAD.format(rounds=rounds, seconds=seconds, warm_up=warm_up)
        + machine
        + NOISE * (results.others > NOISY)
        + "\n## Summary\n\n"
    )
    method = METHOD.format(sharing=sharing) + "\n" + roll(results, servers)
    return head + tables(results, lines) + failures(results) + method
