"""Statistics and metrics: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("enable-metrics",), takes="none", kind="flag", default="off", implies=("master",), subsystem="metrics",
        status="supported",
        help="Turn on the metrics subsystem",
    ),
    Option(
        ("metric",), kind="list", repeats=True, implies=("metrics", "master"), subsystem="metrics", status="refused",
        reason="count figures of the application with a client library of your metrics system",
        help="Register a metric: plain name or keyval (name,oid,type,collector,freq,arg1..3,children,alias,...)",
    ),
    Option(
        ("metric-threshold", "metric-alarm", "alarm-metric"), kind="list", repeats=True,
        implies=("metrics", "master"), subsystem="metrics", status="refused",
        reason="let the system that collects the figures watch them",
        help="Threshold keyval (key,value,alarm,rate,msg,reset)",
    ),
    Option(
        ("metrics-dir", "metric-dir"), implies=("metrics", "master"), subsystem="metrics", status="supported",
        help="Directory in which each metric is exported as a file",
    ),
    Option(
        ("metrics-dir-restore", "metric-dir-restore"), takes="none", kind="flag", default="off",
        implies=("metrics", "master"), subsystem="metrics", status="refused",
        reason="all metrics begin with the instance; collectors expect counters that begin anew",
        help="Read initial metric values back from metrics-dir",
    ),
    Option(
        ("metrics-no-cores",), takes="none", kind="flag", default="off", implies=("metrics", "master"),
        subsystem="metrics",
        status="supported", help="No per-core metrics",
    ),
    Option(
        ("stats", "stats-server"), implies=("master",), subsystem="stats", status="supported",
        help="Address of the JSON statistics server",
    ),
    Option(
        ("stats-http",), takes="none", kind="flag", default="off", implies=("master",), subsystem="stats",
        status="supported",
        help="Send an HTTP response head before the statistics JSON",
    ),
    Option(
        ("stats-minified", "stats-min"), takes="none", kind="flag", default="off", implies=("master",),
        subsystem="stats",
        status="supported", help="Emit compact JSON",
    ),
    Option(
        ("stats-push",), kind="list", repeats=True, implies=("master", "metrics"), subsystem="stats",
        status="supported", help="Periodically push statistics: pusher:args",
    ),
    Option(
        ("stats-pusher-default-freq", "stats-pushers-default-freq"), kind="int", default="3", implies=("master",),
        subsystem="stats",
        status="supported", help="Default seconds between pushes",
    ),
    Option(
        ("stats-no-cores",), takes="none", kind="flag", default="off", implies=("master",), subsystem="stats",
        status="supported",
        help="Omit per-core data from statistics",
    ),
    Option(
        ("stats-no-metrics",), takes="none", kind="flag", default="off", implies=("master",), subsystem="stats",
        status="supported",
        help="Omit metrics from statistics",
    ),
    Option(
        ("snmp",), takes="optional", kind="special", subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Enable the SNMP responder on the udp server (optional address)",
    ),
    Option(
        ("snmp-community",), kind="special", subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Password-like community name accepted by the SNMP responder",
    ),
    Option(
        ("carbon",), kind="list", repeats=True, implies=("master",), subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Carbon server host:port receiving statistics",
    ),
    Option(
        ("carbon-timeout",), kind="int", default="3", subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Connection timeout in seconds",
    ),
    Option(
        ("carbon-freq",), kind="int", default="60", subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Seconds between pushes",
    ),
    Option(
        ("carbon-id",), default="first socket name", subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Instance name inside metric paths",
    ),
    Option(
        ("carbon-no-workers",), takes="none", kind="flag", default="off", subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="No per-worker metrics",
    ),
    Option(
        ("carbon-max-retry",), kind="int", default="1", subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Connection retries",
    ),
    Option(
        ("carbon-retry-delay",), kind="int", default="7", subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Seconds between retries",
    ),
    Option(
        ("carbon-root",), default="uwsgi", subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="First metric path component",
    ),
    Option(
        ("carbon-hostname-dots",), subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Replacement for dots in the host name",
    ),
    Option(
        ("carbon-name-resolve", "carbon-resolve-names"), takes="none", kind="flag", default="off", subsystem="stats",
        status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Allow a host name as server address",
    ),
    Option(
        ("carbon-idle-avg",), default="last", subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Average reported while idle: last, zero or none",
    ),
    Option(
        ("carbon-use-metrics",), takes="none", kind="flag", default="off", subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Push the metrics subsystem instead of built-in figures",
    ),
    Option(
        ("rrdtool",), kind="list", repeats=True, implies=("master", "metrics"), subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Directory in which metrics are stored as RRD files",
    ),
    Option(
        ("rrdtool-freq",), kind="int", default="300", subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="Seconds between RRD updates",
    ),
    Option(
        ("rrdtool-lib",), default="librrd.so", subsystem="stats", status="refused",
        reason="read the stats socket with the collector that you have (Telegraf, an exporter for Prometheus)",
        help="RRD library to load",
    ),
)
