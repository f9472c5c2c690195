"""The HTTP router: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("force-gateway",), takes="none", kind="flag", default="off", subsystem="router",
        status="accepted", reason="there is no router process, the workers serve HTTP themselves",
        help="Run the first router process even without a master",
    ),
    Option(
        ("upload-progress",), subsystem="http", status="refused",
        reason="a browser knows the progress of its upload: use the progress event of XMLHttpRequest.upload",
        help="Directory where JSON upload progress files are written",
    ),
    Option(
        ("error-page-403",), kind="list", repeats=True, subsystem="http",
        status="supported",
        help="HTML file sent for internally generated 403",
    ),
    Option(
        ("error-page-404",), kind="list", repeats=True, subsystem="http",
        status="supported",
        help="HTML file sent for internally generated 404",
    ),
    Option(
        ("error-page-500",), kind="list", repeats=True, subsystem="http",
        status="supported",
        help="HTML file sent for internally generated 500",
    ),
    Option(
        ("add-header",), kind="list", repeats=True, subsystem="http",
        status="supported",
        help="Header line added to every response",
    ),
    Option(
        ("rem-header", "del-header"), kind="list", repeats=True, subsystem="http",
        status="supported",
        help="Header name removed from every response",
    ),
    Option(
        ("collect-header", "response-header-collect"), kind="list", repeats=True, subsystem="http",
        status="supported",
        help="`Header VAR`: copy a response header into a request variable",
    ),
    Option(
        ("pull-header",), kind="list", repeats=True, subsystem="http",
        status="supported",
        help="`Header VAR`: move a response header into a request variable",
    ),
    Option(
        ("honour-range",), takes="none", kind="flag", default="off", subsystem="http", status="accepted",
        reason="ranges of static files are always served; an application's answer is sent as it is",
        help="Answer HTTP Range requests",
    ),
    Option(
        ("enable-proxy-protocol",), takes="none", kind="flag", default="off", subsystem="http",
        status="supported",
        help="Understand the PROXY protocol on HTTP sockets",
    ),
    Option(
        ("http", "httprouter"), kind="addresses", repeats=True, subsystem="router", status="supported",
        help="Start an HTTP router process on this address",
    ),
    Option(
        ("https",), kind="special", repeats=True, subsystem="router", availability="build:ssl",
        status="supported",
        help="Listen for HTTPS: addr,cert,key[,ciphers[,client-ca]], where !client-ca makes it mandatory",
    ),
    Option(
        ("https2",), kind="special", repeats=True, subsystem="router", availability="build:ssl",
        status="supported", help="Like https, keyval form (addr,cert/crt,key,ciphers,clientca/client_ca)",
    ),
    Option(
        ("https-export-cert",), takes="none", kind="flag", default="off", subsystem="router",
        availability="build:ssl",
        status="supported", help="Give the application the client's certificate in PEM, as HTTPS_CC",
    ),
    Option(
        ("https-session-context",), default="router name + address", subsystem="router", availability="build:ssl",
        status="accepted", reason="sessions belong to the socket or name that they began with",
        help="TLS session id context",
    ),
    Option(
        ("http-to-https",), kind="special", repeats=True, subsystem="router", availability="build:ssl",
        status="supported",
        help="HTTP listener that only redirects to HTTPS",
    ),
    Option(
        ("http-processes", "http-workers"), kind="int", default="1", subsystem="router", status="accepted",
        reason="the workers serve http, there is no process in front of them",
        help="Number of HTTP router processes",
    ),
    Option(
        ("http-var",), kind="list", repeats=True, subsystem="router",
        status="supported",
        help="KEY=value added to every forwarded request",
    ),
    Option(
        ("http-to",), kind="list", repeats=True, subsystem="router", status="refused",
        reason="Imperator's http is a socket of the workers and passes nothing on; put nginx or HAProxy in front",
        help="Static backend of the HTTP router; several are used round-robin",
    ),
    Option(
        ("http-zerg",), kind="special", repeats=True, subsystem="router", status="refused",
        reason="Imperator's http is a socket of the workers and passes nothing on; put nginx or HAProxy in front",
        help="Take the HTTP router listeners from a zerg server",
    ),
    Option(
        ("http-fallback",), kind="list", repeats=True, subsystem="router", status="refused",
        reason="Imperator's http is a socket of the workers and passes nothing on; put nginx or HAProxy in front",
        help="Backend tried by the HTTP router when the chosen one fails",
    ),
    Option(
        ("http-modifier1",), kind="int", default="0", subsystem="router",
        status="accepted",
        reason="there is no router that would mark requests, and Python is what every one is for",
        help="modifier1 set in forwarded requests",
    ),
    Option(
        ("http-modifier2",), kind="int", default="0", subsystem="router",
        status="accepted",
        reason="there is no router that would mark requests, and Python is what every one is for",
        help="modifier2 set in forwarded requests",
    ),
    Option(
        ("http-use-cache",), takes="optional", subsystem="router", status="refused",
        reason="Imperator's http is a socket of the workers and passes nothing on; put nginx or HAProxy in front",
        help="HTTP router finds the backend of a host in this cache (optional cache name)",
    ),
    Option(
        ("http-use-pattern",), kind="special", subsystem="router", status="refused",
        reason="Imperator's http is a socket of the workers and passes nothing on; put nginx or HAProxy in front",
        help="HTTP router finds the backend by a path template where %s is the host",
    ),
    Option(
        ("http-use-base",), kind="special", subsystem="router", status="refused",
        reason="Imperator's http is a socket of the workers and passes nothing on; put nginx or HAProxy in front",
        help="HTTP router finds the backend by prefixing the host with this path",
    ),
    Option(
        ("http-events",), kind="int", default="64", subsystem="router", status="accepted",
        reason="there is no router process, the workers serve HTTP themselves",
        help="Events handled per loop iteration by the HTTP router",
    ),
    Option(
        ("http-subscription-server",), kind="addresses", repeats=True, subsystem="router", status="refused",
        reason="Imperator's http is a socket of the workers and passes nothing on; put nginx or HAProxy in front",
        help="Address on which the HTTP router accepts backend subscriptions",
    ),
    Option(
        ("http-subscription-fallback-key",), kind="special", subsystem="router", status="refused",
        reason="Imperator's http is a socket of the workers and passes nothing on; put nginx or HAProxy in front",
        help="Key looked up by the HTTP router when the requested one is unknown",
    ),
    Option(
        ("http-timeout",), kind="int", default="60", subsystem="router", status="supported",
        help="Seconds of silence that are tolerated of clients if there is an http socket",
    ),
    Option(
        ("http-manage-expect",), takes="optional", kind="uint", default="0 (off)", subsystem="router",
        status="accepted",
        reason="Expect: 100-continue is always honoured, and limit-post refuses what is too large",
        help="Answer Expect: 100-continue (value > 1: refuse bodies larger than it)",
    ),
    Option(
        ("http-keepalive",), takes="optional", kind="int", default="0 (off)", subsystem="router", status="supported",
        help="Seconds that a connection may be idle; connections are kept open anyway",
    ),
    Option(
        ("http-auto-chunked",), takes="none", kind="flag", default="off", subsystem="router", status="accepted",
        reason="answers without a length are chunked wherever the client knows that",
        help="Turn length-less responses into chunked ones on kept-alive connections",
    ),
    Option(
        ("http-auto-gzip",), takes="none", kind="flag", default="off", subsystem="router", availability="build:zlib",
        status="supported",
        help="Compress when the app sends uWSGI-Encoding: gzip",
    ),
    Option(
        ("http-raw-body",), takes="none", kind="flag", default="off", subsystem="router", status="accepted",
        reason="bodies are passed on as they come, whatever their length",
        help="Forward bodies untouched and unbounded",
    ),
    Option(
        ("http-websockets",), takes="none", kind="flag", default="off", subsystem="router", status="accepted",
        reason="an upgrade reaches the application as the GET that it is; there is no uwsgi.websocket_*, so serve"
        " WebSocket with an ASGI server beside this one",
        help="Switch to raw forwarding for websocket upgrades",
    ),
    Option(
        ("http-chunked-input",), takes="none", kind="flag", default="off", subsystem="router", status="accepted",
        reason="chunked bodies are decoded, and read from wsgi.input like any other",
        help="Switch to raw forwarding for chunked request bodies",
    ),
    Option(
        ("http-use-code-string",), kind="special", subsystem="router", status="refused",
        reason="Imperator's http is a socket of the workers and passes nothing on; put nginx or HAProxy in front",
        help="HTTP router asks a function for the backend: modifier1:code:function",
    ),
    Option(
        ("http-use-socket",), takes="optional", kind="special", default="0", subsystem="router", status="accepted",
        reason="the workers serve HTTP themselves, whatever else they listen on",
        help="HTTP router forwards to this instance's own socket number N (optional)",
    ),
    Option(
        ("http-gracetime",), kind="int", default="30", subsystem="router", status="accepted",
        reason="there are no backends that could fail, the workers serve HTTP themselves",
        help="Seconds before a failed static backend of the HTTP router is retried",
    ),
    Option(
        ("http-quiet",), kind="flag", default="off", subsystem="router", status="accepted",
        reason="there is no router process, the workers serve HTTP themselves",
        help="Do not log failed backend connections in the HTTP router",
    ),
    Option(
        ("http-cheap",), takes="none", kind="flag", default="off", subsystem="router", status="accepted",
        reason="there is no router process, the workers serve HTTP themselves",
        help="HTTP router stops accepting while it has no backend",
    ),
    Option(
        ("http-stats", "http-stats-server", "http-ss"), subsystem="router",
        status="refused",
        reason="there is no router process to count for; the stats of the workers are at the address of stats",
        help="Statistics address of the HTTP router",
    ),
    Option(
        ("http-harakiri",), kind="int", default="0 (off)", subsystem="router",
        status="accepted", reason="there is no router process that could hang",
        help="Seconds of stuck event loop after which the HTTP router is killed",
    ),
    Option(
        ("http-stud-prefix",), kind="ip-address", repeats=True, subsystem="router",
        status="refused",
        reason="let the TLS terminator speak the PROXY protocol (hitch does) and set http-enable-proxy-protocol",
        help="Peer address that prepends a binary client address (stud)",
    ),
    Option(
        ("http-uid",), kind="user", subsystem="router", status="accepted",
        reason="the workers serve http, as the user of uid",
        help="User the HTTP router process switches to",
    ),
    Option(
        ("http-gid",), kind="group", subsystem="router", status="accepted",
        reason="the workers serve http, as the group of gid",
        help="Group the HTTP router process switches to",
    ),
    Option(
        ("http-resubscribe",), kind="list", repeats=True, subsystem="router", status="refused",
        reason="Imperator's http is a socket of the workers and passes nothing on; put nginx or HAProxy in front",
        help="Forward received subscriptions of the HTTP router to this server",
    ),
    Option(
        ("http-buffer-size",), kind="uint", default="page size", subsystem="router", status="accepted",
        reason="the workers serve http; buffer-size bounds the head of a request",
        help="I/O buffer size of the HTTP router",
    ),
    Option(
        ("http-server-name-as-http-host",), kind="flag", default="off", subsystem="router",
        status="supported",
        help="SERVER_NAME is taken from the Host header",
    ),
    Option(
        ("http-headers-timeout",), kind="int", default="http-timeout", subsystem="router", status="supported",
        help="Seconds that the head of a request may take on an http socket",
    ),
    Option(
        ("http-connect-timeout",), kind="int", default="http-timeout", subsystem="router", status="accepted",
        reason="the workers serve http, there is nothing to connect to",
        help="Seconds to wait for a backend connection",
    ),
    Option(
        ("http-manage-source",), takes="none", kind="flag", default="off", subsystem="router",
        status="refused",
        reason="streams of Icecast sources are no requests; let Icecast listen itself",
        help="Raw forwarding for the SOURCE method",
    ),
    Option(
        ("http-manage-rtsp",), takes="none", kind="flag", default="off", subsystem="router",
        status="refused",
        reason="RTSP is another protocol; let a media server listen itself",
        help="Recognise RTSP methods and pass such sessions through",
    ),
    Option(
        ("http-enable-proxy-protocol",), takes="optional", kind="flag", default="off", subsystem="router",
        status="supported",
        help="Understand the PROXY protocol on the sockets of http and https",
    ),
    Option(
        ("http-path-info-no-decode-slashes",), kind="flag", default="off", subsystem="http",
        availability="2.1-dev only",
        status="refused",
        reason="PEP 3333 wants the path decoded; REQUEST_URI has it as the client sent it",
        help="Keep %2F undecoded in PATH_INFO on HTTP sockets",
    ),
    Option(
        ("http-backend-http",), takes="none", kind="flag", default="off", subsystem="router",
        availability="2.1-dev only",
        status="accepted",
        reason="the workers serve HTTP themselves, there are no backends",
        help="Speak HTTP to backends",
    ),
    Option(
        ("http-post-buffering",), kind="uint", default="0 (off)", subsystem="router", availability="2.1-dev only",
        status="accepted",
        reason="bodies are collected before the application is called; post-buffering collects the largest ones, too",
        help="Buffer request bodies above this many bytes",
    ),
    Option(
        ("http-post-buffering-dir",), subsystem="router", availability="2.1-dev only",
        status="accepted",
        reason="uWSGI does nothing with it either; TMPDIR decides",
        help="Accepted no-op; TMPDIR decides",
    ),
)
