"""The words said between a parent and its child, named, with their direction.

Two doors use them, each a ``SOCK_SEQPACKET`` pair, so that one message is one word and end of file is a death:

* **emperor ↔ master**: single bytes, the ones uWSGI's emperor and vassals say to each other, so that a vassal of ours
  may run under uWSGI's emperor, whose pair is a stream, and the reverse. Between two of ours (the environment holds
  ``IMPERATOR_EMPEROR``) the master also says :class:`Keep` and :class:`State`, which are longer.
* **master ↔ generation**: single bytes downwards (:class:`Order`), :class:`Loaded`, :class:`Failed`, :class:`Ready`
  upwards.

What a generation needs to know before it starts is a :class:`Plan`, written once into a memory file that it inherits.

Pure: nothing here owns a socket.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, get_args

from imperator.sharing import Shared
from imperator.spooling import Spooling

ENV_EMPEROR_FD = "UWSGI_EMPEROR_FD"
"""Set in a vassal: the number of its end of the pair. Its presence means "I am a vassal"."""

ENV_OURS = "IMPERATOR_EMPEROR"
"""Set by our emperor: its version. The vassal may say :class:`Keep` and :class:`State`."""

ENV_KEPT = "IMPERATOR_KEPT_SOCKETS"
"""Set in a restarted vassal: ``fd=address`` pairs, as JSON, of the listening sockets that its predecessor left."""

ENV_SOCKET_UMASK = "IMPERATOR_SOCKET_UMASK"
"""Octal umask for UNIX sockets of vassals whose own configuration sets none: a daemonised uWSGI emperor passes 0 on."""

ENV_DEMANDED = "IMPERATOR_DEMANDED"
"""Set in a vassal that a connection has woken: the address of the listening socket that is its standard input."""

ENV_OWN = "IMPERATOR_OWN_INSTANCE"
"""Set by an emperor whose configuration has sockets of its own: run those, not the emperor again."""

PRIVATE = ("NOTIFY_SOCKET", ENV_EMPEROR_FD, ENV_OURS, ENV_KEPT, ENV_SOCKET_UMASK, ENV_DEMANDED)
"""Variables that are between a master and those above it."""

AS_VASSAL = "--as-vassal"
"""The first word of a command line that does the steps of :class:`Hooks` that the next variable has, and then goes on
with the rest. An emperor starts its vassals so if its configuration has hooks for them. Command lines are for everybody
to read, and hooks may hold secrets.
"""

ENV_AS_VASSAL = "IMPERATOR_AS_VASSAL"


@enum.unique
class ToVassal(enum.IntEnum):
    """emperor → master, one byte."""

    STOP = 0
    RELOAD = 1
    STOP_GRACEFULLY = 2


@enum.unique
class FromVassal(enum.IntEnum):
    """master → emperor, one byte."""

    SEND_CONFIG = 2
    SPAWNED = 1
    ACCEPTING = 5
    LOYAL = 17
    STOP_ME = 22
    HEARTBEAT = 26
    REINFORCE = 30


@enum.unique
class Order(enum.IntEnum):
    """master → generation, one byte; the generation passes it on to its workers."""

    SERVE = ord("S")
    DRAIN = ord("D")
    STOP = ord("K")
    MORE = ord("+")
    """One worker more; to the generation only, as are the next."""
    FEWER = ord("-")
    PAUSE = ord("P")
    """No worker accepts until further notice."""
    RESUME = ord("R")
    MULES = ord("M")
    """Start the mules anew; to the generation only, as is the next."""
    SPOOLERS = ord("L")


READY_WORKER = b"R"
"""worker → generation: ready to accept."""

WORN_WORKER = b"W"
"""worker → generation: had its ``max-requests``, goes on until told to drain."""

FAILED_WORKER = b"E"
"""worker → generation: an exception was one of those after which it shall be replaced."""


class Keep(NamedTuple):
    """master → emperor, with the descriptors attached in this order: hold my listening sockets for a successor."""

    addresses: list[str]


class State(NamedTuple):
    """master → emperor: ``running`` with an application, ``failed`` without, and then why."""

    name: str
    reason: str = ""


class Loaded(NamedTuple):
    """generation → master: the application is imported; workers are being forked."""

    seconds: float


class Failed(NamedTuple):
    """generation → master: the application cannot be loaded.

    ``reason`` is one line with its place, ``traceback`` what Python says about it, ``files`` the files that may mend
    it. ``places``: where those are mounted that are missing, if others are there.
    """

    reason: str
    traceback: str
    files: list[str]
    places: str = ""


class GaveUp(NamedTuple):
    """generation → master: it ends, and not for what its application is; ``status`` is what an instance that starts
    shall end with.
    """

    why: str
    status: int


class Ready(NamedTuple):
    """generation → master: every worker is ready, and waits for :attr:`Order.SERVE`."""

    pids: list[int]


class ReloadMe(NamedTuple):
    """worker → generation → master: reload, and why."""

    why: str


class Crashed(NamedTuple):
    """generation → master: a worker was ended by a fault of its own, such as SIGSEGV."""

    text: str


class StopMe(NamedTuple):
    """worker → generation → master: stop the instance, and why."""

    why: str


class Attendant(NamedTuple):
    """generation → master: a process beside the workers began, or ended."""

    kind: str
    """``mule``, …"""
    number: int
    pid: int
    """0: it ended."""
    respawns: int


class Alarmed(NamedTuple):
    """worker, mule → generation → master: the application raises an alarm."""

    name: str
    text: str


class Registered(NamedTuple):
    """worker, mule → generation: a function is registered here for signals of this number."""

    signum: int
    target: str


class Trigger(NamedTuple):
    """worker, mule → generation: something that shall raise a signal by itself."""

    kind: str
    """``timer`` (seconds, and how often: 0 is for ever), ``cron`` (minute, hour, day, month, weekday) or ``file``."""
    signum: int
    numbers: list[float]
    path: str = ""


Word = (
    Keep | State | Loaded | Failed | GaveUp | Ready | Crashed | ReloadMe | StopMe | Attendant | Registered | Trigger
    | Alarmed
)

_WORDS: dict[str, Any] = {kind.__name__: kind for kind in get_args(Word)}

_RAISED = b"!"


def raised(signum: int) -> bytes:
    """worker, mule → generation: somebody raises a signal. Two bytes, as no word has."""
    return _RAISED + bytes([signum])


def heard_raised(message: bytes) -> int | None:
    """The signal that a message raises; None if it is another message."""
    return message[1] if len(message) == 2 and message[:1] == _RAISED else None

MAXIMUM = 65536
"""No word is longer, in bytes: a reader with a buffer of this size never cuts one. :func:`say` shortens what is."""


def say(word: Word) -> bytes:
    """A word as the bytes of one message. Of a long failure the start of its reason and the end of its traceback are
    kept.
    """
    if isinstance(word, Failed):
        word = word._replace(reason=word.reason[:4000], traceback=word.traceback[-20000:], files=word.files[:64])
        word = word._replace(places=word.places[:1000])
    elif isinstance(word, State):
        word = word._replace(reason=word.reason[:4000])
    elif isinstance(word, GaveUp):
        word = word._replace(why=word.why[:4000])
    message = _encode(word)
    while len(message) > MAXIMUM and isinstance(word, Failed):
        # A character may take twelve bytes, so the length is known only now. A reason always fits.
        if len(word.traceback) > 100:
            word = word._replace(traceback=word.traceback[len(word.traceback) // 4 :])
        else:
            word = word._replace(files=word.files[: len(word.files) // 2])
        message = _encode(word)
    return message


def _encode(word: Word) -> bytes:
    return json.dumps([type(word).__name__, *word]).encode()


def hear(message: bytes) -> Word:
    """The word in a message; ``ValueError`` when it is none, which is a fault of ours or another version of us.

    A generation is the application's process, which may write whatever it likes: what is not of the right kind is no
    word.
    """
    try:
        name, *values = json.loads(message)
        word: Word = _WORDS[name](*values)
        if not all(kind(value) for kind, value in zip(_KINDS[name], word, strict=True)):
            raise ValueError("a value is of another kind")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"not a word: {message[:80]!r}") from error
    return word


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _is_whole(value: object) -> bool:
    return isinstance(value, int)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_octet(value: object) -> bool:
    return isinstance(value, int) and 0 <= value <= 255


def _are_all_numbers(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, int | float) for one in value)


def _are_numbers(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, int) for one in value)


_KINDS: dict[str, tuple[Callable[[object], bool], ...]] = {
    "Keep": (_are_texts,),
    "State": (_is_text, _is_text),
    "Loaded": (_is_number,),
    "Failed": (_is_text, _is_text, _are_texts, _is_text),
    "GaveUp": (_is_text, _is_number),
    "Ready": (_are_numbers,),
    "Crashed": (_is_text,),
    "ReloadMe": (_is_text,),
    "StopMe": (_is_text,),
    "Alarmed": (_is_text, _is_text),
    "Attendant": (_is_text, _is_whole, _is_whole, _is_whole),
    "Registered": (_is_octet, _is_text),
    "Trigger": (_is_text, _is_octet, _are_all_numbers, _is_text),
}
"""What the values of each word must be."""


class Door(NamedTuple):
    """A listening socket as a generation receives it: the inherited descriptor and the declared protocol."""

    fd: int
    protocol: str
    address: str
    tls: int | None = None
    """The number of its context in :class:`Tls`; None: no TLS here."""
    announcers: str = ""
    """Whose PROXY header counts: nobody's, ``anybody``'s, or that of peers that are ``trusted``."""
    router: bool = False
    """One of ``http`` and ``https``, where uWSGI has a process of its own."""
    https_port: str | None = None
    """Every request is sent away to this port (empty: the usual one) by TLS."""


class TlsContext(NamedTuple):
    """A certificate, its key, and the rules that go with them: the text of the files, not their names."""

    name: str
    """For clients that ask for this name, on every TLS socket; empty: only for the socket that names it."""
    certificate: str
    key: str
    suites: list[str]
    """Names as in the standards; empty: all there are."""
    client_ca: str
    demands_client: bool


class Tls(NamedTuple):
    """All that workers must know to speak TLS."""

    contexts: list[TlsContext]
    secret: str
    """Shared by the workers, so that any of them can resume a session of another."""
    lifetime: int
    """Of a session, in seconds."""
    exports_certificate: bool


class Loader(NamedTuple):
    """One way to an application: ``kind`` is ``file`` or ``module``; ``where`` is the option's place, for messages."""

    kind: str
    target: str
    where: str


