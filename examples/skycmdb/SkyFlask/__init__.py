"""SkyFlask, an inventory of hosts (a small CMDB): `from SkyFlask import sky as application` is all a server needs.

Importing this package opens the database, and creates it where there is none: a deploy that cannot read its own data
ought to fail while it is being loaded, not at the first visitor. No connection, thread or lock survives the import,
so a server may import once and fork as often as it likes.
"""
# ruff: noqa: N999  # the name is the guide's, and SKY.wsgi spells it this way

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from . import api, auth, csrf, db, errors, health, pages, response, settings, transfer
from .commands import register_commands

__all__ = ["create_app", "sky"]


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """Make the application from the environment; `overrides` are for tests and for a second instance in one process."""
    config = settings.from_environment(overrides or {})
    app = Flask(__name__, instance_path=config["INSTANCE"])
    app.config.update(config)
    app.session_interface = response.SessionCookie()
    db.register(app)
    app.secret_key = settings.secret_key(config)
    response.register(app)
    errors.register(app)
    # The order of the next two is the order in which a request meets them: who is it, then did they mean it.
    auth.register(app)
    csrf.register(app)
    for blueprint in (health.blueprint, auth.blueprint, pages.blueprint, transfer.blueprint, api.blueprint):
        app.register_blueprint(blueprint)
    register_commands(app)
    return app


sky = create_app()
