"""The first page of Flask's documentation."""

from __future__ import annotations

from flask import Flask

application = Flask(__name__)


@application.route("/")
def hello() -> str:
    """Answer with the same body as the bare application."""
    return "Hello, World!"
