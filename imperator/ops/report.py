"""The report of a check, for people and as JSON. The schema of the JSON is in docs/check.md."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence

from imperator import __version__
from imperator.errors import Severity, printable
from imperator.ops.examination import Examined, Verdict
from imperator.ops.finding import Finding
from imperator.ops.paint import BLUE, BOLD, DIM, GREEN, RED, YELLOW, paint

MANY = 5
"""As many configurations with the same advice as make it one for all of them."""
NAMES = {Severity.ERROR: "error", Severity.WARNING: "note", Severity.NOTE: "advice"}
_COLOURS = {Severity.ERROR: RED, Severity.WARNING: YELLOW, Severity.NOTE: BLUE}
_VERDICTS = {Verdict.UNCHANGED: GREEN, Verdict.NOTES: YELLOW, Verdict.CANNOT: RED}


def show(examined: Sequence[Examined]) -> str:
    """Every configuration with its verdict and findings, and a line that sums up when there are several."""
    common = _common(examined)
    parts = [_one(each, common) for each in examined]
    parts += ["\n".join(_for_several(found)) + "\n" for found in common.values()]
    if len(examined) > 1:
        parts.append(_sum(examined))
    return "\n".join(parts)


def _key(one: Finding) -> tuple[str, str]:
    return one.diagnostic.code, one.diagnostic.message


def _common(examined: Sequence[Examined]) -> dict[tuple[str, str], list[Finding]]:
    """Advice that many configurations get in the same words: it is given once, below all of them."""
    by_words: dict[tuple[str, str], list[Finding]] = {}
    for each in examined:
        for one in each.findings:
            if one.severity is Severity.NOTE:
                by_words.setdefault(_key(one), []).append(one)
    return {key: found for key, found in by_words.items() if len(found) >= MANY}


def _for_several(found: Sequence[Finding]) -> list[str]:
    said = found[0].diagnostic
    name = paint(NAMES[said.severity], _COLOURS[said.severity])
    places = ", ".join(printable(_short(str(one.diagnostic.where))) for one in found[:3] if one.diagnostic.where)
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    lines = [f"{name} for {len(found)} of them: {printable(said.message)} {paint(f'[{said.code}]', DIM)}"]
    lines += [f"      at {places}{more}"]
    return [*lines, f"      fix: {printable(said.hint)}"] if said.hint else lines


def _one(each: Examined, common: Mapping[tuple[str, str], Sequence[Finding]]) -> str:
    verdict = each.verdict
    what = f" ({'emperor' if each.is_emperor else 'vassal'})" if each.is_emperor or each.subject.vassal else ""
    dots = ":" if verdict is not Verdict.UNCHANGED else ""
    lines = [
        f"{paint(printable(each.subject.path), BOLD)}{what}: {paint(verdict.value, BOLD, _VERDICTS[verdict])}{dots}"
    ]
    for one in each.findings:
        if one.severity is not Severity.NOTE or _key(one) not in common:
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
