"""The chart: Results into SVG, written by hand.

One panel for each line, one bar for each server, a whisker from least to most.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bench.lines import Line
from bench.results import OURSELVES, Results, Standing

COLUMNS = 2
WIDTH, GAP, LABEL, FIGURE = 460, 30, 96, 64
BAR, STEP, TITLE = 13, 18, 44
OURS, UWSGI, OTHER, INK, PALE = "#b3361b", "#4d7a3a", "#8c96a3", "#24292f", "#6a737d"

STYLE = (
    f"text{{font:11px system-ui,sans-serif;fill:{INK}}}"
    f".t{{font-weight:600;font-size:13px}}.s{{fill:{PALE};font-size:10px}}"
)


def colour(server: str) -> str:
    """Ourselves, what we succeed, the others."""
    return OURS if server == OURSELVES else UWSGI if server.startswith("uwsgi") else OTHER


def text(x: float, y: float, said: str, kind: str = "", anchor: str = "start") -> str:
    """One piece of text."""
    mark = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.0f}" y="{y:.0f}"{mark} text-anchor="{anchor}">{escape(said)}</text>'


def bar(standing: Standing, x: float, y: float, scale: float) -> list[str]:
    """One server."""
    start, middle = x + LABEL, y + BAR / 2
    least, most = start + standing.least * scale, start + standing.most * scale
    return [
        text(start - 6, y + BAR - 2, standing.server, anchor="end"),
        f'<rect x="{start:.0f}" y="{y:.0f}" width="{standing.per_second * scale:.1f}" height="{BAR}" '
        f'fill="{colour(standing.server)}"/>',
        f'<path d="M{least:.1f} {middle:.1f}H{most:.1f}" stroke="{INK}"/>',
        text(most + 5, y + BAR - 2, f"{standing.per_second:,.0f}"),
    ]


def panel(results: Results, line: Line, standings: list[Standing], x: float, y: float) -> list[str]:
    """One line."""
    scale = (WIDTH - LABEL - FIGURE) / max(one.most for one in standings)
    said = [text(x, y + 14, line.name, "t"), text(x, y + 29, f"{line.title}; limit {results.limit(line):,.0f}/s", "s")]
    for index, standing in enumerate(standings):
        said += bar(standing, x, y + TITLE + index * STEP - 6, scale)
    return said


def draw(results: Results, lines: Sequence[Line]) -> str:
    """The whole picture: panels in rows, each row as high as its longest panel."""
    shown = [(line, standings) for line in lines if (standings := results.standings(line))]
    said: list[str] = []
    y = 34.0
    for first in range(0, len(shown), COLUMNS):
        row = shown[first : first + COLUMNS]
        for column, (line, standings) in enumerate(row):
            said += panel(results, line, standings, 20 + column * (WIDTH + GAP), y)
        y += TITLE + max(len(standings) for _, standings in row) * STEP + 16
    width = 40 + COLUMNS * WIDTH + (COLUMNS - 1) * GAP
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y:.0f}" viewBox="0 0 {width} {y:.0f}">',
        "<title>Requests a second by line and server</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{y:.0f}" fill="#fff"/>',
        text(20, 20, "Requests a second: median, and from least to most. More is better.", "s"),
    ]
    return "\n".join([*head, *said, "</svg>", ""])
