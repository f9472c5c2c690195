"""The command line, cut into options and the rest by the rules of GNU ``getopt_long``.

A flag takes no value, an optional value must be attached, a required one takes the next word whatever it looks like;
names may be abbreviated as long as one fits, letters may be put together (``-Mp2``), ``--`` ends the options, and words
that are no options are collected from everywhere. Which options there are is asked of the caller, so that one declared
by a file is known behind that file. Nothing is acted upon here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.option import Takes
from imperator.config.options import nearest
from imperator.errors import COMMAND_LINE


class Known(NamedTuple):
    """The options that exist at the moment of asking."""

    takes: Callable[[str], Takes | None]
    """How a long name is written; None if there is no such option."""
    names: Callable[[], Sequence[str]]
    letter: Callable[[str], tuple[str, Takes] | None]
    """The long name of a letter."""


class Word(NamedTuple):
    """An option with its value, or, without a name, one of the other words."""

    name: str | None
    value: str | None


def parse(argv: Sequence[str], known: Known, complaints: Complaints, *, in_order: bool = False) -> Iterator[Word]:
    """The options from left to right, then the other words.

    ``in_order`` (``POSIXLY_CORRECT``): the first other word ends the options.
    """
    rest: list[str] = []
    at = 0
    while at < len(argv):
        word = argv[at]
        at += 1
        if word == "--":
            rest.extend(argv[at:])
            break
        if word.startswith("--"):
            name, equals, attached = word[2:].partition("=")
            found = _long(name, known, complaints)
            if found is not None:
                value, at = _value(found, "--" + found[0], attached if equals else None, argv, at, complaints)
                if value is not _WRONG:
                    yield Word(found[0], value)
        elif word.startswith("-") and word != "-":
            yield from _letters(word[1:], argv, at, known, complaints)
            at = _after_letters(word[1:], at, known)
        elif in_order:
            rest.extend(argv[at - 1 :])
            break
        else:
            rest.append(word)
    for word in rest:
        yield Word(None, word)


_WRONG = "\0wrong"


def _long(name: str, known: Known, complaints: Complaints) -> tuple[str, Takes] | None:
    takes = known.takes(name)
    if takes is not None:
        return name, takes
    fitting = [full for full in known.names() if full.startswith(name)] if name else []
    if len(fitting) == 1:
        return fitting[0], known.takes(fitting[0]) or "none"
    if fitting:
        complaints.error("option-ambiguous", COMMAND_LINE, f"--{name} fits " + ", ".join(
            "--" + full for full in sorted(fitting)[:6]) + (" and others" if len(fitting) > 6 else ""),
            "write the name in full")
        return None
    near = nearest(name)
    complaints.error("option-unknown", COMMAND_LINE, f"there is no option --{name}",
                     f"did you mean --{near}" if near else f"a variable is set with --set {name}=value")
    return None


def _value(
    found: tuple[str, Takes], shown: str, attached: str | None, argv: Sequence[str], at: int, complaints: Complaints
) -> tuple[str | None, int]:
    name, takes = found
    if takes == "none":
        if attached is None:
            return None, at
        complaints.error("option-takes-no-value", COMMAND_LINE, f"{shown} takes no value on the command line",
                         f"write {shown} alone, or --set {name}={attached}")
        return _WRONG, at
    if attached is not None or takes == "optional":
        return attached, at
    if at < len(argv):
        return argv[at], at + 1
    complaints.error("option-needs-value", COMMAND_LINE, f"{shown} needs a value and is the last word",
                     f"write {shown} VALUE")
    return _WRONG, at


def _letters(
    cluster: str, argv: Sequence[str], at: int, known: Known, complaints: Complaints
) -> Iterator[Word]:
    for index, letter in enumerate(cluster):
        found = known.letter(letter)
        if found is None:
            complaints.error("option-unknown", COMMAND_LINE, f"there is no option -{letter} (in -{cluster})",
                             "imperator --help lists the letters")
            continue
        if found[1] == "none":
            yield Word(found[0], None)
            continue
        value, _ = _value(found, "-" + letter, cluster[index + 1 :] or None, argv, at, complaints)
        if value is not _WRONG:
            yield Word(found[0], value)
        return


def _after_letters(cluster: str, at: int, known: Known) -> int:
    """One word further if the last letter of ``cluster`` took the next word as its value."""
    for index, letter in enumerate(cluster):
        found = known.letter(letter)
        if found is not None and found[1] != "none":
            return at + 1 if found[1] == "required" and not cluster[index + 1 :] else at
    return at
