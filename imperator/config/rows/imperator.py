"""Imperator's own options: what uWSGI has no word for."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("trusted-peers",), kind="list", repeats=True, default="127.0.0.0/8, ::1", subsystem="sockets",
        status="supported",
        help="Network whose peers may speak all four protocols on any socket; the first line replaces the default",
    ),
)
