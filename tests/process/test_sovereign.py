"""The emperor as a vassal hears and sees it, over both kinds of socket."""

from __future__ import annotations

import array
import os
import socket

import pytest

from imperator import pipes
from imperator.pipes import FromVassal, Keep, State
from imperator.process.loop import Loop
from imperator.process.sovereign import Sovereign

KINDS = {"ours": socket.SOCK_SEQPACKET, "uwsgi": socket.SOCK_STREAM}


@pytest.fixture(params=KINDS)
def emperor(request):
    """The emperor's end, and the vassal's view of it."""
    theirs, its = socket.socketpair(socket.AF_UNIX, KINDS[request.param])
    its.set_inheritable(True)
    theirs.settimeout(10)
    environ = {pipes.ENV_EMPEROR_FD: str(its.fileno())}
    if request.param == "ours":
        environ[pipes.ENV_OURS] = "1"
    sovereign = Sovereign(environ)
    its.detach()
    assert environ == {}, "the variables are for this process alone"
    with theirs:
        yield theirs, sovereign, request.param == "ours"


def test_orders_are_heard_one_by_one_to_the_end(emperor):
    theirs, sovereign, _ = emperor
    loop, heard = Loop(), []

    def hear(message: bytes) -> None:
        heard.append(message)
        if not message:
            loop.forget(sovereign.fileno())
            loop.stop()

    sovereign.listen(loop.watch, hear)
    # They wait together: on a stream they could be read as one.
    theirs.send(b"\x01")
    theirs.send(b"\x00")
    theirs.close()
    loop.run()
    assert heard == [b"\x01", b"\x00", b""]


def test_what_is_said(emperor):
    theirs, sovereign, ours = emperor
    sovereign.say(FromVassal.LOYAL)
    assert theirs.recv(100) == bytes([FromVassal.LOYAL])
    sovereign.state("failed", "why")
    sovereign.say(FromVassal.ACCEPTING)
    if ours:
        assert pipes.hear(theirs.recv(100)) == State("failed", "why")
    assert theirs.recv(100) == bytes([FromVassal.ACCEPTING])  # uWSGI's emperor would not understand more


def test_sockets_are_handed_over_in_their_order(emperor):
    theirs, sovereign, ours = emperor
    files = [os.memfd_create(name) for name in ("one", "two")]
    sovereign.keep([("/run/a.sock", files[0]), ("127.0.0.1:80", files[1])])
    sovereign.say(FromVassal.LOYAL)
    if ours:
        message, ancillary, _, _ = theirs.recvmsg(pipes.MAXIMUM, socket.CMSG_SPACE(8 * 4))
        got = array.array("i")
        got.frombytes(ancillary[0][2])
        assert pipes.hear(message) == Keep(["/run/a.sock", "127.0.0.1:80"])
        assert [os.path.samestat(os.fstat(a), os.fstat(b)) for a, b in zip(got, files, strict=True)] == [True, True]
        for fd in got:
            os.close(fd)
    assert theirs.recv(100) == bytes([FromVassal.LOYAL])
    for fd in files:
        os.close(fd)


def test_having_nothing_to_keep_is_said_too(emperor):
    theirs, sovereign, ours = emperor
    sovereign.keep([])
    sovereign.say(FromVassal.LOYAL)
    if ours:
        assert pipes.hear(theirs.recv(100)) == Keep([])
    assert theirs.recv(100) == bytes([FromVassal.LOYAL])


def test_a_dead_emperor_is_talked_to_in_vain(emperor):
    theirs, sovereign, _ = emperor
    theirs.close()
    sovereign.say(FromVassal.LOYAL)
    sovereign.state("running")
    sovereign.keep([])


def test_the_socket_is_not_for_generations(emperor):
    assert not os.get_inheritable(emperor[1].fileno())


@pytest.mark.parametrize("text", ["", "none", "-1", "987654", "/dev/null"])
def test_without_an_emperor_nothing_is_said(text):
    file = os.open("/dev/null", os.O_RDONLY)
    environ = {pipes.ENV_EMPEROR_FD: str(file) if text == "/dev/null" else text, pipes.ENV_OURS: "1"}
    sovereign = Sovereign(environ)
    os.close(file)
    assert not sovereign
    assert sovereign.fileno() == -1
    sovereign.say(FromVassal.LOYAL)
    sovereign.state("running")
    sovereign.keep([("x", 1)])
    sovereign.listen(lambda fd, handler: pytest.fail("nothing to watch"), lambda message: None)


def test_one_that_does_not_listen_is_not_waited_for(emperor):
    theirs, sovereign, _ = emperor
    for _ in range(5000):
        sovereign.say(FromVassal.HEARTBEAT)
    assert theirs.recv(1) == bytes([FromVassal.HEARTBEAT])