class Gevent(NamedTuple):
    """Requests as greenlets of the application's gevent."""

    greenlets: int = 0
    """How many requests a worker serves at once; 0: it serves with threads."""
    monkey_patch: bool = False
    """Each worker patches the standard library once it has the application."""
    early_monkey_patch: bool = False
    """It is patched before the application is imported."""
    wait_for_hub: bool = False
    """A worker ends when all greenlets have, not only those of requests."""
    where: str = ""
    """The place of the option that asks for gevent, for messages."""

    @property
    def is_wanted(self) -> bool:
        """Whether gevent must be there."""
        return self.greenlets > 0 or self.early_monkey_patch


class Lives(NamedTuple):
    """How long workers live, and what ends them before. Durations are seconds, sizes bytes; 0 is no limit."""

    lazy: bool = False
    """Each worker imports the application for itself."""
    max_requests: int = 0
    max_requests_delta: int = 0
    """Worker n has so many more for each one before it."""
    least: float = 10.0
    """No worker is replaced by a limit before it has lived for so long."""
    most: float = 0.0
    most_delta: float = 0.0
    rss: int = 0
    address_space: int = 0
    evil_rss: int = 0
    """From here on it is killed, whatever it does."""
    evil_address_space: int = 0
    memory_interval: float = 1.0
    harakiri: float = 0.0
    """How long one request may take."""
    harakiri_verbose: bool = False
    harakiri_grace: float = 0.0
    harakiri_signal: int = 15
    harakiri_queue: int = 0
    """Nobody is killed while fewer connections wait."""
    autoreload: float = 0.0
    """How often worker 1 looks for changed modules."""
    autoreload_ignored: str = ""
    """Modules that may change, with commas between."""

    def requests(self, number: int) -> int:
        """After how many requests worker ``number`` is replaced."""
        return self.max_requests + self.max_requests_delta * (number - 1) if self.max_requests else 0


