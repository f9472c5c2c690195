"""Words survive the pipe, and nothing else passes for one."""

from __future__ import annotations

import json
import socket

import pytest

from imperator import pipes
from imperator.config.statics import Statics
from imperator.pipes import (
    Apps,
    Clients,
    Door,
    Failed,
    FromVassal,
    Headers,
    Import,
    Interpreter,
    Keep,
    Lives,
    Loaded,
    Loader,
    Mount,
    Order,
    Plan,
    Ready,
    ReloadMe,
    Scaling,
    State,
    StaticFiles,
    StopMe,
    Tls,
    TlsContext,
    ToVassal,
    Wsgi,
)

WORDS = [
    Keep([]),
    Keep(["/run/a.sock", "127.0.0.1:8000"]),
    State("running"),
    State("failed", "app.py:1: SyntaxError"),
    Loaded(0.25),
    Loaded(3),
    Failed("r", "t", ["/a.py", "/b.py"]),
    Failed("r", "t", ["/a.py"], "/a, /b"),
    Failed("città", "caf\udce9 \ud800", []),
    Ready([1, 2, 3]),
    Ready([]),
    ReloadMe("app.py was changed"),
    StopMe("die-on-idle"),
]


@pytest.mark.parametrize("word", WORDS, ids=repr)
def test_a_word_is_heard_as_it_was_said(word):
    heard = pipes.hear(pipes.say(word))
    assert heard == word
    assert type(heard) is type(word)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"S",
        b"[]",
        b"{}",
        b"null",
        b"7",
        b'"Ready"',
        b'["Ready"]',
        b'["Ready", [1], 2]',
        b'["Nothing"]',
        b'["Order", 1]',
        b'[["Ready"], [1]]',
        b"\xff\xfe\x00",
        b"[" * 60000,
        b'["Loaded", "soon"]',
        b'["Failed", 1, "t", []]',
        b'["Failed", "r", null, []]',
        b'["Failed", "r", "t", "files"]',
        b'["Failed", "r", "t", [1]]',
        b'["ReloadMe", 5]',
        b'["Ready", 5]',
        b'["Ready", ["5"]]',
        b'["State", "failed", 5]',
        b'["Keep", "/run/a.sock"]',
        pipes.say(Failed("r", "t", []))[:-1],
    ],
    ids=lambda message: repr(message[:30]),
)
def test_what_is_no_word_is_a_value_error(message):
    with pytest.raises(ValueError, match="not a word"):
        pipes.hear(message)


# A character may take one byte of a message, or two, three, six or twelve.
LETTERS = {"ascii": "a", "quotes": '"', "control": "\x01", "chinese": "設", "emoji": "🙂", "half a character": "\ud800"}


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize(("reason", "traceback", "files"), [(9, 10**6, 9), (10**6, 9, 0), (9, 9, 10**4), (10**6,) * 3])
def test_no_failure_is_longer_than_a_reader_reads(letter, reason, traceback, files):
    letter = LETTERS[letter]
    files = min(files, 3000)
    said = Failed("start" + letter * reason, letter * traceback + "the last line", ["/" + letter * 4000] * files)
    message = pipes.say(said)
    assert len(message) <= pipes.MAXIMUM
    heard = pipes.hear(message)
    assert heard.reason.startswith("start")
    assert heard.traceback.endswith("the last line")
    assert heard.files == said.files[: len(heard.files)]


def test_a_long_state_is_shortened_too():
    message = pipes.say(State("failed", "🙂" * 10**6))
    assert len(message) <= pipes.MAXIMUM
    assert pipes.hear(message).name == "failed"


def test_the_longest_word_passes_through_a_door_in_one_piece():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        message = pipes.say(Failed("🙂" * 10**5, "🙂" * 10**5, ["/f"] * 99))
        ours.setblocking(False)
        ours.send(message)
        assert theirs.recv(pipes.MAXIMUM) == message


def test_a_failure_that_fits_is_not_shortened():
    said = Failed("r" * 4000, "t" * 20000, ["/f"] * 64)
    assert pipes.hear(pipes.say(said)) == said


