"""Logs and alarms: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("ignore-sigpipe",), takes="none", kind="flag", default="off", subsystem="logging", status="accepted",
        reason="Python never lets SIGPIPE reach the process",
        help="Do not log when a client disappears and SIGPIPE is raised",
    ),
    Option(
        ("ignore-write-errors",), takes="none", kind="flag", default="off", subsystem="logging", status="supported",
        help="Do not log failed writes to clients",
    ),
    Option(
        ("memory-report",), "m", takes="none", kind="flag", default="off", subsystem="logging", status="supported",
        help="Add memory use (address space and RSS) to each request log line",
    ),
    Option(
        ("disable-logging",), "L", takes="none", kind="inverse-flag", default="off (requests are logged)",
        subsystem="logging", status="supported",
        help="Do not log requests (error and log-* selected ones may still be logged)",
    ),
    Option(
        ("touch-logrotate",), kind="list", repeats=True, implies=("master", "log-master"),
        subsystem="logging", status="supported",
        help="Rotate the log when the file's mtime changes",
    ),
    Option(
        ("touch-logreopen",), kind="list", repeats=True, implies=("master", "log-master"),
        subsystem="logging", status="supported",
        help="Reopen the log when the file's mtime changes",
    ),
    Option(
        ("logto",), default="stderr", subsystem="logging", status="supported",
        help="Log file path or udp address (opened before privilege drop)",
    ),
    Option(
        ("logto2",), subsystem="logging", status="supported",
        help="Log file path or udp address (opened after privilege drop)",
    ),
    Option(
        ("log-format", "logformat"), default="built-in line", subsystem="logging", status="supported",
        help="Template of request log lines, %(variable) chunks",
    ),
    Option(
        ("logformat-strftime", "log-format-strftime"), takes="none", kind="flag", default="off", subsystem="logging",
        status="supported",
        help="Write %(ftime) as the value of log-date says",
    ),
    Option(
        ("logfile-chown",), takes="none", kind="flag", default="off", subsystem="logging", status="supported",
        help="Give the log file to the uid/gid in use",
    ),
    Option(("logfile-chmod",), kind="octal",
        subsystem="logging", status="supported", help="Three-digit octal mode of the log file"),
    Option(
        ("log-syslog",), takes="optional", kind="special", repeats=True, implies=("master", "log-master"),
        subsystem="logging", status="supported", help="Log to syslog with this identity/facility string",
    ),
    Option(
        ("log-socket",), kind="special", repeats=True, implies=("master", "log-master"),
        subsystem="logging", status="supported",
        help="Send log lines to a UNIX or UDP socket",
    ),
    Option(
        ("req-logger", "logger-req"), kind="special", repeats=True, implies=("master", "log-master(req)"),
        subsystem="logging", status="supported", help="Logger for request lines: [id ]plugin[:args]",
    ),
    Option(
        ("logger",), kind="special", repeats=True, implies=("master", "log-master"),
        subsystem="logging", status="supported",
        help="Logger for general lines: [id ]plugin[:args]",
    ),
    Option(
        ("threaded-logger",), takes="none", kind="flag", default="off", implies=("master", "log-master"),
        subsystem="logging", status="accepted",
        reason="a log that needs work has a process of its own", help="Write logs from a dedicated master thread",
    ),
    Option(
        ("log-encoder",), kind="list", repeats=True, implies=("master", "log-master"),
        subsystem="logging", status="supported",
        help="Append an encoder: name[:args] (prefix,suffix,nl,format,json,gzip,compress)",
    ),
    Option(
        ("log-req-encoder",), kind="list", repeats=True, implies=("master", "log-master"),
        subsystem="logging", status="supported",
        help="Append an encoder for request lines",
    ),
    Option(
        ("log-drain",), kind="regexp", repeats=True, implies=("master", "log-master"),
        subsystem="logging", status="supported",
        availability="build:pcre", help="Drop log lines matching the regexp",
    ),
    Option(
        ("log-filter",), kind="regexp", repeats=True, implies=("master", "log-master"),
        subsystem="logging", status="supported",
        availability="build:pcre", help="Whitelist regexp: other log lines are discarded",
    ),
    Option(
        ("log-route",), kind="id-regexp", repeats=True, implies=("master", "log-master"),
        subsystem="logging", status="supported",
        availability="build:pcre", help="`logger-id regexp`: send matching lines to that logger",
    ),
    Option(
        ("log-req-route",), kind="id-regexp", repeats=True, implies=("master", "log-master(req)"),
        subsystem="logging", status="supported", availability="build:pcre",
        help="`logger-id regexp`: send matching request lines to that logger",
    ),
    Option(
        ("alarm",), kind="list", repeats=True, implies=("master",), subsystem="alarms", status="supported",
        help="`name plugin:args`: define an alarm (plugins signal,cmd,mule,log,...)",
    ),
    Option(
        ("alarm-cheap",), kind="flag", default="off", subsystem="alarms", status="accepted",
        reason="no alarm has a thread",
        help="Use the main alarm thread for curl alarms",
    ),
    Option(
        ("alarm-freq",), kind="int", default="3", subsystem="alarms", status="supported",
        help="Seconds during which a repeated identical alarm is suppressed",
    ),
    Option(
        ("alarm-fd",), kind="list", repeats=True, implies=("master",), subsystem="alarms", status="supported",
        help="`name fd[:len] message`: raise the alarm when the descriptor becomes readable",
    ),
    Option(
        ("alarm-segfault", "segfault-alarm"), kind="list", repeats=True, implies=("master",), subsystem="alarms",
        status="supported",
        help="Alarm raised on a segmentation fault",
    ),
    Option(
        ("alarm-backlog", "backlog-alarm", "lq-alarm", "alarm-lq", "alarm-listen-queue", "listen-queue-alarm"),
        kind="list", repeats=True, implies=("master",), subsystem="alarms", status="supported",
        help="Alarm raised when the listen backlog is full",
    ),
    Option(
        ("log-alarm", "alarm-log"), kind="list", repeats=True, implies=("master", "log-master"), subsystem="alarms",
        status="supported",
        availability="build:pcre", help="`name[,name] regexp`: raise alarms for matching log lines",
    ),
    Option(
        ("not-log-alarm", "not-alarm-log"), kind="special", repeats=True, implies=("master", "log-master"),
        subsystem="alarms",
        status="supported", availability="build:pcre",
        help="`name[,name] regexp`: suppress alarms for matching log lines",
    ),
    Option(
        ("alarm-msg-size",), kind="uint", default="8192", subsystem="alarms", status="supported",
        help="Maximum alarm message size",
    ),
    Option(
        ("log-master",), takes="none", kind="flag", default="off", implies=("master", "log-master"),
        subsystem="logging", status="accepted",
        reason="every instance has a master, and lines need no detour through it",
        help="Route all logging through the master",
    ),
    Option(
        ("log-master-bufsize",), kind="uint", default="8192", subsystem="logging", status="accepted",
        reason="lines are not cut",
        help="Largest log message the master accepts; longer ones are cut",
    ),
    Option(
        ("log-master-stream",), takes="none", kind="flag", default="off", subsystem="logging", status="accepted",
        reason="lines always go through a stream",
        help="Use a stream socket for the log pipe",
    ),
    Option(
        ("log-master-req-stream",), takes="none", kind="flag", default="off", subsystem="logging", status="accepted",
        reason="lines always go through a stream",
        help="Use a stream socket for the request log pipe",
    ),
    Option(
        ("log-reopen",), takes="none", kind="flag", default="off", subsystem="logging", status="supported",
        help="A reload closes and reopens the log file",
    ),
    Option(
        ("log-truncate",), takes="none", kind="flag", default="off", subsystem="logging", status="supported",
        help="Truncate the log file at start",
    ),
    Option(
        ("log-maxsize",), kind="uint", default="0 (off)", implies=("master", "log-master"),
        subsystem="logging", status="supported",
        help="Rotate the log when it exceeds this many bytes",
    ),
    Option(
        ("log-backupname",), default="name.timestamp",
        subsystem="logging", status="supported", help="Fixed name for the rotated file",
    ),
    Option(
        ("log-date", "logdate", "log-prefix"), takes="optional", kind="flag-or-strftime", default="off",
        subsystem="logging", status="supported",
        help="Prefix log lines with a timestamp; value other than true/1/on/yes is a strftime format",
    ),
    Option(
        ("log-zero",), takes="none", kind="flag", default="off", subsystem="logging", status="supported",
        help="Log requests with an empty response body (useful with disable-logging)",
    ),
    Option(
        ("log-slow",), kind="int", default="0 (off)", subsystem="logging", status="supported",
        help="Threshold in milliseconds above which a request is logged even when logging is off",
    ),
    Option(
        ("log-4xx",), takes="none", kind="flag", default="off", subsystem="logging", status="supported",
        help="Log 4xx responses (useful with disable-logging)",
    ),
    Option(
        ("log-5xx",), takes="none", kind="flag", default="off", subsystem="logging", status="supported",
        help="Log 5xx responses (useful with disable-logging)",
    ),
    Option(
        ("log-big",), kind="uint", default="0 (off)", subsystem="logging", status="supported",
        help="Log responses at least this many bytes",
    ),
    Option(
        ("log-sendfile",), kind="flag", default="off", subsystem="logging", status="supported",
        help="Log requests served with sendfile",
    ),
    Option(
        ("log-ioerror",), kind="flag", default="off", subsystem="logging", status="supported",
        help="Log requests with read or write errors",
    ),
    Option(
        ("log-micros",), takes="none", kind="flag", default="off", subsystem="logging", status="supported",
        help="Report response time in microseconds",
    ),
    Option(
        ("log-x-forwarded-for",), takes="none", kind="flag", default="off", subsystem="logging", status="supported",
        help="Log X-Forwarded-For instead of the peer address",
    ),
    Option(
        ("rsyslog-packet-size",), kind="int", default="1024", subsystem="logging", status="accepted",
        reason="messages are not cut",
        help="Maximum rsyslog datagram size",
    ),
    Option(
        ("rsyslog-split-messages",), takes="none", kind="flag", default="off", subsystem="logging",
        help="Split long messages over several datagrams",
    ),
    Option(
        ("worker-logger",), kind="special", repeats=True, subsystem="logging", availability="2.1-dev only",
        help="Logger used inside a single master-less worker",
    ),
    Option(
        ("worker-logger-req",), kind="special", repeats=True, subsystem="logging", availability="2.1-dev only",
        help="Request logger used inside a single master-less worker",
    ),
    Option(
        ("worker-log-encoder",), kind="list", repeats=True, subsystem="logging", availability="2.1-dev only",
        help="Encoder for worker-logger",
    ),
    Option(
        ("worker-log-req-encoder",), kind="list", repeats=True, subsystem="logging", availability="2.1-dev only",
        help="Encoder for worker-logger-req",
    ),
)
