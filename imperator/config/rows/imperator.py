"""Imperator's own options: what uWSGI has no word for."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("log-json",), takes="none", kind="flag", default="off", subsystem="logging", status="supported",
        help="Log each request as a line of JSON (log-format, if there is one, decides what is in it)",
    ),
    Option(
        ("trusted-peers",), kind="list", repeats=True, default="127.0.0.0/8, ::1", subsystem="sockets",
        status="supported",
        help="Network whose peers may speak all four protocols on any socket; the first line replaces the default",
    ),
    Option(
        ("fetch-configuration",), takes="none", kind="flag", immediate=True, default="off", subsystem="config",
        status="supported",
        help="From here on, configurations may be read from http:// addresses, which anybody on the way can change",
    ),
    Option(
        ("max-connections",), kind="int", default="0 (three quarters of the open files)", subsystem="limits",
        status="supported", help="Connections that a worker holds; above, idle ones are closed and newcomers wait",
    ),
    Option(
        ("environ-waited",), takes="none", kind="flag", default="off", subsystem="python", status="supported",
        help="Tell the application how long its request waited for a core: microseconds, as imperator.waited in the "
        "environ",
    ),
    Option(
        ("min-rate",), kind="int", default="500", subsystem="timeouts", status="supported",
        help="Bytes per second that a client must send of a body or take of an answer; 0: any number",
    ),
)
