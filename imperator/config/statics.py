"""Static files: the options of ``rows/static.py`` into :class:`Statics`.

Paths are absolute here, from ``chdir`` where they are not; rules are in the order in which they are asked. Whether a
request means a file, and how it is sent, is the engine's business (``rust/core/src/statics``).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.expand import unresolved
from imperator.config.pairs import Pair
from imperator.config.values import flag, leading_digits, split_comment
from imperator.config.world import World


class StaticMap(NamedTuple):
    """One ``static-map``, ``static-map2`` or ``check-static``."""

    prefix: str
    """What PATH_INFO must begin with, in whole segments; empty: anything."""
    path: str
    """A directory, or a single file."""
    keeps_prefix: bool


class Expiry(NamedTuple):
    """One ``static-expires*``."""

    subject: str
    """``type``, ``file``, ``path-info`` or ``uri``."""
    pattern: str
    """A content type, or a regular expression."""
    seconds: int
    from_mtime: bool
    """After the last modification of the file; otherwise after now."""


class GzipRule(NamedTuple):
    """Which files have a compressed sibling: ``all``, or a ``file`` (regular expression), ``directory``, ``ending``."""

    kind: str
    pattern: str


class Statics(NamedTuple):
    """Everything about static files."""

    maps: tuple[StaticMap, ...] = ()
    """In the order in which they are asked: ``check-static``, then ``static-map``, then ``static-map2``."""
    docroot: bool = False
    indexes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    safe: tuple[str, ...] = ()
    mime_files: tuple[str, ...] = ()
    """Empty: /etc/mime.types, if there is one."""
    expires: tuple[Expiry, ...] = ()
    gzip: tuple[GzipRule, ...] = ()
    mode: str = "direct"
    """``direct``, ``nginx`` (X-Accel-Redirect) or ``apache`` (X-Sendfile)."""
    sendfile: bool = True


_EXPIRES = {
    "static-expires-type": ("type", False), "static-expires-type-mtime": ("type", True),
    "static-expires": ("file", False), "static-expires-mtime": ("file", True),
    "static-expires-path-info": ("path-info", False), "static-expires-path-info-mtime": ("path-info", True),
    "static-expires-uri": ("uri", False), "static-expires-uri-mtime": ("uri", True),
}
_MODES = {
    "nginx": "nginx", "x-accel-redirect": "nginx", "apache": "apache", "x-sendfile": "apache", "direct": "direct",
}
_FOREIGN = (
    (r"\(\?(?:[=!>|#&(+-]\d*|<[=!]|R\))", "look-around, atomic groups, conditions and recursion"),
    (r"\\[1-9gk]|\(\?P[=>]", "references to groups"),
    (r"[*+?}]\+", "possessive repetition"),
    (r"\\[QEKGXRNChHVZ0]", "escapes that only Perl has"),
    (r"\[\[[.=]", "collating elements"),
)
"""What PCRE understands and an expression that always ends in linear time does not."""


def statics(
    found: Mapping[str, Sequence[Pair]], base: str, world: World, complaints: Complaints
) -> Statics:
    """Read every option of the subject. ``found`` has the pairs by the option's canonical name, in order."""
    maps = [
        *_checked("check-static", found, base, world, complaints),
        *_mapped("static-map", found, base, world, complaints),
        *_mapped("static-map2", found, base, world, complaints),
    ]
    return Statics(
        maps=tuple(maps),
        docroot=_last_flag("check-static-docroot", found, complaints),
        indexes=_texts("static-index", found),
        skipped=_texts("static-skip-ext", found),
        safe=tuple(_absolute(pair.text(), base) for pair in found.get("static-safe", ()) if pair.text()),
        mime_files=tuple(_mime_files(found, base, world, complaints)),
        expires=tuple(_expiries(found, complaints)),
        gzip=tuple(_gzip(found, base, complaints)),
        mode=_mode(found, complaints),
        sendfile=not _last_flag("disable-sendfile", found, complaints),
    )


def flaw(pattern: str) -> str:
    """Why the engine will not take this regular expression; empty if it will."""
    import re  # few configurations have one

    plain = pattern.replace(r"\\", "")
    for foreign, what in _FOREIGN:
        if re.search(foreign, plain):
            return f"{what} are not understood"
    # What Python spells otherwise, or does not take where the engine does.
    spelt = re.sub(r"\(\?<([A-Za-z_])", r"(?P<\1", re.sub(r"\(\?[imsxU]+\)", "", pattern))
    spelt = re.sub(r"(?<!\\)((?:\\\\)*)\\(?:z|x\{[0-9A-Fa-f]+\})", r"\1.", spelt)
    try:
        re.compile(spelt)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return ""


def _texts(name: str, found: Mapping[str, Sequence[Pair]]) -> tuple[str, ...]:
    return tuple(pair.text() for pair in found.get(name, ()) if pair.text())