def test_the_bytes_that_uwsgi_says():
    assert [(one.name, int(one)) for one in ToVassal] == [("STOP", 0), ("RELOAD", 1), ("STOP_GRACEFULLY", 2)]
    assert {one.name: int(one) for one in FromVassal} == {
        "SPAWNED": 1, "SEND_CONFIG": 2, "ACCEPTING": 5, "LOYAL": 17, "STOP_ME": 22, "HEARTBEAT": 26, "REINFORCE": 30,
    }  # fmt: skip


def test_the_bytes_that_the_engine_hears():
    assert [bytes([order]) for order in (Order.SERVE, Order.DRAIN, Order.STOP)] == [b"S", b"D", b"K"]
    assert pipes.READY_WORKER == b"R"


def test_no_word_between_emperor_and_vassal_is_mistaken_for_a_byte():
    # A vassal says both on one socket; the emperor tells them apart by the first byte.
    assert all(pipes.say(word)[0] not in set(FromVassal) for word in WORDS)


PLAN = Plan(
    number=3,
    name="site.ini",
    doors=[Door(5, "uwsgi", "/run/site.sock"), Door(6, "http", "127.0.0.1:8000", 0)],
    loaders=[Loader("file", "app.py", "site.ini:4"), Loader("module", "site.wsgi:app", "")],
    callable="app",
    chdir="/srv/caf\udce9",
    chdir2="",
    pythonpath=["/srv/lib", "设"],
    workers=4,
    threads=2,
    scoreboard_fd=9,
    buffer_size=32768,
    trusted=["127.0.0.0/8"],
    socket_timeout=4.0,
    mercy=60.0,
    log_requests=True,
    hostname="h",
    serve_without_app=False,
    titles=["worker %d"],
    statics=StaticFiles(
        maps=[("/static", "/srv/caf\udce9", False)],
        docroot=True,
        indexes=["index.html"],
        skipped=[".php"],
        safe=["/srv/media"],
        mime_files=["/srv/types"],
        expires=[("file", r"\.css$", 60, True)],
        gzip=[("all", "")],
        mode="nginx",
        sendfile=False,
    ),
    apps=Apps((Mount("h.com", "/caffè", Loader("file", "b.py", "site.ini:5"), "app"),), True, False, True, False),
    headers=Headers((("X-A", "b"),), ("Server",)),
    wsgi=Wsgi(False, True, True, ("ValueError",), ("boom",), ("E()",)),
    interpreter=Interpreter("/x", ("a",), (Import("one", "site.ini:6", "uno"),), (Import("two", "site.ini:7", ""),)),
    lives=Lives(max_requests=500, most=60.0, lazy=True, autoreload_ignored="a,b"),
    scaling=Scaling(least=2, algorithm="busyness", idle=5.0),
    tls=Tls([TlsContext("", "certificate", "key", ["SUITE"], "ca", True)], "secret", 300, False),
    clients=Clients(timeout=60, limit_post=2**40, ignore_write_errors=True),
)


def test_a_plan_is_read_as_it_was_written():
    read = Plan.read(PLAN.write())
    assert read == PLAN
    assert (type(read.lives), type(read.scaling)) == (Lives, Scaling)
    assert [type(door) for door in read.doors] == [Door, Door]
    assert [type(loader) for loader in read.loaders] == [Loader, Loader]
    assert read.tls and [type(context) for context in read.tls.contexts] == [TlsContext]
    assert Plan.read(PLAN._replace(tls=None).write()).tls is None
    assert type(read.clients) is Clients
    assert type(read.statics) is StaticFiles and [type(one) for one in read.statics.maps] == [tuple]
    assert Plan.read(PLAN._replace(statics=None).write()).statics is None
    assert [type(mount.loader) for mount in read.apps.mounts] == [Loader]
    assert type(read.wsgi) is Wsgi and type(read.interpreter.aliases[0]) is Import and type(read.headers) is Headers


def test_static_files_are_told_field_by_field():
    assert StaticFiles._fields == Statics._fields


def test_a_plan_is_plain_ascii_json():
    # Another version of Python, whatever its locale, reads it.
    assert isinstance(json.loads(PLAN.write().decode("ascii")), list)
