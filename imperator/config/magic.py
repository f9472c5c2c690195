"""The ``%c`` variables: one letter after a percent sign, replaced while a file is read.

``%d`` is the directory of the file, ``%n`` its name without the ending, ``%%`` a percent sign. In a file a percent sign
always takes the next letter with it, known or not, except ``%(``, which is a placeholder and left for ``expand.py``.
Each line is replaced by itself: a percent sign at the end of a line does not swallow the line break, as it does in
uWSGI, and line numbers stay true.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from imperator.config.world import World

FILE_LETTERS = "opdsnecxij0123456789"


def of_the_machine(world: World) -> dict[str, str]:
    """The variables that every file shares."""
    facts = world.facts
    return {
        "v": facts.directory,
        "V": facts.version,
        "h": facts.hostname,
        "k": str(facts.cpus),
        "u": str(facts.uid),
        "g": str(facts.gid),
        "U": world.user_name(facts.uid) or str(facts.uid),
        "G": world.group_name(facts.gid) or str(facts.gid),
        "t": str(int(facts.started)),
        "T": str(int(facts.started * 1000000)),
        "[": "\033",
        "%": "%",
        "b": facts.binary,
    }


def of_a_file(name: str, section: str, world: World) -> dict[str, str]:
    """The variables of the file ``name``, which was asked for ``section`` (empty: none was asked for)."""
    path = posixpath.normpath(posixpath.join(world.facts.directory, name))
    directory, base = posixpath.split(path)
    stem, dot, ending = base.rpartition(".")
    parts = [part for part in directory.split("/") if part]
    variables = {
        "o": name,
        "p": path,
        "d": directory if directory.endswith("/") else directory + "/",
        "s": base,
        "n": stem if dot else base,
        "e": ending if dot else "",
        "c": parts[-1] if parts else "",
        "x": section,
        "i": str(world.inode(path)),
        "j": _hash(path),
    }
    for index in range(10):
        variables[str(index)] = parts[index] if index < len(parts) else ""
    return variables


def of_a_stream(name: str, section: str) -> dict[str, str]:
    """The variables of something that is not a file: its name and nothing else."""
    return {**dict.fromkeys(FILE_LETTERS, ""), "o": name, "x": section}


def capitals(variables: Mapping[str, str]) -> dict[str, str]:
    """The upper-case twins, which keep naming the first file inside of those that it includes."""
    return {letter.upper(): variables[letter] for letter in "opdsnecxij"}


def substitute(line: str, variables: Mapping[str, str]) -> tuple[str, list[str]]:
    """``line`` with its variables replaced, and what was dropped: undefined letters, ``""`` for a sign at the end."""
    if "%" not in line:
        return line, []
    out: list[str] = []
    dropped: list[str] = []
    at = 0
    while True:
        sign = line.find("%", at)
        if sign < 0:
            out.append(line[at:])
            return "".join(out), dropped
        out.append(line[at:sign])
        letter = line[sign + 1 : sign + 2]
        if letter == "(":
            out.append("%(")
        elif letter in ("", "\r"):
            dropped.append("")
        elif letter in variables:
            out.append(variables[letter])
        else:
            dropped.append(letter)
            if letter > "\x7f":  # only its first byte is taken away
                out.append(letter.encode("utf-8", "surrogateescape")[1:].decode("utf-8", "surrogateescape"))
        at = sign + 2


def _hash(path: str) -> str:
    """Bernstein's hash with exclusive or, as eight capital hexadecimal digits in the order of little-endian memory."""
    value = 5381
    for byte in path.encode("utf-8", "surrogateescape"):
        value = ((value * 33) ^ byte) & 0xFFFFFFFF
    return value.to_bytes(4, "little").hex().upper()
