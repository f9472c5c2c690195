"""Real sockets: bound, refused, inherited, released."""

from __future__ import annotations

import os
import select
import socket
import threading

import pytest

from imperator.config.settings import Endpoint, Owner
from imperator.config.tuning import Tuning
from imperator.errors import Refused, Where
from imperator.process import listeners
from imperator.process.listeners import UnixAttributes, listen, refuse, release

from .child import run

WHERE = Where("site.ini", 3)
PLAIN = UnixAttributes(0o022, None, None)


def unix(path, attributes: UnixAttributes = PLAIN):
    return listen(Endpoint("unix", path=str(path)), WHERE, 10, attributes, {})


def refusal(endpoint: Endpoint, attributes: UnixAttributes = PLAIN):
    with pytest.raises(Refused) as raised:
        listen(endpoint, WHERE, 10, attributes, {})
    [complaint] = raised.value.diagnostics
    assert complaint.where == WHERE
    assert complaint.hint
    return complaint


def connects(path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def test_a_unix_socket(tmp_path):
    listener = unix(tmp_path / "a")
    assert connects(tmp_path / "a")
    assert (listener.address, listener.inode) == (str(tmp_path / "a"), (tmp_path / "a").stat().st_ino)
    assert listener.fd > 2
    assert not os.get_inheritable(listener.fd)
    release(listener, unlink=True)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("kind", ["a file", "a directory", "a symbolic link"])
def test_what_is_no_socket_is_left_untouched(tmp_path, kind):
    path = tmp_path / "a"
    (tmp_path / "target").write_text("precious")
    if kind == "a file":
        path.write_text("precious")
    elif kind == "a directory":
        path.mkdir()
    else:
        path.symlink_to("target")
    before = os.lstat(path)
    complaint = refusal(Endpoint("unix", path=str(path)))
    assert complaint.code == "socket-path-taken"
    assert kind in complaint.message
    assert os.lstat(path) == before
    assert (tmp_path / "target").read_text() == "precious"


def test_a_link_to_a_stale_socket_is_left_untouched(tmp_path):
    release(unix(tmp_path / "stale"), unlink=False)
    (tmp_path / "a").symlink_to("stale")
    assert refusal(Endpoint("unix", path=str(tmp_path / "a"))).code == "socket-path-taken"
    assert (tmp_path / "stale").exists()


def test_a_stale_socket_is_replaced(tmp_path):
    release(unix(tmp_path / "a"), unlink=False)
    assert not connects(tmp_path / "a")
    listener = unix(tmp_path / "a")
    assert connects(tmp_path / "a")
    release(listener, unlink=True)


@pytest.mark.parametrize("full", [False, True])
def test_a_live_socket_is_refused_and_goes_on(tmp_path, full):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "a"))
        server.listen(0)
        waiting = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) for _ in range(3 * full)]
        for one in waiting:
            one.connect_ex(str(tmp_path / "a"))
        complaint = refusal(Endpoint("unix", path=str(tmp_path / "a")))
        assert complaint.code == "address-in-use"
        assert str(tmp_path / "a") in complaint.hint
        server.accept()[0].close()
        for one in waiting:
            one.close()


def test_one_that_is_just_ending_is_waited_for(tmp_path):
    former = unix(tmp_path / "a")
    seen = threading.Event()

    def end() -> None:
        with socket.socket(fileno=os.dup(former.fd)) as listening:
            listening.accept()[0].close()  # the first look at it
        release(former, unlink=False)
        seen.set()

    thread = threading.Thread(target=end)
    thread.start()
    listener = unix(tmp_path / "a")
    thread.join()
    assert seen.is_set()
    assert connects(tmp_path / "a")
    release(listener, unlink=True)


