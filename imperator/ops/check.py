"""``imperator check FILE|DIR ...``: what would come of starting these configurations, without starting them."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from imperator.config.settings import Settings
from imperator.errors import Diagnostic, Where
from imperator.ops import mending, report
from imperator.ops.differences import against
from imperator.ops.examination import Examined, Verdict, examine
from imperator.ops.finding import Finding
from imperator.ops.neighbours import compare
from imperator.ops.person import Person
from imperator.ops.subject import Subject, of_argument, of_emperor

USAGE = """\
usage: imperator check [OPTION ...] FILE|DIR ...

Tell what would come of starting these configurations, without starting them. A directory means the vassals in it, an
emperor's configuration is followed to its vassals.

  --no-advice        leave out what is allowed but unwise
  --strict           notes count as errors
  --elsewhere        the files are meant for another machine: ask nothing of this one
  --fix              mend what can be mended by rule: show the change, ask, keep FILE.bak
  --yes              with --fix: do not ask
  --against uwsgi    list what will behave differently from uWSGI
  --json             the result as JSON

exit status: 0 everything runs, 1 something cannot run, 2 bad usage. `imperator explain CODE` tells more of a finding.
"""


class _Asked(NamedTuple):
    words: tuple[str, ...] = ()
    advice: bool = True
    strict: bool = False
    elsewhere: bool = False
    fix: bool = False
    yes: bool = False
    against: bool = False
    json: bool = False


_SWITCHES: dict[str, Callable[[_Asked], _Asked]] = {
    "--no-advice": lambda asked: asked._replace(advice=False),
    "--strict": lambda asked: asked._replace(strict=True),
    "--elsewhere": lambda asked: asked._replace(elsewhere=True),
    "--fix": lambda asked: asked._replace(fix=True),
    "--yes": lambda asked: asked._replace(yes=True),
    "--json": lambda asked: asked._replace(json=True),
    "--against=uwsgi": lambda asked: asked._replace(against=True),
}


def main(argv: Sequence[str]) -> int:
    """Run the command; answers its exit status."""
    if any(word in ("-h", "--help") for word in argv):
        print(USAGE, end="")
        return 0
    asked = _understand(argv)
    if isinstance(asked, str):
        sys.stderr.write(f"error: {asked}\n\n{USAGE}")
        return 2
    subjects: list[Subject] = []
    starter = Person.current()
    environ = dict(os.environ)  # once: os.environ decodes every value each time it is copied
    for word in asked.words:
        try:
            found = of_argument(word, environ, starter)
        except OSError as error:
            sys.stderr.write(f"error: {word}: {error.strerror}\n")
            return 2
        if not found:
            sys.stderr.write(
                f"error: {word}: no file in this directory has a vassal's name (.ini, .yaml, .json, .xml)\n"
            )
            return 2
        subjects += found
    examined = _all(subjects, asked)
    if asked.fix:
        if mending.mend(examined, yes=asked.yes, quiet=asked.json):
            examined = _all(subjects, asked)
        if not asked.json:
            print()
    bad = (Verdict.CANNOT, Verdict.NOTES) if asked.strict else (Verdict.CANNOT,)
    status = 1 if any(each.verdict in bad for each in examined) else 0
    if asked.json:
        print(report.as_json(examined, status))
        return status
    print(report.show(examined), end="")
    if asked.against:
        print()
        print(against(examined), end="")
    return status


def _understand(argv: Sequence[str]) -> _Asked | str:
    asked = _Asked()
    words: list[str] = []
    rest = iter(argv)
    for word in rest:
        if word in _SWITCHES:
            asked = _SWITCHES[word](asked)
        elif word == "--against":
            if next(rest, None) != "uwsgi":
                return "--against wants uwsgi"
            asked = asked._replace(against=True)
        elif word == "--":
            words += rest
        elif word.startswith("-") and word != "-":
            return f"{word} is no option of this command"
        else:
            words.append(word)
    if not words:
        return "name a configuration, or a directory of vassals"
    return asked._replace(words=tuple(words))


def _all(subjects: Sequence[Subject], asked: _Asked) -> list[Examined]:
    """Every subject and whatever they govern, each once."""
    gc.disable()  # trees of the applications' text have no cycles; looking for some took a third of the time
    try:
        return _each(subjects, asked)
    finally:
        gc.enable()


def _each(subjects: Sequence[Subject], asked: _Asked) -> list[Examined]:
    seen: set[tuple[str, str]] = set()
    done: list[Examined] = []
    waiting = list(subjects)
    while waiting:
        subject = waiting.pop(0)
        key = (os.path.realpath(subject.file), subject.directory)
        if key in seen:
            continue
        seen.add(key)
        each = _guarded(subject, asked)
        if each.is_emperor and not asked.elsewhere:
            vassals, complaints = of_emperor(each.settings, subject)
            each = each.add(*complaints)
            waiting[:0] = vassals
        done.append(each)
    return compare(done)


def _guarded(subject: Subject, asked: _Asked) -> Examined:
    """One broken file must not hide the others: a failure of the check itself is a finding, too."""
    try:
        return examine(subject, advice=asked.advice, elsewhere=asked.elsewhere)
    except Exception as error:
        complaint = Diagnostic(
            "check-failed",
            Where(subject.path),
            f"the check itself failed: {type(error).__name__}: {error}",
            "this is a mistake of Imperator's; please report it with the file",
        )
        return Examined(subject, Settings(subject.directory, {}), (), (), (Finding(complaint),))
