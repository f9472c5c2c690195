"""What an instance listens on: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("socket",), "s", kind="addresses", repeats=True, subsystem="sockets", status="supported",
        help="Listen on this address; protocol is whatever `protocol` selects (uwsgi binary protocol if unset)",
    ),
    Option(
        ("uwsgi-socket",), kind="addresses", repeats=True, subsystem="sockets", status="supported",
        help="Listen on this address and always speak the binary uwsgi protocol there",
    ),
    Option(
        ("suwsgi-socket",), kind="tls-addresses", repeats=True, subsystem="sockets", availability="build:ssl",
        status="supported",
        help="TLS listener carrying the uwsgi protocol; value is addr,cert,key[,ciphers[,client-ca]]",
    ),
    Option(
        ("ssl-socket",), kind="tls-addresses", repeats=True, subsystem="sockets", availability="build:ssl",
        status="supported", help="Older spelling of suwsgi-socket (TLS + uwsgi protocol)",
    ),
    Option(
        ("http-socket",), kind="addresses", repeats=True, subsystem="sockets", status="supported",
        help="Workers themselves accept HTTP/1.x on this address, no router process in between",
    ),
    Option(
        ("http-socket-modifier1",), kind="uint", default="0", subsystem="sockets",
        status="accepted", reason="requests are always for Python, which is modifier 0; another number is told",
        help="modifier1 stamped on requests that arrive through http-socket",
    ),
    Option(
        ("http-socket-modifier2",), kind="uint", default="0", subsystem="sockets",
        status="accepted", reason="requests are always for Python, which is modifier 0; another number is told",
        help="modifier2 stamped on requests that arrive through http-socket",
    ),
    Option(
        ("http11-socket",), kind="addresses", repeats=True, subsystem="sockets", status="supported",
        help="Like http-socket but workers keep the HTTP/1.1 connection open between requests",
    ),
    Option(
        ("https-socket",), kind="tls-addresses", repeats=True, subsystem="sockets", availability="build:ssl",
        status="supported", help="Workers themselves terminate HTTPS; value is addr,cert,key[,ciphers[,client-ca]]",
    ),
    Option(
        ("https-socket-modifier1",), kind="uint", default="0", subsystem="sockets", availability="build:ssl",
        status="accepted", reason="requests are always for Python, which is modifier 0; another number is told",
        help="modifier1 stamped on https-socket requests",
    ),
    Option(
        ("https-socket-modifier2",), kind="uint", default="0", subsystem="sockets", availability="build:ssl",
        status="accepted", reason="requests are always for Python, which is modifier 0; another number is told",
        help="modifier2 stamped on https-socket requests",
    ),
    Option(
        ("fastcgi-socket",), kind="addresses", repeats=True, subsystem="sockets", status="supported",
        help="Listen on this address speaking FastCGI",
    ),
    Option(
        ("fastcgi-nph-socket",), kind="addresses", repeats=True, subsystem="sockets",
        status="refused", reason="write fastcgi-socket: no web server in use wants a raw status line",
        help="FastCGI listener that emits a raw status line (non-parsed headers)",
    ),
    Option(
        ("fastcgi-modifier1",), kind="uint", default="0", subsystem="sockets",
        status="accepted", reason="requests are always for Python, which is modifier 0; another number is told",
        help="modifier1 stamped on FastCGI requests",
    ),
    Option(
        ("fastcgi-modifier2",), kind="uint", default="0", subsystem="sockets",
        status="accepted", reason="requests are always for Python, which is modifier 0; another number is told",
        help="modifier2 stamped on FastCGI requests",
    ),
    Option(
        ("scgi-socket",), kind="addresses", repeats=True, subsystem="sockets", status="supported",
        help="Listen on this address speaking SCGI",
    ),
    Option(
        ("scgi-nph-socket",), kind="addresses", repeats=True, subsystem="sockets",
        status="refused", reason="write scgi-socket: no web server in use wants a raw status line",
        help="SCGI listener that emits a raw status line",
    ),
    Option(
        ("scgi-modifier1",), kind="uint", default="0", subsystem="sockets",
        status="accepted", reason="requests are always for Python, which is modifier 0; another number is told",
        help="modifier1 stamped on SCGI requests",
    ),
    Option(
        ("scgi-modifier2",), kind="uint", default="0", subsystem="sockets",
        status="accepted", reason="requests are always for Python, which is modifier 0; another number is told",
        help="modifier2 stamped on SCGI requests",
    ),
    Option(
        ("raw-socket",), kind="addresses", repeats=True, subsystem="sockets",
        status="refused", reason="applications speak WSGI; run a program of its own for another protocol",
        help="Listener that hands the raw connection to the plugin; deferred accept is turned off for it",
    ),
    Option(
        ("raw-modifier1",), kind="uint", default="0", subsystem="sockets",
        status="refused", reason="applications speak WSGI; run a program of its own for another protocol",
        help="modifier1 stamped on raw-socket requests",
    ),
    Option(
        ("raw-modifier2",), kind="uint", default="0", subsystem="sockets",
        status="refused", reason="applications speak WSGI; run a program of its own for another protocol",
        help="modifier2 stamped on raw-socket requests",
    ),
    Option(
        ("puwsgi-socket",), kind="addresses", repeats=True, subsystem="sockets",
        status="refused",
        reason="write socket: a web server opens a connection for each request",
        help="Listener for the keep-open variant of the uwsgi protocol",
    ),
    Option(
        ("protocol", "socket-protocol"), default="uwsgi", subsystem="sockets", status="supported",
        help="Protocol name applied to plain `socket` entries; unknown names abort startup",
    ),
    Option(
        ("shared-socket",), kind="addresses", repeats=True, subsystem="sockets", status="supported",
        help="Name an address so that later sockets can refer to it as =N; counted from 0",
    ),
    Option(
        ("undeferred-shared-socket",), kind="addresses", repeats=True, subsystem="sockets",
        status="supported",
        help="shared-socket without TCP deferred accept",
    ),
    Option(
        ("skip-zero",), takes="none", kind="flag", default="off", subsystem="sockets", status="accepted",
        reason="descriptor 0 is a listener only where a socket says fd://0",
        help="Do not adopt file descriptor 0 even if it is a listening socket",
    ),
    Option(
        ("listen",), "l", kind="int", immediate=True, default="as many as the kernel allows", subsystem="sockets",
        status="supported", help="How many connections may wait to be accepted",
    ),
    Option(
        ("abstract-socket",), "a", takes="none", kind="flag", default="off", subsystem="sockets", status="supported",
        help="Treat every UNIX socket name as Linux abstract",
    ),
    Option(
        ("chmod-socket", "chmod"), "C", takes="optional", kind="octal", default="no chmod", subsystem="sockets",
        status="supported",
        help="Set mode on UNIX sockets; bare flag or 1 means 666, otherwise exactly three octal digits",
    ),
    Option(
        ("chown-socket",), subsystem="sockets", status="supported",
        help="user[:group] owner given to UNIX sockets after bind",
    ),
    Option(
        ("freebind",), takes="none", kind="flag", default="off", subsystem="sockets", availability="os:linux",
        status="supported",
        help="Set IP_FREEBIND so non-local addresses can be bound",
    ),
    Option(
        ("map-socket",), kind="list", repeats=True, subsystem="sockets",
        status="refused", reason="run the workers of that socket as an instance of their own",
        help="N:w1,w2 - only the listed workers keep socket number N open",
    ),
    Option(
        ("no-fd-passing",), takes="none", kind="flag", default="off", subsystem="sockets", status="accepted",
        reason="descriptors sent along with a request are never taken",
        help="Refuse file descriptors sent along UNIX socket requests",
    ),
    Option(
        ("no-defer-accept",), takes="none", kind="flag", default="off", subsystem="sockets", status="supported",
        help="Do not enable TCP_DEFER_ACCEPT on TCP listeners",
    ),
    Option(
        ("tcp-nodelay",), takes="none", kind="flag", default="off", subsystem="sockets", status="accepted",
        reason="always set",
        help="Set TCP_NODELAY on accepted connections",
    ),
    Option(
        ("so-keepalive",), takes="none", kind="flag", default="off", subsystem="sockets", status="supported",
        help="Set SO_KEEPALIVE on TCP listeners",
    ),
    Option(
        ("so-send-timeout", "socket-send-timeout", "so-write-timeout", "socket-write-timeout"), takes="none",
        kind="int", default="0 (off)", subsystem="sockets", status="accepted",
        reason="socket-timeout bounds every wait for a client",
        help="SO_SNDTIMEO seconds on listeners; takes no value on the command line (=1), value only in config"
        " files",
    ),
    Option(
        ("socket-sndbuf",), kind="uint", default="kernel", subsystem="sockets", status="supported",
        help="SO_SNDBUF bytes on listeners",
    ),
    Option(
        ("socket-rcvbuf",), kind="uint", default="kernel", subsystem="sockets", status="supported",
        help="SO_RCVBUF bytes on listeners",
    ),
    Option(
        ("shutdown-sockets",), takes="none", kind="flag", default="off", subsystem="sockets", status="accepted",
        reason="UNIX sockets refuse newcomers while an instance stops; TCP would reset those who wait",
        help="shutdown() listeners as well as closing them when stopping",
    ),
    Option(
        ("reuse-port",), takes="none", kind="flag", default="off", subsystem="sockets", status="supported",
        help="Set SO_REUSEPORT on TCP listeners",
    ),
    Option(
        ("tcp-fast-open", "tcp-fastopen"), kind="int", default="0 (off)", subsystem="sockets", status="supported",
        help="TCP_FASTOPEN queue length on listeners",
    ),
    Option(
        ("tcp-fast-open-client", "tcp-fastopen-client"), takes="none", kind="flag", default="off",
        subsystem="sockets", status="accepted",
        reason="no connection is opened by the server",
        help="Use TCP fast open for outgoing connections",
    ),
    Option(
        ("remap-modifier",), subsystem="sockets",
        status="accepted", reason="requests are always for Python, whatever their modifier would be rewritten to",
        help="from:to[,from:to] rewriting of modifier1",
    ),
)
