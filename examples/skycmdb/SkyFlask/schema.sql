-- Version 1 of the database. Later versions are further files in db.VERSIONS; this one is never changed once released.

CREATE TABLE hosts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    owner TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
    environment TEXT NOT NULL,
    notes TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1
);

CREATE INDEX hosts_by_environment ON hosts (environment);
CREATE INDEX hosts_by_owner ON hosts (owner);
CREATE INDEX hosts_by_change ON hosts (updated_at);

-- `packed` is the IP version followed by the address in network order: it sorts 10.0.0.9 before 10.0.0.10, and a
-- network is one range of it.
CREATE TABLE addresses (
    host_id INTEGER NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    address TEXT NOT NULL,
    packed BLOB NOT NULL,
    PRIMARY KEY (host_id, position)
) WITHOUT ROWID;

CREATE INDEX addresses_by_packed ON addresses (packed);

-- `stamp` is part of every session; a new one ends the sessions made before.
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    password TEXT NOT NULL,
    stamp TEXT NOT NULL,
    created_at TEXT NOT NULL
);

-- Only the digest of a token is kept; the token itself is shown once.
CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL
);

CREATE INDEX tokens_by_user ON tokens (user_id);

CREATE TABLE login_attempts (
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    at REAL NOT NULL
);

CREATE INDEX login_attempts_by_address ON login_attempts (address, at);
