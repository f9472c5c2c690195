"""Files that are not configurations yet: templates whose marks nobody has filled in, and merges nobody has resolved.

Every line of such a file can look like a mistake of its own. Here they become one complaint that says what the file is,
and those that only follow from it are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from imperator.errors import Diagnostic, Severity, Where
from imperator.ops.finding import Lines

_LANGUAGES = (
    (re.compile(r"\{\{-?\s*(?:/\*|[.$]|(?:define|template|include|range|with|if|end)\b)"), "Go (Helm, Consul, Docker)"),
    (re.compile(r"^\s*%\s*(?:for|if|elif|else|endfor|endif)\b.*:?\s*$"), "Mako"),
    (re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{%-?\s*$"), "Jinja (Ansible, Salt, Cookiecutter, Django)"),
    (re.compile(r"<%.*?%>"), "ERB (Puppet, Chef)"),
    (
        re.compile(r"(?<![\w/])__[A-Z][A-Z0-9_]*__(?!\w)|(?<![\w/@])@[A-Z][A-Z0-9_]*@|%[A-Z][A-Z0-9_]{2,}%"),
        "a program that replaces marks",
    ),
)
_SUSPECT = re.compile(r"\{[{%]|<%|__[A-Z]|@[A-Z]|%[A-Z][A-Z0-9_]{2}|^[ \t]*%[ \t]*\w", re.MULTILINE)
"""Something that is in every template of these; most files have nothing of it and need not be looked through."""
_SHELL = "the shell or envsubst"
_MARKS = ("{{", "{%", "<%", "${")
_SHELL_MARK = re.compile(r"\$\{\w+\}")
_TEMPLATE_NAMES = (".j2", ".jinja", ".jinja2", ".erb", ".tpl", ".tmpl", ".template", ".mustache", ".in")
_PERCENT = re.compile(r"%[a-z][a-z_]{2,}")
_ABOUT_VALUES = frozenset(
    (
        "placeholder-foreign",
        "number-missing",
        "no-workers",
        "number-trailing",
        "address-invalid",
        "user-unknown",
        "group-unknown",
        "mode-invalid",
        "umask-invalid",
        "percent-dropped",
        "bad-directory",
        "no-directory",
        "no-interpreter",
        "app-missing",
        "app-name-invalid",
        "unknown-option",
        "syntax-error",
        "flag-unclear",
        "comment-in-value",
        "address-not-here",
        "percent-at-end",
        "app-callable-missing",
        "path-odd",
        "value-quoted",
        "key-unused",
        "no-permission",
        "file-unreadable",
        "placeholder-unresolved",
        "block-unclosed",
        "vacuum-not-permitted",
        "value-dropped",
        "foreign-option",
        "address-is-number",
        "emperor-source-missing",
        "public-socket",
        "file-format-unknown",
        "app-unreadable",
        "no-socket",
        "no-application",
        "section-missing",
        "env-removes",
        "foreign-plugin",
        "address-odd",
        "number-negative",
        "value-malformed",
        "static-missing",
        "key-unknown",
        "cron-never",
        "regexp-invalid",
        "unknown-host",
        "number-out-of-range",
    )
)


_ABOUT_SEVERAL = frozenset(
    (
        "cheaper-too-high",
        "lifetime-too-short",
        "harakiri-shorter",
        "address-duplicate",
        "no-effect-alone",
        "app-shadowed",
        "value-replaced",
    )
)
"""Complaints about two lines, of which the other one may hold a mark."""


class _Template(NamedTuple):
    language: str
    lines: list[int]
    needed: bool
    """Whether it cannot be a configuration as it is."""


def gather(file: str, diagnostics: Sequence[Diagnostic], lines: Lines) -> list[Diagnostic]:
    """The complaints about ``file``, those about marks of templates and merges put together."""
    text = lines.of(file)
    found = list(diagnostics)
    if (merge := _merge(text)) is not None:
        first, last = merge
        found = [one for one in found if not _within(one, file, first, last)]
        what = f"lines {first} to {last} are" if last > first else f"line {first} is left of"
        found.insert(
            0,
            Diagnostic(
                "merge-conflict",
                Where(file, first),
                f"{what} a merge that nobody has resolved",
                "keep one side and remove the marks; both are read until then",
                Severity.WARNING,
            ),
        )
    template = _template(file, text, found)
    return found if template is None else _as_template(file, template, found)


def _merge(text: Sequence[str]) -> tuple[int, int] | None:
    marks = [number for number, line in enumerate(text, 1) if line.startswith(("<<<<<<< ", ">>>>>>> "))]
    return (marks[0], marks[-1]) if marks else None


def _within(one: Diagnostic, file: str, first: int, last: int) -> bool:
    inside = one.where is not None and one.where.file == file and first <= one.where.line <= last
    return inside and (one.code == "merge-conflict" or one.severity is not Severity.ERROR)


def _template(file: str, text: Sequence[str], found: Sequence[Diagnostic]) -> _Template | None:
    live = [(number, line) for number, line in enumerate(text, 1) if line.lstrip()[:1] not in ("#", ";", "")]
    free = ("route", "log-", "logformat", "hook", "exec", "cron", "attach", "smart-", "final-", "response-", "error-")
    suspect = _SUSPECT.search("\n".join(text)) is not None
    for pattern, language in _LANGUAGES if suspect else ():
        numbers = [number for number, line in live if pattern.search(line) and not line.lstrip().startswith(free)]
        if numbers:
            if language == "Mako":
                numbers = [number for number, line in live if pattern.search(line) or "${" in line]
            return _Template(language, numbers, True)
    if any(one.code == "syntax-error" for one in found if one.where and one.where.file == file):
        numbers = [number for number, line in live if _SHELL_MARK.search(line)]
        if numbers:
            return _Template(_SHELL, numbers, True)
    if file.endswith(_TEMPLATE_NAMES):
        numbers = [number for number, line in live if _PERCENT.search(line)]
        if numbers:
            return _Template("the program it is named for", numbers, True)
    numbers = sorted(
        {one.where.line for one in found if one.code == "placeholder-foreign" and one.where and one.where.file == file}
    )
    return _Template(_SHELL, numbers, False) if numbers else None


def _as_template(file: str, template: _Template, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    marked = set(template.lines)
    kept: list[Diagnostic] = []
    error = template.needed
    for one in found:
        here = one.where is not None and one.where.file == file
        whole = one.where is None or (here and (one.where.line == 0 or one.code == "syntax-error"))
        derived = one.code == "placeholder-foreign" or any(mark in one.message for mark in _MARKS)
        if one.severity is Severity.NOTE:
            continue  # advice about text that will be another
        if here and one.code in _ABOUT_SEVERAL:
            continue
        line = one.where.line if one.where else 0
        if (here or whole) and one.code in _ABOUT_VALUES and (line in marked or whole or derived):
            error = error or (one.severity is Severity.ERROR and not whole)
        else:
            kept.append(one)
    many = len(template.lines)
    what = "line still holds its mark" if many == 1 else "lines still hold its marks"
    message = f"this is a template for {template.language}: {many} {what}"
    hint = "fill it in and check the result"
    if template.language == _SHELL:
        hint += "; uWSGI's own spelling for a variable of the environment is $(NAME)"
    severity = Severity.ERROR if error else Severity.WARNING
    return [Diagnostic("template", Where(file, template.lines[0]), message, hint, severity), *kept]
