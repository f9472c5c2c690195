"""YAML, as far as configurations use it: sections, and in them keys with text or lists of text.

uWSGI users write a small part of YAML, and the server that reads it runs on the standard library alone, so that part is
read here: block mappings of two levels, block and flow lists, plain, quoted, literal (``|``) and folded (``>``) text,
comments, ``---``. Scalars keep their spelling, ``yes`` is a word. Repeated keys all count. Anchors, aliases, tags and
deeper structures are not read; a line that uses them is an error or a warning with its number, never a silent end of
the file, which is what uWSGI's own parser makes of a list.
"""

from __future__ import annotations

from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.errors import Where

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\033", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
DEEPEST = 50


class _Line(NamedTuple):
    number: int
    indent: int
    text: str


def parse(text: str, section: str, place: str, complaints: Complaints) -> list[Pair]:
    """The pairs of ``section``."""
    return _Reader(text, section, place, complaints).pairs()


class _Reader:
    def __init__(self, text: str, section: str, place: str, complaints: Complaints) -> None:
        self._raw = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
        self._section = section
        self._place = place
        self._complaints = complaints
        self._at = 0
        self._depth = 0
        self._pairs: list[Pair] = []

    def pairs(self) -> list[Pair]:
        sections: list[str] = []
        inside = False
        section_indent = 0
        while (line := self._next()) is not None:
            if line.text == "---":
                continue
            if line.text == "...":
                break
            if not sections or line.indent <= section_indent:
                split = _split_key(line.text)
                if split is None:
                    self._wrong(line, "is neither a section nor a key")
                    continue
                section_indent = line.indent
                name, rest = split
                sections.append(name)
                inside = name == self._section
                if rest and inside:
                    self._wrong(line, "gives the section itself a value")
            elif inside:
                self._entry(line)
        if self._section not in sections:
            known = ", ".join(sections[:8])
            self._complaints.warn("section-missing", Where(self._place),
                                  f"the file has no section {self._section}, nothing of it is used",
                                  f"its sections are {known}" if known else f"write {self._section}: above the options")
        return self._pairs

    def _next(self) -> _Line | None:
        """The next line that says something."""
        while self._at < len(self._raw):
            raw = self._raw[self._at]
            self._at += 1
            text = _without_comment(raw).rstrip()
            if text.strip():
                return _Line(self._at, _indent(raw), text.strip())
        return None

    def _entry(self, line: _Line) -> None:
        if line.text.startswith("- "):
            self._wrong(line, "is an item of a list that has no key")
            return
        split = _split_key(line.text)
        if split is None:
            self._wrong(line, "is no key with a colon and a blank")
            return
        key, rest = split
        where = Where(self._place, line.number)
        if rest[:1] in ("|", ">"):
            self._pairs.append(Pair(key, self._block(line.indent, rest), where))
        elif rest[:1] in ("&", "*", "!"):
            self._wrong(line, "uses an anchor, an alias or a tag, which is not read here")
        elif rest.startswith("["):
            self._flow(key, rest, line)
        elif rest.startswith("{"):
            self._dropped(key, where)
        elif rest:
            self._pairs.append(Pair(key, _scalar(self._continued(rest, line.indent)), where))
        elif self._depth >= DEEPEST:
            self._wrong(line, "is nested too deeply")
        else:
            self._depth += 1
            self._items(key, line)
            self._depth -= 1

    def _items(self, key: str, opener: _Line) -> None:
        """The list, or the mapping, below a key without a value."""
        count = 0
        while (line := self._next()) is not None:
            item = line.text == "-" or line.text.startswith("- ")
            if line.indent < opener.indent or (line.indent == opener.indent and not item):
                self._at = line.number - 1
                break
            count += 1
            if item:
                text = line.text[1:].strip()
                self._pairs.append(Pair(key, _scalar(self._continued(text, line.indent)),
                                        Where(self._place, line.number)))
            else:
                if count == 1:
                    self._complaints.warn("value-dropped", Where(self._place, opener.number),
                                          f"{key} holds a mapping, its keys are taken as options of their own",
                                          "move them to the left")
                self._entry(line)
        if not count:
            self._complaints.warn("value-empty", Where(self._place, opener.number), f"{key}: has no value",
                                  f"write {key}: true if it is a flag")

    def _continued(self, text: str, indent: int) -> str:
        """Plain or quoted text that goes on in the following, deeper lines."""
        quote = text[:1] if text[:1] in ("'", '"') else ""
        parts = [text]
        while self._at < len(self._raw):
            if quote and _quote_end(" ".join(parts), quote) >= 0:
                break
            raw = self._raw[self._at]
            line = _without_comment(raw).strip()
            if _indent(raw) <= indent or not line or (not quote and (_split_key(line) or line.startswith("- "))):
                break
            parts.append(line)
            self._at += 1
        return " ".join(parts)

    def _block(self, indent: int, style: str) -> str:
        lines: list[str] = []
        inner = 0
        while self._at < len(self._raw):
            raw = self._raw[self._at]
            if raw.strip():
                own = _indent(raw)
                if own <= indent:
                    break
                inner = inner or own
            lines.append(raw[inner:] if inner else "")
            self._at += 1
        text = "\n".join(lines).rstrip("\n")
        if style[0] == ">":
            text = "\n".join(part.replace("\n", " ") for part in text.split("\n\n"))
        return text if "-" in style or not text else text + "\n"

    def _flow(self, key: str, rest: str, line: _Line) -> None:
        while "]" not in rest and self._at < len(self._raw):
            rest += " " + _without_comment(self._raw[self._at]).strip()
            self._at += 1
        for item in _flow_items(rest[1 : rest.rfind("]") if "]" in rest else len(rest)]):
            self._pairs.append(Pair(key, _scalar(item), Where(self._place, line.number)))

    def _dropped(self, key: str, where: Where) -> None:
        self._complaints.warn("value-dropped", where, f"{key} holds a mapping, which is no option",
                              "write text or a list of texts")

    def _wrong(self, line: _Line, fact: str) -> None:
        self._complaints.error("syntax-error", Where(self._place, line.number), f"the line {fact}: {line.text}",
                               "write key: value, with a blank behind the colon")


