"""Hosts in the database: find, read, write. It takes drafts that were checked, and knows nothing of HTTP."""

from __future__ import annotations

import ipaddress
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from .db import connection, now, separate_connection, transaction
from .draft import Draft, pack

# What may be sorted by, and how. The id last makes every order total, so no host is on two pages or on none.
SORTS = {
    "name": "h.name",
    "address": "(SELECT MIN(a.packed) FROM addresses a WHERE a.host_id = h.id)",
    "owner": "h.owner",
    "environment": "h.environment",
    "updated": "h.updated_at",
}
ORDERS = {"asc": "ASC", "desc": "DESC"}
LARGEST_ID = 2**63 - 1

_COLUMNS = """
    h.id, h.name, h.owner, h.environment, h.notes, h.created_at, h.updated_at, h.revision,
    (SELECT GROUP_CONCAT(address, ' ')
       FROM (SELECT address FROM addresses WHERE host_id = h.id ORDER BY position)) AS addresses
"""


class Host(NamedTuple):
    """A host as it is stored. `revision` grows with every change."""

    id: int
    name: str
    addresses: tuple[str, ...]
    owner: str
    environment: str
    notes: str
    created_at: str
    updated_at: str
    revision: int


class Wanted(NamedTuple):
    """Which hosts are asked for, and in what order."""

    text: str = ""
    environment: str = ""
    owner: str = ""
    sort: str = "name"
    order: str = "asc"


