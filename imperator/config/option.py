"""The shape of one row of the table of options: :class:`Option`.

A row says what an option is called, how it is written, what it means and how far Imperator keeps it. The rows are in
``rows/``, one file a subject; ``options.py`` finds them by name. This file knows nothing of either.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Takes = Literal["none", "optional", "required"]
Status = Literal["supported", "accepted", "refused", "not yet"]
"""supported: does what it says. accepted: nothing to do here, ``reason`` says why. refused: never will do anything,
``reason`` says what to do instead. not yet: known, without effect so far."""


class Option(NamedTuple):
    """One option, under all its names."""

    names: tuple[str, ...]
    """The canonical name first, then the aliases: all equal in meaning."""
    short: str = ""
    """The letter that stands for it on the command line."""
    takes: Takes = "required"
    """Whether the command line may, must or must not give a value. A file may always give one."""
    kind: str = "string"
    """How the value is read: flag, inverse-flag, int, uint, signed, megabytes, string, list, addresses, octal, …"""
    repeats: bool = False
    """Whether occurrences accumulate; otherwise the last one wins."""
    immediate: bool = False
    """Whether uWSGI acts when it meets the line, before placeholders are filled in."""
    default: str = ""
    implies: tuple[str, ...] = ()
    """What the mere presence switches on, whatever the value: ``master``, ``auto-procname``, …"""
    subsystem: str = ""
    status: Status = "not yet"
    reason: str = ""
    help: str = ""
    availability: str = ""
    """The build or system that has it, or ``2.1-dev only``: a name that the 2.0 series takes for a placeholder."""

    @property
    def name(self) -> str:
        """The canonical name."""
        return self.names[0]
