"""One finding of a check: a complaint, put to the line it is about, with the place in the line that it means.

Lines of the same complaint are one finding. Secrets are blotted out of whatever is shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from imperator.errors import Diagnostic, Severity, Where, printable

ABOUT_NAMES = frozenset(
    (
        "unknown-option",
        "key-unused",
        "foreign-option",
        "not-yet",
        "refused-option",
        "no-effect-in-emperor",
        "no-effect-alone",
        "forbidden-option",
        "block-nested",
        "block-unclosed",
        "else-branch",
        "value-empty",
        "line-before-section",
        "option-unknown",
        "merge-conflict",
        "section-comment",
        "byte-order-mark",
        "no-application",
        "no-socket",
        "placeholder-is-option",
        "inherit-overrides",
    )
)
"""Complaints about the key of a line; the others are about its value."""

LONGEST = 160


class Finding(NamedTuple):
    """A complaint and the line it is about."""

    diagnostic: Diagnostic
    text: str = ""
    """The line, shortened; empty if there is none."""
    column: int = 0
    """Of the caret, from 0."""
    width: int = 0
    also: tuple[int, ...] = ()
    """The other lines of the same file with the same complaint."""

    @property
    def severity(self) -> Severity:
        """How far it reaches; advice is a note."""
        return self.diagnostic.severity


class Lines:
    """The lines of files, each file read once."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._files: dict[str, list[str]] = {}

    def at(self, where: Where | None) -> str:
        """The text of a line; nothing if it cannot be had."""
        if where is None or where.line < 1:
            return ""
        lines = self.of(where.file)
        return lines[where.line - 1].rstrip("\r") if where.line <= len(lines) else ""

    def of(self, name: str) -> list[str]:
        """All lines of a file; none if it cannot be read."""
        if name not in self._files:
            try:
                with open(
                    os.path.join(self._directory, name), encoding="utf-8", errors="surrogateescape", newline=""
                ) as file:
                    self._files[name] = file.read(1 << 24).split("\n")
            except (OSError, ValueError):
                self._files[name] = []
        return self._files[name]


def findings(diagnostics: Iterable[Diagnostic], lines: Lines, secrets: Mapping[Where, str]) -> list[Finding]:
    """A finding for each kind of complaint. ``secrets``: what must not be shown of a line."""
    grouped: dict[tuple[str, str, str], list[Diagnostic]] = {}
    for one in diagnostics:
        file = one.where.file if one.where else ""
        grouped.setdefault((one.code, file, one.message), []).append(one)
    made = []
    for several in grouped.values():
        several.sort(key=lambda one: one.where.line if one.where else 0)
        first = several[0]
        also = tuple(
            dict.fromkeys(
                one.where.line
                for one in several[1:]
                if one.where and first.where and one.where.line != first.where.line
            )
        )
        made.append(_place(first, lines.at(first.where), also, secrets))
    return made


def _place(one: Diagnostic, line: str, also: tuple[int, ...], secrets: Mapping[Where, str]) -> Finding:
    secret = secrets.get(one.where, "") if one.where else ""
    message = one.message
    if one.where and one.where.line:
        message = message.replace(f"{one.where.file}:", "line ")  # the name stands in front already
    one = one._replace(message=_hide(message, secret), hint=_hide(one.hint, secret))
    if not line.strip():
        return Finding(one, also=also)
    line = printable(_hide(line.expandtabs(4).rstrip(), secret).removeprefix("\ufeff"))
    column, width = _mark(one, line)
    if len(line) > LONGEST:
        line = line[:LONGEST] + " …"
        column, width = min(column, LONGEST), min(width, LONGEST - min(column, LONGEST) + 1)
    return Finding(one, line, column, max(width, 1), also)


def _mark(one: Diagnostic, line: str) -> tuple[int, int]:
    start = len(line) - len(line.lstrip())
    equals = _separator(line)
    if equals < 0 or one.code in ABOUT_NAMES:
        end = equals if equals >= 0 else len(line)
        key = line[start:end].rstrip(' "\t')
        return start, len(key)
    value = line[equals + 1 :]
    begin = equals + 1 + len(value) - len(value.lstrip())
    if one.code == "comment-in-value":
        for index in range(begin + 1, len(line)):
            if line[index] in "#;" and line[index - 1] in " \t":
                return index, len(line) - index
    return begin, len(line) - begin


def _separator(line: str) -> int:
    """Where the key ends: ``=`` of INI, ``:`` of YAML and JSON, ``>`` of XML."""
    text = line.lstrip()
    start = len(line) - len(text)
    if text.startswith("<"):
        at = text.find(">")
        return start + at if 0 <= at < len(text) - 1 else -1
    if text.startswith('"'):
        at = text.find('":', 1)
        return start + at + 1 if at >= 0 else -1
    equals, colon = text.find("="), text.find(": ")
    if equals >= 0 and (colon < 0 or equals < colon):
        return start + equals
    return start + colon if colon >= 0 else -1


def _hide(text: str, secret: str) -> str:
    return text.replace(secret, "***") if secret else text
