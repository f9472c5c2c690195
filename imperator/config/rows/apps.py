"""The application: loading and mounting it, threads and loops: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("enable-threads",), "T", takes="none", kind="flag", default="on", subsystem="threads", status="supported",
        help="Accepted for old configurations: the application may always start threads",
    ),
    Option(
        ("no-threads-wait",), takes="none", kind="flag", default="off", subsystem="threads",
        status="accepted",
        reason="threads of the application are not waited for, requests are for worker-reload-mercy seconds",
        help="Do not wait for worker threads while stopping or reloading",
    ),
    Option(
        ("need-app",), takes="optional", kind="flag", default="off", subsystem="apps", status="supported",
        help="Exit with status 22 if no app could be loaded",
    ),
    Option(
        ("no-default-app",), takes="none", kind="flag", default="off", subsystem="apps",
        status="supported",
        help="Unmatched mountpoints give an error instead of falling back to app 0",
    ),
    Option(
        ("manage-script-name",), takes="none", kind="flag", default="off", subsystem="apps",
        status="supported",
        help="Derive SCRIPT_NAME/PATH_INFO from the mounted app prefix",
    ),
    Option(
        ("ignore-script-name",), takes="none", kind="flag", default="off", subsystem="apps",
        status="supported",
        help="Do not use SCRIPT_NAME when choosing the app",
    ),
    Option(
        ("async",), kind="int", default="1 (off)", subsystem="async", status="supported",
        help="With loop = gevent: requests that a worker serves at once",
    ),
    Option(("chdir",), subsystem="apps", status="supported", help="Enter this directory before loading apps"),
    Option(("chdir2",), subsystem="apps", status="supported", help="Enter this directory after loading apps"),
    Option(
        ("lazy",), takes="none", kind="flag", default="off", subsystem="apps",
        status="supported", help="Old lazy mode: load apps in workers and make reload affect workers only",
    ),
    Option(
        ("lazy-apps",), takes="none", kind="flag", default="off", subsystem="apps",
        status="supported", help="Load apps in each worker after fork",
    ),
    Option(
        ("mount", "worker-mount"), kind="list", repeats=True, subsystem="apps",
        status="supported",
        help="mountpoint=app: load an app under a URL prefix (or host|prefix)",
    ),
    Option(
        ("threads",), kind="int", default="1", implies=("threads",), subsystem="threads", status="supported",
        help="Threads per worker",
    ),
    Option(
        ("thread-stacksize", "threads-stacksize", "thread-stack-size", "threads-stack-size"), kind="int",
        default="system default", implies=("threads",), subsystem="threads",
        status="supported",
        help="Thread stack size in kilobytes",
    ),
    Option(
        ("vhost",), takes="none", kind="flag", default="off", subsystem="apps",
        status="supported",
        help="Select apps by host name as well as script name",
    ),
    Option(
        ("vhost-host",), takes="none", kind="flag", default="off", implies=("vhost",), subsystem="apps",
        status="supported",
        help="Turns vhost on; its own HTTP_HOST switch is not consulted in 2.0.31",
    ),
    Option(
        ("loop",), default="simple (async when async>1)", subsystem="async", status="supported",
        help="Main loop by name: gevent",
    ),
    Option(
        ("gevent",), kind="signed", implies=("threads",), subsystem="async", status="supported",
        help="Serve so many requests at once in each worker, as greenlets of the application's gevent",
    ),
    Option(
        ("gevent-monkey-patch",), takes="none", kind="flag", default="off", subsystem="async", status="supported",
        help="Let gevent patch the standard library in each worker, after the application is loaded",
    ),
    Option(
        ("gevent-early-monkey-patch",), takes="none", kind="flag", default="off", subsystem="async",
        status="supported", help="Let gevent patch the standard library before the application is loaded",
    ),
    Option(
        ("gevent-wait-for-hub",), takes="none", kind="flag", default="off", subsystem="async", status="supported",
        help="Let a worker that ends wait for all greenlets, not only those of requests",
    ),
    Option(
        ("ugreen",), takes="none", kind="flag", default="off", subsystem="async", status="refused",
        reason="use gevent = N, or threads = N", help="Turn on the old built-in coroutine engine",
    ),
    Option(
        ("ugreen-stacksize",), kind="int", subsystem="async", status="refused",
        reason="use gevent = N, or threads = N", help="Pages of stack given to each ugreen coroutine",
    ),
    Option(
        ("dynamic-apps",), takes="none", kind="flag", default="off", subsystem="apps", availability="2.1-dev only",
        help="Allow apps to be loaded on request variables",
    ),
    Option(
        ("disable-async-warn-on-queue-full",), takes="none", kind="inverse-flag", default="off", subsystem="async",
        availability="2.1-dev only", help="Silence the async queue full warning",
    ),
)
