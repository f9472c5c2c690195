"""The engine's whole surface, on one page. The extension is built from ``rust/core``; a test compares the two.

Only ``generation/worker.py`` enters it to serve; the master makes and reads the scoreboard.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol, final

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

VERSION: str

class ListenerSettings(Protocol):
    """A bound, listening socket."""

    @property
    def fd(self) -> int: ...
    @property
    def protocol(self) -> str:
        """The declared protocol: ``uwsgi``, ``http``, ``fastcgi`` or ``scgi``."""

    # Two more are read if they are there. tls: int | None, the number of its TLS context; missing or None: no TLS here.
    # announcers: str, whose PROXY header counts: "anybody", "trusted" (peers); else nobody's.
    # router: bool, one of http and https, to which routing.variables and the like belong. https_port: str | None, every
    # request is only sent away, to this port (empty: the usual one) by TLS.

class RequestLogSettings(Protocol):
    """How requests are logged. Without ``log_requests``, those that a condition names get a line all the same."""

    @property
    def fd(self) -> int:
        """Where the lines go; everything else goes to standard error."""
    @property
    def date(self) -> str:
        """For ``strftime``: what complaints begin with; empty: nothing."""
    @property
    def format(self) -> str:
        """``%(variable)`` and text; empty: uWSGI's own line. One that begins with ``{`` makes lines of JSON."""
    @property
    def json(self) -> bool:
        """Without a format: JSON of our own."""
    @property
    def time_format(self) -> str:
        """For ``strftime``, of ``%(ftime)``; empty: as ``%(ltime)``."""
    @property
    def empty(self) -> bool:
        """Answers without a body get a line."""
    @property
    def client_errors(self) -> bool: ...
    @property
    def server_errors(self) -> bool: ...
    @property
    def sendfile(self) -> bool: ...
    @property
    def io_errors(self) -> bool:
        """Requests get a line whose client did not send or take everything."""
    @property
    def slow(self) -> int:
        """Milliseconds from which on requests get a line; 0: none does for that."""
    @property
    def big(self) -> int:
        """Bytes of body from which on answers get a line; 0: none does for that."""
    @property
    def micros(self) -> bool:
        """uWSGI's own line tells microseconds."""
    @property
    def memory(self) -> bool:
        """uWSGI's own line begins with the size of the process."""
    @property
    def forwarded(self) -> bool:
        """The address of the client is what X-Forwarded-For says, if it says something."""

class StaticSettings(Protocol):
    """Which requests are answered with files. All paths are absolute; rules are asked in their order."""

    @property
    def maps(self) -> Iterable[tuple[str, str, bool]]:
        """A prefix of PATH_INFO (in whole segments; empty: any), a directory or file, and whether the prefix stays a
        part of what is looked for."""
    @property
    def docroot(self) -> bool:
        """Look in the DOCUMENT_ROOT that a trusted peer tells, too."""
    @property
    def indexes(self) -> Iterable[str]:
        """What is looked for in a directory."""
    @property
    def skipped(self) -> Iterable[str]:
        """Endings of paths that never mean a file."""
    @property
    def safe(self) -> Iterable[str]:
        """Directories to which symbolic links may lead out of the others."""
    @property
    def mime_files(self) -> Iterable[str]:
        """Empty: /etc/mime.types."""
    @property
    def expires(self) -> Iterable[tuple[str, str, int, bool]]:
        """Subject (``type``, ``file``, ``path-info``, ``uri``), pattern, seconds, whether after the file's time."""
    @property
    def gzip(self) -> Iterable[tuple[str, str]]:
        """Kind (``all``, ``file``, ``directory``, ``ending``) and pattern of files with a compressed sibling."""
    @property
    def mode(self) -> str:
        """Who sends the file: ``direct``, or the front-end: ``nginx``, ``apache``."""
    @property
    def sendfile(self) -> bool:
        """Let the kernel copy."""

class Mounted(Protocol):
    """One of several applications. ``host`` empty: of any host. ``prefix``: without its last slash, so that the root is
    empty. ``app`` None: it could not be loaded, and its requests are answered 500.
    """

    @property
    def host(self) -> str: ...
    @property
    def prefix(self) -> str: ...
    @property
    def app(self) -> WSGIApplication | None: ...

