"""Limits, deadlines and reloads: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("harakiri",), "t", kind="int", default="0 (off)", subsystem="timeouts",
        status="supported", help="Seconds a single request may run before its worker is killed and respawned",
    ),
    Option(
        ("harakiri-verbose",), takes="none", kind="flag", default="off", subsystem="timeouts",
        status="supported", help="Log extra process detail (syscall, wait channel) when a harakiri fires",
    ),
    Option(
        ("harakiri-graceful-timeout",), kind="int", default="0 (off)", subsystem="timeouts",
        status="supported", help="Seconds between a first gentle signal to an overdue worker and the SIGKILL",
    ),
    Option(
        ("harakiri-graceful-signal",), kind="int", default="15 (SIGTERM)", subsystem="timeouts",
        status="supported", help="Signal number used for that first gentle attempt",
    ),
    Option(
        ("harakiri-queue-threshold",), kind="int", default="0", subsystem="timeouts",
        status="supported", help="Only enforce harakiri while the listen backlog is above this many entries",
    ),
    Option(
        ("harakiri-no-arh", "no-harakiri-arh", "no-harakiri-after-req-hook"), takes="none", kind="flag",
        default="off", subsystem="timeouts", status="accepted",
        reason="harakiri looks at the request only", help="Stop the harakiri clock before after-request hooks run",
    ),
    Option(
        ("mule-harakiri",), kind="int", default="0 (off)", subsystem="timeouts", status="supported",
        help="Seconds a mule may spend on one message/task before being killed",
    ),
    Option(
        ("write-errors-tolerance",), kind="uint", default="0", subsystem="limits", status="supported",
        help="How many failed client writes are tolerated per request before it is aborted",
    ),
    Option(
        ("max-vars",), "v", kind="signed", default="64", subsystem="limits", status="supported",
        help="How many variables a request may have; as in uWSGI, twice as many are allowed",
    ),
    Option(
        ("max-apps",), kind="int", default="64", subsystem="limits",
        status="accepted", reason="an instance may have any number of applications",
        help="Maximum number of apps per worker",
    ),
    Option(
        ("buffer-size",), "b", kind="uint", default="32768", subsystem="limits", status="supported",
        help="Bytes that the headers of one request may take, 1 MiB at most",
    ),
    Option(
        ("reload-mercy",), kind="int", default="30", subsystem="reload", status="supported",
        help="Seconds the master waits for processes when stopping/reloading before killing them",
    ),
    Option(
        ("worker-reload-mercy",), kind="int", default="60", subsystem="reload", status="supported",
        help="Seconds a single worker may take to finish when asked to reload or stop",
    ),
    Option(
        ("mule-reload-mercy",), kind="int", default="60", subsystem="reload", status="supported",
        help="Seconds a single mule may take to finish when asked to reload or stop",
    ),
    Option(
        ("exit-on-reload",), takes="none", kind="flag", default="off", subsystem="reload",
        status="supported", help="Turn reload requests into shutdown",
    ),
    Option(
        ("die-on-term",), takes="none", kind="flag", default="off", subsystem="reload", status="supported",
        help="SIGTERM shuts the instance down instead of brutally reloading it",
    ),
    Option(
        ("max-requests",), "R", kind="uint", default="0 (off)", subsystem="reload",
        status="supported", help="Recycle a worker after this many requests",
    ),
    Option(
        ("max-requests-delta",), kind="uint", default="0", subsystem="reload",
        status="supported", help="Extra requests per worker number added to max-requests to spread recycling",
    ),
    Option(
        ("min-worker-lifetime",), kind="uint", default="10", subsystem="reload",
        status="supported", help="A worker is not recycled before living this many seconds",
    ),
    Option(
        ("max-worker-lifetime",), kind="uint", default="0 (off)", subsystem="reload",
        status="supported", help="Recycle a worker after this many seconds",
    ),
    Option(
        ("max-worker-lifetime-delta",), kind="int", default="0", subsystem="reload",
        status="supported", help="Extra seconds per worker number added to max-worker-lifetime",
    ),
    Option(
        ("socket-timeout",), "z", kind="int", default="4", subsystem="timeouts", status="supported",
        help="Seconds of inactivity tolerated when reading from or writing to a client/backend socket",
    ),
    Option(
        ("limit-as",), kind="megabytes", default="0 (off)", subsystem="limits",
        status="supported",
        help="Address-space limit in megabytes (RLIMIT_AS)",
    ),
    Option(
        ("limit-nproc",), kind="int", default="0 (off)", subsystem="limits",
        status="supported",
        help="Process count limit (RLIMIT_NPROC)",
    ),
    Option(
        ("reload-on-as",), kind="megabytes", default="0 (off)", implies=("memory-sampling",), subsystem="reload",
        status="supported",
        help="Worker recycles itself after a request if its address space exceeds this many megabytes",
    ),
    Option(
        ("reload-on-rss",), kind="megabytes", default="0 (off)", implies=("memory-sampling",), subsystem="reload",
        status="supported",
        help="Worker recycles itself after a request if its RSS exceeds this many megabytes",
    ),
    Option(
        ("evil-reload-on-as",), kind="megabytes", default="0 (off)", implies=("master", "memory-sampling"),
        subsystem="reload", status="supported",
        help="Master kills a worker whose address space exceeds this many megabytes",
    ),
    Option(
        ("evil-reload-on-rss",), kind="megabytes", default="0 (off)", implies=("master", "memory-sampling"),
        subsystem="reload", status="supported",
        help="Master kills a worker whose RSS exceeds this many megabytes",
    ),
    Option(
        ("mem-collector-freq",), kind="int", default="3 when evil limits set", subsystem="reload",
        status="supported", help="Seconds between memory samples for evil reloads",
    ),
    Option(
        ("reload-on-fd",), kind="list", repeats=True, implies=("master",), subsystem="reload",
        status="supported",
        help="fd[:len[ message]] - graceful reload when the descriptor becomes readable",
    ),
    Option(
        ("brutal-reload-on-fd",), kind="list", repeats=True, implies=("master",), subsystem="reload",
        status="supported",
        help="fd[:len[ message]] - brutal reload when the descriptor becomes readable",
    ),
    Option(
        ("ksm",), takes="optional", kind="int", default="0 (off)", subsystem="limits", availability="os:linux",
        status="supported",
        help="Mark worker memory for kernel same-page merging every N requests",
    ),
    Option(
        ("never-swap",), takes="none", kind="flag", default="off", subsystem="limits",
        status="supported",
        help="mlockall() the process memory",
    ),
    Option(
        ("touch-reload",), kind="list", repeats=True, implies=("master",), subsystem="reload",
        status="supported", help="Reload everything when the file's mtime changes",
    ),
    Option(
        ("touch-workers-reload",), kind="list", repeats=True, implies=("master",), subsystem="reload",
        status="supported", help="Reload workers only when the file's mtime changes",
    ),
    Option(
        ("touch-mules-reload",), kind="list", repeats=True, implies=("master",), subsystem="reload",
        status="supported", help="Reload mules when the file's mtime changes",
    ),
    Option(
        ("touch-spoolers-reload",), kind="list", repeats=True, implies=("master",), subsystem="reload",
        status="supported", help="Reload spoolers when the file's mtime changes",
    ),
    Option(
        ("touch-chain-reload",), kind="list", repeats=True, implies=("master",), subsystem="reload",
        status="supported", help="Reload workers one at a time when the file's mtime changes",
    ),
    Option(
        ("fs-reload",), kind="list", repeats=True, implies=("master",), subsystem="reload",
        status="supported", help="Graceful reload on filesystem notification for the path",
    ),
    Option(
        ("fs-brutal-reload",), kind="list", repeats=True, implies=("master",), subsystem="reload",
        status="supported", help="Brutal reload on filesystem notification for the path",
    ),
    Option(
        ("propagate-touch",), takes="none", kind="flag", default="off", subsystem="reload",
        status="accepted", reason="a change of a file reaches the whole instance, whoever notices it",
        help="Workers forward touch-style reload requests to the master",
    ),
    Option(
        ("limit-post",), kind="uint", default="0 (off)", subsystem="limits", status="supported",
        help="Bytes that the body of a request may have; larger ones are answered 413",
    ),
    Option(
        ("prio",), kind="signed", default="0", subsystem="limits",
        status="supported",
        help="Scheduling priority (nice value) applied at startup",
    ),
    Option(
        ("cpu-affinity",), kind="int", default="0 (off)", subsystem="limits",
        status="supported",
        help="Number of CPUs assigned to each worker, round-robin",
    ),
    Option(
        ("post-buffering",), kind="uint", default="0 (off)", subsystem="limits", status="supported",
        help="Collect the whole body before the call, above 1 MiB in an unlinked file in TMPDIR",
    ),
    Option(
        ("post-buffering-bufsize",), kind="uint", default="8192", subsystem="limits", status="accepted",
        reason="bodies are read in pieces of up to 1 MiB",
        help="Read chunk size while buffering bodies",
    ),
    Option(
        ("body-read-warning",), kind="uint", default="8", subsystem="limits", status="accepted",
        reason="no more than 1 MiB of a body is ever kept in memory",
        help="Megabytes of in-memory body after which a warning is logged",
    ),
    Option(
        ("reload-on-exception",), takes="none", kind="flag", default="off", subsystem="reload",
        status="supported",
        help="Recycle the worker after any uncaught exception",
    ),
    Option(
        ("reload-on-exception-type",), kind="list", repeats=True, subsystem="reload",
        status="supported",
        help="Recycle the worker after an exception of this class name",
    ),
    Option(
        ("reload-on-exception-value",), kind="list", repeats=True, subsystem="reload",
        status="supported",
        help="Recycle the worker after an exception with this message",
    ),
    Option(
        ("reload-on-exception-repr",), kind="list", repeats=True, subsystem="reload",
        status="supported",
        help="Recycle the worker after an exception with this repr",
    ),
    Option(
        ("max-fd",), kind="int", default="inherited", subsystem="limits",
        status="supported",
        help="RLIMIT_NOFILE value to set",
    ),
    Option(
        ("cheap",), takes="none", kind="flag", default="off", implies=("master",), subsystem="cheaper",
        status="supported", help="Start without workers, spawn them at the first request",
    ),
    Option(
        ("cheaper",), kind="int", default="0 (off)", implies=("master", "cheaper-enabled"), subsystem="cheaper",
        status="supported", help="Minimum number of workers to keep; must be below processes",
    ),
    Option(
        ("cheaper-initial",), kind="int", default="= cheaper", implies=("master", "cheaper-enabled"),
        subsystem="cheaper", status="supported",
        help="Workers started initially",
    ),
    Option(
        ("cheaper-algo",), default="spare", implies=("master",), subsystem="cheaper",
        status="supported", help="Scaling algorithm (spare, backlog, manual, busyness); unknown falls back to spare",
    ),
    Option(
        ("cheaper-step",), kind="int", default="1", implies=("master", "cheaper-enabled"), subsystem="cheaper",
        status="supported", help="Workers added per scaling step",
    ),
    Option(
        ("cheaper-overload",), kind="uint", default="3", implies=("master", "cheaper-enabled"), subsystem="cheaper",
        status="supported", help="Cycles/seconds between scaling decisions",
    ),
    Option(
        ("cheaper-rss-limit-soft",), kind="uint", default="0 (off)", implies=("master", "cheaper-enabled"),
        subsystem="cheaper", status="supported",
        help="Do not add workers if total RSS exceeds this many bytes (needs memory reporting)",
    ),
    Option(
        ("cheaper-rss-limit-hard",), kind="uint", default="0 (off)", implies=("master", "cheaper-enabled"),
        subsystem="cheaper", status="supported",
        help="Remove workers if total RSS exceeds this many bytes",
    ),
    Option(
        ("idle",), kind="int", default="0 (off)", implies=("master",), subsystem="cheaper",
        status="supported", help="Seconds of inactivity after which all workers are stopped (cheap mode)",
    ),
    Option(
        ("die-on-idle",), takes="none", kind="flag", default="off", subsystem="cheaper",
        status="supported", help="Exit instead of going cheap when idle",
    ),
    Option(
        ("chunked-input-limit",), kind="uint", default="1048576", subsystem="limits", status="accepted",
        reason="chunks of any size are taken in pieces; limit-post bounds the body",
        help="Maximum size in bytes of one received chunk",
    ),
    Option(
        ("chunked-input-timeout",), kind="int", default="socket-timeout", subsystem="timeouts", status="accepted",
        reason="socket-timeout and min-rate hold for chunked bodies as for any other",
        help="Seconds to wait for the next chunk",
    ),
    Option(
        ("cgroup",), kind="list", repeats=True, subsystem="limits", availability="os:linux",
        status="supported",
        help="Linux cgroup directory to join",
    ),
    Option(
        ("cgroup-opt",), kind="list", repeats=True, subsystem="limits", availability="os:linux",
        status="supported",
        help="key=value written into the cgroup",
    ),
    Option(
        ("cgroup-dir-mode",), default="0700", subsystem="limits", availability="os:linux",
        status="supported",
        help="Mode of created cgroup directories",
    ),
    Option(
        ("response-headers-limit",), kind="int", default="65535", subsystem="limits",
        status="accepted", reason="the head of an answer may have any size",
        help="Maximum total size of response headers",
    ),
    Option(
        ("cheaper-busyness-max",), kind="uint", default="50", subsystem="cheaper",
        status="supported", help="Busyness percent above which workers are added",
    ),
    Option(
        ("cheaper-busyness-min",), kind="uint", default="25", subsystem="cheaper",
        status="supported", help="Busyness percent below which workers may be removed",
    ),
    Option(
        ("cheaper-busyness-multiplier",), kind="uint", default="10", subsystem="cheaper",
        status="supported", help="Idle cycles (x cheaper-overload) before a worker is removed",
    ),
    Option(
        ("cheaper-busyness-penalty",), kind="uint", default="2", subsystem="cheaper",
        status="supported", help="Increase of the multiplier when workers were removed too early",
    ),
    Option(
        ("cheaper-busyness-verbose",), takes="none", kind="flag", default="off", subsystem="cheaper",
        status="supported", help="Log decisions",
    ),
    Option(
        ("cheaper-busyness-backlog-alert",), kind="int", default="33", subsystem="cheaper", availability="os:linux",
        status="supported", help="Backlog that triggers emergency workers",
    ),
    Option(
        ("cheaper-busyness-backlog-multiplier",), kind="uint", default="3", subsystem="cheaper",
        availability="os:linux", help="Multiplier used for emergency workers",
    ),
    Option(
        ("cheaper-busyness-backlog-step",), kind="int", default="1", subsystem="cheaper", availability="os:linux",
        status="supported", help="Emergency workers started at once",
    ),
    Option(
        ("cheaper-busyness-backlog-nonzero",), kind="uint", default="60", subsystem="cheaper",
        availability="os:linux", status="supported",
        help="Seconds of non-empty backlog that trigger an emergency worker",
    ),
    Option(
        ("reload-on-uss",), kind="megabytes", default="0 (off)", implies=("memory-sampling",), subsystem="reload",
        availability="2.1-dev only", help="Recycle a worker above this many megabytes USS",
    ),
    Option(
        ("reload-on-pss",), kind="megabytes", default="0 (off)", implies=("memory-sampling",), subsystem="reload",
        availability="2.1-dev only", help="Recycle a worker above this many megabytes PSS",
    ),
    Option(
        ("cheaper-idle",), kind="int", default="10", implies=("master", "cheaper-enabled"), subsystem="cheaper",
        availability="2.1-dev only", help="Idle seconds before the spare2 algorithm removes workers",
    ),
)