def _indent(raw: str) -> int:
    return len(raw) - len(raw.lstrip(" \t"))


def _without_comment(raw: str) -> str:
    """``raw`` up to a ``#`` that begins a comment: at the start or behind a blank, outside of quotes."""
    quote = ""
    for index, letter in enumerate(raw):
        if quote:
            if letter == quote and not (quote == '"' and raw[index - 1] == "\\"):
                quote = ""
        elif letter in "'\"" and (index == 0 or raw[index - 1] in " \t[,:-"):
            quote = letter
        elif letter == "#" and (index == 0 or raw[index - 1] in " \t"):
            return raw[:index]
    return raw


def _split_key(text: str) -> tuple[str, str] | None:
    """Key and rest of ``key: rest`` or ``key:``."""
    if text[:1] in ("'", '"'):
        end = _quote_end(text, text[0])
        if end < 0 or text[end + 1 : end + 2] != ":":
            return None
        return _scalar(text[: end + 1]), text[end + 2 :].strip()
    for index, letter in enumerate(text):
        if letter == ":" and text[index + 1 : index + 2] in ("", " ", "\t"):
            return text[:index].rstrip(), text[index + 1 :].strip()
    return None


def _quote_end(text: str, quote: str) -> int:
    index = 1
    while index < len(text):
        if quote == '"' and text[index] == "\\":
            index += 2
            continue
        if text[index] == quote:
            if quote == "'" and text[index + 1 : index + 2] == "'":
                index += 2
                continue
            return index
        index += 1
    return -1


def _scalar(text: str) -> str:
    """``text`` without its quotes."""
    if text[:1] == "'" and _quote_end(text, "'") == len(text) - 1 > 0:
        return text[1:-1].replace("''", "'")
    if text[:1] == '"' and _quote_end(text, '"') == len(text) - 1 > 0:
        out: list[str] = []
        index = 1
        while index < len(text) - 1:
            if text[index] == "\\":
                index += 1
                out.append(_ESCAPES.get(text[index], text[index]))
            else:
                out.append(text[index])
            index += 1
        return "".join(out)
    return text


def _flow_items(text: str) -> list[str]:
    items: list[str] = []
    quote = ""
    part = ""
    for letter in text:
        if letter == "," and not quote:
            items.append(part.strip())
            part = ""
            continue
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"" and not part.strip():
            quote = letter
        part += letter
    items.append(part.strip())
    return [item for item in items if item]
