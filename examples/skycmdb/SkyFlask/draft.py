"""What somebody wants a host to be, checked: the one gate for the form, the API and CSV files. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import NamedTuple

ENVIRONMENTS = ("production", "staging", "testing", "development")
MOST_ADDRESSES = 64
LONGEST_OWNER = 100
LONGEST_NOTES = 10_000

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_BETWEEN_ADDRESSES = re.compile(r"[\s,;]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Draft(NamedTuple):
    """A host that may be stored as it is."""

    name: str
    addresses: tuple[str, ...]
    owner: str
    environment: str
    notes: str


class RefusedError(Exception):
    """A draft is not acceptable; `fields` says for each field why."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in fields.items()))
        self.fields = fields


def check(
    *, name: str, addresses: str | Iterable[str] = (), owner: str = "", environment: str = "", notes: str = ""
) -> Draft:
    """Clean the fields and return a draft, or raise RefusedError with every complaint there is."""
    wrong: dict[str, str] = {}
    cleaned_name = _name(name, wrong)
    cleaned_addresses = _addresses(addresses, wrong)
    owner = _text("owner", owner, LONGEST_OWNER, wrong)
    if "\n" in owner or "\t" in owner:
        wrong.setdefault("owner", "must be one line")
    environment = environment.strip().lower()
    if environment not in ENVIRONMENTS:
        wrong["environment"] = "is missing" if not environment else f"must be one of {', '.join(ENVIRONMENTS)}"
    notes = _text("notes", notes.replace("\r\n", "\n").replace("\r", "\n"), LONGEST_NOTES, wrong)
    if wrong:
        raise RefusedError(wrong)
    return Draft(cleaned_name, cleaned_addresses, owner, environment, notes)


def split_addresses(text: str) -> list[str]:
    """Cut what was typed into addresses: spaces, line ends, commas and semicolons all separate."""
    return [part for part in _BETWEEN_ADDRESSES.split(text) if part]


def pack(address: str) -> bytes:
    """Return the form of an address that sorts as addresses do."""
    parsed = ipaddress.ip_address(address)
    return bytes([parsed.version]) + parsed.packed


def _name(name: str, wrong: dict[str, str]) -> str:
    name = name.strip()
    if not name:
        wrong["name"] = "is missing"
    elif len(name) > 253:
        wrong["name"] = "is longer than 253 characters"
    elif not all(_LABEL.fullmatch(label) for label in name.split(".")):
        wrong["name"] = "must be a host name: letters, digits, '-' and '_', in parts of at most 63 joined by dots"
    return name


def _addresses(given: str | Iterable[str], wrong: dict[str, str]) -> tuple[str, ...]:
    parts = split_addresses(given) if isinstance(given, str) else [part.strip() for part in given]
    # A dict keeps the order and drops an address that was given twice, in whatever spelling.
    found: dict[str, None] = {}
    bad = []
    for part in parts[: MOST_ADDRESSES + 1]:
        try:
            address = ipaddress.ip_address(part)
        except ValueError:
            bad.append(part)
            continue
        if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
            bad.append(part)  # the zone after '%' means something on one machine only
            continue
        found[str(address)] = None
    if len(parts) > MOST_ADDRESSES:
        wrong["addresses"] = f"are {len(parts)}; at most {MOST_ADDRESSES} can be kept"
    elif bad:
        shown = ", ".join(repr(part[:50]) for part in bad[:3]) + (" and more" if len(bad) > 3 else "")
        wrong["addresses"] = f"not an IPv4 or IPv6 address: {shown}"
    return tuple(found)


def _text(field: str, text: str, longest: int, wrong: dict[str, str]) -> str:
    text = text.strip()
    if len(text) > longest:
        wrong[field] = f"is longer than {longest} characters"
    elif _CONTROL.search(text):
        wrong[field] = "contains control characters"
    return text
