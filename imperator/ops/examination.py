"""The examination of one configuration: everything about it that can be known without starting it, and the verdict.

It reads, builds, looks at the machine and at the application's text, and changes nothing.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Sequence
from typing import NamedTuple

from imperator.config.advice import advise
from imperator.config.build import build
from imperator.config.combination import combine
from imperator.config.load import Loaded, read
from imperator.config.pairs import Pair
from imperator.config.secrets import secrets
from imperator.config.settings import Endpoint, Listen, Settings
from imperator.errors import Diagnostic, Severity, Where
from imperator.ops import application, ground
from imperator.ops.finding import Finding, Lines, findings
from imperator.ops.oddities import oddities
from imperator.ops.once import once
from imperator.ops.replaced import replaced
from imperator.ops.subject import Subject
from imperator.ops.unfinished import gather
from imperator.ops.unused import unused
from imperator.pipes import ENV_DEMANDED
from imperator.process.world import RealWorld

ELSEWHERE = frozenset(
    (
        "user-unknown",
        "group-unknown",
        "file-unreadable",
        "placeholder-unresolved",
        "unknown-host",
        "static-missing",
        "error-page-missing",
        "listen-short",
        "listen-capped",
    )
)
"""Complaints that another machine may not have."""

_FIXES = {
    "not-yet": "go on without it, or leave the site with uWSGI until it is there",
    "foreign-option": "remove the line; if the site depends on it, leave it with uWSGI",
    "foreign-plugin": "remove it; if the site depends on it, leave it with uWSGI",
    "file-unreadable": "create the file, or correct its name",
    "inherit-overrides": "use include above the line, and the line wins",
}
"""What a reader of a check can do, where the complaint of a start says what happens next instead."""


class Verdict(enum.Enum):
    """What will come of starting it."""

    UNCHANGED = "runs unchanged"
    NOTES = "runs, with these notes"
    CANNOT = "cannot run, because"


class Examined(NamedTuple):
    """What was found out about one configuration."""

    subject: Subject
    settings: Settings
    pairs: tuple[Pair, ...]
    files: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """Errors keep it from running, advice is no note."""
        severities = {one.severity for one in self.findings}
        if Severity.ERROR in severities:
            return Verdict.CANNOT
        return Verdict.NOTES if Severity.WARNING in severities else Verdict.UNCHANGED

    @property
    def is_emperor(self) -> bool:
        """Whether it governs vassals."""
        return bool(self.settings.emperor)

    def add(self, *diagnostics: Diagnostic) -> Examined:
        """The same with more complaints, known only now."""
        more = findings(diagnostics, Lines(self.subject.directory), {})
        return self._replace(findings=in_order((*self.findings, *more)))


def examine(subject: Subject, *, advice: bool = True, elsewhere: bool = False) -> Examined:
    """Examine one. ``elsewhere``: it is meant for another machine, nothing is asked of this one."""
    world = RealWorld(directory=subject.directory, environ=subject.environ, looks_only=True)
    loaded = read(subject.argv, world)
    settings, found = build(loaded.pairs, world)
    settings = _demanded(settings, subject)
    diagnostics = [*loaded.diagnostics, *found, *_combined(settings, loaded, subject)]
    hidden = {pair.where: secret for pair, _, secret in secrets(loaded.pairs)}
    if not elsewhere and settings.command is None:
        runner = subject.starter.become(settings.uid, settings.gid, settings.user)
        diagnostics += ground.examine(settings, subject.starter)
        diagnostics += application.examine(settings, runner)
        diagnostics += _exposed(loaded.pairs, subject.directory)
    if advice:
        diagnostics += advise(settings, loaded.pairs, world)
    if any(one.code == "not-examined" for one in diagnostics):
        diagnostics = [one for one in diagnostics if one.code not in ("no-socket", "no-application")]
    lines = Lines(subject.directory)
    diagnostics += oddities(settings, loaded.pairs)
    diagnostics += replaced(loaded.pairs, lines)
    if advice:
        diagnostics += _unused(loaded, diagnostics, lines)
    diagnostics = once(diagnostics)
    if elsewhere:
        diagnostics = [one for one in diagnostics if one.code not in ELSEWHERE]
    for file in dict.fromkeys(one.where.file for one in diagnostics if one.where and one.where.line):
        diagnostics = gather(file, diagnostics, lines)
    main = next((file for file in loaded.files), "")
    diagnostics = [_somewhere(one, main, subject) for one in diagnostics]
    diagnostics = [one._replace(hint=_fix(one)) for one in diagnostics]
    return Examined(subject, settings, loaded.pairs, loaded.files, in_order(findings(diagnostics, lines, hidden)))


def _demanded(settings: Settings, subject: Subject) -> Settings:
    """With the socket at which an emperor would wait for its first connection."""
    address = subject.environ.get(ENV_DEMANDED)
    if address is None or any(str(one.endpoint) == address for one in settings.listen):
        return settings
    lent = Listen("fd://0", settings.protocol, "socket", Where(subject.path), Endpoint("fd", fd=0))
    return settings._replace(listen=(*settings.listen, lent))


def _combined(settings: Settings, loaded: Loaded, subject: Subject) -> list[Diagnostic]:
    return combine(settings, loaded.pairs, vassal=subject.vassal, left_out=loaded.left_out)


def _unused(loaded: Loaded, diagnostics: Sequence[Diagnostic], lines: Lines) -> list[Diagnostic]:
    places = {one.where for one in diagnostics}
    told = {pair.key for pair in loaded.pairs if pair.where in places}
    texts = (line for file in loaded.files for line in lines.of(file))
    return unused(loaded.pairs, loaded.asked, told, texts)


def in_order(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Errors first, then notes, then advice; by place within."""
    rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}

    def key(one: Finding) -> tuple[int, str, int]:
        where = one.diagnostic.where or Where("")
        return rank[one.severity], where.file, where.line

    return tuple(sorted(found, key=key))


def _somewhere(one: Diagnostic, main: str, subject: Subject) -> Diagnostic:
    """A complaint about nothing in particular is one about the file."""
    if one.where is None or not one.where.file:
        return one._replace(where=Where(subject.path or main))
    return one


def _exposed(pairs: Sequence[Pair], directory: str) -> list[Diagnostic]:
    """Secrets in files that every user of the machine may read."""
    found = []
    for pair, name, _ in secrets(pairs):
        if not pair.where.line:
            continue
        state = ground.look(os.path.join(directory, pair.where.file))
        if state is not None and state.st_mode & 0o004:
            found.append(
                Diagnostic(
                    "secret-readable",
                    pair.where,
                    f"{name} looks like a secret, and every user of this machine may read {pair.where.file}",
                    f"chmod o-r {pair.where.file}",
                    Severity.WARNING,
                )
            )
    return found


def _fix(one: Diagnostic) -> str:
    """What to do about a complaint."""
    if one.code == "file-unreadable":
        return f"{_FIXES[one.code]}; {one.hint}"
    if one.code == "placeholder-unresolved" and one.message.startswith("$("):
        name = one.message[2:].partition(")")[0]
        return f"set it where the server is started, and for this check: {name}=... imperator check"
    return _FIXES.get(one.code, one.hint)