class RequestLog(NamedTuple):
    """Which requests get a line in the log, and what it looks like. See ``_core.pyi``."""

    format: str = ""
    json: bool = False
    time_format: str = ""
    empty: bool = False
    client_errors: bool = False
    server_errors: bool = False
    sendfile: bool = False
    io_errors: bool = False
    slow: int = 0
    big: int = 0
    micros: bool = False
    memory: bool = False
    forwarded: bool = False
    fd: int = 2
    date: str = ""


class StaticFiles(NamedTuple):
    """Static files, as the engine reads them: see ``config.statics``, whose fields these are."""

    maps: list[tuple[str, str, bool]]
    docroot: bool
    indexes: list[str]
    skipped: list[str]
    safe: list[str]
    mime_files: list[str]
    expires: list[tuple[str, str, int, bool]]
    gzip: list[tuple[str, str]]
    mode: str
    sendfile: bool

    @classmethod
    def of(cls, fields: Iterable[Any]) -> StaticFiles:
        """From the same fields in the same order, as JSON or the configuration has them."""
        plan = cls(*fields)
        return plan._replace(
            maps=[(prefix, path, keeps) for prefix, path, keeps in plan.maps],
            indexes=list(plan.indexes),
            skipped=list(plan.skipped),
            safe=list(plan.safe),
            mime_files=list(plan.mime_files),
            expires=[(subject, text, seconds, by_file) for subject, text, seconds, by_file in plan.expires],
            gzip=[(kind, text) for kind, text in plan.gzip],
        )


