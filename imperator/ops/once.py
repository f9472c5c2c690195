"""What is said about one line is said once: complaints that follow from another one about the same line go.

A reader who mends what is left has mended what went, too. The gravest of them decides how grave the one that stays is.
"""

from __future__ import annotations

from collections.abc import Sequence

from imperator.errors import Diagnostic, Severity, Where

_FOLLOW = frozenset((
    "address-invalid", "address-odd", "alias-invalid", "algorithm-unknown", "app-callable-missing", "app-missing",
    "app-name-invalid", "app-unreadable", "bad-directory", "cron-never", "emperor-source-empty",
    "emperor-source-missing", "file-unreadable", "flag-unclear", "group-unknown", "log-encoder-unknown",
    "logger-unknown", "mode-invalid", "mount-odd", "network-invalid", "no-directory", "no-interpreter", "no-permission",
    "no-workers", "number-missing", "number-trailing", "pidfile-is-link", "protocol-unknown", "static-map-invalid",
    "static-missing",
    "tls-file-unreadable", "umask-invalid", "unknown-host", "user-unknown", "vacuum-not-permitted", "value-malformed",
))  # fmt: skip
"""Complaints about a value, which follow if the value as a whole is meant otherwise."""
_CAUSES = ("value-quoted", "path-odd", "comment-in-value", "placeholder-unresolved", "app-name-invalid", "emperor-odd")
"""What makes them follow, the plainest first."""
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def once(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The same, without those that follow from another one."""
    found = _sections(diagnostics)
    by_place: dict[Where, list[Diagnostic]] = {}
    for one in found:
        if one.where is not None and one.where.line:
            by_place.setdefault(one.where, []).append(one)
    gone: set[int] = set()
    graver: dict[int, Severity] = {}
    for several in by_place.values():
        if len(several) > 1:
            _settle(several, gone, graver)
    return [one._replace(severity=graver.get(id(one), one.severity)) for one in found if id(one) not in gone]


def _settle(several: Sequence[Diagnostic], gone: set[int], graver: dict[int, Severity]) -> None:
    cause = next((one for code in _CAUSES for one in several if one.code == code), None)
    if cause is None:
        return
    follow = [one for one in several if one is not cause and (one.code in _FOLLOW or one.code == cause.code)]
    if cause.code == "placeholder-unresolved":
        subject = cause.message.partition(" in ")[0]
        follow = [one for one in follow if one.code != cause.code or one.message.partition(" in ")[0] == subject]
    gone.update(id(one) for one in follow)
    worst = min((cause, *follow), key=lambda one: _RANK[one.severity])
    graver[id(cause)] = worst.severity


def _sections(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """A file without its section has no socket and no application either, and it is dead."""
    empty = {one.where.file for one in diagnostics if one.code == "section-missing" and one.where}
    if not empty or not any(one.code == "no-socket" and one.where is None for one in diagnostics):
        return list(diagnostics)  # other files have lines
    return [
        one._replace(severity=Severity.ERROR) if one.code == "section-missing" else one
        for one in diagnostics
        if one.code not in ("no-socket", "no-application", "line-before-section")
    ]
