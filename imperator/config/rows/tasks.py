"""Work beside requests: spooler, mules, cron, timers, signals, daemons: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("spooler",), "Q", kind="special", repeats=True, implies=("master",), subsystem="spooler", status="supported",
        help="Directory watched by a spooler process; created with mode 0750 if missing",
    ),
    Option(
        ("spooler-external",), kind="special", repeats=True, implies=("master",), subsystem="spooler",
        status="supported", help="Spool directory processed by another instance; only enqueue to it",
    ),
    Option(
        ("spooler-ordered",), takes="none", kind="flag", default="off", subsystem="spooler", status="accepted",
        reason="tasks always come by priority and age",
        help="Process spool files in name/time order",
    ),
    Option(("spooler-chdir",), subsystem="spooler", status="supported", help="Directory entered before each task"),
    Option(
        ("spooler-processes",), kind="int", immediate=True, default="1", subsystem="spooler", status="supported",
        help="Spooler processes per directory; read at parse time so its position relative to spooler does "
        "not matter",
    ),
    Option(
        ("spooler-quiet",), takes="none", kind="flag", default="off", subsystem="spooler", status="supported",
        help="No log line per task",
    ),
    Option(
        ("spooler-max-tasks",), kind="int", default="0 (off)", subsystem="spooler", status="supported",
        help="Recycle a spooler after this many tasks",
    ),
    Option(
        ("spooler-harakiri",), kind="int", default="0 (off)", subsystem="spooler", status="supported",
        help="Seconds a task may run before its spooler is killed",
    ),
    Option(
        ("spooler-frequency", "spooler-freq"), kind="int", default="30", subsystem="spooler", status="supported",
        help="Seconds between directory scans",
    ),
    Option(
        ("mule",), takes="optional", kind="special", repeats=True, implies=("master",), subsystem="mules",
        status="supported", help="Add a mule; optional script path or module:callable to run in it",
    ),
    Option(
        ("mules",), kind="signed", repeats=True, default="0", implies=("master",), subsystem="mules",
        status="supported", help="Add N plain mules",
    ),
    Option(
        ("farm",), kind="special", repeats=True, implies=("master",), subsystem="mules", status="supported",
        help="name:id[,id...] group of mules",
    ),
    Option(
        ("mule-msg-size",), takes="optional", kind="int", default="65536", implies=("master",),
        subsystem="mules", status="supported", help="The largest message to a mule, in bytes",
    ),
    Option(
        ("signal-bufsize", "signals-bufsize"), kind="int", default="OS default", subsystem="signals",
        status="accepted", reason="the queues are as long as the kernel makes them, some hundred signals a process",
        help="Buffer size of the signal pipes",
    ),
    Option(
        ("signal-timer", "timer"), kind="list", repeats=True, implies=("master",), subsystem="signals",
        status="supported", help="`signal seconds`: raise a uwsgi signal periodically",
    ),
    Option(
        ("signal-rbtimer", "rbtimer"), kind="list", repeats=True, implies=("master",), subsystem="signals",
        status="supported", help="`signal seconds`: raise a uwsgi signal periodically",
    ),
    Option(
        ("touch-signal",), kind="list", repeats=True, implies=("master",), subsystem="signals", status="supported",
        help="`file signal`: raise the uwsgi signal when the file's mtime changes",
    ),
    Option(
        ("fs-signal",), kind="list", repeats=True, implies=("master",), subsystem="signals", status="supported",
        help="`path signal`: raise the uwsgi signal on filesystem notification",
    ),
    Option(
        ("cron",), kind="special", repeats=True, implies=("master",), status="supported", subsystem="cron",
        help="`min hour day month weekday command` integers, -1 any, -N every N",
    ),
    Option(
        ("cron2",), kind="special", repeats=True, implies=("master",), status="supported", subsystem="cron",
        help="`minute=..,hour=..,day=..,month=..,week=..,unique=..,harakiri=..,legion=.. command`",
    ),
    Option(
        ("unique-cron",), kind="special", repeats=True, implies=("master",), status="supported", subsystem="cron",
        help="cron entry that never overlaps itself",
    ),
    Option(
        ("cron-harakiri",), kind="int", default="0 (off)", status="supported", subsystem="cron",
        help="Seconds a cron command may run",
    ),
    Option(
        ("legion-cron", "cron-legion"), kind="special", repeats=True, implies=("master",), subsystem="cron",
        status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`legion min hour day month weekday command`, run only on the lord",
    ),
    Option(
        ("unique-legion-cron", "unique-cron-legion"), kind="special", repeats=True, implies=("master",),
        subsystem="cron", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="Non-overlapping legion-cron",
    ),
    Option(
        ("attach-daemon",), kind="special", repeats=True, implies=("master",), status="supported",
        subsystem="daemons",
        help="Command kept running (in foreground) by the master",
    ),
    Option(
        ("attach-control-daemon",), kind="special", repeats=True, implies=("master",), status="supported",
        subsystem="daemons",
        help="attach-daemon whose death also stops the instance",
    ),
    Option(
        ("smart-attach-daemon",), kind="special", repeats=True, implies=("master",), status="supported",
        subsystem="daemons",
        help="`pidfile[,freq] command`: self-daemonising command supervised through its pidfile",
    ),
    Option(
        ("smart-attach-daemon2",), kind="special", repeats=True, implies=("master",), status="supported",
        subsystem="daemons",
        help="`pidfile[,freq] command`: like smart-attach-daemon, master daemonises it",
    ),
    Option(
        ("legion-attach-daemon",), kind="special", repeats=True, implies=("master",), subsystem="daemons",
        status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`legion command`: attach-daemon run only on the lord",
    ),
    Option(
        ("legion-smart-attach-daemon",), kind="special", repeats=True, implies=("master",), subsystem="daemons",
        status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`legion pidfile[,freq] command` run only on the lord",
    ),
    Option(
        ("legion-smart-attach-daemon2",), kind="special", repeats=True, implies=("master",), subsystem="daemons",
        status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`legion pidfile[,freq] command` run only on the lord, master daemonises it",
    ),
    Option(
        ("daemons-honour-stdin",), takes="none", kind="flag", default="off", implies=("master",),
        status="supported", subsystem="daemons", help="Attached commands keep stdin",
    ),
    Option(
        ("attach-daemon2",), kind="special", repeats=True, implies=("master",), status="supported",
        subsystem="daemons",
        help="keyval form (cmd,freq,pidfile,control,daemonize,touch,stopsignal,reloadsignal,stdin,uid,gid,ns_"
        "pid,chdir,max_throttle,notifypid)",
    ),
    Option(
        ("spooler-signal-as-task",), takes="none", kind="flag", default="off", subsystem="spooler",
        availability="2.1-dev only", help="Count signals as spooler tasks",
    ),
    Option(
        ("spooler-cheap",), takes="none", kind="flag", default="off", subsystem="spooler",
        availability="2.1-dev only", help="Start spoolers on demand",
    ),
    Option(
        ("mule-msg-recv-size",), kind="int", implies=("master",), subsystem="mules", availability="2.1-dev only",
        help="Receive buffer for mule messages",
    ),
)
