"""``imperator check --fix``: changes that follow from a rule and nobody has to think about.

Misspelled flags, names of options with underscores or capitals, ``name: value`` in INI, a missing ``=``, comments
behind values and headers, quotation marks around values, byte-order marks. Only INI is mended, line by line; what a
change would mean is never guessed.
"""

from __future__ import annotations

import difflib
import os
import shutil
import sys
from collections.abc import Sequence

from imperator.config.options import lookup
from imperator.config.values import split_comment
from imperator.ops.examination import Examined
from imperator.ops.finding import Finding
from imperator.ops.paint import GREEN, RED, paint

_SLIPS = {
    "true": (
        "ture",
        "treu",
        "tru",
        "rtue",
        "ttrue",
        "truee",
        "trur",
        "trie",
        "tue",
        "y",
        '"true"',
        "'true'",
        "enable",
        "enabled",
        "t",
        "ok",
        "yes.",
        "true.",
        "true;",
        "true,",
        "ye",
        "yse",
        "yep",
    ),
    "false": (
        "flase",
        "fasle",
        "fales",
        "fals",
        "flas",
        "faslse",
        "falsee",
        "n",
        '"false"',
        "'false'",
        "disable",
        "disabled",
        "f",
        "false.",
        "false;",
        "false,",
        "none",
        "nope",
    ),
}
_CODES = frozenset(
    ("flag-unclear", "unknown-option", "comment-in-value", "byte-order-mark", "section-comment", "value-quoted")
)


def mend(examined: Sequence[Examined], *, yes: bool, quiet: bool = False) -> bool:
    """Mend the files of ``examined``, after asking; whether any was changed."""
    wanted: dict[str, dict[int, list[Finding]]] = {}
    for each in examined:
        for one in each.findings:
            where = one.diagnostic.where
            if one.diagnostic.code in _CODES and where is not None and where.line:
                path = os.path.realpath(os.path.join(each.subject.directory, where.file))
                if path.endswith(".ini"):
                    for line in (where.line, *one.also):
                        wanted.setdefault(path, {}).setdefault(line, []).append(one)
    changed = False
    offered = False
    for path, lines in wanted.items():
        try:
            with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
                before = file.read()
        except OSError:
            continue
        after = mended(before, {number: [one.diagnostic.code for one in found] for number, found in lines.items()})
        if after == before:
            continue
        offered = True
        if not quiet:
            _show(path, before, after)
        if yes or _agrees(path):
            _write(path, after)
            changed = True
            if not quiet:
                print(f"{path}: mended; what was there is in {path}.bak")
    if not offered and not quiet:
        print("nothing here can be mended by rule")
    return changed


def mended(text: str, codes: dict[int, list[str]]) -> str:
    """``text`` with the lines mended that have complaints of these codes."""
    out: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        ending = "\r" if line.endswith("\r") else ""
        made = [line.removesuffix("\r")]
        for code in codes.get(number, ()):
            made = [*made[:-1], *_line(made[-1], code)]
        out += [each + ending for each in made]
    return "\n".join(out)


def _line(line: str, code: str) -> list[str]:
    """The line, or the lines, that it becomes."""
    if code == "byte-order-mark":
        return [line.removeprefix("\ufeff")]
    indent = line[: len(line) - len(line.lstrip())]
    if code == "section-comment":
        header, bracket, comment = line.strip().partition("]")
        return [indent + _comment(comment), indent + header + bracket] if bracket and comment.strip() else [line]
    key, equals, value = line.strip().partition("=")
    key, value = key.rstrip(), value.lstrip()
    if code == "unknown-option":
        return [indent + _named(line, key, equals)]
    if not equals:
        return [line]
    plain, comment = split_comment(value)
    if code == "comment-in-value" and comment and plain:
        return [indent + _comment(comment), line[: line.index("=") + 1] + _gap(line) + plain]
    if code == "value-quoted":
        name, sign, inner = value.partition("=") if key == "env" else ("", "", value)
        return [line[: line.index("=") + 1] + _gap(line) + name + sign + inner[1:-1]]
    if code == "flag-unclear":
        right = next((right for right, slips in _SLIPS.items() if value.lower() in slips), None)
        if right is not None:
            return [line[: line.index("=") + 1] + _gap(line) + right]
    return [line]


def _named(line: str, key: str, equals: str) -> str:
    """The line with the option's real name, if only the spelling of it differs."""
    text = line.strip()
    name, colon, value = text.partition(":")
    if not equals and colon and lookup(_plain(name)) is not None:
        return f"{_plain(name)} = {value.strip()}"
    if not equals and " " in text and lookup(_plain(text.split()[0])) is not None:
        name, _, value = text.partition(" ")
        return f"{_plain(name)} = {value.strip()}"
    if lookup(_plain(key)) is not None:
        return _plain(key) + text[len(key) :]
    name, blank, rest = key.partition(" ")
    if equals and blank and lookup(_plain(name)) is not None:
        return f"{_plain(name)} = {rest.strip()}={text[len(key) :].lstrip(' =')}"
    return text


def _plain(name: str) -> str:
    return name.strip().rstrip(":").strip().lower().replace("_", "-").lstrip("-")


def _comment(text: str) -> str:
    return "# " + text.strip().lstrip("#;").strip()


def _gap(line: str) -> str:
    behind = line[line.index("=") + 1 :]
    return behind[: len(behind) - len(behind.lstrip())]


def _show(path: str, before: str, after: str) -> None:
    old, new = before.splitlines(), after.splitlines()
    for line in difflib.unified_diff(old, new, path, path + " (mended)", lineterm="", n=1):
        print(paint(line, GREEN) if line.startswith("+") else paint(line, RED) if line.startswith("-") else line)


def _agrees(path: str) -> bool:
    if not sys.stdin.isatty():
        sys.stderr.write(f"{path}: not changed; say --yes to change it without being asked\n")
        return False
    try:
        return input(f"change {path}? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _write(path: str, text: str) -> None:
    """Put ``text`` in place of the file at once, with its owner and mode; what was there is kept beside it."""
    shutil.copy2(path, path + ".bak")
    state = os.stat(path)
    if os.geteuid() == 0:
        os.chown(path + ".bak", state.st_uid, state.st_gid)
    fresh = path + ".new"
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(fd, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
            if os.geteuid() == 0:
                os.fchown(fd, state.st_uid, state.st_gid)
            os.fchmod(fd, state.st_mode & 0o7777)
        os.replace(fresh, path)
    except OSError:
        os.unlink(fresh)
        raise
