"""/healthz, for whoever watches over the application: 200 while the database answers, 503 when it does not."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, Response, current_app, jsonify

from .db import connection

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    try:
        connection().execute("SELECT 1 FROM hosts LIMIT 1").fetchall()
    except sqlite3.Error:
        current_app.logger.exception("the database does not answer")
        response = jsonify(status="the database does not answer")
        response.status_code = 503
        return response
    return jsonify(status="ok")