class Mount(NamedTuple):
    """An application below a path, and of one host if ``host`` says so. ``callable``: its own attribute, if any."""

    host: str
    prefix: str
    loader: Loader
    callable: str


class Apps(NamedTuple):
    """What is mounted, and how one of it is chosen."""

    mounts: tuple[Mount, ...] = ()
    by_path: bool = False
    by_name: bool = True
    by_host: bool = False
    default: bool = True

    @classmethod
    def read(cls, told: Sequence[Any]) -> Apps:
        """Out of what JSON made of it."""
        mounts, *flags = told
        return cls(tuple(Mount(host, prefix, Loader(*one), name) for host, prefix, one, name in mounts), *flags)


class Headers(NamedTuple):
    """Headers that every answer of an application gets, and those that it loses."""

    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()

    @classmethod
    def read(cls, told: Sequence[Any]) -> Headers:
        """Out of what JSON made of it."""
        add, remove = told
        return cls(tuple((name, value) for name, value in add), tuple(remove))


class ErrorPages(NamedTuple):
    """Files for errors that are not the application's: 403 (and 405), 404, 500. Of each the first that can be read."""

    forbidden: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    @classmethod
    def read(cls, told: Sequence[Any]) -> ErrorPages:
        """Out of what JSON made of it."""
        forbidden, missing, failed = told
        return cls(tuple(forbidden), tuple(missing), tuple(failed))


