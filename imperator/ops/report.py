"""The report of a check, for people and as JSON. The schema of the JSON is in docs/check.md."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from imperator import __version__
from imperator.errors import Severity, printable
from imperator.ops.examination import Examined, Verdict
from imperator.ops.finding import Finding
from imperator.ops.paint import BLUE, BOLD, DIM, GREEN, RED, YELLOW, paint

NAMES = {Severity.ERROR: "error", Severity.WARNING: "note", Severity.NOTE: "advice"}
_COLOURS = {Severity.ERROR: RED, Severity.WARNING: YELLOW, Severity.NOTE: BLUE}
_VERDICTS = {Verdict.UNCHANGED: GREEN, Verdict.NOTES: YELLOW, Verdict.CANNOT: RED}


def show(examined: Sequence[Examined]) -> str:
    """Every configuration with its verdict and findings, and a line that sums up when there are several."""
    parts = [_one(each) for each in examined]
    if len(examined) > 1:
        parts.append(_sum(examined))
    return "\n".join(parts)


def _one(each: Examined) -> str:
    verdict = each.verdict
    what = f" ({'emperor' if each.is_emperor else 'vassal'})" if each.is_emperor or each.subject.vassal else ""
    dots = ":" if verdict is not Verdict.UNCHANGED else ""
    lines = [
        f"{paint(printable(each.subject.path), BOLD)}{what}: {paint(verdict.value, BOLD, _VERDICTS[verdict])}{dots}"
    ]
    for one in each.findings:
        lines += _finding(one)
    return "\n".join(lines) + "\n"


def _finding(one: Finding) -> list[str]:
    said = one.diagnostic
    place = f"{_short(str(said.where))}: " if said.where else ""
    also = ""
    if one.also:
        numbers = ", ".join(map(str, one.also[:8])) + (" …" if len(one.also) > 8 else "")
        also = f" (also line{'s' if len(one.also) > 1 else ''} {numbers})"
    name = paint(NAMES[said.severity], _COLOURS[said.severity])
    lines = [f"  {printable(place)}{name}: {printable(said.message)}{also} {paint(f'[{said.code}]', DIM)}"]
    if one.text:
        lines.append(f"      {one.text}")
        lines.append("      " + " " * one.column + paint("^" * one.width, _COLOURS[said.severity]))
    if said.hint:
        lines.append(f"      fix: {printable(said.hint)}")
    return lines


def _short(place: str) -> str:
    here = os.getcwd() + "/"
    return place[len(here) :] if place.startswith(here) else place


def _sum(examined: Sequence[Examined]) -> str:
    counts = [sum(each.verdict is verdict for each in examined) for verdict in Verdict]
    return (
        f"{len(examined)} configurations: {counts[0]} run unchanged, {counts[1]} run with notes, {counts[2]} cannot run"
        + "\n"
    )


def as_json(examined: Sequence[Examined], status: int) -> str:
    """The same as one JSON object."""
    return json.dumps(
        {
            "version": 1,
            "imperator": __version__,
            "status": status,
            "configurations": [
                {
                    "path": each.subject.path,
                    "role": "emperor" if each.is_emperor else "vassal" if each.subject.vassal else "instance",
                    "directory": each.subject.directory,
                    "verdict": {"runs unchanged": "unchanged", "runs, with these notes": "notes"}.get(
                        each.verdict.value, "cannot-run"
                    ),
                    "files": list(each.files),
                    "findings": [_object(one) for one in each.findings],
                }
                for each in examined
            ],
        },
        indent=2,
    )


def _object(one: Finding) -> dict[str, object]:
    said = one.diagnostic
    return {
        "code": said.code,
        "severity": NAMES[said.severity],
        "file": said.where.file if said.where else "",
        "line": said.where.line if said.where else 0,
        "lines": list(one.also),
        "column": one.column + 1 if one.text else 0,
        "text": one.text,
        "message": printable(said.message),
        "fix": printable(said.hint),
    }
