"""Where the application's settings come from: the environment, and one secret file beside the database.

It does not open the database, and it knows nothing of requests.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

UPLOAD_LIMIT = 8 * 1024 * 1024
SHORTEST_SECRET = 16


def from_environment(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Collect the settings; `overrides` win over the environment, and the environment over the defaults."""
    beside_entry_file = Path(__file__).resolve().parent.parent / "var" / "skycmdb.sqlite3"
    config: dict[str, Any] = {
        "DATABASE": os.environ.get("SKY_DATABASE") or str(beside_entry_file),
        "SKY_SECRET_KEY": os.environ.get("SKY_SECRET_KEY") or None,
        "ADMIN_PASSWORD": os.environ.get("SKY_ADMIN_PASSWORD") or None,
        "COOKIE_ALWAYS_SECURE": os.environ.get("SKY_COOKIE_SECURE", "").lower() in ("1", "true", "yes", "on"),
        "MAX_CONTENT_LENGTH": UPLOAD_LIMIT,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "SESSION_REFRESH_EACH_REQUEST": False,  # or a cached style sheet would carry somebody's session
        "SESSION_COOKIE_NAME": "sky_session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "LOGIN_WINDOW": 300,  # seconds in which failed logins are counted
        "LOGIN_FAILURES": 5,  # allowed for one name from one address
        "LOGIN_FAILURES_ADDRESS": 30,  # allowed for all names from one address
        "PER_PAGE": 25,
    }
    config.update(overrides)
    config["DATABASE"] = os.path.abspath(config["DATABASE"])
    config.setdefault("INSTANCE", os.path.dirname(config["DATABASE"]))
    return config


def secret_key(config: Mapping[str, Any]) -> str:
    """Return the key that signs sessions: the one given, or the one in the instance folder, made at the first start."""
    given = config["SKY_SECRET_KEY"]
    if given is not None:
        if len(given) < SHORTEST_SECRET:
            raise RuntimeError(f"SKY_SECRET_KEY has {len(given)} characters; it needs {SHORTEST_SECRET} random ones")
        return str(given)
    path = Path(config["INSTANCE"], "secret.key")
    try:
        return _read_key(path)
    except FileNotFoundError:
        _offer_key(path)
        return _read_key(path)


def _read_key(path: Path) -> str:
    key = path.read_text(encoding="ascii").strip()
    if len(key) < SHORTEST_SECRET:
        raise RuntimeError(f"{path} holds no usable key; remove it and start again (every session ends)")
    return key


def _offer_key(path: Path) -> None:
    """Put a new key in place unless another process was first: a link appears whole and never replaces a file."""
    draft = path.with_name(f".secret.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # somebody else's key is as good, and now everybody's
    finally:
        os.unlink(draft)
