"""Commands and calls at a moment of life: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("hook-asap",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) right after option parsing",
    ),
    Option(
        ("hook-pre-jail",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) before entering a jail",
    ),
    Option(
        ("hook-post-jail",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) right after entering a jail",
    ),
    Option(
        ("hook-in-jail",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) inside the jail once initialised",
    ),
    Option(
        ("hook-as-root",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) just before privileges are dropped",
    ),
    Option(
        ("hook-as-user",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) right after privileges were dropped",
    ),
    Option(
        ("hook-as-user-atexit",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) when the instance exits or reloads (unprivileged)",
    ),
    Option(
        ("hook-pre-app",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) before apps are loaded",
    ),
    Option(
        ("hook-post-app",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) after apps were loaded",
    ),
    Option(
        ("hook-post-fork",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) in every process right after fork",
    ),
    Option(
        ("hook-accepting",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) when each worker starts accepting",
    ),
    Option(
        ("hook-accepting1",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) when the first worker starts accepting",
    ),
    Option(
        ("hook-accepting-once",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) when each worker first starts accepting, once per instance",
    ),
    Option(
        ("hook-accepting1-once",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) when the first worker first starts accepting, once per instance",
    ),
    Option(
        ("hook-master-start",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) when the master starts",
    ),
    Option(
        ("hook-touch",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) when a file is touched (`file action`)",
    ),
    Option(
        ("hook-emperor-start",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) when the emperor starts",
    ),
    Option(
        ("hook-emperor-stop",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) when the emperor orders a stop",
    ),
    Option(
        ("hook-emperor-reload",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) when the emperor orders a reload",
    ),
    Option(
        ("hook-emperor-lost",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) when the link to the emperor is lost",
    ),
    Option(
        ("hook-as-vassal",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) in the vassal before it execs",
    ),
    Option(
        ("hook-as-emperor",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) in the emperor after starting a vassal",
    ),
    Option(
        ("hook-as-mule",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a hook action (name:args) in each mule",
    ),
    Option(
        ("hook-as-gateway",), kind="list", repeats=True, subsystem="hooks",
        status="accepted", reason="HTTP and TLS are served by the workers, there are no router processes",
        help="Run a hook action (name:args) in each router process",
    ),
    Option(
        ("after-request-hook", "after-request-call"), kind="list", repeats=True, subsystem="hooks",
        status="refused", reason="there are no C functions of uWSGI's here; wrap the application in a WSGI middleware",
        help="C symbol called after each request",
    ),
    Option(
        ("exec-asap",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a shell command right after option parsing",
    ),
    Option(
        ("exec-pre-jail",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a shell command before entering a jail",
    ),
    Option(
        ("exec-post-jail",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a shell command right after entering a jail",
    ),
    Option(
        ("exec-in-jail",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a shell command inside the jail once initialised",
    ),
    Option(
        ("exec-as-root",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a shell command just before privileges are dropped",
    ),
    Option(
        ("exec-as-user",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a shell command right after privileges were dropped",
    ),
    Option(
        ("exec-as-user-atexit",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a shell command when the instance exits or reloads (unprivileged)",
    ),
    Option(
        ("exec-pre-app",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a shell command before apps are loaded",
    ),
    Option(
        ("exec-post-app",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a shell command after apps were loaded",
    ),
    Option(
        ("exec-as-vassal",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a shell command in the vassal before it execs",
    ),
    Option(
        ("exec-as-emperor",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Run a shell command in the emperor after starting a vassal",
    ),
    Option(
        ("mount-asap",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Mount a filesystem (`type source target [flags]`) right after option parsing",
    ),
    Option(
        ("mount-pre-jail",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Mount a filesystem (`type source target [flags]`) before entering a jail",
    ),
    Option(
        ("mount-post-jail",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Mount a filesystem (`type source target [flags]`) right after entering a jail",
    ),
    Option(
        ("mount-in-jail",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Mount a filesystem (`type source target [flags]`) inside the jail once initialised",
    ),
    Option(
        ("mount-as-root",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Mount a filesystem (`type source target [flags]`) just before privileges are dropped",
    ),
    Option(
        ("mount-as-vassal",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Mount a filesystem (`type source target [flags]`) in the vassal before it execs",
    ),
    Option(
        ("mount-as-emperor",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Mount a filesystem (`type source target [flags]`) in the emperor after starting a vassal",
    ),
    Option(
        ("umount-asap",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Unmount a path right after option parsing",
    ),
    Option(
        ("umount-pre-jail",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Unmount a path before entering a jail",
    ),
    Option(
        ("umount-post-jail",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Unmount a path right after entering a jail",
    ),
    Option(
        ("umount-in-jail",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Unmount a path inside the jail once initialised",
    ),
    Option(
        ("umount-as-root",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Unmount a path just before privileges are dropped",
    ),
    Option(
        ("umount-as-vassal",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Unmount a path in the vassal before it execs",
    ),
    Option(
        ("umount-as-emperor",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Unmount a path in the emperor after starting a vassal",
    ),
    Option(
        ("wait-for-interface", "wait-interface", "wait-for-iface", "wait-iface"), kind="list", repeats=True,
        subsystem="hooks",
        status="supported",
        help="Block until the network interface is up before root hooks",
    ),
    Option(
        ("wait-for-interface-timeout", "wait-interface-timeout", "wait-for-iface-timeout", "wait-iface-timeout"),
        kind="int", default="60", subsystem="hooks",
        status="supported",
        help="Seconds to wait for the interface",
    ),
    Option(
        ("wait-for-fs", "wait-for-file", "wait-for-dir"), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Block until the path exists before root hooks",
    ),
    Option(
        ("wait-for-mountpoint",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Block until the path is a mount point before root hooks",
    ),
    Option(
        ("wait-for-fs-timeout",), kind="int", default="60", subsystem="hooks",
        status="supported",
        help="Seconds to wait for paths/mount points",
    ),
    Option(
        ("wait-for-socket",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="Block until a connection to the address succeeds before loading apps",
    ),
    Option(
        ("wait-for-socket-timeout",), kind="int", default="60", subsystem="hooks",
        status="supported",
        help="Seconds to wait for the address",
    ),
    Option(
        ("call-asap",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol right after option parsing",
    ),
    Option(
        ("call-pre-jail",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol before entering a jail",
    ),
    Option(
        ("call-post-jail",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol right after entering a jail",
    ),
    Option(
        ("call-in-jail",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol inside the jail once initialised",
    ),
    Option(
        ("call-as-root",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol just before privileges are dropped",
    ),
    Option(
        ("call-as-user",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol right after privileges were dropped",
    ),
    Option(
        ("call-as-user-atexit",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol when the instance exits or reloads (unprivileged)",
    ),
    Option(
        ("call-pre-app",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol before apps are loaded",
    ),
    Option(
        ("call-post-app",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol after apps were loaded",
    ),
    Option(
        ("call-as-vassal",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol in the vassal before it execs",
    ),
    Option(
        ("call-as-vassal1",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol in the vassal before it execs (vassal name passed)",
    ),
    Option(
        ("call-as-vassal3",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol in the vassal before it execs (vassal name, uid, gid passed)",
    ),
    Option(
        ("call-as-emperor",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol in the emperor after starting a vassal",
    ),
    Option(
        ("call-as-emperor1",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol in the emperor after starting a vassal (vassal name passed)",
    ),
    Option(
        ("call-as-emperor2",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol in the emperor after starting a vassal (vassal name and pid passed)",
    ),
    Option(
        ("call-as-emperor4",), kind="list", repeats=True, subsystem="hooks",
        status="refused",
        reason="there are no C functions of uWSGI's here; run a program with exec-, or import a Python module"
        " with shared-import",
        help="Call a C symbol in the emperor after starting a vassal (vassal name, pid, uid, gid passed)",
    ),
    Option(
        ("touch-exec",), kind="list", repeats=True, implies=("master",), subsystem="hooks",
        status="supported",
        help="`file command`: run the command when the file's mtime changes",
    ),
    Option(
        ("file-write",), kind="list", repeats=True, subsystem="hooks",
        status="supported",
        help="path=content written at startup before privilege drop",
    ),
    Option(
        ("hook-as-on-demand-vassal",), kind="list", repeats=True, subsystem="hooks", availability="2.1-dev only",
        help="Run a hook action when a vassal goes on-demand",
    ),
    Option(
        ("hook-as-on-config-vassal",), kind="list", repeats=True, subsystem="hooks", availability="2.1-dev only",
        help="Run a hook action when an on-demand vassal config changes",
    ),
    Option(
        ("hook-as-emperor-before-vassal",), kind="list", repeats=True, subsystem="hooks",
        availability="2.1-dev only", help="Run a hook action before a vassal is started",
    ),
    Option(
        ("hook-as-vassal-before-drop",), kind="list", repeats=True, subsystem="hooks", availability="2.1-dev only",
        help="Run a hook action in the vassal before it drops privileges",
    ),
    Option(
        ("hook-as-emperor-setns",), kind="list", repeats=True, subsystem="hooks", availability="2.1-dev only",
        help="Run a hook action when the emperor enters a vassal namespace",
    ),
)