class Mounts(Protocol):
    """Several applications, numbered as they stand, and how one is chosen for a request."""

    @property
    def list(self) -> Iterable[Mounted]: ...
    @property
    def default(self) -> int:
        """The one for what is for none of them; -1: such requests are answered 500."""
    @property
    def by_path(self) -> bool:
        """By the longest prefix of PATH_INFO, which moves to SCRIPT_NAME."""
    @property
    def by_name(self) -> bool:
        """By SCRIPT_NAME or path. False: the default has every request that UWSGI_APPID does not lead elsewhere."""
    @property
    def by_host(self) -> bool:
        """Those with a host count, for requests with that HTTP_HOST."""

class HeaderChanges(Protocol):
    """What is changed in the head of every answer of an application: first headers are removed, then some added."""

    @property
    def remove(self) -> Iterable[bytes]: ...
    @property
    def add(self) -> Iterable[tuple[bytes, bytes]]: ...

class RoutingSettings(Protocol):
    """Rules for single requests. A rule is: its place for complaints; its test (empty: always; ``label``, ``status``,
    ``if``, ``if-not``, or the variable in which the pattern is looked for); the pattern, condition, status or label;
    action; argument.
    """

    @property
    def request(self) -> Iterable[tuple[str, str, bytes, str, bytes]]: ...
    @property
    def error(self) -> Iterable[tuple[str, str, bytes, str, bytes]]: ...
    @property
    def response(self) -> Iterable[tuple[str, str, bytes, str, bytes]]: ...
    @property
    def last(self) -> Iterable[tuple[str, str, bytes, str, bytes]]:
        """The final chain."""
    @property
    def collected(self) -> Iterable[tuple[bytes, bytes, bool]]:
        """A header of answers, the variable it becomes, and whether it is taken out of the answer."""
    @property
    def variables(self) -> Iterable[tuple[bytes, bytes]]:
        """Of requests that come by sockets of ``http`` and ``https``, like the next two."""
    @property
    def names_by_host(self) -> bool:
        """SERVER_NAME is the Host."""
    @property
    def compresses(self) -> bool:
        """Answers with ``uWSGI-Encoding: gzip`` are compressed."""

class ErrorPageSettings(Protocol):
    """Files for errors that are not the application's; the first that can be read is sent."""

    @property
    def forbidden(self) -> Iterable[str]: ...
    @property
    def missing(self) -> Iterable[str]: ...
    @property
    def failed(self) -> Iterable[str]: ...

class Wsgi(Protocol):
    """How applications are called."""

    @property
    def file_wrapper(self) -> bool:
        """The environ has ``wsgi.file_wrapper``."""
    @property
    def accept_buffers(self) -> bool:
        """What has a buffer is as good as bytes."""
    @property
    def tells_waited(self) -> bool:
        """The environ has ``imperator.waited``: microseconds that the request waited for a core."""
    @property
    def reload_on_exception(self) -> bool:
        """The worker says ``E`` after any exception that an application lets out. The next three: after those
        whose class (with its module or without), text or representation is listed.
        """
    @property
    def reload_on_types(self) -> Iterable[str]: ...
    @property
    def reload_on_values(self) -> Iterable[str]: ...
    @property
    def reload_on_reprs(self) -> Iterable[str]: ...

class TlsContext(Protocol):
    """One certificate and its rules; every file as its text, in PEM."""

    @property
    def name(self) -> str:
        """For clients that ask for this name (``*.`` stands for one level); empty: only where a listener says so."""
    @property
    def certificate(self) -> str:
        """The certificate, and those between it and its authority."""
    @property
    def key(self) -> str: ...
    @property
    def suites(self) -> Sequence[str]:
        """Names of the standards, best-liked first. Empty: all of them."""
    @property
    def client_ca(self) -> str:
        """Who signs the certificates of clients. Empty: clients are not asked for one."""
    @property
    def demands_client(self) -> bool: ...