class Rule(NamedTuple):
    """One rule of internal routing."""

    place: str
    """For complaints."""
    test: str
    """Empty: always. ``label``, ``status``, ``if``, ``if-not``, or the variable that the pattern is looked for in."""
    pattern: str
    action: str
    argument: str


class Routing(NamedTuple):
    """What is done to single requests, and what sockets of ``http`` add to theirs. See ``config.routing``."""

    request: tuple[Rule, ...] = ()
    error: tuple[Rule, ...] = ()
    response: tuple[Rule, ...] = ()
    last: tuple[Rule, ...] = ()
    """The final chain."""
    collected: tuple[tuple[str, str, bool], ...] = ()
    """A header of answers, the variable it is copied to, and whether it is taken out of the answer."""
    variables: tuple[tuple[str, str], ...] = ()
    names_by_host: bool = False
    """SERVER_NAME is the Host."""
    compresses: bool = False
    """Answers with ``uWSGI-Encoding: gzip`` are compressed."""

    @classmethod
    def read(cls, told: Sequence[Any]) -> Routing:
        """Out of what JSON made of it."""
        request, error, response, last, collected, variables, names_by_host, compresses = told

        def rules(chain: Iterable[Any]) -> tuple[Rule, ...]:
            return tuple(Rule(*rule) for rule in chain)

        return cls(
            rules(request), rules(error), rules(response), rules(last),
            tuple((header, variable, pulls) for header, variable, pulls in collected),
            tuple((name, value) for name, value in variables),
            names_by_host,
            compresses,
        )


class Wsgi(NamedTuple):
    """How an application is called, and which of its exceptions end a worker."""

    file_wrapper: bool = True
    accept_buffers: bool = False
    reload_on_exception: bool = False
    reload_on_types: tuple[str, ...] = ()
    reload_on_values: tuple[str, ...] = ()
    reload_on_reprs: tuple[str, ...] = ()
    tells_waited: bool = False

    @classmethod
    def read(cls, told: Sequence[Any]) -> Wsgi:
        """Out of what JSON made of it."""
        values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in told]
        return cls(*values)


class Import(NamedTuple):
    """A module or file to import, and another name for it."""

    target: str
    where: str
    alias: str


class Interpreter(NamedTuple):
    """What the interpreter is given before it loads the application."""

    executable: str = ""
    argv: tuple[str, ...] = ()
    aliases: tuple[Import, ...] = ()
    imports: tuple[Import, ...] = ()

    @classmethod
    def read(cls, told: Sequence[Any]) -> Interpreter:
        """Out of what JSON made of it."""
        executable, argv, *imports = told
        return cls(executable, tuple(argv), *(tuple(Import(*one) for one in some) for some in imports))


class HookStep(NamedTuple):
    """One thing that a hook does; what there is to do is told in ``config.hook_actions``."""

    action: str
    arguments: str
    option: str
    """The option that asks for it."""
    file: str
    line: int
    hidden: bool = False
    """The log shall not show it."""


class Hooks(NamedTuple):
    """What is to be done at the moments of a generation's life, and of its workers'."""

    moments: tuple[tuple[str, tuple[HookStep, ...]], ...] = ()
    """``reload`` is before anything else, if the generation is that of a reload; the others are called as uWSGI calls
    them.
    """
    shell: str = "/bin/sh"
    patience: float = 60.0
    """How long a file or a directory is waited for; seconds."""
    socket_patience: float = 60.0

    def at(self, moment: str) -> tuple[HookStep, ...]:
        """What is to be done then."""
        return next((steps for name, steps in self.moments if name == moment), ())

    @classmethod
    def read(cls, told: Iterable[Any]) -> Hooks:
        """From what JSON made of one."""
        moments, *rest = told
        return cls(tuple((name, tuple(HookStep(*step) for step in steps)) for name, steps in moments), *rest)


