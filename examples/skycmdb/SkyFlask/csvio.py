"""Hosts as CSV text, both ways. Pure: lines in, drafts and complaints out; hosts in, text out. No database, no HTTP."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .draft import Draft, RefusedError, check
from .hosts import Host

COLUMNS = ("name", "addresses", "owner", "environment", "notes")
OURS_TO_SET = ("created_at", "updated_at")  # exported for the reader, ignored when they come back
CHUNK = 64 * 1024

# A spreadsheet takes a cell that begins like this for a formula and runs it. A quote before it makes it text again;
# text that has such a quote already gets one more, so that reading takes back exactly what writing added.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_QUOTED_FORMULA = re.compile(r"'+[=+\-@\t\r]")


class BrokenFileError(Exception):
    """The file as a whole cannot be read; nothing after the fault can be trusted."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


class Row(NamedTuple):
    """One record of the file: the line it begins on, and a draft or the reason why it is none."""

    line: int
    draft: Draft | None
    reason: str = ""
    given: frozenset[str] = frozenset()

    def over(self, host: Host) -> Draft:
        """Return the draft for a host that exists: columns that the file does not have leave the host's own values."""
        assert self.draft is not None
        kept = {column: getattr(host, column) for column in COLUMNS if column not in self.given}
        return self.draft._replace(**kept)


Rows = Iterator[Row]


def read(file: Iterable[bytes]) -> Rows:
    """Yield a row for each record. Comma, semicolon or tab separate, whichever the header line has most of."""
    lines = _decode(file)
    try:
        header = next(lines)
    except StopIteration:
        raise BrokenFileError(1, "the file is empty") from None
    delimiter = max(",;\t", key=header.count)
    try:
        columns = _columns(next(csv.reader([header], delimiter=delimiter), []))
    except csv.Error as error:
        raise BrokenFileError(1, f"is not well-formed CSV: {error}") from error
    given = frozenset(columns)
    # The first line was taken by hand, so the reader counts from the second.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BrokenFileError(line, f"is not well-formed CSV: {error}") from error
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            yield Row(line, None, f"has {len(cells)} cells where the header has {len(columns)}")
            continue
        fields = {column: _plain(cell) for column, cell in zip(columns, cells, strict=True) if column in COLUMNS}
        try:
            yield Row(line, check(**fields), given=given)
        except RefusedError as refused:
            yield Row(line, None, str(refused))


def write(hosts: Iterable[Host]) -> Iterator[str]:
    """Yield the file in pieces of about CHUNK characters, the header in the first."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([*COLUMNS, *OURS_TO_SET])
    for host in hosts:
        cells = [host.name, " ".join(host.addresses), host.owner, host.environment, host.notes]
        writer.writerow([_text(cell) for cell in cells] + [host.created_at, host.updated_at])
        if buffer.tell() >= CHUNK:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _decode(file: Iterable[bytes]) -> Iterator[str]:
    number = 0
    try:
        for number, line in enumerate(codecs.iterdecode(file, "utf-8-sig"), 1):
            if "\0" in line:
                raise BrokenFileError(number, "holds a zero byte; this is not a text file")
            yield line
    except UnicodeDecodeError as error:
        raise BrokenFileError(number + 1, "is not UTF-8; save the file as UTF-8 and try again") from error


def _columns(header: list[str]) -> list[str]:
    columns = [column.strip().lower() for column in header]
    known = COLUMNS + OURS_TO_SET
    unknown = [column for column in columns if column not in known]
    if unknown:
        shown = ", ".join(repr(column[:40]) for column in unknown[:5])
        raise BrokenFileError(1, f"unknown columns {shown}; the first line must name columns out of {', '.join(known)}")
    if len(set(columns)) != len(columns):
        raise BrokenFileError(1, "names a column twice")
    missing = [column for column in ("name", "environment") if column not in columns]
    if missing:
        raise BrokenFileError(1, f"the column {missing[0]!r} is missing")
    return columns


def _text(cell: str) -> str:
    return "'" + cell if _FORMULA.match(cell) else cell


def _plain(cell: str) -> str:
    return cell[1:] if _QUOTED_FORMULA.match(cell) else cell
