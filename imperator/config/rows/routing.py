"""Rules about single requests, and what a request may carry: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(("rpc-max",), kind="uint", default="64", subsystem="rpc", help="Number of RPC slots"),
    Option(
        ("pcre-jit",), takes="none", kind="special", immediate=True, default="off", subsystem="routing",
        status="accepted", reason="it only made patterns faster", availability="build:pcre",
        help="Use PCRE just-in-time compilation",
    ),
    Option(
        ("udp",), implies=("master",), subsystem="udp", status="refused",
        reason="nothing in Imperator listens to datagrams; let syslog or your collector receive them",
        help="UDP server address handled by the master (cluster/udp log/signal)",
    ),
    Option(
        ("multicast",), implies=("master",), subsystem="udp", status="accepted",
        reason="uWSGI does nothing with it either", help="Accepted, forces the master, otherwise unused in 2.0.31",
    ),
    Option(
        ("multicast-ttl",), kind="int", default="1", subsystem="udp", status="refused",
        reason="nothing in Imperator listens to datagrams; let syslog or your collector receive them",
        help="TTL of multicast packets",
    ),
    Option(
        ("multicast-loop",), kind="int", default="1", subsystem="udp", status="refused",
        reason="nothing in Imperator listens to datagrams; let syslog or your collector receive them",
        help="Loop multicast packets back locally",
    ),
    Option(
        ("route",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the request chain when PATH_INFO matches",
    ),
    Option(
        ("route-host",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the request chain when HTTP_HOST matches",
    ),
    Option(
        ("route-uri",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the request chain when REQUEST_URI matches",
    ),
    Option(
        ("route-qs",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the request chain when QUERY_STRING matches",
    ),
    Option(
        ("route-remote-addr",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the request chain when REMOTE_ADDR matches",
    ),
    Option(
        ("route-user-agent",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the request chain when HTTP_USER_AGENT matches",
    ),
    Option(
        ("route-remote-user",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the request chain when REMOTE_USER matches",
    ),
    Option(
        ("route-referer",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the request chain when HTTP_REFERER matches",
    ),
    Option(
        ("route-label",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="Label that goto actions of the request chain can jump to",
    ),
    Option(
        ("route-if",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`condition:args action:args` evaluated in the request chain",
    ),
    Option(
        ("route-if-not",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="Negated route-if",
    ),
    Option(
        ("route-run",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="Action always run in the request chain",
    ),
    Option(
        ("final-route",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the final chain (after the response) when PATH_INFO matches",
    ),
    Option(
        ("final-route-status",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`status action:args`: run the action in the final chain (after the response) for this status code",
    ),
    Option(
        ("final-route-host",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the final chain (after the response) when HTTP_HOST matches",
    ),
    Option(
        ("final-route-uri",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the final chain (after the response) when REQUEST_URI "
        "matches",
    ),
    Option(
        ("final-route-qs",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the final chain (after the response) when QUERY_STRING "
        "matches",
    ),
    Option(
        ("final-route-remote-addr",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the final chain (after the response) when REMOTE_ADDR "
        "matches",
    ),
    Option(
        ("final-route-user-agent",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the final chain (after the response) when "
        "HTTP_USER_AGENT matches",
    ),
    Option(
        ("final-route-remote-user",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the final chain (after the response) when REMOTE_USER "
        "matches",
    ),
    Option(
        ("final-route-referer",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the final chain (after the response) when HTTP_REFERER "
        "matches",
    ),
    Option(
        ("final-route-label",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="Label that goto actions of the final chain (after the response) can jump to",
    ),
    Option(
        ("final-route-if",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`condition:args action:args` evaluated in the final chain (after the response)",
    ),
    Option(
        ("final-route-if-not",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="Negated condition form for the final chain (after the response)",
    ),
    Option(
        ("final-route-run",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="Action always run in the final chain (after the response)",
    ),
    Option(
        ("error-route",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the error chain (evaluated as soon as the response "
        "status is set) when PATH_INFO matches",
    ),
    Option(
        ("error-route-status",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`status action:args`: run the action in the error chain (evaluated as soon as the response "
        "status is set) for this status code",
    ),
    Option(
        ("error-route-host",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the error chain (evaluated as soon as the response "
        "status is set) when HTTP_HOST matches",
    ),
    Option(
        ("error-route-uri",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the error chain (evaluated as soon as the response "
        "status is set) when REQUEST_URI matches",
    ),
    Option(
        ("error-route-qs",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the error chain (evaluated as soon as the response "
        "status is set) when QUERY_STRING matches",
    ),
    Option(
        ("error-route-remote-addr",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the error chain (evaluated as soon as the response "
        "status is set) when REMOTE_ADDR matches",
    ),
    Option(
        ("error-route-user-agent",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the error chain (evaluated as soon as the response "
        "status is set) when HTTP_USER_AGENT matches",
    ),
    Option(
        ("error-route-remote-user",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the error chain (evaluated as soon as the response "
        "status is set) when REMOTE_USER matches",
    ),
    Option(
        ("error-route-referer",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the error chain (evaluated as soon as the response "
        "status is set) when HTTP_REFERER matches",
    ),
    Option(
        ("error-route-label",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="Label that goto actions of the error chain (evaluated as soon as the response status is set) "
        "can jump to",
    ),
    Option(
        ("error-route-if",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`condition:args action:args` evaluated in the error chain (evaluated as soon as the response "
        "status is set)",
    ),
    Option(
        ("error-route-if-not",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="Negated condition form for the error chain (evaluated as soon as the response status is set)",
    ),
    Option(
        ("error-route-run",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="Action always run in the error chain (evaluated as soon as the response status is set)",
    ),
    Option(
        ("response-route",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the response-headers chain when PATH_INFO matches",
    ),
    Option(
        ("response-route-status",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`status action:args`: run the action in the response-headers chain for this status code",
    ),
    Option(
        ("response-route-host",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the response-headers chain when HTTP_HOST matches",
    ),
    Option(
        ("response-route-uri",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the response-headers chain when REQUEST_URI matches",
    ),
    Option(
        ("response-route-qs",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the response-headers chain when QUERY_STRING matches",
    ),
    Option(
        ("response-route-remote-addr",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the response-headers chain when REMOTE_ADDR matches",
    ),
    Option(
        ("response-route-user-agent",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the response-headers chain when HTTP_USER_AGENT matches",
    ),
    Option(
        ("response-route-remote-user",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the response-headers chain when REMOTE_USER matches",
    ),
    Option(
        ("response-route-referer",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`regexp action:args`: run the action in the response-headers chain when HTTP_REFERER matches",
    ),
    Option(
        ("response-route-label",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)", help="Label that goto actions of the response-headers chain can jump to",
    ),
    Option(
        ("response-route-if",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="`condition:args action:args` evaluated in the response-headers chain",
    ),
    Option(
        ("response-route-if-not",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)", help="Negated condition form for the response-headers chain",
    ),
    Option(
        ("response-route-run",), kind="route", repeats=True, subsystem="routing", status="supported",
        availability="build:routing(pcre)",
        help="Action always run in the response-headers chain",
    ),
    Option(
        ("websockets-ping-freq", "websocket-ping-freq"), kind="int", default="30", subsystem="websockets",
        status="refused",
        reason="applications have no uwsgi.websocket_* here; serve WebSocket with an ASGI server beside this one,"
        " chosen by nginx",
        help="Seconds between automatic websocket pings",
    ),
    Option(
        ("websockets-pong-tolerance", "websocket-pong-tolerance"), kind="int", default="3", subsystem="websockets",
        status="refused",
        reason="applications have no uwsgi.websocket_* here; serve WebSocket with an ASGI server beside this one,"
        " chosen by nginx",
        help="Seconds to wait for a pong",
    ),
    Option(
        ("websockets-max-size", "websocket-max-size"), kind="uint", default="1024", subsystem="websockets",
        status="refused",
        reason="applications have no uwsgi.websocket_* here; serve WebSocket with an ASGI server beside this one,"
        " chosen by nginx",
        help="Maximum websocket message in kilobytes",
    ),
)
