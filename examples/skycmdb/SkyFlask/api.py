"""The JSON API: /api/hosts and /api/hosts/ID. Every answer is JSON, errors are `{"error": {...}}`.

`revision` is the ETag of a host; a PUT or DELETE with `If-Match` changes only what its sender has seen.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request, url_for
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from . import hosts, listing
from .csrf import token
from .draft import Draft, RefusedError, check
from .errors import api_error
from .hosts import Host

blueprint = Blueprint("api", __name__, url_prefix="/api")
ONE = "/hosts/<int(max=9223372036854775807):host_id>"
OURS_TO_SET = ("id", "created_at", "updated_at", "revision", "url")  # may come back unchanged or not; ignored


@blueprint.errorhandler(RefusedError)
def refused(error: RefusedError) -> Response:
    return api_error(422, "Some fields are not acceptable.", fields=error.fields)


@blueprint.errorhandler(hosts.MissingError)
def missing(_error: hosts.MissingError) -> Response:
    return api_error(404, "There is no such host.")


@blueprint.errorhandler(hosts.NameTakenError)
def name_taken(_error: hosts.NameTakenError) -> Response:
    return api_error(409, "Another host has this name.", fields={"name": "is taken by another host"})


@blueprint.errorhandler(hosts.ChangedError)
def changed(_error: hosts.ChangedError) -> Response:
    return api_error(412, "The host was changed after the revision that If-Match names.")


@blueprint.get("/session")
def who() -> Response:
    """Say who is asking; for a session also the secret that X-CSRF-Token must carry."""
    return jsonify(user=g.user.name, csrf_token=None if g.by_token else token())


@blueprint.get("/hosts")
def index() -> Response:
    try:
        asked = listing.strict(request.args, current_app.config["PER_PAGE"])
    except RefusedError as error:
        return api_error(400, "Some parameters make no sense.", fields=error.fields)
    page = hosts.page(asked.wanted, asked.number, asked.size)
    return jsonify(
        items=[_json(host) for host in page.hosts],
        page=page.number,
        per_page=page.size,
        pages=page.last,
        total=page.total,
    )


@blueprint.post("/hosts")
def create() -> Response:
    host_id = hosts.create(_draft())
    response = _one(hosts.get(host_id))
    response.status_code = 201
    response.headers["Location"] = url_for("api.show", host_id=host_id)
    return response


@blueprint.get(ONE)
def show(host_id: int) -> Response:
    response = _one(hosts.get(host_id))
    response.make_conditional(request)
    return response


@blueprint.put(ONE)
def replace(host_id: int) -> Response:
    hosts.update(host_id, _draft(), seen=_seen())
    return _one(hosts.get(host_id))


@blueprint.delete(ONE)
def delete(host_id: int) -> Response:
    hosts.delete(host_id, seen=_seen())
    return Response(status=204)


def _json(host: Host) -> dict[str, Any]:
    return {**host._asdict(), "addresses": list(host.addresses), "url": url_for("api.show", host_id=host.id)}


def _one(host: Host) -> Response:
    response = jsonify(_json(host))
    response.set_etag(str(host.revision))
    return response


def _seen() -> int | None:
    """Return the revision that If-Match demands: None for no demand, 0 (no host has it) for one that is not ours."""
    if not request.if_match or request.if_match.star_tag:
        return None
    tags = [int(tag) for tag in request.if_match.as_set() if tag.isascii() and tag.isdigit() and len(tag) < 19]
    return tags[0] if len(tags) == 1 else 0


def _draft() -> Draft:
    if not request.is_json:
        raise UnsupportedMediaType("Send the host as JSON, with Content-Type: application/json.")
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadRequest("The body must be one JSON object.")
    wrong = {field: "is not a field of a host" for field in body if field not in Draft._fields + OURS_TO_SET}
    fields: dict[str, Any] = {}
    for field in Draft._fields:
        value = body.get(field, [] if field == "addresses" else "")
        if field == "addresses":
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                wrong[field] = "must be a list of strings"
                continue
        elif not isinstance(value, str):
            wrong[field] = "must be a string"
            continue
        fields[field] = value
    if wrong:
        # The other fields are still looked at, so that everything is said at once.
        try:
            check(**{"name": "", **fields})
        except RefusedError as error:
            wrong = {**error.fields, **wrong}
        raise RefusedError(wrong)
    return check(**fields)