class Limits(NamedTuple):
    """What the processes of a generation may use of the machine; 0 and False leave it as it is."""

    address_space: int = 0
    """Bytes, of each process."""
    processes: int = 0
    """Of the user, all together."""
    affinity: int = 0
    """How many CPUs each worker has."""
    never_swap: bool = False
    merge: bool = False
    """The kernel may keep equal pages once."""
    stack: int = 0
    """Bytes of the stack of each thread that serves but the first."""


class Conduct(NamedTuple):
    """Smaller habits of a generation and its workers."""

    serve: bool = True
    """False: end once the application is loaded."""
    atexit: bool = True
    """Call what the application registered for the end of its process."""
    tracebacker: str = ""
    """Whoever connects to this path and the number of a worker gets the stacks of its threads."""


class Scaling(NamedTuple):
    """Between which numbers the workers are, and by which rule. ``least`` 0: there are always ``most``."""

    least: int = 0
    most: int = 1
    initial: int = 0
    step: int = 1
    """How many are added at once."""
    overload: int = 3
    algorithm: str = "spare"
    busyness_most: int = 50
    """Percent."""
    busyness_least: int = 25
    multiplier: int = 10
    penalty: int = 2
    verbose: bool = False
    backlog_alert: int = 33
    backlog_step: int = 1
    backlog_nonzero: int = 60
    memory_soft: int = 0
    """Bytes of all workers beyond which none is added."""
    memory_hard: int = 0
    """Beyond which one is taken away."""
    cheap: bool = False
    """Nobody is started before the first connection."""
    idle: float = 0.0
    """Seconds without a request after which all are stopped; 0: never."""
    die_on_idle: bool = False


class Clients(NamedTuple):
    """What clients may send and how long they may take. Times are seconds, sizes bytes."""

    timeout: int = 4
    """The longest silence: ``socket-timeout``, and with ``http`` at least ``http-timeout``."""
    header_timeout: int = 12
    """From the first byte of a request's head to its end."""
    keepalive_timeout: int = 75
    """Between two requests of a connection."""
    min_rate: int = 500
    """Bytes per second, on average after a start. 0: no such bound."""
    limit_post: int = 0
    max_vars: int = 128
    """Variables of a request. uWSGI's option counts pairs."""
    max_connections: int = 0
    """Of each worker. 0: three quarters of the files that it may open."""
    post_buffering: bool = False
    ignore_write_errors: bool = False
    write_errors_tolerance: int = 0


MULE_MESSAGE = 65536
"""Bytes of a message to a mule, unless ``mule-msg-size`` says otherwise."""


class Farm(NamedTuple):
    """Mules by a name, of which one takes a message."""

    name: str
    mules: tuple[int, ...]


class Channel(NamedTuple):
    """A queue of messages: both ends, as descriptors. It outlives a reload, so what waits in it is not lost."""

    name: str
    """Empty: any mule. A number: that mule. Else: that farm, behind ``farm ``."""
    reader: int
    writer: int


class Mules(NamedTuple):
    """Processes beside the workers. Times are seconds."""

    targets: tuple[str, ...] = ()
    """One for each mule: a file, ``module:function``, or nothing."""
    farms: tuple[Farm, ...] = ()
    size: int = MULE_MESSAGE
    """Bytes of a message."""
    harakiri: float = 0.0
    """How long a mule may work on one message; 0: as long as it likes."""
    mercy: float = 60.0
    """How long a mule may take to end."""
    channels: tuple[Channel, ...] = ()
    """Made by the master."""

    @property
    def names(self) -> list[str]:
        """Those of the channels that there must be."""
        if not self.targets:
            return []
        numbers = [str(number) for number in range(1, len(self.targets) + 1)]
        return ["", *numbers, *("farm " + farm.name for farm in self.farms)]

    @classmethod
    def read(cls, told: Sequence[Any]) -> Mules:
        """Out of what JSON made of it."""
        targets, farms, size, harakiri, mercy, channels = told
        return cls(
            tuple(targets),
            tuple(Farm(name, tuple(mules)) for name, mules in farms),
            size,
            harakiri,
            mercy,
            tuple(Channel(*one) for one in channels),
        )


