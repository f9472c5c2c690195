"""Routers that are processes of their own: fastrouter, rawrouter, sslrouter: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("fastrouter",), kind="addresses", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Start a fastrouter process on this address",
    ),
    Option(
        ("fastrouter-processes", "fastrouter-workers"), kind="int", default="1", subsystem="router",
        status="refused", reason="put nginx or HAProxy in front", help="Number of fastrouter processes",
    ),
    Option(
        ("fastrouter-zerg",), kind="special", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Take the fastrouter listeners from a zerg server",
    ),
    Option(
        ("fastrouter-use-cache",), takes="optional", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Fastrouter finds the backend of a host in this cache (optional cache name)",
    ),
    Option(
        ("fastrouter-use-pattern",), kind="special", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Fastrouter finds the backend by a path template where %s is the host",
    ),
    Option(
        ("fastrouter-use-base",), kind="special", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Fastrouter finds the backend by prefixing the host with this path",
    ),
    Option(
        ("fastrouter-fallback",), kind="list", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Backend tried by the fastrouter when the chosen one fails",
    ),
    Option(
        ("fastrouter-use-code-string",), kind="special", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Fastrouter asks a function for the backend: modifier1:code:function",
    ),
    Option(
        ("fastrouter-use-socket",), takes="optional", kind="special", default="0", subsystem="router",
        status="refused", reason="put nginx or HAProxy in front",
        help="Fastrouter forwards to this instance's own socket number N (optional)",
    ),
    Option(
        ("fastrouter-to",), kind="list", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Static backend of the fastrouter; several are used round-robin",
    ),
    Option(
        ("fastrouter-gracetime",), kind="int", default="30", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Seconds before a failed static backend of the fastrouter is retried",
    ),
    Option(
        ("fastrouter-events",), kind="int", default="64", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Events handled per loop iteration by the fastrouter",
    ),
    Option(
        ("fastrouter-quiet",), kind="flag", default="off", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Do not log failed backend connections in the fastrouter",
    ),
    Option(
        ("fastrouter-cheap",), takes="none", kind="flag", default="off", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Fastrouter stops accepting while it has no backend",
    ),
    Option(
        ("fastrouter-subscription-server",), kind="addresses", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Address on which the fastrouter accepts backend subscriptions",
    ),
    Option(
        ("fastrouter-subscription-slot",), kind="ignored", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Deprecated no-op of the fastrouter (logs a warning)",
    ),
    Option(
        ("fastrouter-timeout",), kind="int", default="60", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Inactivity timeout in seconds of fastrouter connections",
    ),
    Option(
        ("fastrouter-post-buffering",), kind="uint", default="0 (off)", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Bytes above which the fastrouter buffers request bodies on disk",
    ),
    Option(
        ("fastrouter-post-buffering-dir",), subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Accepted no-op of the fastrouter; TMPDIR decides",
    ),
    Option(
        ("fastrouter-stats", "fastrouter-stats-server", "fastrouter-ss"), subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Statistics address of the fastrouter",
    ),
    Option(
        ("fastrouter-harakiri",), kind="int", default="0 (off)", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Seconds of stuck event loop after which the fastrouter is killed",
    ),
    Option(
        ("fastrouter-uid",), kind="user", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="User the fastrouter process switches to",
    ),
    Option(
        ("fastrouter-gid",), kind="group", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Group the fastrouter process switches to",
    ),
    Option(
        ("fastrouter-resubscribe",), kind="list", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Forward received subscriptions of the fastrouter to this server",
    ),
    Option(
        ("fastrouter-resubscribe-bind",), subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Local address used by the fastrouter for forwarding subscriptions",
    ),
    Option(
        ("fastrouter-buffer-size",), kind="uint", default="page size", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="I/O buffer size of the fastrouter",
    ),
    Option(
        ("fastrouter-fallback-on-no-key",), takes="none", kind="flag", default="off", subsystem="router",
        status="refused", reason="put nginx or HAProxy in front",
        help="Fastrouter uses its fallback also when the key is unknown",
    ),
    Option(
        ("fastrouter-subscription-fallback-key",), kind="special", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Key looked up by the fastrouter when the requested one is unknown",
    ),
    Option(
        ("rawrouter",), kind="addresses", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Start a raw router process on this address",
    ),
    Option(
        ("rawrouter-processes", "rawrouter-workers"), kind="int", default="1", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Number of raw router processes",
    ),
    Option(
        ("rawrouter-zerg",), kind="special", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Take the raw router listeners from a zerg server",
    ),
    Option(
        ("rawrouter-use-cache",), takes="optional", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Raw router finds the backend of a host in this cache (optional cache name)",
    ),
    Option(
        ("rawrouter-use-pattern",), kind="special", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Raw router finds the backend by a path template where %s is the host",
    ),
    Option(
        ("rawrouter-use-base",), kind="special", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Raw router finds the backend by prefixing the host with this path",
    ),
    Option(
        ("rawrouter-fallback",), kind="list", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Backend tried by the raw router when the chosen one fails",
    ),
    Option(
        ("rawrouter-use-code-string",), kind="special", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Raw router asks a function for the backend: modifier1:code:function",
    ),
    Option(
        ("rawrouter-use-socket",), takes="optional", kind="special", default="0", subsystem="router",
        status="refused", reason="put nginx or HAProxy in front",
        help="Raw router forwards to this instance's own socket number N (optional)",
    ),
    Option(
        ("rawrouter-to",), kind="list", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Static backend of the raw router; several are used round-robin",
    ),
    Option(
        ("rawrouter-gracetime",), kind="int", default="30", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Seconds before a failed static backend of the raw router is retried",
    ),
    Option(
        ("rawrouter-events",), kind="int", default="64", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Events handled per loop iteration by the raw router",
    ),
    Option(
        ("rawrouter-max-retries",), kind="int", default="3", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Backend attempts per connection in the raw router",
    ),
    Option(
        ("rawrouter-quiet",), kind="flag", default="off", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Do not log failed backend connections in the raw router",
    ),
    Option(
        ("rawrouter-cheap",), takes="none", kind="flag", default="off", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Raw router stops accepting while it has no backend",
    ),
    Option(
        ("rawrouter-subscription-server",), kind="addresses", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Address on which the raw router accepts backend subscriptions",
    ),
    Option(
        ("rawrouter-subscription-slot",), kind="ignored", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Deprecated no-op of the raw router (logs a warning)",
    ),
    Option(
        ("rawrouter-timeout",), kind="int", default="60", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Inactivity timeout in seconds of raw router connections",
    ),
    Option(
        ("rawrouter-stats", "rawrouter-stats-server", "rawrouter-ss"), subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Statistics address of the raw router",
    ),
    Option(
        ("rawrouter-harakiri",), kind="int", default="0 (off)", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front",
        help="Seconds of stuck event loop after which the raw router is killed",
    ),
    Option(
        ("rawrouter-xclient",), takes="none", kind="flag", default="off", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="Send an XCLIENT line with the client address",
    ),
    Option(
        ("rawrouter-buffer-size",), kind="uint", default="page size", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", help="I/O buffer size of the raw router",
    ),
    Option(
        ("sslrouter",), kind="special", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="TLS-terminating raw router: addr,cert,key[,...]",
    ),
    Option(
        ("sslrouter2",), kind="special", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl", help="sslrouter keyval form",
    ),
    Option(
        ("sslrouter-session-context",), default="router name + address", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl", help="TLS session id context",
    ),
    Option(
        ("sslrouter-processes", "sslrouter-workers"), kind="int", default="1", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl", help="Number of TLS router processes",
    ),
    Option(
        ("sslrouter-zerg",), kind="special", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="Take the TLS router listeners from a zerg server",
    ),
    Option(
        ("sslrouter-use-cache",), takes="optional", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="TLS router finds the backend of a host in this cache (optional cache name)",
    ),
    Option(
        ("sslrouter-use-pattern",), kind="special", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="TLS router finds the backend by a path template where %s is the host",
    ),
    Option(
        ("sslrouter-use-base",), kind="special", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="TLS router finds the backend by prefixing the host with this path",
    ),
    Option(
        ("sslrouter-fallback",), kind="list", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="Backend tried by the TLS router when the chosen one fails",
    ),
    Option(
        ("sslrouter-use-code-string",), kind="special", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="TLS router asks a function for the backend: modifier1:code:function",
    ),
    Option(
        ("sslrouter-use-socket",), takes="optional", kind="special", default="0", subsystem="router",
        status="refused", reason="put nginx or HAProxy in front", availability="build:ssl",
        help="TLS router forwards to this instance's own socket number N (optional)",
    ),
    Option(
        ("sslrouter-to",), kind="list", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="Static backend of the TLS router; several are used round-robin",
    ),
    Option(
        ("sslrouter-gracetime",), kind="int", default="30", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="Seconds before a failed static backend of the TLS router is retried",
    ),
    Option(
        ("sslrouter-events",), kind="int", default="64", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="Events handled per loop iteration by the TLS router",
    ),
    Option(
        ("sslrouter-max-retries",), kind="int", default="3", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="Backend attempts per connection in the TLS router",
    ),
    Option(
        ("sslrouter-quiet",), kind="flag", default="off", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="Do not log failed backend connections in the TLS router",
    ),
    Option(
        ("sslrouter-cheap",), takes="none", kind="flag", default="off", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="TLS router stops accepting while it has no backend",
    ),
    Option(
        ("sslrouter-subscription-server",), kind="addresses", repeats=True, subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="Address on which the TLS router accepts backend subscriptions",
    ),
    Option(
        ("sslrouter-timeout",), kind="int", default="60", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="Inactivity timeout in seconds of TLS router connections",
    ),
    Option(
        ("sslrouter-stats", "sslrouter-stats-server", "sslrouter-ss"), subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="Statistics address of the TLS router",
    ),
    Option(
        ("sslrouter-harakiri",), kind="int", default="0 (off)", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl",
        help="Seconds of stuck event loop after which the TLS router is killed",
    ),
    Option(
        ("sslrouter-sni",), takes="none", kind="flag", default="off", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl", help="Route by SNI name",
    ),
    Option(
        ("sslrouter-buffer-size",), kind="uint", default="page size", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="build:ssl", help="I/O buffer size of the TLS router",
    ),
    Option(
        ("fastrouter-force-key",), subsystem="router", status="refused", reason="put nginx or HAProxy in front",
        availability="2.1-dev only", help="Fixed routing key",
    ),
    Option(
        ("fastrouter-emperor-socket",), subsystem="router", status="refused", reason="put nginx or HAProxy in front",
        availability="2.1-dev only", help="Emperor command socket used to wake vassals",
    ),
    Option(
        ("fastrouter-defer-connect-timeout",), kind="int", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="2.1-dev only",
        help="Timeout of deferred backend connections",
    ),
    Option(
        ("fastrouter-max-retries",), kind="int", default="3", subsystem="router", status="refused",
        reason="put nginx or HAProxy in front", availability="2.1-dev only", help="Backend attempts per request",
    ),
)
