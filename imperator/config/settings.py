"""What an instance shall do: :class:`Settings`, frozen and typed. Every question about the text is answered by now.

Nothing here reads or converts; ``build.py`` makes the one :class:`Settings` of an instance out of its pairs.

**Paths.** What the master or the emperor opens is absolute here: ``pidfile``, ``safe_pidfile``'s directory, the logs,
the directory itself, the unix sockets. uWSGI resolves some of them from the directory it was started in and some from
``chdir``, and so do we:

=========================================================  =================================================
from the start directory                                    from ``chdir`` (the start directory without one)
=========================================================  =================================================
``pidfile`` ``logto`` ``logto2`` ``daemonize(2)``           unix sockets, ``stats``, ``pidfile2``,
``chdir`` ``emperor_pidfile``                               ``safe-pidfile(2)``, ``chdir2``, ``home``
=========================================================  =================================================

``loaders`` and ``pythonpath`` are kept as written: the generation resolves them in its own directory, which is
``directory``, as uWSGI does. ``emperor`` sources are kept as written too and begin at the start directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from imperator.config.alarms import Alarms
from imperator.config.apps import Apps, Loader
from imperator.config.command import Command
from imperator.config.conduct import Conduct
from imperator.config.empire import Empire
from imperator.config.figures import Figures
from imperator.config.headers import Headers
from imperator.config.hooks import Hooks
from imperator.config.interpreter import Interpreter
from imperator.config.limits import Limits
from imperator.config.orders import Orders
from imperator.config.statics import Statics
from imperator.config.tasks import Tasks
from imperator.config.tls import Context, Tls
from imperator.config.tuning import Tuning
from imperator.config.wsgi import Wsgi
from imperator.errors import Where
from imperator.pipes import Clients, ErrorPages, Gevent, Lives, Mules, RequestLog, Routing, Scaling, Trigger
from imperator.sharing import Sharing
from imperator.spooling import Spooling

ListenProtocol = Literal["uwsgi", "http", "fastcgi", "scgi"]


class Endpoint(NamedTuple):
    """An address taken apart. ``kind`` says which of the other fields mean something."""

    kind: Literal["unix", "abstract", "inet", "inet6", "fd"]
    path: str = ""
    """unix: the absolute path. abstract: the name without its leading zero byte."""
    host: str = ""
    """inet: a name or a dotted address, ``0.0.0.0`` for every one. inet6: the address without brackets."""
    port: int = 0
    """0: whichever is free."""
    fd: int = -1

    def __str__(self) -> str:
        if self.kind == "unix":
            return self.path
        if self.kind == "abstract":
            return "@" + self.path
        if self.kind == "fd":
            return f"fd://{self.fd}"
        return f"[{self.host}]:{self.port}" if self.kind == "inet6" else f"{self.host}:{self.port}"


class Listen(NamedTuple):
    """One listening socket: where, which protocol, and which line of the configuration asked for it."""

    address: str
    """As written."""
    protocol: ListenProtocol
    option: str
    """The name that the configuration used: ``socket``, ``http-socket``, ``http``, …"""
    where: Where
    endpoint: Endpoint
    keepalive: bool = False
    """HTTP: whether the connection stays open between requests (``http``, ``http11-socket``)."""
    tls: Context | None = None
    """TLS is spoken here, with this certificate."""
    announcers: Literal["", "anybody", "trusted"] = ""
    """Who may say in a PROXY header for whom it speaks."""
    https_port: str | None = None
    """Requests are only sent away, to this port by TLS; empty: the usual one."""


OF_ROUTERS = frozenset(("http", "https", "https2", "http-to-https"))
"""Options whose sockets uWSGI gives to a process of its own, and options for them alone."""


class StatsAddress(NamedTuple):
    """One address of the stats server."""

    address: str
    where: Where
    endpoint: Endpoint


class EnvChange(NamedTuple):
    """One ``env`` line. ``value`` None removes the variable."""

    name: str
    value: str | None
    where: Where


class Owner(NamedTuple):
    """Who a socket shall belong to. None leaves that half as it is."""

    uid: int | None
    gid: int | None


class LogSink(NamedTuple):
    """One place where lines of the log go."""

    name: str
    """Lines come here by a route that names it; without a name, all others do."""
    kind: str
    """``file``, ``stdio``, ``fd``, ``socket``, ``syslog`` or ``rsyslog``."""
    target: str
    """A path (absolute), a number, an address: as the kind wants it."""
    where: Where
    maxsize: int = 0
    backupname: str | None = None


class LogEncoder(NamedTuple):
    """Something done to each line, for the logger of this name or for all."""

    kind: str
    logger: str
    argument: str


class Logs(NamedTuple):
    """Where lines go, and what becomes of them on the way."""

    date: str = ""
    """For ``strftime``: what our own lines begin with."""
    sinks: tuple[LogSink, ...] = ()
    request_sinks: tuple[LogSink, ...] = ()
    routes: tuple[tuple[str, str], ...] = ()
    """The name of a logger, and the pattern of its lines."""
    request_routes: tuple[tuple[str, str], ...] = ()
    encoders: tuple[LogEncoder, ...] = ()
    request_encoders: tuple[LogEncoder, ...] = ()
    drains: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    maxsize: int = 0
    """Bytes after which the file is put aside; 0: never."""
    backupname: str | None = None
    truncate: bool = False
    reopen: bool = False
    """A reload opens the file anew."""
    chown: bool = False
    chmod: int | None = None
    touch_reopen: tuple[str, ...] = ()
    touch_rotate: tuple[str, ...] = ()

    def needs_process(self, has_file: bool) -> bool:
        """Whether there must be somebody between those who write lines and where they go."""
        on_the_way = (self.sinks, self.request_sinks, self.encoders, self.request_encoders, self.drains, self.filters)
        return any(on_the_way) or (has_file and bool(self.maxsize or self.touch_reopen or self.touch_rotate))


class Settings(NamedTuple):
    """Everything that the supported options mean, defaults filled in."""

    start: str
    """The directory the program was started in."""
    where: Mapping[str, Where]
    """The place that decided an option, by the option's canonical name; lists: the first line. Defaults are absent."""

    options: tuple[tuple[str, str | None], ...] = ()
    """What was written, option by option, for applications that ask; None: without a value."""

    # what to do instead of serving, or besides
    command: Command | None = None
    show_config: bool = False
    prints: tuple[str, ...] = ()
    """The texts of ``iprint``, then those of ``print``: for standard output."""
    strict: bool = False
    lists: tuple[str, ...] = ()
    """The lists of what there is that are to be shown, by the option that asks for them."""

    # sockets
    listen: tuple[Listen, ...] = ()
    """In the order of the configuration; the same address twice with the same protocol is once."""
    backlog: int | None = None
    """``listen``. None: as much as the kernel allows."""
    stats: tuple[StatsAddress, ...] = ()
    figures: Figures = Figures()
    """What the stats server tells, and how."""
    chmod_socket: int | None = None
    chown_socket: Owner | None = None
    socket_timeout: int = 4
    buffer_size: int = 32768
    protocol: ListenProtocol = "uwsgi"
    """Of ``socket`` lines, and of a socket that is standard input."""
    tuning: Tuning = Tuning()
    clients: Clients = Clients()
    trusted: tuple[str, ...] = ("127.0.0.0/8", "::1")
    """Networks whose peers may choose the protocol of a connection by its first byte. Unix sockets always may."""
    tls: Tls = Tls()
    """What the TLS sockets share."""

    # the process
    directory: str | None = None
    """``chdir``, absolute."""
    directory2: str | None = None
    """``chdir2``, absolute: entered by each worker after the application was loaded."""
    uid: int | None = None
    gid: int | None = None
    user: str | None = None
    """The name of ``uid``, for its supplementary groups; None if it has none."""
    umask: int | None = None
    daemonized_umask: bool = False
    """True if uWSGI would set umask 0 here (``daemonize`` without ``umask``). We do so for unix sockets only."""
    master: bool = False
    """As asked for, or as implied by another option."""
    workers: int = 1
    threads: int = 1
    """How many requests a worker serves at once: in threads, or in greenlets if ``gevent`` says so."""
    gevent: Gevent = Gevent()
    enable_threads: bool = True
    single_interpreter: bool = False
    vacuum: bool = False
    die_on_term: bool = False
    reload_mercy: int = 30
    """Seconds that an emperor, or a master that stops, waits before it kills."""
    worker_reload_mercy: int = 60

    lives: Lives = Lives()
    """When workers are replaced, and requests ended."""

    scaling: Scaling = Scaling()
    """How many workers run when."""
    sharing: Sharing = Sharing()
    """What its processes share: caches, locks, the queue."""
    mules: Mules = Mules()
    """Processes beside them."""
    triggers: tuple[Trigger, ...] = ()
    """What raises signals of the application by itself."""
    spooling: Spooling = Spooling()
    """Who works on tasks in files."""
    orders: Orders = Orders()
    """What reloads and stops it, besides signals."""
    hooks: Hooks = Hooks()
    limits: Limits = Limits()
    conduct: Conduct = Conduct()

    tasks: Tasks = Tasks()
    """What runs beside requests."""
    honour_stdin: bool = False
    """Standard input is not ``/dev/null``."""

    # names of processes
    auto_procname: bool = False
    procname: str | None = None
    procname_master: str | None = None
    procname_prefix: str = ""
    """With ``procname-prefix-spaced`` the space is part of it."""
    procname_append: str = ""

    # files that tell about the process
    pidfile: str | None = None
    pidfile2: str | None = None
    safe_pidfile: str | None = None
    safe_pidfile2: str | None = None

    # logs
    daemonize: str | None = None
    daemonize2: str | None = None
    logto: str | None = None
    logto2: str | None = None
    logs: Logs = Logs()
    alarms: Alarms = Alarms()
    disable_logging: bool = False
    request_log: RequestLog = RequestLog()

    # the application
    loaders: tuple[Loader, ...] = ()
    callable: str | None = None
    """The default attribute of every loader; None: ``application``."""
    apps: Apps = Apps()
    headers: Headers = Headers()
    routing: Routing | None = None
    """None: no rule, and nothing that sockets of ``http`` do by themselves."""
    error_pages: ErrorPages | None = None
    """None: the plain ones."""
    wsgi: Wsgi = Wsgi()
    interpreter: Interpreter = Interpreter()
    need_app: bool = False
    home: str | None = None
    """The virtualenv, absolute."""
    pythonpath: tuple[str, ...] = ()
    """As written and in order; uWSGI inserts each at the front, so the last one comes first in ``sys.path``."""
    env: tuple[EnvChange, ...] = ()

    statics: Statics = Statics()

    # the emperor
    emperor: tuple[str, ...] = ()
    empire: Empire = Empire()
    emperor_stats: tuple[StatsAddress, ...] = ()
    emperor_freq: int = 3
    emperor_throttle: int = 1000
    """Milliseconds."""
    emperor_max_throttle: int = 180000
    emperor_pidfile: str | None = None
    emperor_extra_extensions: tuple[str, ...] = ()
    heartbeat: int = 0
    """Seconds between two signs of life that a vassal gives to its emperor; 0: none."""
    vassals_set: tuple[str, ...] = ()
    vassals_include: tuple[str, ...] = ()
    vassals_include_before: tuple[str, ...] = ()
    vassals_inherit: tuple[str, ...] = ()
    vassals_inherit_before: tuple[str, ...] = ()

    def titled(self, name: str) -> str:
        """A process title with what the configuration puts around every one."""
        return f"{self.procname_prefix}{name}{self.procname_append}"
