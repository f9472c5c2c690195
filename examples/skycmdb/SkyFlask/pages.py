"""The pages about hosts: list, look, add, edit, delete."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from . import hosts, listing
from .draft import ENVIRONMENTS, Draft, RefusedError, check

blueprint = Blueprint("pages", __name__)
ONE = "/hosts/<int(max=9223372036854775807):host_id>"

Form = dict[str, str]


@blueprint.get("/")
def index() -> str:
    asked = listing.forgiving(request.args, current_app.config["PER_PAGE"])
    page = hosts.page(asked.wanted, asked.number, asked.size, clamp=True)
    return render_template(
        "list.html",
        asked=asked._replace(number=page.number),
        page=page,
        environments=ENVIRONMENTS,
        owners=hosts.owners(),
        sizes=sorted({*listing.SIZES, asked.size}),
    )


@blueprint.get(ONE)
def show(host_id: int) -> str:
    return render_template("host.html", host=_host(host_id))


@blueprint.route("/hosts/new", methods=["GET", "POST"])
def new() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _form(None, {"environment": ENVIRONMENTS[0]}, {})
    try:
        draft = _draft()
        host_id = hosts.create(draft)
    except RefusedError as refused:
        return _form(None, request.form, refused.fields), 422
    except hosts.NameTakenError:
        return _form(None, request.form, {"name": "is taken by another host"}), 409
    flash(f"{draft.name} is added.", "good")
    return redirect(url_for("pages.show", host_id=host_id), 303)


@blueprint.route(ONE + "/edit", methods=["GET", "POST"])
def edit(host_id: int) -> str | Response | tuple[str, int]:
    host = _host(host_id)
    if request.method == "GET":
        fields = {**host._asdict(), "addresses": "\n".join(host.addresses), "revision": str(host.revision)}
        return _form(host, fields, {})
    try:
        draft = _draft()
        hosts.update(host_id, draft, seen=_seen())
    except RefusedError as refused:
        return _form(host, request.form, refused.fields), 422
    except hosts.NameTakenError:
        return _form(host, request.form, {"name": "is taken by another host"}), 409
    except hosts.ChangedError:
        flash("Somebody else changed this host meanwhile. Below is your version; saving it replaces theirs.", "error")
        return _form(host, {**request.form, "revision": str(host.revision)}, {}), 409
    except hosts.MissingError:
        abort(404)
    flash(f"{draft.name} is saved.", "good")
    return redirect(url_for("pages.show", host_id=host_id), 303)


@blueprint.route(ONE + "/delete", methods=["GET", "POST"])
def delete(host_id: int) -> str | Response:
    host = _host(host_id)
    if request.method == "GET":
        return render_template("delete.html", host=host)
    try:
        hosts.delete(host_id)
    except hosts.MissingError:
        pass  # gone between the two looks at it: what was wanted is so
    flash(f"{host.name} is deleted.", "good")
    return redirect(url_for("pages.index"), 303)


def _host(host_id: int) -> hosts.Host:
    try:
        return hosts.get(host_id)
    except hosts.MissingError:
        abort(404)


def _draft() -> Draft:
    return check(**{field: request.form.get(field, "") for field in Draft._fields})


def _seen() -> int | None:
    value = request.form.get("revision", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def _form(host: hosts.Host | None, fields: Form, wrong: Form) -> str:
    return render_template("form.html", host=host, fields=fields, wrong=wrong, environments=ENVIRONMENTS)
