"""Who is asking. Every address of the application wants a login unless it is listed in PUBLIC.

Pages know a session cookie; the API knows the same cookie, or `Authorization: Bearer TOKEN`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, flash, g, redirect, render_template, request, session, url_for
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from . import throttle, users

PUBLIC = ("static", "health.healthz", "auth.login")
WITHOUT_USER = ("static", "health.healthz")

blueprint = Blueprint("auth", __name__)


def register(app: Flask) -> None:
    app.before_request(_admit)


def in_api() -> bool:
    """Say whether this request is the API's, which answers in JSON whatever happens."""
    return request.path == "/api" or request.path.startswith("/api/")


def safe_next(target: str | None) -> str:
    """Return the place to go after the login, if it is a page of ours, else the start page.

    Browsers read '\\' as '/' and drop control characters, so any of them makes a target foreign.
    """
    start = url_for("pages.index")
    if not target or not target.startswith("/") or target.startswith("//"):
        return start
    if "\\" in target or any(character <= " " or character == "\x7f" for character in target):
        return start
    try:
        parts = urlsplit(target)
    except ValueError:
        return start
    return start if parts.scheme or parts.netloc else target


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    target = safe_next(request.values.get("next"))
    if request.method == "GET":
        return redirect(target) if g.user is not None else render_template("login.html", next=target, name="")
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    address = request.remote_addr or "local"
    wait = throttle.begin(address, name)
    if wait:
        flash(f"Too many attempts. Try again in {wait} seconds.", "error")
        return render_template("login.html", next=target, name=name), 429, {"Retry-After": str(wait)}
    user = users.by_password(name, password)
    if user is None:
        flash("The name or the password is wrong.", "error")
        return render_template("login.html", next=target, name=name), 403
    throttle.forget(address, name)
    _begin_session(user)
    return redirect(target, 303)


@blueprint.post("/logout")
def logout() -> Response:
    session.clear()
    flash("You are logged out.", "good")
    return redirect(url_for("auth.login"), 303)


@blueprint.get("/account")
def account() -> str:
    return render_template("account.html", tokens=users.tokens(g.user), new_token=None)


@blueprint.post("/account/password")
def change_password() -> Response:
    current, new, again = (request.form.get(field, "") for field in ("current", "new", "again"))
    address = request.remote_addr or "local"
    back = redirect(url_for("auth.account"), 303)
    wait = throttle.begin(address, g.user.name)
    if wait:
        flash(f"Too many attempts. Try again in {wait} seconds.", "error")
    elif users.by_password(g.user.name, current) is None:
        flash("The current password is wrong; nothing was changed.", "error")
    elif new != again:
        flash("The two new passwords differ; nothing was changed.", "error")
    else:
        try:
            user = users.set_password(g.user.name, new)
        except users.UnacceptableError as reason:
            flash(f"Nothing was changed: {reason}.", "error")
            return back
        throttle.forget(address, g.user.name)
        _begin_session(user)
        flash("The password is changed; all other sessions have ended.", "good")
    return back


@blueprint.post("/account/tokens")
def add_token() -> str:
    # Shown in the answer itself: a redirect would have to carry the token through the cookie.
    token = users.new_token(g.user, request.form.get("label", ""))
    return render_template("account.html", tokens=users.tokens(g.user), new_token=token)


@blueprint.post("/account/tokens/<int(max=9223372036854775807):token_id>/revoke")
def revoke_token(token_id: int) -> Response:
    if not users.revoke_token(g.user, token_id):
        abort(404)
    flash("The token is revoked.", "good")
    return redirect(url_for("auth.account"), 303)


def _admit() -> Response | None:
    g.user, g.by_token = None, False
    if request.endpoint in WITHOUT_USER:
        return None
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if in_api() and scheme.lower() == "bearer":
        # A request that shows a token is judged by it alone; a cookie that came along counts for nothing.
        g.user = users.by_token(token.strip())
        g.by_token = g.user is not None
    else:
        g.user = users.by_session(session.get("user"), session.get("stamp"))
    if g.user is not None or request.endpoint is None or request.endpoint in PUBLIC:
        return None
    if in_api():
        raise Unauthorized(
            "Log in, or send 'Authorization: Bearer TOKEN' with a token from the Account page.",
            www_authenticate=WWWAuthenticate("bearer", {"realm": "SkyFlask"}),
        )
    if request.method != "GET":
        flash("You were not logged in any more; nothing was changed.", "error")
        return redirect(url_for("auth.login"), 303)
    query = "?" + request.query_string.decode("latin-1") if request.query_string else ""
    return redirect(url_for("auth.login", next=request.script_root + request.path + query), 303)


def _begin_session(user: users.User) -> None:
    # A new login takes nothing over from before, its CSRF token least of all.
    session.clear()
    session.permanent = True
    session["user"] = user.id
    session["stamp"] = user.stamp
