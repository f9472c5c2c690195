"""Users and their API tokens in the database. Passwords and tokens go in as text and are kept as hashes only."""

from __future__ import annotations

import functools
import hashlib
import secrets
import sqlite3
from typing import NamedTuple

from werkzeug.security import check_password_hash, generate_password_hash

from .db import connection, now, transaction

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1000
TOKEN_PREFIX = "sky_"


class User(NamedTuple):
    """Who is logged in; `stamp` ends older sessions when it changes."""

    id: int
    name: str
    stamp: str


class Token(NamedTuple):
    """An API token as far as it is still known."""

    id: int
    label: str
    created_at: str


class UnacceptableError(Exception):
    """A name or password that cannot be used; the text says why."""


def by_session(user_id: object, stamp: object) -> User | None:
    """Return the user that a session names, unless the session is older than the password."""
    if not isinstance(user_id, int) or not isinstance(stamp, str):
        return None
    row = connection().execute("SELECT id, name, stamp FROM users WHERE id = ?", [user_id]).fetchone()
    if row is None or not secrets.compare_digest(row["stamp"].encode(), stamp.encode()):
        return None
    return User(**row)


def by_password(name: str, password: str) -> User | None:
    row = connection().execute("SELECT id, name, stamp, password FROM users WHERE name = ?", [name]).fetchone()
    # An unknown name costs as much time as a wrong password, so the time does not tell which names exist.
    kept = row["password"] if row is not None else _nobodys_password()
    if not check_password_hash(kept, password[:LONGEST_PASSWORD]) or row is None:
        return None
    return User(row["id"], row["name"], row["stamp"])


def by_token(token: str) -> User | None:
    row = (
        connection()
        .execute(
            "SELECT u.id, u.name, u.stamp FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.digest = ?",
            [_digest(token)],
        )
        .fetchone()
    )
    return None if row is None else User(**row)


def add(name: str, password: str) -> None:
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise UnacceptableError("a user name has 1 to 100 printable characters")
    _check_password(password)
    try:
        with transaction() as database:
            database.execute(
                "INSERT INTO users (name, password, stamp, created_at) VALUES (?, ?, ?, ?)",
                [name, generate_password_hash(password), secrets.token_hex(16), now()],
            )
    except sqlite3.IntegrityError as error:
        raise UnacceptableError(f"there is a user {name!r} already") from error


def set_password(name: str, password: str) -> User:
    """Change a password; every session made with the old one ends."""
    _check_password(password)
    hashed, stamp = generate_password_hash(password), secrets.token_hex(16)
    with transaction() as database:
        database.execute("UPDATE users SET password = ?, stamp = ? WHERE name = ?", [hashed, stamp, name])
        row = database.execute("SELECT id, name, stamp FROM users WHERE name = ?", [name]).fetchone()
    if row is None:
        raise UnacceptableError(f"there is no user {name!r}")
    return User(**row)


def named(name: str) -> User | None:
    row = connection().execute("SELECT id, name, stamp FROM users WHERE name = ?", [name]).fetchone()
    return None if row is None else User(**row)


def tokens(user: User) -> list[Token]:
    rows = connection().execute("SELECT id, label, created_at FROM tokens WHERE user_id = ? ORDER BY id", [user.id])
    return [Token(**row) for row in rows]


def new_token(user: User, label: str) -> str:
    """Make a token and return it; it cannot be had again."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with transaction() as database:
        database.execute(
            "INSERT INTO tokens (user_id, label, digest, created_at) VALUES (?, ?, ?, ?)",
            [user.id, label.strip()[:100] or "unnamed", _digest(token), now()],
        )
    return token


def revoke_token(user: User, token_id: int) -> bool:
    with transaction() as database:
        gone = database.execute("DELETE FROM tokens WHERE id = ? AND user_id = ?", [token_id, user.id])
    return gone.rowcount > 0


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UnacceptableError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")


def _digest(token: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


@functools.cache
def _nobodys_password() -> str:
    return generate_password_hash(secrets.token_hex(16))
