"""Cross-site request forgery: a request that changes something must show the secret of the session it comes with.

A request authorised by an API token is exempt: no browser adds that header by itself.
"""

from __future__ import annotations

import secrets

from flask import Flask, abort, g, request, session

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def register(app: Flask) -> None:
    app.before_request(_check)
    app.jinja_env.globals["csrf_token"] = token


def token() -> str:
    """Return the session's secret for forms (`csrf_token`) and scripts (`X-CSRF-Token`)."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(32)
    return str(session["csrf"])


def _check() -> None:
    if request.method in SAFE_METHODS or request.endpoint is None or g.by_token:
        return
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    expected = str(session.get("csrf", ""))
    if not expected or not secrets.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        abort(403, "The form was too old or did not come from this site. Go back, reload the page and try again.")