class TlsSettings(Protocol):
    """All that a worker must know to speak TLS."""

    @property
    def contexts(self) -> Iterable[TlsContext]: ...
    @property
    def secret(self) -> str:
        """The same for all workers, and for nobody else: sessions that one began, the others resume."""
    @property
    def lifetime(self) -> int:
        """How many seconds a session can be resumed; up to twice as long is possible."""
    @property
    def exports_certificate(self) -> bool:
        """Whether the application gets the client's certificate in PEM, as ``HTTPS_CC``."""

class ClientSettings(Protocol):
    """What clients may send and how long they may take."""

    @property
    def max_vars(self) -> int:
        """Variables of a request, or header fields."""
    @property
    def limit_post(self) -> int:
        """Bytes of a body; 0: any number."""
    @property
    def header_timeout(self) -> float:
        """From the first byte of a head to its end."""
    @property
    def keepalive_timeout(self) -> float:
        """Between two requests of a connection."""
    @property
    def min_rate(self) -> int:
        """Bytes per second of a body or an answer, once the time of a head is over; 0: no such bound."""
    @property
    def max_connections(self) -> int:
        """Of this worker; 0: three quarters of the files that it may open."""
    @property
    def post_buffering(self) -> bool:
        """Collect every body before the call; what memory is too small for goes to an unlinked file in TMPDIR."""
    @property
    def ignore_write_errors(self) -> bool:
        """Do not log a client that leaves before it has its answer."""
    @property
    def write_errors_tolerance(self) -> int:
        """Writes to a client that has gone before the application is told."""

class WorkerSettings(Protocol):
    """What a worker's engine needs to know. All durations are seconds, all sizes bytes.

    Some more are read if they are there (an attribute that is missing or None stands for the value in brackets):

    * ``mounts``: :class:`Mounts` (one application serves everything)
    * ``headers``: :class:`HeaderChanges` (none)
    * ``wsgi``: :class:`Wsgi` (to the letter of PEP 3333)
    * ``request_log``: :class:`RequestLogSettings` (uWSGI's own lines on standard error)
    * ``tls``: :class:`TlsSettings` (no listener speaks TLS)
    * ``routing``: :class:`RoutingSettings` (no rules)
    * ``error_pages``: :class:`ErrorPageSettings` (a line of text)
    * ``seat``: the worker's row of the scoreboard (``worker_id``)
    * ``log_variables``: a ``ContextVar`` that holds a dictionary of bytes, or None: what ``%(name)`` in the format of
      the log means in a request, besides its own variables (nothing)
    * ``max_requests``: after so many the worker says ``W`` (0: never)
    """

    @property
    def listeners(self) -> Iterable[ListenerSettings]: ...
    @property
    def worker_id(self) -> int:
        """1 for the first worker."""
    @property
    def threads(self) -> int:
        """Cores of this worker: requests that the application may work on at once."""
    @property
    def stack(self) -> int:
        """Bytes of the stack of each core's thread but the first; 0: the default. May be absent."""
    @property
    def workers(self) -> int: ...
    @property
    def control_fd(self) -> int:
        """Stream socket to the generation: see :func:`serve`."""
    @property
    def scoreboard_fd(self) -> int: ...
    @property
    def buffer_size(self) -> int: ...
    @property
    def trusted(self) -> Iterable[str]:
        """Networks such as ``127.0.0.0/8``, whose peers may speak any of the four protocols. Unix peers always may."""
    @property
    def socket_timeout(self) -> float: ...
    @property
    def mercy(self) -> float:
        """How long a draining worker may take before it ends itself, whatever the application does."""
    @property
    def log_requests(self) -> bool: ...
    @property
    def hostname(self) -> str: ...
    @property
    def statics(self) -> StaticSettings | None:
        """Not there, or None: the application gets every request."""
    @property
    def clients(self) -> ClientSettings:
        """An attribute that is missing or None, of these or all of them, stands for its default."""

class WorkerCounters(NamedTuple):
    """One worker's line of the scoreboard. Times are microseconds, ``last_spawn`` is seconds since the epoch."""

    id: int
    pid: int
    accepting: bool
    busy_cores: int
    requests: int
    exceptions: int
    tx: int
    running_time: int
    avg_rt: int
    avg_wait: int
    """How long requests waited for a core, of one in 64."""
    last_spawn: int
    respawn_count: int
    harakiri_count: int
    cores: list[CoreCounters]

