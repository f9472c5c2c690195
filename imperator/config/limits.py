"""What an instance may use of the machine: :class:`Limits`.

Out of pairs, with complaints. Whether the kernel grants it is known only when it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator import pipes
from imperator.config.complain import Complaints
from imperator.config.lives import Reader
from imperator.config.pairs import Pair
from imperator.config.values import flag, number, octal
from imperator.errors import Where

LEAST_FD = 64
"""Fewer descriptors than that do not carry an instance through its start."""
LEAST_STACK = 256
"""Kilobytes below which a thread of Python's does not get through an ordinary application."""
LEAST_AS = 128
"""Megabytes in which no Python with an application ever fitted."""


class CgroupOption(NamedTuple):
    """One ``cgroup-opt``: what is written into which file of each group."""

    key: str
    value: str
    where: Where


class Limits(NamedTuple):
    """Limits; 0 leaves what was inherited."""

    descriptors: int = 0
    """``max-fd``, of every process."""
    priority: int = 0
    """``prio``: the nice value."""
    cgroups: tuple[str, ...] = ()
    cgroup_options: tuple[CgroupOption, ...] = ()
    cgroup_mode: int = 0o700
    generation: pipes.Limits = pipes.Limits()


def read(found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> Limits:
    """What the lines mean."""
    reader = Reader(found, complaints)
    descriptors = reader.number("max-fd")
    if descriptors and descriptors < LEAST_FD:
        pair = found["max-fd"][-1]
        complaints.warn("number-out-of-range", pair.where, f"{pair.key} = {descriptors} descriptors are too few to"
                        " start with", f"write {LEAST_FD} or more; {LEAST_FD} is used")
        descriptors = LEAST_FD
    space = reader.number("limit-as", most=2**23)
    if 0 < space < LEAST_AS:
        pair = found["limit-as"][-1]
        complaints.warn("number-out-of-range", pair.where, f"{pair.key} = {space} megabytes are too little for Python",
                        "it counts everything that is mapped, also what is never used; write some hundreds")
    priority = found.get("prio")
    return Limits(
        descriptors=descriptors,
        priority=number(priority[-1], 0, complaints, least=-20, most=19) if priority else 0,
        cgroups=tuple(pair.text() for pair in found.get("cgroup", ())),
        cgroup_options=tuple(
            one for pair in found.get("cgroup-opt", ()) if (one := _option(pair, complaints))
        ),
        cgroup_mode=_mode(found, complaints),
        generation=pipes.Limits(
            address_space=space << 20,
            processes=reader.number("limit-nproc"),
            affinity=reader.number("cpu-affinity"),
            never_swap=reader.flag("never-swap"),
            merge=_ksm(found, complaints),
            stack=_stack(found, reader, complaints),
        ),
    )


def _ksm(found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> bool:
    """Its number is how often uWSGI looks for pages; the kernel of today is told once."""
    lines = found.get("ksm")
    if not lines:
        return False
    text = lines[-1].text()
    return flag(lines[-1], Complaints()) if not text.isdigit() else int(text) > 0


def _stack(found: Mapping[str, Sequence[Pair]], reader: Reader, complaints: Complaints) -> int:
    kilobytes = reader.number("thread-stacksize", most=2**20)
    if 0 < kilobytes < LEAST_STACK:
        pair = found["thread-stacksize"][-1]
        complaints.warn("number-out-of-range", pair.where, f"{pair.key} = {kilobytes} kilobytes are too few for Python",
                        f"write {LEAST_STACK} or more; {LEAST_STACK} is used")
        kilobytes = LEAST_STACK
    return kilobytes * 1024


def _option(pair: Pair, complaints: Complaints) -> CgroupOption | None:
    key, equals, value = pair.text().partition("=")
    if not equals or not key.strip() or "/" in key:
        complaints.error("value-malformed", pair.where, f"{pair.key} = {pair.text()} is not of the form file=value",
                         f"write {pair.key} = memory.max=512M")
        return None
    return CgroupOption(key.strip(), value.strip(), pair.where)


def _mode(found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> int:
    lines = found.get("cgroup-dir-mode")
    if not lines:
        return 0o700
    text = lines[-1].text()
    mode = octal(text[1:] if len(text) == 4 and text[0] == "0" else text)
    if mode is None or mode & 0o002:
        complaints.warn("mode-invalid", lines[-1].where, f"{lines[-1].key} = {text} is not a mode of three octal digits"
                        " that keeps others from writing", "write 700 or 755; 700 is used")
        return 0o700
    return mode
