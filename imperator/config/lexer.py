"""INI text into pairs with line numbers.

A line is a header, a comment, or ``key = value`` split at its first ``=``; there are no quotes, escapes, continuations
or inline comments. Only lines of the requested section count; a section may stand in a file several times. Magic
variables (``magic.py``) are replaced first, in the whole text. What the pairs mean is not known here.

Two spellings that uWSGI does not see are accepted with a warning: a byte-order mark, and a comment behind a header.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imperator.config.complain import Complaints
from imperator.config.magic import substitute
from imperator.config.pairs import Pair
from imperator.errors import Where

_BLANKS = " \t\r"
_STRFTIME = frozenset(("logdate", "log-date", "log-format", "logformat", "log-prefix"))
_MERGE = ("<<<<<<< ", ">>>>>>> ")


def lex(
    segments: Sequence[tuple[str, str]], section: str, variables: Mapping[str, str], complaints: Complaints
) -> list[Pair]:
    """The pairs of ``section`` in ``segments``: name and text of one file, and of what was injected around it."""
    pairs: list[Pair] = []
    seen: dict[str, None] = {}
    early: Where | None = None
    inside: str | None = None
    where = Where("")
    for place, text in segments:
        if text.startswith("\ufeff"):
            text = text[1:]
            complaints.warn("byte-order-mark", Where(place, 1), "the file begins with a byte-order mark",
                            "uWSGI would not see the section behind it; save the file without one")
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        for number, raw in enumerate(lines, 1):
            where = Where(place, number)
            line, dropped = substitute(raw, variables)
            if "" in dropped:  # in other sections, too: uWSGI would join the next line, which may be a header
                _percent_at_end(where, complaints)
            if "\0" in line:
                line = line.partition("\0")[0]
                complaints.warn("zero-byte", where, "the line holds a zero byte and ends there",
                                "save the file as plain text; UTF-16 is full of them")
            line = line.strip(_BLANKS)
            if not line:
                continue
            if line[0] in ";#":
                continue
            if line[0] == "[":
                inside = _header(line, section, where, complaints)
                seen[inside] = None
                continue
            if line.startswith(_MERGE):
                complaints.warn("merge-conflict", where, "the file holds the marks of an unresolved merge",
                                "resolve it; both sides are read")
                continue
            if inside is None:
                early = early or where
            if inside != section:
                continue
            key, _, value = line.partition("=")
            pair = Pair(key.rstrip(_BLANKS), value.lstrip(_BLANKS), where)
            _percent(pair, raw, dropped, complaints)
            pairs.append(pair)
    if early is not None:
        complaints.warn("line-before-section", early, "lines before the first section are ignored",
                        f"put [{section}] above them")
    if not pairs:
        _nothing(section, list(seen), where._replace(line=0), complaints)
    return pairs


def _header(line: str, section: str, where: Where, complaints: Complaints) -> str:
    name = line[1:-1]
    if name == section:
        return name
    inner, bracket, rest = line[1:].partition("]")
    if bracket and rest.lstrip(_BLANKS)[:1] in (";", "#"):
        complaints.warn("section-comment", where, f"a comment stands behind [{inner}]",
                        "uWSGI would not see the section; put the comment on a line of its own")
        return inner
    return name


def _nothing(section: str, seen: Sequence[str], where: Where, complaints: Complaints) -> None:
    if section in seen:
        message, hint = f"the section [{section}] is empty", "put the options below its header"
    elif seen:
        message = f"the file has no section [{section}], nothing of it is used"
        hint = "its sections are " + ", ".join(f"[{name}]" for name in seen[:8])
        near = next((n for n in seen if n.strip() == section or n == section[:-1]), None)
        if near is not None:
            hint = f"write [{section}] without blanks, bracket at both ends"
    else:
        message, hint = "the file has no section, nothing of it is used", f"put [{section}] above its lines"
    complaints.warn("section-missing", where, message, hint)


def _percent(pair: Pair, raw: str, dropped: Sequence[str], complaints: Complaints) -> None:
    if pair.key in _STRFTIME:
        value = raw.partition("=")[2].strip(_BLANKS)
        doubled = value.replace("%%", "%").replace("%", "%%").replace("%%(", "%(")
        if doubled != value:
            complaints.warn("percent-dropped", pair.where,
                            f"a percent sign in {pair.key} takes the letter behind it away", f"write {doubled}")
        return
    letters = [letter for letter in dropped if letter]
    if letters:
        shown = " and ".join("%" + letter for letter in letters[:4])
        complaints.warn("percent-dropped", pair.where, f"{shown} in {pair.key} means nothing and is removed",
                        "write %% for a percent sign")


def _percent_at_end(where: Where, complaints: Complaints) -> None:
    complaints.warn("percent-at-end", where, "a percent sign ends the line and is removed",
                    "write %%; uWSGI would join the next line to this one")
