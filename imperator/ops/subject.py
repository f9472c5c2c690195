"""What is checked: configurations, and how each would be started.

A directory means its vassals, by the emperor's own rule of names; a file means itself, read from the directory we are
in; an emperor's configuration is followed to its vassals by whoever reads it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from imperator.config.expand import unresolved
from imperator.config.settings import Settings
from imperator.emperor import source, spawn, tyrant
from imperator.emperor.demand import Demand
from imperator.emperor.seen import Seen
from imperator.errors import COMMAND_LINE, Diagnostic, Refused, Severity, Where
from imperator.ops.person import Person
from imperator.pipes import ENV_DEMANDED

KINDS = {".ini": "--ini", ".xml": "--xml", ".yaml": "--yaml", ".yml": "--yaml", ".json": "--json", ".js": "--json"}
TEMPLATES = (
    ".j2",
    ".jinja",
    ".jinja2",
    ".erb",
    ".tpl",
    ".tmpl",
    ".template",
    ".mustache",
    ".in",
    ".dist",
    ".sample",
    ".example",
)


class Subject(NamedTuple):
    """One configuration."""

    path: str
    """As it is shown."""
    argv: tuple[str, ...]
    directory: str
    """Where it would be started."""
    environ: Mapping[str, str]
    starter: Person
    file: str
    """The absolute path."""
    group: str = ""
    """The directory or emperor that starts it together with others; empty: nobody."""

    @property
    def vassal(self) -> bool:
        """Whether an emperor starts it."""
        return bool(self.group)


def of_argument(word: str, environ: Mapping[str, str], starter: Person) -> list[Subject]:
    """What a word of the command line means. Raises ``OSError`` when there is no such file."""
    here = os.getcwd()
    if os.path.isdir(word):
        return _members(source.Directory(os.path.abspath(word)), Settings(here, {}), environ, starter, word)
    name, section = word, ""
    if not os.path.exists(word) and ":" in word:
        name, _, section = word.rpartition(":")
    with open(name, "rb") as file:
        head = file.read(256)
    spelled = f"{name}:{section}" if section else name
    return [Subject(name, (kind(name, head), spelled), here, environ, starter, os.path.abspath(name))]


def kind(name: str, head: bytes) -> str:
    """The option that reads a file, by its name; by its first letters where the name does not tell."""
    while name.endswith(TEMPLATES):
        name = name.rpartition(".")[0]
    ending = os.path.splitext(name)[1]
    if ending in KINDS:
        return KINDS[ending]
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return {b"<": "--xml", b"{": "--json"}.get(first, "--ini")


def of_emperor(settings: Settings, subject: Subject) -> tuple[list[Subject], list[Diagnostic]]:
    """The vassals of an emperor, and what is the matter with its sources."""
    where = settings.where.get("emperor")
    try:
        suffixes, nofollow = settings.emperor_extra_extensions, settings.empire.nofollow
        found = source.sources(settings.emperor, settings.start, suffixes, where, nofollow=nofollow)
    except Refused as refusal:
        return [], list(refusal.diagnostics)
    starter = subject.starter.become(settings.uid, settings.gid, settings.user)
    environ = spawn.environment(subject.environ, -1, settings)
    vassals: list[Subject] = []
    complaints: list[Diagnostic] = []
    names: dict[str, str] = {}
    for one in found:
        if unresolved(str(one)):
            continue  # said where it was read
        try:
            these = _members(one, settings, environ, starter, str(one))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            complaints.append(
                _complaint(
                    "emperor-source-missing",
                    where,
                    f"the emperor cannot read {one}: {reason}",
                    "create it or correct the path",
                )
            )
            continue
        if not these:
            complaints.append(
                _complaint(
                    "emperor-source-empty",
                    where,
                    f"emperor = {one} matches no vassal",
                    "files are picked up when they appear",
                )
            )
        for vassal in these:
            key = vassal.path if isinstance(one, source.Pattern) else os.path.basename(vassal.path)
            if key in names:
                complaints.append(
                    _complaint(
                        "emperor-vassal-twice",
                        where,
                        f"two sources have a vassal {key}: {names[key]} runs, {vassal.path} does not",
                        "give one another name",
                    )
                )
                continue
            names[key] = vassal.path
            if complaint := _distrusted(settings, vassal):
                complaints.append(complaint)
            vassals.append(vassal._replace(group=subject.path))
    return vassals, complaints


def _members(
    one: source.Source, settings: Settings, environ: Mapping[str, str], starter: Person, group: str
) -> list[Subject]:
    members = []
    for name, seen in one.list().items():
        executed = settings.empire.magic_exec and os.access(seen.path, os.X_OK)
        argv = spawn.arguments((), name, settings, executed=executed)
        shown = os.path.join(group, name) if isinstance(one, source.Directory) else name
        address = _demanded(settings, name, seen)
        its = {**environ, ENV_DEMANDED: address} if address else environ
        runner = _owner(settings, seen, starter)
        members.append(Subject(shown, tuple(argv), seen.directory, its, runner, seen.path, group))
    return members


def _demanded(settings: Settings, name: str, seen: Seen) -> str:
    """Where an emperor would wait for its first connection. A command that tells is not asked."""
    empire = settings.empire
    if not empire.on_demand:
        return ""
    known = Demand(empire._replace(demand_command="")).address(name, seen)
    return known or ("the answer of emperor-on-demand-exec" if empire.demand_command else "")


def _owner(settings: Settings, seen: Seen, starter: Person) -> Person:
    """As whom it would run, if the emperor lets it."""
    if not settings.empire.tyrant:
        return starter
    try:
        uid, gid = tyrant.owner(seen.path, by_link=settings.empire.tyrant_by_link)
    except tyrant.Distrusted:
        return starter
    return Person(uid, frozenset((gid,)))


def _distrusted(settings: Settings, vassal: Subject) -> Diagnostic | None:
    if not settings.empire.tyrant:
        return None
    try:
        tyrant.owner(vassal.file, by_link=settings.empire.tyrant_by_link)
    except tyrant.Distrusted as reason:
        return Diagnostic(
            "vassal-distrusted", Where(vassal.path), "emperor-tyrant does not start it", str(reason), Severity.ERROR
        )
    return None


def _complaint(code: str, where: Where | None, message: str, hint: str) -> Diagnostic:
    return Diagnostic(code, where or COMMAND_LINE, message, hint, Severity.WARNING)