def _last_flag(name: str, found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> bool:
    pairs = found.get(name)
    return flag(pairs[-1], complaints) if pairs else False


def _absolute(path: str, base: str) -> str:
    return posixpath.normpath(posixpath.join(base, path))


def _checked(
    name: str, found: Mapping[str, Sequence[Pair]], base: str, world: World, complaints: Complaints
) -> list[StaticMap]:
    maps = []
    for pair in found.get(name, ()):
        if path := _directory(pair, pair.text(), base, world, complaints):
            maps.append(StaticMap("", path, False))
    return maps


def _mapped(
    name: str, found: Mapping[str, Sequence[Pair]], base: str, world: World, complaints: Complaints
) -> list[StaticMap]:
    maps = []
    for pair in found.get(name, ()):
        prefix, equals, text = pair.text().partition("=")
        if not equals or not text:
            complaints.error("static-map-invalid", pair.where, f"{pair.key} = {pair.text()} names no directory",
                             f"write {pair.key} = {prefix or '/static'}=/path/to/the/files")
            continue
        if prefix and not prefix.startswith("/"):
            complaints.warn("static-map-invalid", pair.where, f"{pair.key} = {pair.text()} can match no path: they"
                            " begin with a slash", f"write {pair.key} = /{prefix}={text}")
        if path := _directory(pair, text, base, world, complaints):
            maps.append(StaticMap(prefix, path, name == "static-map2"))
    return maps


def _directory(pair: Pair, text: str, base: str, world: World, complaints: Complaints) -> str | None:
    """The path of a directory or file with static files; None without one."""
    if not text:
        complaints.warn("value-empty", pair.where, f"{pair.key} has no path", "the line is ignored")
        return None
    path = _absolute(text, base)
    if world.is_dir(path) or world.is_file(path):
        return path
    _, comment = split_comment(text)
    if comment:
        complaints.warn("comment-in-value", pair.where, f"the comment behind {pair.key} is part of its path",
                        f"write it without {comment} and put the comment on a line of its own")
    elif not unresolved(text):  # a placeholder without a value has a complaint of its own
        complaints.warn("static-missing", pair.where, f"{pair.key} names {path}, which does not exist",
                        "create it, or correct the path; until then the application gets these requests")
    return path


def _mime_files(
    found: Mapping[str, Sequence[Pair]], base: str, world: World, complaints: Complaints
) -> list[str]:
    files = []
    for pair in found.get("mimefile", ()):
        path = _absolute(pair.text(), base)
        if world.is_file(path):
            files.append(path)
        else:
            complaints.warn("static-missing", pair.where, f"{pair.key} names {path}, which does not exist",
                            "correct the path; the types that are built in are used")
    return files


def _expiries(found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> list[Expiry]:
    rules = []
    for name, (subject, from_mtime) in _EXPIRES.items():
        for pair in found.get(name, ()):
            pattern, _, number = pair.text().rpartition("=" if subject == "type" else " ")
            digits, rest = leading_digits(number.strip())
            if not pattern.strip() or not digits or rest:
                example = "text/css=3600" if subject == "type" else r"\.css$ 3600"
                complaints.error("static-expires-invalid", pair.where, f"{pair.key} = {pair.text()} has no number of"
                                 " seconds at its end", f"write {pair.key} = {example}")
            elif subject == "type" or _is_regexp(pair, pattern.strip(), complaints):
                rules.append(Expiry(subject, pattern.strip(), int(digits[:12]), from_mtime))
    return rules


def _gzip(found: Mapping[str, Sequence[Pair]], base: str, complaints: Complaints) -> list[GzipRule]:
    rules = []
    if _last_flag("static-gzip-all", found, complaints):
        rules.append(GzipRule("all", ""))
    rules += [GzipRule("file", pair.text()) for pair in found.get("static-gzip", ())
              if _is_regexp(pair, pair.text(), complaints)]
    rules += [GzipRule("directory", _absolute(text, base)) for text in _texts("static-gzip-dir", found)]
    rules += [GzipRule("ending", text) for text in _texts("static-gzip-ext", found)]
    return rules


def _is_regexp(pair: Pair, pattern: str, complaints: Complaints) -> bool:
    if problem := flaw(pattern):
        complaints.error("regexp-invalid", pair.where, f"{pair.key}: {pattern} is no expression that can be used:"
                         f" {problem}", "write it with brackets, groups and repetition only")
        return False
    return True


def _mode(found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> str:
    pairs = found.get("file-serve-mode")
    if not pairs:
        return "direct"
    mode = _MODES.get(pairs[-1].text().strip().lower())
    if mode is None:
        complaints.error("static-mode-unknown", pairs[-1].where, f"{pairs[-1].key} = {pairs[-1].text()} is no way to"
                         " serve files", "write nginx or apache, or remove the line")
    return mode or "direct"
