"""Orders to a running instance, and questions to this program: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("backtrace-depth",), kind="int", default="64", subsystem="debug", status="accepted",
        reason="a worker that crashes shows Python's stacks, all of them",
        help="Maximum frames printed in a crash backtrace",
    ),
    Option(
        ("stop",), kind="special", immediate=True, subsystem="control", status="supported",
        help="Send SIGINT to the pid in this pidfile and exit",
    ),
    Option(
        ("reload",), kind="special", immediate=True, subsystem="control", status="supported",
        help="Send SIGHUP to the pid in this pidfile and exit",
    ),
    Option(
        ("pause",), kind="special", immediate=True, subsystem="control", status="supported",
        help="Send SIGTSTP to the pid in this pidfile and exit (toggles pause)",
    ),
    Option(
        ("suspend",), kind="special", immediate=True, subsystem="control", status="supported",
        help="Same action as pause (SIGTSTP toggle)",
    ),
    Option(
        ("resume",), kind="special", immediate=True, subsystem="control", status="supported",
        help="Same action as pause (SIGTSTP toggle)",
    ),
    Option(
        ("connect-and-read",), kind="special", immediate=True, subsystem="control", status="supported",
        help="Connect to the address, copy what it sends to the log, exit",
    ),
    Option(
        ("extract",), kind="special", immediate=True, subsystem="control", status="supported",
        help="Read a resource (file or scheme url) to stdout and exit",
    ),
    Option(
        ("imperial-monitor-list", "imperial-monitors-list"), takes="none", kind="flag", default="off",
        subsystem="info",
        status="supported", help="List available emperor monitors at startup",
    ),
    Option(
        ("help", "usage"), "h", takes="none", kind="special", immediate=True, subsystem="info", status="supported",
        help="Print option list and exit 0",
    ),
    Option(
        ("print-sym", "print-symbol"), kind="special", immediate=True, subsystem="info", status="refused",
        reason="Imperator has no linked symbols", help="Print an embedded binary symbol and exit",
    ),
    Option(
        ("signal",), kind="special", immediate=True, subsystem="control", status="refused",
        reason="nobody raises signals from outside: the application does (uwsgi.signal), a timer, or a touched file",
        help="Send a uwsgi signal to a running server (addr,num) and exit",
    ),
    Option(
        ("catch-exceptions",), takes="none", kind="flag", default="off", subsystem="debug",
        status="refused", reason="clients would see the environ with its secrets; the log has every traceback",
        help="Send uncaught exception text to the client",
    ),
    Option(
        ("exception-handler",), kind="list", repeats=True, implies=("master",), subsystem="debug", status="refused",
        reason="the log has every traceback; an error tracker has a client for the application",
        help="Exception handler plugin specification",
    ),
    Option(
        ("master-fifo",), kind="list", repeats=True, implies=("master",), subsystem="control",
        status="supported", help="Named pipe through which one-letter commands control the master",
    ),
    Option(
        ("notify-socket",), implies=("master",), subsystem="control", status="refused",
        reason="readiness is told to systemd (NOTIFY_SOCKET), everything else by the stats server",
        help="Socket receiving status notifications",
    ),
    Option(
        ("logger-list", "loggers-list"), takes="none", kind="flag", default="off", subsystem="info", status="supported",
        help="List logger plugins at startup",
    ),
    Option(
        ("use-abort",), takes="none", kind="flag", default="off", subsystem="debug", status="accepted",
        reason="a worker that crashes ends by its signal, and leaves a core where the limits allow one",
        help="abort() on SIGSEGV/SIGFPE so a core is dumped",
    ),
    Option(
        ("alarm-list", "alarms-list"), takes="none", kind="flag", default="off", subsystem="info", status="supported",
        help="List alarm plugins at startup",
    ),
    Option(
        ("cheaper-algo-list", "cheaper-algos-list", "cheaper-list"), takes="none", kind="flag", default="off",
        subsystem="info",
        status="supported", help="List scaling algorithms at startup",
    ),
    Option(
        ("router-list", "routers-list"), takes="none", kind="flag", default="off", subsystem="info", status="supported",
        availability="build:routing(pcre)", help="List routing actions at startup",
    ),
    Option(
        ("clock-list", "clocks-list"), takes="none", kind="flag", default="off", subsystem="info", status="supported",
        help="List clock sources at startup",
    ),
    Option(
        ("loop-list", "loops-list"), takes="none", kind="flag", default="off", subsystem="info", status="supported",
        help="List loop engines at startup",
    ),
    Option(
        ("plugins-list", "plugin-list"), takes="none", kind="flag", default="off", subsystem="info", status="supported",
        help="List plugins at startup",
    ),
    Option(
        ("dump-options",), takes="none", kind="flag", default="off", subsystem="info", status="supported",
        help="Print all option names and exit 0",
    ),
    Option(
        ("show-config",), takes="none", kind="flag", default="off", subsystem="info", status="supported",
        help="Log the effective option list in INI form, then continue",
    ),
    Option(
        ("binary-append-data",), kind="special", immediate=True, subsystem="control", status="refused",
        reason="Imperator is not one executable that data can be appended to",
        help="Emit a resource plus 8-byte length trailer for data:// use, then exit",
    ),
    Option(
        ("print",), repeats=True, subsystem="info", status="supported",
        help="Print the value when options are applied",
    ),
    Option(
        ("iprint",), repeats=True, immediate=True, subsystem="info", status="supported",
        help="Print the value at parse time (no placeholder expansion)",
    ),
    Option(
        ("exit",), takes="optional", kind="signed", immediate=True, subsystem="control", status="supported",
        help="Exit at parse time with this status (1 if no value on the command line, 0 for an empty config "
        "value)",
    ),
    Option(
        ("cflags",), takes="none", kind="special", immediate=True, subsystem="info", status="refused",
        reason="it tells how uWSGI was compiled", help="Print build flags and exit",
    ),
    Option(
        ("dot-h",), takes="none", kind="special", immediate=True, subsystem="info", status="refused",
        reason="it prints the source of uWSGI", help="Print the embedded header and exit",
    ),
    Option(
        ("config-py",), takes="none", kind="special", immediate=True, subsystem="info", status="refused",
        reason="it prints the source of uWSGI", help="Print the embedded build script and exit",
    ),
    Option(
        ("version",), takes="none", repeats=True, subsystem="info", status="supported",
        help="Print version and exit",
    ),
    Option(
        ("nagios",), takes="none", kind="flag", default="off", implies=("no-banner",), subsystem="control",
        status="supported",
        help="Probe the server named by the socket option in Nagios plugin style and exit",
    ),
    Option(
        ("ping",), implies=("no-banner", "no-server"), subsystem="control", status="supported",
        help="Send a ping request to a uwsgi server and exit",
    ),
    Option(
        ("ping-timeout",), kind="int", default="3", subsystem="control",
        status="supported", help="Seconds to wait for the ping answer",
    ),
    Option(
        ("python-version",), takes="none", kind="special", immediate=True, subsystem="info", status="supported",
        help="Print the Python version and exit",
    ),
)
