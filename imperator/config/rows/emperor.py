"""The emperor and its vassals: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("emperor",), kind="list", repeats=True, subsystem="emperor", status="supported",
        help="Supervise vassals found by this monitor (directory, glob: or other scheme)",
    ),
    Option(
        ("emperor-proxy-socket",), subsystem="emperor", status="refused",
        reason="it hands the emperor link to programs that start vassals by fork, which Imperator has none of",
        help="Socket through which a vassal obtains its emperor link",
    ),
    Option(
        ("emperor-wrapper",), default="uwsgi binary", subsystem="emperor", status="supported",
        help="Program executed for each vassal instead of the uwsgi binary",
    ),
    Option(
        ("emperor-wrapper-override",), kind="list", repeats=True, subsystem="emperor", status="supported",
        help="Wrapper programs tried before emperor-wrapper",
    ),
    Option(
        ("emperor-wrapper-fallback",), kind="list", repeats=True, subsystem="emperor", status="supported",
        help="Wrapper programs tried after emperor-wrapper",
    ),
    Option(
        ("emperor-nofollow",), takes="none", kind="flag", default="off", subsystem="emperor", status="supported",
        help="Use the symlink's own mtime when scanning vassal files",
    ),
    Option(
        ("emperor-procname",), subsystem="emperor", status="supported", help="Process title of the emperor",
    ),
    Option(
        ("emperor-freq",), kind="int", default="3", subsystem="emperor", status="supported",
        help="Seconds between emperor scans",
    ),
    Option(
        ("emperor-required-heartbeat",), kind="int", default="30", subsystem="emperor", status="supported",
        help="Seconds without heartbeat before a heartbeating vassal is respawned",
    ),
    Option(
        ("emperor-curse-tolerance",), kind="int", default="30", subsystem="emperor", status="supported",
        help="Seconds a vassal that was told to stop may linger before being killed",
    ),
    Option(("emperor-pidfile",), subsystem="emperor", status="supported", help="File that receives the emperor pid"),
    Option(
        ("emperor-tyrant",), takes="none", kind="flag", default="off", subsystem="emperor", status="supported",
        help="Run every vassal as owner (uid/gid) of its config file",
    ),
    Option(
        ("emperor-tyrant-nofollow",), takes="none", kind="flag", default="off", subsystem="emperor", status="supported",
        help="In tyrant mode take ownership from the symlink itself",
    ),
    Option(
        ("emperor-stats", "emperor-stats-server"), subsystem="emperor", status="supported",
        help="Address of the emperor statistics server",
    ),
    Option(
        ("early-emperor",), takes="none", kind="flag", default="off", subsystem="emperor", status="supported",
        help="Start the emperor before jailing/privilege handling",
    ),
    Option(
        ("emperor-broodlord",), kind="int", default="0 (off)", subsystem="emperor", status="refused",
        reason="a vassal grows by itself: set workers to the most and cheaper to the least",
        help="Maximum number of extra copies the emperor may spawn for vassals asking for help",
    ),
    Option(
        ("emperor-throttle",), kind="int", default="1000", subsystem="emperor", status="supported",
        help="Milliseconds added to the respawn delay of a crashing vassal",
    ),
    Option(
        ("emperor-max-throttle",), kind="int", default="180000", subsystem="emperor", status="supported",
        help="Upper bound in milliseconds of the respawn delay",
    ),
    Option(
        ("emperor-magic-exec",), takes="none", kind="flag", default="off", subsystem="emperor", status="supported",
        help="Run vassal files having the x bit through exec:// and use their output as config",
    ),
    Option(
        ("emperor-on-demand-extension", "emperor-on-demand-ext"), subsystem="emperor", status="supported",
        help="Suffix of a companion file holding the socket that wakes an on-demand vassal",
    ),
    Option(
        ("emperor-on-demand-directory", "emperor-on-demand-dir"), subsystem="emperor", status="supported",
        help="Directory in which on-demand wake-up sockets named after vassals are created",
    ),
    Option(
        ("emperor-on-demand-exec",), subsystem="emperor",
        status="supported", help="Command that prints the wake-up socket of a vassal",
    ),
    Option(
        ("emperor-extra-extension", "emperor-extra-ext"), kind="list", repeats=True, subsystem="emperor",
        status="supported", help="Additional file suffix accepted as vassal; passed with --config",
    ),
    Option(
        ("emperor-no-blacklist",), takes="none", kind="flag", default="off", subsystem="emperor", status="supported",
        help="Do not throttle vassals that die before becoming ready",
    ),
    Option(
        ("emperor-use-clone",), kind="special", subsystem="emperor", status="refused",
        reason="give vassals containers or systemd units of their own where they must not see each other",
        availability="os:linux", help="Start vassals with clone() using the listed namespace names",
    ),
    Option(
        ("emperor-graceful-shutdown",), takes="none", kind="flag", default="off", subsystem="emperor",
        status="accepted", reason="the end of an emperor always lets vassals finish their requests",
        help="Ask vassals for a graceful stop when the emperor shuts down",
    ),
    Option(
        ("emperor-cap", "vassals-cap", "vassal-cap"), kind="special", subsystem="emperor", status="refused",
        reason="start a vassal that needs capabilities by a systemd unit of its own, with AmbientCapabilities",
        availability="build:libcap", help="Linux capabilities kept by vassals",
    ),
    Option(
        ("vassals-inherit",), kind="list", repeats=True, subsystem="emperor", status="supported",
        help="Template passed to each vassal as --inherit after its config",
    ),
    Option(
        ("vassals-include",), kind="list", repeats=True, subsystem="emperor", status="supported",
        help="Template passed to each vassal as --include after its config",
    ),
    Option(
        ("vassals-inherit-before",), kind="list", repeats=True, subsystem="emperor", status="supported",
        help="Template passed as --inherit before the vassal config",
    ),
    Option(
        ("vassals-include-before",), kind="list", repeats=True, subsystem="emperor", status="supported",
        help="Template passed as --include before the vassal config",
    ),
    Option(
        ("vassals-start-hook",), subsystem="emperor", status="supported",
        help="Command run in the vassal process before exec",
    ),
    Option(
        ("vassals-stop-hook",), subsystem="emperor", status="supported",
        help="Command run by the emperor after a vassal died",
    ),
    Option(
        ("vassal-sos",), kind="int", default="0 (off)", subsystem="emperor", status="refused",
        reason="a vassal grows by itself: set workers to the most and cheaper to the least",
        help="Seconds between help requests sent to the emperor when all workers are busy",
    ),
    Option(
        ("vassal-sos-backlog",), kind="int", default="0 (off)", subsystem="emperor", status="refused",
        reason="a vassal grows by itself: set workers to the most and cheaper to the least",
        help="Send a help request when the listen backlog exceeds this",
    ),
    Option(
        ("vassals-set", "vassal-set"), kind="list", repeats=True, subsystem="emperor", status="supported",
        help="name=value passed with --set to each vassal",
    ),
    Option(
        ("heartbeat",), kind="int", default="0 (off)", subsystem="emperor", status="supported",
        help="Seconds between liveness messages a vassal sends to its emperor",
    ),
    Option(
        ("emperor-tyrant-initgroups",), takes="none", kind="flag", default="off", subsystem="emperor",
        availability="2.1-dev only", help="Load supplementary groups in tyrant mode",
    ),
    Option(
        ("emperor-trigger-socket",), subsystem="emperor", availability="2.1-dev only",
        help="Socket that triggers emperor scans",
    ),
    Option(
        ("emperor-command-socket",), subsystem="emperor", availability="2.1-dev only",
        help="Socket accepting emperor commands",
    ),
    Option(
        ("emperor-wait-for-command",), takes="none", kind="flag", default="off", subsystem="emperor",
        availability="2.1-dev only", help="Vassals start only after an explicit command",
    ),
    Option(
        ("emperor-wait-for-command-ignore",), kind="list", repeats=True, subsystem="emperor",
        availability="2.1-dev only", help="Vassal exempt from emperor-wait-for-command",
    ),
    Option(
        ("emperor-use-fork-server",), subsystem="emperor", availability="2.1-dev only",
        help="Start vassals through a fork server",
    ),
    Option(
        ("vassal-fork-base",), kind="list", repeats=True, subsystem="emperor", availability="2.1-dev only",
        help="Vassal that is started with a plain fork",
    ),
    Option(
        ("emperor-subreaper",), takes="none", kind="flag", default="off", subsystem="emperor", status="accepted",
        reason="the emperor always is one", availability="2.1-dev only", help="Make the emperor a child subreaper",
    ),
    Option(
        ("emperor-collect-attribute", "emperor-collect-attr"), kind="list", repeats=True, subsystem="emperor",
        availability="2.1-dev only", help="Vassal attribute read from its [emperor] section",
    ),
    Option(
        ("emperor-fork-server-attr",), subsystem="emperor", availability="2.1-dev only",
        help="Attribute naming the fork server of a vassal",
    ),
    Option(
        ("emperor-wrapper-attr",), subsystem="emperor", availability="2.1-dev only",
        help="Attribute naming the wrapper of a vassal",
    ),
    Option(
        ("emperor-chdir-attr",), subsystem="emperor", availability="2.1-dev only",
        help="Attribute naming the directory of a vassal",
    ),
    Option(("zeus",), subsystem="emperor", availability="2.1-dev only", help="Zeus mode (supervisor of emperors)"),
)
