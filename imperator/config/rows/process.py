"""Processes: how many, their names, files and environment: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("processes", "workers"), "p", kind="int", default="1", subsystem="process", status="supported",
        help="Number of worker processes",
    ),
    Option(
        ("thunder-lock",), takes="none", kind="flag", default="off", subsystem="process", status="accepted",
        reason="the kernel wakes one worker per connection, there is no herd to hold back",
        help="Serialise accept() between workers with an inter-process lock",
    ),
    Option(
        ("skip-atexit",), takes="none", kind="flag", default="off", subsystem="process",
        status="supported",
        help="Processes other than the master skip exit hooks",
    ),
    Option(
        ("skip-atexit-teardown",), takes="none", kind="flag", default="off", subsystem="process",
        status="accepted", reason="processes end without taking the interpreter apart",
        help="Processes other than the master skip interpreter teardown at exit",
    ),
    Option(
        ("daemonize",), "d", subsystem="process", status="supported",
        help="Go to background before app loading, logs go to the given file or udp address",
    ),
    Option(
        ("daemonize2",), subsystem="process", status="supported",
        help="Go to background after apps are loaded, logs go to the given file or udp address",
    ),
    Option(
        ("auto-procname",), takes="none", kind="flag", default="off", subsystem="process", status="supported",
        help="Give each process a descriptive title",
    ),
    Option(
        ("procname-prefix",), implies=("auto-procname",), subsystem="process", status="supported",
        help="Text put before process titles (implies auto-procname)",
    ),
    Option(
        ("procname-prefix-spaced",), implies=("auto-procname",), subsystem="process", status="supported",
        help="procname-prefix with a trailing space",
    ),
    Option(
        ("procname-append",), implies=("auto-procname",), subsystem="process", status="supported",
        help="Text put after process titles",
    ),
    Option(
        ("procname",), implies=("auto-procname",), subsystem="process", status="supported",
        help="Fixed title for all processes",
    ),
    Option(
        ("procname-master",), implies=("auto-procname",), subsystem="process", status="supported",
        help="Fixed title for the master",
    ),
    Option(
        ("master",), "M", takes="none", kind="flag", default="off", subsystem="process", status="supported",
        help="Run a supervising master process",
    ),
    Option(
        ("honour-stdin",), takes="none", kind="flag", default="off", subsystem="process", status="supported",
        help="Leave stdin as is instead of pointing it to /dev/null",
    ),
    Option(
        ("reaper",), "r", takes="none", kind="flag", default="off", subsystem="process",
        status="refused", reason="wait for the children that the application starts, as subprocess.run does",
        help="Reap stray children after every request",
    ),
    Option(
        ("safe-fd", "fd-safe"), kind="special", repeats=True, subsystem="process",
        status="accepted", reason="what was open when the instance was started stays open over every reload",
        help="Descriptor number that must stay open across reload",
    ),
    Option(
        ("flock",), kind="special", repeats=True, immediate=True, subsystem="process",
        status="supported",
        help="Lock the file at parse time, abort if already locked",
    ),
    Option(
        ("flock-wait",), kind="special", repeats=True, immediate=True, subsystem="process",
        status="supported",
        help="Lock the file at parse time, block until free",
    ),
    Option(
        ("flock2",), immediate=True, subsystem="process",
        status="supported",
        help="Lock the file after log/daemon setup, abort if already locked",
    ),
    Option(
        ("flock-wait2",), immediate=True, subsystem="process",
        status="supported",
        help="Intended blocking variant of flock2; 2.0.31 calls the non-blocking lock",
    ),
    Option(
        ("pidfile",), subsystem="process", status="supported",
        help="Write the master pid here before privileges are dropped",
    ),
    Option(
        ("pidfile2",), subsystem="process", status="supported",
        help="Write the master pid here after privileges are dropped",
    ),
    Option(
        ("safe-pidfile",), subsystem="process", status="supported",
        help="Pidfile written once startup finished (before privilege drop variant)",
    ),
    Option(
        ("safe-pidfile2",), subsystem="process", status="supported",
        help="Pidfile written once startup finished (after privilege drop variant)",
    ),
    Option(
        ("no-server",), takes="none", kind="flag", default="off", subsystem="process",
        status="supported",
        help="Initialise (load apps, hooks) then exit without serving",
    ),
    Option(
        ("command-mode",), takes="none", kind="flag", immediate=True, default="off", subsystem="process",
        status="accepted", reason="an instance without sockets is told once, and nothing else is",
        help="Suppress server-oriented warnings; used for one-shot commands",
    ),
    Option(
        ("check-mountpoint", "mountpoint-check", "check-mount", "mount-check"), kind="list", repeats=True,
        implies=("master",), subsystem="process",
        status="refused",
        reason="have the service manager stop the service with the mount: RequiresMountsFor= of systemd",
        help="Kill the instance if the filesystem stops answering",
    ),
    Option(
        ("no-orphans",), takes="none", kind="flag", default="off", subsystem="process", status="accepted",
        reason="workers always end with the processes above them",
        help="Workers exit if the master dies (Linux parent-death signal)",
    ),
    Option(
        ("check-interval",), kind="int", default="1", implies=("master",), subsystem="process",
        status="accepted", reason="everything is noticed as it happens, nothing is looked at regularly",
        help="Seconds between master housekeeping cycles",
    ),
    Option(
        ("forkbomb-delay",), kind="int", default="2", implies=("master",), subsystem="process",
        status="accepted", reason="the pauses between starts of a worker that dies at once grow by themselves",
        help="Seconds the master sleeps when workers die too fast",
    ),
    Option(
        ("binary-path",), default="auto", subsystem="process",
        status="accepted", reason="the master is never executed again",
        help="Path used for re-exec",
    ),
    Option(
        ("privileged-binary-patch",), subsystem="process",
        status="refused",
        reason="run that program as a service of its own; commands at the start are exec-as-root and exec-as-user",
        help="exec this program in place of uwsgi before privilege drop",
    ),
    Option(
        ("unprivileged-binary-patch",), subsystem="process",
        status="refused",
        reason="run that program as a service of its own; commands at the start are exec-as-root and exec-as-user",
        help="exec this program in place of uwsgi after privilege drop",
    ),
    Option(
        ("privileged-binary-patch-arg",), subsystem="process",
        status="refused",
        reason="run that program as a service of its own; commands at the start are exec-as-root and exec-as-user",
        help="Same as privileged-binary-patch with arguments",
    ),
    Option(
        ("unprivileged-binary-patch-arg",), subsystem="process",
        status="refused",
        reason="run that program as a service of its own; commands at the start are exec-as-root and exec-as-user",
        help="Same as unprivileged-binary-patch with arguments",
    ),
    Option(
        ("force-cwd",), subsystem="process",
        status="supported",
        help="Override the remembered initial working directory",
    ),
    Option(
        ("binsh",), kind="list", repeats=True, default="/bin/sh", subsystem="process",
        status="supported",
        help="Shell used by exec hooks",
    ),
    Option(
        ("clock",), default="unix", subsystem="process",
        status="accepted", reason="there is one clock, the kernel's",
        help="Clock source by name",
    ),
    Option(
        ("close-on-exec",), takes="none", kind="flag", default="off", subsystem="process", status="accepted",
        reason="connections are always closed on exec",
        help="Close-on-exec on accepted connections",
    ),
    Option(
        ("close-on-exec2",), takes="none", kind="flag", default="off", subsystem="process",
        status="accepted", reason="sockets pass to those processes only that serve them",
        help="Close-on-exec on listeners",
    ),
    Option(
        ("env",), kind="NAME=value", repeats=True, subsystem="process", status="supported",
        help="NAME=value placed in the environment when options are applied",
    ),
    Option(
        ("envdir",), kind="list", repeats=True, subsystem="process", status="supported",
        help="Directory whose files define environment variables, read after option application",
    ),
    Option(
        ("early-envdir",), kind="special", repeats=True, immediate=True, subsystem="process", status="supported",
        help="Like envdir but read at parse time so $(NAME) and if-env see it",
    ),
    Option(
        ("unenv",), kind="special", repeats=True, subsystem="process", status="supported",
        help="Environment variable to remove",
    ),
    Option(
        ("vacuum",), takes="none", kind="flag", default="off", subsystem="process", status="supported",
        help="Remove created sockets and pidfiles at exit",
    ),
    Option(
        ("worker-exec",), subsystem="process",
        status="refused", reason="run that program as a service of its own, and let the web server connect to it",
        help="exec this command in place of each worker",
    ),
    Option(
        ("worker-exec2",), subsystem="process",
        status="refused", reason="run that program as a service of its own, and let the web server connect to it",
        help="exec this command in place of each worker after post-fork hooks",
    ),
    Option(
        ("thunder-lock-watchdog",), takes="none", kind="flag", default="off", subsystem="process",
        availability="2.1-dev only", help="Watchdog for the accept lock",
    ),
    Option(
        ("fork-socket", "fork-server"), subsystem="process", availability="2.1-dev only",
        help="Pause after early init and fork per connection on this socket",
    ),
    Option(
        ("die-on-no-workers",), takes="none", kind="flag", default="off", subsystem="process",
        availability="2.1-dev only", help="Exit when no worker is left",
    ),
    Option(
        ("ienv",), kind="NAME=value", repeats=True, immediate=True, subsystem="process", availability="2.1-dev only",
        help="env applied at parse time",
    ),
)
