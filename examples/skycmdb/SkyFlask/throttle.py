"""How often a password may be tried. Counted in the database, so that all workers count together."""

from __future__ import annotations

import math
import time

from flask import current_app

from .db import transaction


def begin(address: str, name: str) -> int:
    """Count an attempt and return 0, or return the seconds to wait and count nothing.

    The attempt is counted before the password is looked at: a burst of parallel guesses gets no extra ones.
    """
    config = current_app.config
    name, at = name[:100].casefold(), time.time()
    since = at - float(config["LOGIN_WINDOW"])
    with transaction() as database:
        # An attempt in the future was counted before the clock was set back.
        database.execute("DELETE FROM login_attempts WHERE at < ? OR at > ?", [since, at + 1])
        attempts = database.execute(
            "SELECT name, at FROM login_attempts WHERE address = ? ORDER BY at DESC", [address]
        ).fetchall()
        for times, allowed in (
            ([row["at"] for row in attempts if row["name"] == name], config["LOGIN_FAILURES"]),
            ([row["at"] for row in attempts], config["LOGIN_FAILURES_ADDRESS"]),
        ):
            if len(times) >= allowed:
                return max(1, math.ceil(float(times[allowed - 1]) - since))
        database.execute("INSERT INTO login_attempts (address, name, at) VALUES (?, ?, ?)", [address, name, at])
    return 0


def forget(address: str, name: str) -> None:
    """The password was right: what was counted for this name from this address is void."""
    with transaction() as database:
        database.execute("DELETE FROM login_attempts WHERE address = ? AND name = ?", [address, name[:100].casefold()])