class Page(NamedTuple):
    """A part of what was found; `number` counts from 1."""

    hosts: list[Host]
    number: int
    size: int
    total: int

    @property
    def last(self) -> int:
        """The number of the last page; an empty list has one page."""
        return max(1, -(-self.total // self.size))


class NameTakenError(Exception):
    """Another host has this name."""


class ChangedError(Exception):
    """The host is not of the revision that the writer had seen."""


class MissingError(Exception):
    """There is no such host."""


def page(wanted: Wanted, number: int, size: int, *, clamp: bool = False) -> Page:
    """Return one page; with `clamp`, a number past the end means the last page instead of an empty one."""
    where, values = _where(wanted)
    database = connection()
    (total,) = database.execute(f"SELECT COUNT(*) FROM hosts h {where}", values).fetchone()
    found = Page([], number, size, total)
    if number > found.last:
        if not clamp:
            return found
        number = found.last
    rows = database.execute(
        f"SELECT {_COLUMNS} FROM hosts h {where} {_order(wanted)} LIMIT ? OFFSET ?",
        [*values, size, (number - 1) * size],
    )
    return Page([_host(row) for row in rows], number, size, total)


def each(wanted: Wanted, path: str) -> Iterator[Host]:
    """Yield all that is found, as it was at one moment, without holding it in memory.

    The connection is its own: it lasts as long as the reader takes, which is longer than the request's context.
    """
    where, values = _where(wanted)
    with separate_connection(path) as database:
        for row in database.execute(f"SELECT {_COLUMNS} FROM hosts h {where} {_order(wanted)}", values):
            yield _host(row)


def get(host_id: int) -> Host:
    row = connection().execute(f"SELECT {_COLUMNS} FROM hosts h WHERE h.id = ?", [host_id]).fetchone()
    if row is None:
        raise MissingError
    return _host(row)


def named(name: str) -> Host | None:
    row = connection().execute(f"SELECT {_COLUMNS} FROM hosts h WHERE h.name = ?", [name]).fetchone()
    return None if row is None else _host(row)


def owners() -> list[str]:
    rows = connection().execute("SELECT DISTINCT owner FROM hosts WHERE owner != '' ORDER BY owner LIMIT 500")
    return [owner for (owner,) in rows]


def create(draft: Draft) -> int:
    with transaction():
        return insert(draft)


def update(host_id: int, draft: Draft, *, seen: int | None = None) -> None:
    with transaction():
        replace(_expect(host_id, seen), draft)


def delete(host_id: int, *, seen: int | None = None) -> None:
    with transaction() as database:
        _expect(host_id, seen)
        database.execute("DELETE FROM hosts WHERE id = ?", [host_id])


def insert(draft: Draft) -> int:
    """Add a host inside a transaction that the caller holds."""
    database = connection()
    time = now()
    try:
        host_id = database.execute(
            "INSERT INTO hosts (name, owner, environment, notes, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
            [draft.name, draft.owner, draft.environment, draft.notes, time, time],
        ).lastrowid
    except sqlite3.IntegrityError as error:
        raise NameTakenError from error
    assert host_id is not None
    _write_addresses(database, host_id, draft.addresses)
    return host_id


def replace(host: Host, draft: Draft) -> bool:
    """Change a host inside a transaction that the caller holds; say whether there was anything to change."""
    if Draft(host.name, host.addresses, host.owner, host.environment, host.notes) == draft:
        return False
    database = connection()
    try:
        database.execute(
            "UPDATE hosts SET name = ?, owner = ?, environment = ?, notes = ?, updated_at = ?, revision = revision + 1"
            " WHERE id = ?",
            [draft.name, draft.owner, draft.environment, draft.notes, now(), host.id],
        )
    except sqlite3.IntegrityError as error:
        raise NameTakenError from error
    if host.addresses != draft.addresses:
        database.execute("DELETE FROM addresses WHERE host_id = ?", [host.id])
        _write_addresses(database, host.id, draft.addresses)
    return True


def _expect(host_id: int, seen: int | None) -> Host:
    host = get(host_id)
    if seen is not None and host.revision != seen:
        raise ChangedError
    return host


def _write_addresses(database: sqlite3.Connection, host_id: int, addresses: tuple[str, ...]) -> None:
    database.executemany(
        "INSERT INTO addresses (host_id, position, address, packed) VALUES (?, ?, ?, ?)",
        [(host_id, position, address, pack(address)) for position, address in enumerate(addresses)],
    )


def _host(row: sqlite3.Row) -> Host:
    fields = dict(row)
    fields["addresses"] = tuple((fields["addresses"] or "").split())
    return Host(**fields)


def _order(wanted: Wanted) -> str:
    direction = ORDERS[wanted.order]
    return f"ORDER BY {SORTS[wanted.sort]} {direction}, h.id {direction}"


def _where(wanted: Wanted) -> tuple[str, list[Any]]:
    clauses, values = [], []
    # Every word must be found, each anywhere: "web prod" finds web1 in production.
    for word in wanted.text.split():
        clause, more = _matches(word)
        clauses.append(clause)
        values += more
    if wanted.environment:
        clauses.append("h.environment = ?")
        values.append(wanted.environment)
    if wanted.owner:
        clauses.append("h.owner = ?")
        values.append(wanted.owner)
    return ("WHERE " + " AND ".join(clauses) if clauses else ""), values


def _matches(word: str) -> tuple[str, list[Any]]:
    if "\0" in word:
        return "0", []  # in no host; and LIKE would take the pattern to end there
    try:
        network = ipaddress.ip_network(word, strict=False)
    except ValueError:
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        return (
            "(h.name LIKE ? ESCAPE '\\' OR h.owner LIKE ? ESCAPE '\\' OR h.environment LIKE ? ESCAPE '\\'"
            " OR h.notes LIKE ? ESCAPE '\\'"
            " OR EXISTS (SELECT 1 FROM addresses a WHERE a.host_id = h.id AND a.address LIKE ? ESCAPE '\\'))",
            [pattern] * 5,
        )
    # A network, or one address in any spelling, is compared as a number.
    first, last = pack(str(network.network_address)), pack(str(network.broadcast_address))
    return "EXISTS (SELECT 1 FROM addresses a WHERE a.host_id = h.id AND a.packed BETWEEN ? AND ?)", [first, last]
