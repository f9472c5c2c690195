"""What is done from the shell: `flask --app SkyFlask COMMAND`, as the user that the application runs as."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from . import users
from .db import VERSIONS

_password = click.password_option("--password", envvar="SKY_PASSWORD", help="Asked for when it is not given.")


def register_commands(app: Flask) -> None:
    for command in (_init_db, _add_user, _set_password, _new_token):
        app.cli.add_command(command)

    @app.cli.command("where")
    def where() -> None:
        """Print where the database is."""
        click.echo(app.config["DATABASE"])


@click.command("init-db")
def _init_db() -> None:
    """Create the database and the user 'admin' where they are missing."""
    # Loading the application has done it; this command is a way to have it done before a server starts.
    click.echo(f"The database is ready, schema version {len(VERSIONS)}.")


@click.command("add-user")
@click.argument("name")
@_password
@with_appcontext
def _add_user(name: str, password: str) -> None:
    """Add a user who may log in."""
    try:
        users.add(name, password)
    except users.UnacceptableError as reason:
        raise click.ClickException(str(reason)) from reason
    click.echo(f"Added {name}.")


@click.command("set-password")
@click.argument("name")
@_password
@with_appcontext
def _set_password(name: str, password: str) -> None:
    """Set a user's password, and end the user's sessions."""
    try:
        users.set_password(name, password)
    except users.UnacceptableError as reason:
        raise click.ClickException(str(reason)) from reason
    click.echo(f"Changed the password of {name}.")


@click.command("new-token")
@click.argument("name")
@click.argument("label")
@with_appcontext
def _new_token(name: str, label: str) -> None:
    """Make an API token for a user and print it."""
    user = users.named(name)
    if user is None:
        raise click.ClickException(f"there is no user {name!r}")
    click.echo(users.new_token(user, label))