class CoreCounters(NamedTuple):
    """One core's line. ``request_start`` is seconds since the epoch while ``in_request``, ``request`` is its method and
    path (no headers, no query string: they may hold secrets)."""

    id: int
    requests: int
    exceptions: int
    read_errors: int
    write_errors: int
    in_request: bool
    request_start: int
    request: str

class BusyCore(NamedTuple):
    """A core that works on a request. ``began`` identifies it, in microseconds of the monotonic clock; ``seconds`` is
    how long it takes so far, ``since`` when it began, seconds since the epoch."""

    seat: int
    core: int
    began: int
    seconds: float
    since: int
    request: str

@final
class Scoreboard:
    """Counters of all workers of a generation, in memory shared by the master, the generation and its workers.

    Worker n of N has two rows, its seats n and n + N: while it is replaced, its successor serves beside it.

    Reading never blocks a worker. A dead worker's counters stay readable.
    """

    def __init__(self, fd: int) -> None:
        """Map the scoreboard behind ``fd`` (``OSError``, ``ValueError`` when it is none). The descriptor may be closed
        afterwards.
        """

    @staticmethod
    def create(workers: int, cores: int) -> int:
        """Make one in anonymous memory; answers its descriptor, which is closed on exec."""

    def read(self) -> list[WorkerCounters]:
        """One line a worker, both of its seats together."""
    def busy(self) -> list[BusyCore]:
        """The requests that are being worked on, whatever their workers do."""
    def harakiri(self, seat: int) -> None:
        """Count a worker that is killed because a request took too long; called by the generation."""
    def spawned(self, seat: int, pid: int) -> None:
        """Note that a worker was forked; called by the generation. pid 0: it is gone."""

@final
class Locks:
    """Locks of all processes of an instance, numbered from 0, in memory that they share. Held by a thread; if that
    dies, however it dies, the next one gets the lock.
    """

    def __init__(self, fd: int) -> None:
        """Map those behind ``fd`` (``OSError``, ``ValueError`` when there are none). They stay mapped until the process
        ends; the descriptor may be closed.
        """

    @staticmethod
    def create(count: int) -> int:
        """Make so many in anonymous memory; answers its descriptor, which is closed on exec."""
    @staticmethod
    def grow(fd: int, count: int) -> None:
        """See to it that there are at least so many; who mapped them before does not see the new ones."""

    def acquire(self, number: int, wait: bool = True) -> int:
        """Take a lock. 0: another one has it (never with ``wait``); 1: taken; 2: taken, and its last holder died with
        it; 3: this thread has it already. ``IndexError``: there is no such lock.
        """
    def release(self, number: int) -> bool:
        """Give it back; False if this thread does not have it."""
    def holder(self, number: int) -> int:
        """The pid of the process that has it, or died with it; 0: nobody."""

class CacheSettings(Protocol):
    """What makes a cache. The four sizes decide how its memory is laid out."""

    @property
    def name(self) -> str: ...
    @property
    def items(self) -> int:
        """How many keys fit."""
    @property
    def blocks(self) -> int: ...
    @property
    def blocksize(self) -> int: ...
    @property
    def keysize(self) -> int:
        """Bytes of the longest key."""
    @property
    def bitmap(self) -> bool:
        """A value may take several blocks."""
    @property
    def no_expire(self) -> bool:
        """Nothing is ever over."""
    @property
    def lastmod(self) -> bool:
        """Remember when something changed last."""
    @property
    def purge_lru(self) -> bool:
        """When it is full, what was used longest ago makes room."""
    @property
    def clear_on_full(self) -> bool:
        """When it is full, everything does."""
    @property
    def math_initial(self) -> int:
        """What a number begins with."""

