"""The SQLite database: one connection per application context, transactions, and bringing the schema up to date.

Any number of processes may start at once; one of them creates what is missing and the others wait for it. The first
user is created with the schema, in the same transaction. What the tables mean is other modules' business.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path

from flask import Flask, current_app, g
from werkzeug.security import generate_password_hash

# File number n brings the database from version n to n + 1.
VERSIONS = ("schema.sql",)
WAIT_FOR_WRITER = 15.0  # seconds; the longest writer is an import of a whole file


def register(app: Flask) -> None:
    """Prepare the database now and close each context's connection when the context ends."""
    try:
        _prepare(app.config["DATABASE"], app.config["ADMIN_PASSWORD"])
    except (OSError, sqlite3.Error) as error:
        raise RuntimeError(
            f"cannot prepare the database {app.config['DATABASE']}: {error}; its folder must be writable by the user "
            f"that runs the application (uid {os.geteuid()}), or set SKY_DATABASE to another place"
        ) from error
    app.teardown_appcontext(_close)


def connection() -> sqlite3.Connection:
    """Return this context's connection, opened when first asked for."""
    if "database" not in g:
        g.database = _open(current_app.config["DATABASE"])
    database: sqlite3.Connection = g.database
    return database


@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    """Write all or nothing. The write lock is taken first, so what is read inside is still true when it is written."""
    database = connection()
    with _transaction(database):
        yield database


@contextmanager
def separate_connection(path: str) -> Iterator[sqlite3.Connection]:
    """Open a connection that no context knows, and close it at the end of the block."""
    with closing(_open(path)) as database:
        yield database


def now() -> str:
    """Return the time as it is stored: UTC, to the second, in ISO 8601."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _open(path: str) -> sqlite3.Connection:
    # A streamed answer may be sent by another thread than the one that began it, though never by two at once.
    database = sqlite3.connect(path, timeout=WAIT_FOR_WRITER, isolation_level=None, check_same_thread=False)
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA foreign_keys = ON")
    database.execute("PRAGMA synchronous = NORMAL")
    return database


def _close(_error: BaseException | None) -> None:
    database = g.pop("database", None)
    if database is not None:
        database.close()


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _prepare(path: str, admin_password: str | None) -> None:
    os.makedirs(os.path.dirname(path), mode=0o750, exist_ok=True)
    # SQLite does not wait its turn for the switch to WAL, so starting processes queue at a lock of our own.
    with open(path + ".lock", "w", opener=_private) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            # The files that SQLite adds (-wal, -shm) take their mode from this one.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            pass  # not opened here on purpose: closing it would drop the locks of connections this process has
        with closing(_open(path)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            password = _upgrade(database, admin_password)
    if password is not None:
        print(
            f"SkyFlask: created the user 'admin' with the password {password} (shown only this once; "
            "change it on the Account page)",
            file=sys.stderr,
            flush=True,
        )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _upgrade(database: sqlite3.Connection, admin_password: str | None) -> str | None:
    """Bring the schema up to date; return the admin's password if one had to be invented."""
    invented = None
    with _transaction(database):
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version > len(VERSIONS):
            raise sqlite3.DatabaseError(
                f"it is of version {version}, made by a newer SkyFlask than this one (which knows {len(VERSIONS)})"
            )
        for file in VERSIONS[version:]:
            for statement in _statements((Path(__file__).parent / file).read_text(encoding="utf-8")):
                database.execute(statement)
        if version < len(VERSIONS):
            database.execute(f"PRAGMA user_version = {len(VERSIONS)}")
        if version == 0:
            password = admin_password
            if password is None:
                password = invented = secrets.token_urlsafe(12)
            database.execute(
                "INSERT INTO users (name, password, stamp, created_at) VALUES ('admin', ?, ?, ?)",
                (generate_password_hash(password), secrets.token_hex(16), now()),
            )
    return invented


def _statements(script: str) -> Iterator[str]:
    """Cut a script into statements. `executescript` would commit the transaction that must hold them together."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise sqlite3.DatabaseError(f"a schema file ends inside a statement: {statement.strip()[:60]!r}")