class Facts(NamedTuple):
    """What applications may ask of their instance, and nothing else needs."""

    options: tuple[tuple[str, str | None], ...] = ()
    """As written, in their order; None: without a value."""
    started: int = 0
    """When the master was started, in seconds since 1970."""
    pidfile: str = ""

    @classmethod
    def read(cls, told: Sequence[Any]) -> Facts:
        """Out of what JSON made of it."""
        options, *rest = told
        return cls(tuple((key, value) for key, value in options), *rest)


class Plan(NamedTuple):
    """All that a generation must know. Durations are seconds, sizes bytes."""

    number: int
    name: str
    doors: list[Door]
    loaders: list[Loader]
    callable: str
    chdir: str
    chdir2: str
    pythonpath: list[str]
    workers: int
    threads: int
    scoreboard_fd: int
    buffer_size: int
    trusted: list[str]
    socket_timeout: float
    mercy: float
    log_requests: bool
    hostname: str
    serve_without_app: bool
    titles: list[str]
    lives: Lives = Lives()
    request_log: RequestLog = RequestLog()
    statics: StaticFiles | None = None
    """None: nothing of the kind is configured."""
    apps: Apps = Apps()
    headers: Headers = Headers()
    wsgi: Wsgi = Wsgi()
    interpreter: Interpreter = Interpreter()
    scaling: Scaling = Scaling()
    tls: Tls | None = None
    clients: Clients = Clients()
    facts: Facts = Facts()
    shared: Shared = Shared()
    mules: Mules = Mules()
    triggers: tuple[Trigger, ...] = ()
    """What the configuration lets raise signals of the application."""
    routing: Routing | None = None
    error_pages: ErrorPages | None = None
    hooks: Hooks | None = None
    """None: there are none."""
    limits: Limits = Limits()
    conduct: Conduct = Conduct()
    spooling: Spooling = Spooling()
    gevent: Gevent = Gevent()

    def write(self) -> bytes:
        """The plan as bytes for :meth:`read`, which may run in another version of Python."""
        return json.dumps(self).encode()

    @classmethod
    def read(cls, text: bytes) -> Plan:
        """The plan that :meth:`write` wrote."""
        plan = cls(*json.loads(text))
        return plan._replace(
            doors=[Door(*door) for door in plan.doors],
            loaders=[Loader(*one) for one in plan.loaders],
            lives=Lives(*plan.lives),
            request_log=RequestLog(*plan.request_log),
            statics=StaticFiles.of(plan.statics) if plan.statics else None,
            apps=Apps.read(plan.apps),
            headers=Headers.read(plan.headers),
            wsgi=Wsgi.read(plan.wsgi),
            interpreter=Interpreter.read(plan.interpreter),
            scaling=Scaling(*plan.scaling),
            tls=_tls(plan.tls),
            clients=Clients(*plan.clients),
            facts=Facts.read(plan.facts),
            shared=Shared.read(plan.shared),
            mules=Mules.read(plan.mules),
            triggers=tuple(Trigger(*one) for one in plan.triggers),
            routing=Routing.read(plan.routing) if plan.routing else None,
            error_pages=ErrorPages.read(plan.error_pages) if plan.error_pages else None,
            hooks=Hooks.read(plan.hooks) if plan.hooks else None,
            limits=Limits(*plan.limits),
            conduct=Conduct(*plan.conduct),
            spooling=Spooling.read(plan.spooling),
            gevent=Gevent(*plan.gevent),
        )


def _tls(told: Iterable[Any] | None) -> Tls | None:
    if told is None:
        return None
    contexts, *rest = told
    return Tls([TlsContext(*one) for one in contexts], *rest)