@final
class Cache:
    """Keys and values in memory that processes share. What is over is not there any more, to the microsecond. A process
    that dies in the middle of a change costs the item that it changed, at most; memory that makes no sense is mended
    with a line in the log, or becomes an empty cache.
    """

    def __init__(self, fd: int, locks: Locks, lock: int, settings: CacheSettings) -> None:
        """Map what is behind ``fd``, which has :meth:`size` bytes; content of another shape is dropped."""

    @staticmethod
    def size(settings: CacheSettings) -> int:
        """Bytes of memory that it needs; what is never used costs nothing."""

    def get(self, key: bytes) -> bytes | None: ...
    def set(self, key: bytes, value: bytes, seconds: int, over: bool) -> bool | None:
        """Store for so long (0: for ever), also ``over`` what is there. False: the cache is full; None: the key is
        there, or key or value are empty or too long.
        """
    def delete(self, key: bytes) -> bool: ...
    def exists(self, key: bytes) -> bool: ...
    def clear(self) -> None: ...
    def reckon(self, key: bytes, how: str, number: int, seconds: int) -> bool | None:
        """``inc``, ``dec``, ``mul`` or ``div`` (by 0: 0) what is stored, 64 bits that wrap around. Answers as
        ``set``.
        """
    def number(self, key: bytes) -> int:
        """The value as a number, if it has eight bytes; else 0."""
    def keys(self) -> list[bytes]: ...
    def sweep(self) -> int:
        """Forget what is over; answers how many items. Does nothing while somebody else is at it."""
    def counters(self) -> tuple[int, int, int, int, int]:
        """Items, hits, misses, values that did not fit, seconds since the epoch of the last change. Takes no lock."""

class Certificate(NamedTuple):
    """What :func:`examine_certificate` found. Times are seconds since the epoch."""

    flaw: str
    """Empty, or ``no-certificate``, ``certificate``, ``no-key``, ``encrypted-key``, ``key``, ``mismatch``,
    ``client-ca``: then the rest means nothing."""
    not_before: int
    not_after: int
    subject: str

def examine_certificate(certificate: bytes, key: bytes, client_ca: bytes) -> Certificate:
    """Whether :func:`serve` could use these, all in PEM; an empty ``client_ca`` is none."""

@final
class Greenlets:
    """A worker whose requests are greenlets of the thread that made this: up to ``threads`` of them at once. Who waits
    for descriptors is the caller. Made once, instead of a call of :func:`serve`; the control socket is the same.
    """

    def __init__(
        self,
        app: WSGIApplication | None,
        settings: WorkerSettings,
        wait: Callable[[int, int, float], bool],
        pause: Callable[[], object],
    ) -> None:
        """``wait(fd, events, seconds)`` is called where a request must wait for its client: it lets other greenlets run
        until the descriptor is ready for ``POLLIN`` or ``POLLOUT`` (or both), and answers False if it was not in time.
        What it raises is raised in the application. ``pause()`` lets others run for a moment.
        """

    def fileno(self) -> int:
        """A descriptor that can be read when :meth:`turn` has something to do."""
    def turn(self) -> bool:
        """Do all that needs neither waiting nor the application. False: the drain is over, and so is this."""
    def due(self) -> int:
        """For how many greenlets there are requests: start so many, each of which calls :meth:`serve` once."""
    def serve(self) -> int:
        """Serve one request; answers as :meth:`due` what is to be started next."""

def serve(app: WSGIApplication | None, settings: WorkerSettings) -> int:
    """Serve until told to end; answers the exit status of the worker. Called once, in a freshly forked worker.

    ``app`` is None when the application could not be loaded: every request is answered 500.

    The control socket carries single bytes. From the worker: ``R`` when it is ready to accept, ``W`` when it has had
    its ``max_requests``, ``E`` after an exception that it is to be replaced for: it goes on until it is told to drain.
    To the worker: ``S`` begin to accept; ``D`` drain: stop accepting, finish what has begun, end; ``K`` end at once.
    End of file means that the generation died and is ``D``. SIGTERM, SIGINT, SIGQUIT and SIGHUP to the worker mean
    ``D``, a second one ``K``.

    A drain that takes longer than ``mercy`` ends the process from a thread that needs no GIL, with status 1; ``K`` and
    a second signal end it with status 0, also without ``atexit``. A panic of the engine is logged and aborts the
    process.
    """
