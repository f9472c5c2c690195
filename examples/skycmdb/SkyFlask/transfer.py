"""Whole files of hosts: the CSV export, and the import with its report."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, Response, current_app, flash, render_template, request

from . import csvio, hosts, listing
from .db import now, transaction

blueprint = Blueprint("transfer", __name__)
MOST_COMPLAINTS = 100


class Report(NamedTuple):
    """What an import did, or why it did nothing."""

    created: int
    updated: int
    unchanged: int
    bad: int
    complaints: list[tuple[int, str]]
    stored: bool


class _UndoError(Exception):
    """Leave the transaction without keeping anything."""


@blueprint.get("/hosts/export.csv")
def export() -> Response:
    wanted = listing.forgiving(request.args, current_app.config["PER_PAGE"]).wanted
    # One query feeds the answer while it is sent: the file shows one moment, and only a piece of it is in memory.
    # No context of the request is kept for it: a server may well begin another request in this thread meanwhile.
    pieces = csvio.write(hosts.each(wanted, current_app.config["DATABASE"]))
    response = Response(pieces, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="hosts-{now()[:10]}.csv"'
    return response


@blueprint.route("/hosts/import", methods=["GET", "POST"])
def import_() -> str | tuple[str, int]:
    if request.method == "GET":
        return render_template("import.html", report=None, skip=False, update=False)
    skip, update = request.form.get("skip") == "yes", request.form.get("update") == "yes"
    file = request.files.get("file")
    if file is None or not file.filename:
        flash("Choose a file first.", "error")
        return render_template("import.html", report=None, skip=skip, update=update), 422
    try:
        report = _take(csvio.read(file.stream), skip=skip, update=update)
    except csvio.BrokenFileError as broken:
        report = Report(0, 0, 0, 1, [(broken.line, broken.reason)], stored=False)
    status = 200 if report.stored else 422
    return render_template("import.html", report=report, skip=skip, update=update), status


def _take(rows: csvio.Rows, *, skip: bool, update: bool) -> Report:
    """Store the rows in one transaction. Without `skip`, one bad row keeps all others out."""
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    bad = 0
    complaints: list[tuple[int, str]] = []
    lines: dict[str, int] = {}
    stored = True
    try:
        with transaction():
            for row in rows:
                reason = row.reason
                if row.draft is not None:
                    key = row.draft.name.lower()
                    before = lines.setdefault(key, row.line)
                    if before != row.line:
                        reason = f"name: {row.draft.name} is on line {before} already"
                    else:
                        reason = _store(row, update, counts)
                if reason:
                    bad += 1
                    if len(complaints) < MOST_COMPLAINTS:
                        complaints.append((row.line, reason))
            if bad and not skip:
                raise _UndoError
    except _UndoError:
        stored = False
    return Report(**counts, bad=bad, complaints=complaints, stored=stored)


def _store(row: csvio.Row, update: bool, counts: dict[str, int]) -> str:
    """Write one good row and count it, or say why it cannot be written."""
    assert row.draft is not None
    host = hosts.named(row.draft.name)
    if host is None:
        hosts.insert(row.draft)
        counts["created"] += 1
    elif not update:
        return f"name: a host {host.name} exists already"
    else:
        counts["updated" if hosts.replace(host, row.over(host)) else "unchanged"] += 1
    return ""
