"""Users, groups and sandboxes: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("umask",), kind="octal", immediate=True, default="inherited (daemonize resets it to 0)",
        subsystem="security", status="supported",
        help="Process umask, 3 octal digits (or 4 with a leading digit that is ignored); also stops daemonize"
        " from resetting the umask to 0; applied at parse time",
    ),
    Option(
        ("chroot",), subsystem="security",
        status="refused", reason="run it in a container, or set RootDirectory= of its systemd service",
        help="Directory that becomes the root of the filesystem for this instance",
    ),
    Option(
        ("pivot-root", "pivot_root"), subsystem="security", availability="os:linux",
        status="refused", reason="run it in a container, or set RootDirectory= of its systemd service",
        help="`new_root old_root` pivot_root() call",
    ),
    Option(
        ("uid",), kind="user", default="current", subsystem="security", status="supported",
        help="User to switch to, name or number",
    ),
    Option(
        ("gid",), kind="group", default="current", subsystem="security", status="supported",
        help="Group to switch to, name or number",
    ),
    Option(
        ("add-gid",), kind="list", repeats=True, subsystem="security",
        status="supported",
        help="Supplementary group id",
    ),
    Option(
        ("immediate-uid",), kind="user", immediate=True, subsystem="security",
        status="supported",
        help="setuid at parse time",
    ),
    Option(
        ("immediate-gid",), kind="group", immediate=True, subsystem="security",
        status="supported",
        help="setgid at parse time",
    ),
    Option(
        ("no-initgroups",), takes="none", kind="flag", default="off", subsystem="security",
        status="supported",
        help="Do not load the user's supplementary groups",
    ),
    Option(
        ("cap",), kind="special", subsystem="security", availability="build:libcap",
        status="refused",
        reason="set AmbientCapabilities= and CapabilityBoundingSet= of its systemd service, with User= instead"
        " of uid; ports below 1024 need none",
        help="Comma list of Linux capabilities to keep",
    ),
    Option(
        ("unshare",), kind="special", subsystem="security", status="refused",
        reason="run it in a container, or use systemd's PrivateTmp=, ProtectSystem=, PrivateNetwork= and their like",
        availability="os:linux", help="Comma list of namespaces to unshare",
    ),
    Option(
        ("unshare2",), kind="special", subsystem="security", status="refused",
        reason="run it in a container, or use systemd's PrivateTmp=, ProtectSystem=, PrivateNetwork= and their like",
        availability="os:linux", help="Comma list of namespaces to unshare after the root filesystem change",
    ),
    Option(
        ("setns-socket",), implies=("master",), subsystem="security", status="refused",
        reason="run it in a container, or use systemd's PrivateTmp=, ProtectSystem=, PrivateNetwork= and their like",
        availability="os:linux", help="UNIX socket that hands out this process's namespace descriptors",
    ),
    Option(
        ("setns-socket-skip", "setns-skip"), kind="list", repeats=True, subsystem="security", status="refused",
        reason="run it in a container, or use systemd's PrivateTmp=, ProtectSystem=, PrivateNetwork= and their like",
        availability="os:linux", help="Namespace name not handed out",
    ),
    Option(
        ("setns",), subsystem="security", status="refused",
        reason="run it in a container, or use systemd's PrivateTmp=, ProtectSystem=, PrivateNetwork= and their like",
        availability="os:linux", help="Join namespaces offered by the setns socket of another instance",
    ),
    Option(
        ("setns-preopen",), takes="none", kind="flag", default="off", subsystem="security", status="refused",
        reason="run it in a container, or use systemd's PrivateTmp=, ProtectSystem=, PrivateNetwork= and their like",
        availability="os:linux", help="Open /proc/self/ns early and keep the descriptors",
    ),
    Option(
        ("jailed",), takes="none", kind="flag", default="off", subsystem="security",
        status="supported",
        help="Pretend to be jailed so post-jail hooks run",
    ),
    Option(
        ("jail",), subsystem="security", status="refused", reason="jails are for FreeBSD, Imperator runs on Linux",
        availability="os:freebsd", help="FreeBSD jail path",
    ),
    Option(
        ("jail-ip4",), kind="list", repeats=True, subsystem="security", status="refused",
        reason="jails are for FreeBSD, Imperator runs on Linux", availability="os:freebsd",
        help="One IPv4 address assigned to the jail (FreeBSD)",
    ),
    Option(
        ("jail-ip6",), kind="list", repeats=True, subsystem="security", status="refused",
        reason="jails are for FreeBSD, Imperator runs on Linux", availability="os:freebsd",
        help="One IPv6 address assigned to the jail (FreeBSD)",
    ),
    Option(
        ("jidfile", "jid-file"), subsystem="security", status="refused",
        reason="jails are for FreeBSD, Imperator runs on Linux", availability="os:freebsd",
        help="File receiving the FreeBSD jail id",
    ),
    Option(
        ("jail2", "libjail"), kind="list", repeats=True, subsystem="security", status="refused",
        reason="jails are for FreeBSD, Imperator runs on Linux", availability="os:freebsd",
        help="FreeBSD jail key=value parameter",
    ),
    Option(
        ("jail-attach",), subsystem="security", status="refused",
        reason="jails are for FreeBSD, Imperator runs on Linux", availability="os:freebsd",
        help="Name or id of an already running FreeBSD jail to enter",
    ),
    Option(
        ("refork", "re-fork"), takes="none", kind="flag", default="off", subsystem="security", status="accepted",
        reason="each worker is forked after privileges were given up",
        help="fork() once more after dropping privileges",
    ),
    Option(
        ("refork-as-root", "re-fork-as-root"), takes="none", kind="flag", default="off", subsystem="security",
        status="accepted", reason="each worker is forked after privileges were given up",
        help="fork() once more before dropping privileges",
    ),
    Option(
        ("refork-post-jail", "re-fork-post-jail"), takes="none", kind="flag", default="off", subsystem="security",
        status="accepted", reason="each worker is forked after privileges were given up",
        help="fork() once more after jailing",
    ),
    Option(
        ("master-as-root",), takes="none", kind="flag", default="off", subsystem="security",
        status="supported",
        help="Keep the master privileged",
    ),
    Option(
        ("drop-after-init",), takes="none", kind="flag", default="off", subsystem="security", status="accepted",
        reason="privileges are given up as soon as sockets, log and pidfile are open, and there are no plugins",
        help="Drop privileges after plugin initialisation",
    ),
    Option(
        ("drop-after-apps",), takes="none", kind="flag", default="off", subsystem="security",
        status="refused",
        reason="the application is imported as the user of uid: let that user read what it needs; root opens"
        " sockets, log and pidfile",
        help="Drop privileges after app loading",
    ),
    Option(
        ("namespace", "ns"), subsystem="security", status="refused",
        reason="run it in a container, or use systemd's PrivateTmp=, ProtectSystem=, PrivateNetwork= and their like",
        availability="os:linux", help="Old Linux namespace jail: root directory",
    ),
    Option(
        ("namespace-keep-mount",), kind="list", repeats=True, subsystem="security", status="refused",
        reason="run it in a container, or use systemd's PrivateTmp=, ProtectSystem=, PrivateNetwork= and their like",
        availability="os:linux", help="Mount kept inside the namespace jail",
    ),
    Option(
        ("namespace-net", "ns-net"), subsystem="security", status="refused",
        reason="run it in a container, or use systemd's PrivateTmp=, ProtectSystem=, PrivateNetwork= and their like",
        availability="os:linux", help="Network namespace setting of the jail",
    ),
    Option(
        ("allowed-modifiers",), default="all", subsystem="security",
        status="accepted",
        reason="0 and 30 (WSGI) are served and 100 (ping) is answered; every other modifier gets 501",
        help="Comma list of modifier1 values accepted from clients",
    ),
)