@pytest.mark.parametrize(("length", "fits"), [(107, True), (108, False)])
def test_the_longest_path(tmp_path, monkeypatch, length, fits):
    folder = tmp_path
    while len(str(folder)) < length - 60:
        folder = folder / ("d" * 40)
    folder.mkdir(parents=True, exist_ok=True)
    # Bytes count, not characters.
    rest = length - len(os.fsencode(folder)) - 1
    path = str(folder / ("è" * (rest // 2) + "x" * (rest % 2)))
    assert len(os.fsencode(path)) == length
    if fits:
        release(unix(path), unlink=True)
    else:
        complaint = refusal(Endpoint("unix", path=path))
        assert complaint.code == "socket-path-too-long"
        assert "has 108 bytes and the kernel allows 107" in complaint.message


def test_a_missing_directory():
    complaint = refusal(Endpoint("unix", path="/nowhere/at/all/a.sock"))
    assert (complaint.code, complaint.hint) == ("no-directory", "create it: mkdir -p /nowhere/at/all")


@pytest.mark.parametrize(
    ("attributes", "mode"),
    [
        (UnixAttributes(0o022, None, None), 0o755),
        (UnixAttributes(0o007, None, None), 0o770),
        (UnixAttributes(0, None, None), 0o777),
        (UnixAttributes(0o077, 0o666, None), 0o666),
        (UnixAttributes(0, 0o600, None), 0o600),
    ],
)
def test_modes(tmp_path, attributes, mode):
    before = os.umask(0o027)
    try:
        listener = unix(tmp_path / "a", attributes)
        assert os.umask(0o027) == 0o027, "the process's own umask is as it was"
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o7777 == mode
    release(listener, unlink=True)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.parametrize("owner", [(12345, 23456), (12345, None), (None, 23456), (0, 0)])
def test_owners(tmp_path, owner):
    listener = unix(tmp_path / "a", UnixAttributes(0o022, None, Owner(*owner)))
    found = (tmp_path / "a").stat()
    assert (found.st_uid, found.st_gid) == (owner[0] or 0, owner[1] or 0)
    release(listener, unlink=True)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_a_socket_that_cannot_be_given_away_is_not_left_behind(tmp_path):
    tmp_path.chmod(0o777)
    for folder in list(tmp_path.parents)[:2]:
        folder.chmod(folder.stat().st_mode | 0o011)
    code = """
        import os, sys
        from imperator.config.settings import Endpoint, Owner
        from imperator.errors import Refused
        from imperator.process.listeners import UnixAttributes, listen
        os.setgroups([]); os.setgid(12345); os.setuid(12345)
        try:
            listen(Endpoint("unix", path=sys.argv[1]), None, 1, UnixAttributes(0, None, Owner(0, None)), {})
        except Refused as refused:
            print(refused)
        """
    out = run(code, tmp_path / "a").stdout
    assert "[cannot-give-socket]" in out
    assert os.listdir(tmp_path) == []


def test_one_that_refuses_still_has_those_who_wait(tmp_path):
    listener = unix(tmp_path / "a")
    with socket.socket(socket.AF_UNIX) as waiting, socket.socket(fileno=os.dup(listener.fd)) as bound:
        waiting.connect(str(tmp_path / "a"))
        refuse(listener)
        refuse(listener)
        assert not connects(tmp_path / "a")
        accepted, _ = bound.accept()
        accepted.sendall(b"served")
        assert waiting.recv(10) == b"served"
        accepted.close()
    release(listener, unlink=True)


def test_a_kept_socket_that_refuses_is_bound_anew(tmp_path):
    endpoint = Endpoint("unix", path=str(tmp_path / "a"))
    former = unix(tmp_path / "a")
    refuse(former)
    listener = listen(endpoint, WHERE, 10, PLAIN, {str(endpoint): former.fd})
    assert listener.fd != former.fd
    assert connects(tmp_path / "a")
    release(listener, unlink=True)
    os.close(former.fd)


def test_a_kept_socket_is_used_as_it_is(tmp_path):
    endpoint = Endpoint("unix", path=str(tmp_path / "a"))
    former = unix(tmp_path / "a")
    assert listen(endpoint, WHERE, 10, PLAIN, {str(endpoint): former.fd}) == former
    release(former, unlink=True)


def test_a_port_goes_on_for_those_who_wait():
    listener = listen(Endpoint("inet", host="127.0.0.1"), WHERE, 10, PLAIN, {})
    refuse(listener)
    with socket.create_connection(("127.0.0.1", listener.endpoint.port), timeout=5):
        pass
    release(listener, unlink=False)


def test_release_leaves_the_path_of_another(tmp_path):
    listener = unix(tmp_path / "a")
    os.unlink(tmp_path / "a")
    (tmp_path / "filler").write_text("")  # takes the inode number that is free now
    other = unix(tmp_path / "a")
    release(listener._replace(inode=other.inode + 1), unlink=True)
    assert connects(tmp_path / "a")
    release(other, unlink=True)


def test_an_abstract_socket():
    name = f"imperator-test-{os.getpid()}"
    listener = listen(Endpoint("abstract", path=name), WHERE, 10, PLAIN, {})
    assert listener.address == "@" + name
    assert connects("\0" + name)
    assert refusal(Endpoint("abstract", path=name)).code == "address-in-use"
    release(listener, unlink=True)


@pytest.mark.parametrize("endpoint", [Endpoint("inet", host="127.0.0.1"), Endpoint("inet6", host="::1")])
def test_a_free_port_is_named(endpoint):
    listener = listen(endpoint, WHERE, None, PLAIN, {})
    with socket.create_connection((endpoint.host, listener.endpoint.port)):
        assert listener.address == str(endpoint._replace(port=listener.endpoint.port))
    release(listener, unlink=True)


def test_a_port_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        complaint = refusal(Endpoint("inet", host="127.0.0.1", port=port))
        assert complaint.code == "address-in-use"
        assert str(port) in complaint.hint


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        (Endpoint("inet", host="192.0.2.1", port=8000), "address-not-here"),
        (Endpoint("inet", host="no.such.host.invalid", port=8000), "unknown-host"),
        (Endpoint("fd", fd=987654), "bad-inherited-socket"),
        (Endpoint("fd", fd=0), "bad-inherited-socket"),
    ],
)
def test_addresses_that_cannot_be_had(endpoint, code):
    assert refusal(endpoint).code == code


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_a_low_port_needs_root():
    code = """
        import os
        from imperator.config.settings import Endpoint
        from imperator.errors import Refused
        from imperator.process.listeners import UnixAttributes, listen
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as file:
            port = int(file.read()) - 1
        os.setgroups([]); os.setgid(12345); os.setuid(12345)
        try:
            listen(Endpoint("inet", host="127.0.0.1", port=port), None, 1, UnixAttributes(0, None, None), {})
        except Refused as refused:
            print(refused)
        else:
            print("no port needs root here [port-not-permitted]" if port < 1 else "bound")
        """
    assert "[port-not-permitted]" in run(code).stdout


def test_an_inherited_socket_is_copied_and_not_passed_on():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.set_inheritable(True)
        listener = listen(Endpoint("fd", fd=server.fileno()), WHERE, 10, PLAIN, {})
        assert listener.fd != server.fileno()
        assert listener.address == f"fd://{server.fileno()}"
        assert not server.get_inheritable()
        release(listener, unlink=True)
        server.getsockname()


def test_a_connected_socket_is_no_listening_one():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert "it is not listening" in refusal(Endpoint("fd", fd=ours.fileno())).message


def test_the_queue_of_a_port():
    listener = listen(Endpoint("inet", host="127.0.0.1"), WHERE, 7, PLAIN, {})
    with socket.create_connection(("127.0.0.1", listener.endpoint.port)):
        # The client is connected a moment before the queue has it.
        assert select.select([listener.fd], [], [], 20)[0]
        assert listeners.queue(listener.fd) == (1, 7)
    release(listener, unlink=True)


def test_the_queue_of_a_unix_socket_is_not_told(tmp_path):
    listener = unix(tmp_path / "a")
    assert listeners.queue(listener.fd) == (0, 0)
    release(listener, unlink=True)


def test_a_backlog_nobody_chose_is_the_kernels(tmp_path):
    with open("/proc/sys/net/core/somaxconn") as file:
        limit = int(file.read())
    listener = listen(Endpoint("inet", host="127.0.0.1"), WHERE, None, PLAIN, {})
    assert listeners.queue(listener.fd)[1] == limit
    release(listener, unlink=True)


@pytest.mark.parametrize("closed", ["0<&-", "0<&- 2>&-"])
def test_a_socket_never_gets_the_number_of_a_closed_standard_stream(closed, tmp_path):
    import subprocess
    import sys

    code = (
        "from imperator.config.settings import Endpoint\n"
        "from imperator.process.listeners import *\n"
        f"print(listen(Endpoint('unix', path='{tmp_path}/a'), None, 1, UnixAttributes(0, None, None), {{}}).fd > 2)"
    )
    out = subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, code], stdout=subprocess.PIPE, timeout=30
    )
    assert out.stdout == b"True\n"


def test_a_socket_is_tuned_as_asked():
    tuning = Tuning(
        keepalive=True, send_buffer=50_000, receive_buffer=60_000, fast_open=7, reuse_port=True, freebind=True,
        defer_accept=False,
    )  # fmt: skip
    listener = listen(Endpoint("inet", host="127.0.0.1"), WHERE, 10, PLAIN, {}, tuning)
    with socket.socket(fileno=listener.fd) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        # The kernel doubles what it is asked for, for its own bookkeeping.
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 100_000
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 120_000
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN) == 7
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) == 1
        assert sock.getsockopt(socket.IPPROTO_IP, listeners.IP_FREEBIND) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT) == 0


def test_a_socket_that_is_not_tuned_waits_for_data():
    listener = listen(Endpoint("inet", host="127.0.0.1"), WHERE, 10, PLAIN, {})
    with socket.socket(fileno=listener.fd) as sock:
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT) > 0
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0
