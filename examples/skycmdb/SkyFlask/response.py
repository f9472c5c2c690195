"""What goes with every answer: the flags of the session cookie, and headers that tell browsers what not to do."""

from __future__ import annotations

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface

HEADERS = {
    # No script runs at all, and nothing is loaded from or framed by another site.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class SessionCookie(SecureCookieSessionInterface):
    """A session cookie that is Secure whenever it can be: over https, or always if SKY_COOKIE_SECURE says so."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return bool(app.config["COOKIE_ALWAYS_SECURE"]) or request.is_secure


def register(app: Flask) -> None:
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        # Pages hold an inventory and CSRF secrets; a shared machine's disk is no place for them.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
