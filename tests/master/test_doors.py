"""The sockets of an instance, over its starts, reloads, failures and its end."""

from __future__ import annotations

import json
import os
import socket

import pytest

from imperator import pipes
from imperator.config.settings import Endpoint, Listen, Owner, Settings
from imperator.errors import Refused, Where
from imperator.master.doors import Doors

WHERE = Where("site.ini", 3)


def unix(path, protocol: str = "uwsgi") -> Listen:
    return Listen(str(path), protocol, "socket", WHERE, Endpoint("unix", path=str(path)))


def tcp(port: int = 0) -> Listen:
    return Listen(f"127.0.0.1:{port}", "http", "http-socket", WHERE, Endpoint("inet", host="127.0.0.1", port=port))


def settings(*listen: Listen, **changes: object) -> Settings:
    return Settings(start="/", where={}, listen=listen, **changes)  # type: ignore[arg-type]


def answers(path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


@pytest.fixture
def doors():
    made = Doors({})
    yield made
    made.close(unlink=True)


def test_what_is_asked_for_is_opened_once(doors, tmp_path):
    wanted = settings(unix(tmp_path / "a"), unix(tmp_path / "b"))
    assert doors.open(wanted) == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert doors.open(wanted) == []
    assert [address for address, _ in doors.all()] == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert answers(tmp_path / "a")
    assert answers(tmp_path / "b")


def test_what_generations_receive(doors, tmp_path):
    wanted = settings(unix(tmp_path / "a"), tcp())
    doors.open(wanted)
    first, second = doors.plan(wanted)
    assert (first.protocol, first.address) == ("uwsgi", str(tmp_path / "a"))
    assert second.protocol == "http"
    with socket.socket(fileno=os.dup(second.fd)) as bound:
        assert second.address == f"127.0.0.1:{bound.getsockname()[1]}"  # any free port is named once it is known


def test_an_address_named_twice_is_one_door_with_the_first_protocol(doors, tmp_path):
    wanted = settings(unix(tmp_path / "a", "http"), unix(tmp_path / "a"))
    doors.open(wanted)
    assert [door.protocol for door in doors.plan(wanted)] == ["http"]


def test_all_that_cannot_be_had_is_told_and_then_nothing_is_open(doors, tmp_path):
    for name in ("file", "other"):
        (tmp_path / name).write_text("")
    with pytest.raises(Refused) as raised:
        doors.open(settings(unix(tmp_path / "file"), unix(tmp_path / "good"), unix(tmp_path / "other")))
    assert [one.code for one in raised.value.diagnostics] == ["socket-path-taken"] * 2
    assert doors.all() == []
    assert sorted(os.listdir(tmp_path)) == ["file", "other"]


def test_a_refused_reload_leaves_what_is_open(doors, tmp_path):
    doors.open(settings(unix(tmp_path / "a")))
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused):
        doors.open(settings(unix(tmp_path / "a"), unix(tmp_path / "b"), unix(tmp_path / "file")))
    assert [address for address, _ in doors.all()] == [str(tmp_path / "a")]
    assert answers(tmp_path / "a")
    assert not (tmp_path / "b").exists()


def test_what_is_no_longer_asked_for_is_closed_and_gone(doors, tmp_path):
    doors.open(settings(unix(tmp_path / "a"), unix(tmp_path / "b")))
    assert doors.close_others(settings(unix(tmp_path / "b")))
    assert not doors.close_others(settings(unix(tmp_path / "b")))
    assert os.listdir(tmp_path) == ["b"]
    assert answers(tmp_path / "b")


@pytest.mark.parametrize("vacuum", [True, False])
def test_the_end(tmp_path, vacuum):
    doors = Doors({})
    doors.open(settings(unix(tmp_path / "a")))
    doors.close(unlink=vacuum)
    assert (tmp_path / "a").exists() != vacuum
    assert not answers(tmp_path / "a")


# -- taken over from a predecessor


@pytest.fixture
def kept(tmp_path):
    """A socket that a predecessor left with the emperor, and the environment that says so."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "kept"))
    listening.listen()
    listening.set_inheritable(True)
    fd = listening.detach()
    yield fd, {pipes.ENV_KEPT: json.dumps([[fd, str(tmp_path / "kept")]])}
    try:
        os.close(fd)
    except OSError:
        pass


def test_a_kept_socket_is_taken_over_with_those_who_wait_in_it(kept, tmp_path):
    fd, environ = kept
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "kept"))
        doors = Doors(environ)
        doors.open(settings(unix(tmp_path / "kept")))
        assert doors.all() == [(str(tmp_path / "kept"), fd)]
        assert not os.get_inheritable(fd)
        with socket.socket(fileno=os.dup(fd)) as listening:
            listening.accept()[0].close()
    doors.close(unlink=True)
    assert not (tmp_path / "kept").exists()


def test_a_failed_start_leaves_a_kept_socket_to_the_next_one(kept, tmp_path):
    doors = Doors(kept[1])
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused):
        doors.open(settings(unix(tmp_path / "kept"), unix(tmp_path / "file")))
    assert (tmp_path / "kept").exists()


def test_so_does_one_that_fails_later(kept, tmp_path):
    doors = Doors(kept[1])
    doors.open(settings(unix(tmp_path / "kept"), unix(tmp_path / "new")))
    doors.undo_all()
    assert os.listdir(tmp_path) == ["kept"]


def test_a_kept_socket_whose_path_is_gone_is_bound_anew(kept, tmp_path):
    environ = kept[1]
    (tmp_path / "kept").unlink()
    doors = Doors(environ)
    doors.open(settings(unix(tmp_path / "kept")))
    assert answers(tmp_path / "kept")
    doors.close(unlink=True)


def test_a_kept_socket_that_nobody_wants_is_closed_in_the_end(kept, tmp_path):
    fd, environ = kept
    doors = Doors(environ)
    doors.open(settings())
    doors.close_others(settings())
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


# -- what sockets look like


@pytest.mark.parametrize(
    ("changes", "environ", "mode"),
    [
        ({"umask": 0o027}, {}, 0o750),
        ({"umask": 0o027, "chmod_socket": 0o664}, {}, 0o664),
        ({"daemonized_umask": True}, {}, 0o777),
        ({}, {pipes.ENV_SOCKET_UMASK: "0"}, 0o777),
        ({"umask": 0o077}, {pipes.ENV_SOCKET_UMASK: "0"}, 0o700),
    ],
)
def test_modes(tmp_path, changes, environ, mode, capfd):
    doors = Doors(environ)
    doors.open(settings(unix(tmp_path / "a"), **changes))
    assert (tmp_path / "a").stat().st_mode & 0o777 == mode
    # Nobody said that the world may connect: that is told.
    assert ("[world-writable-socket]" in capfd.readouterr().err) == (mode == 0o777)
    doors.close(unlink=True)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.parametrize(
    ("changes", "owner"),
    [
        ({}, (0, 0)),
        ({"uid": 12345, "gid": 23456}, (12345, 23456)),
        ({"uid": 12345}, (12345, 0)),
        ({"gid": 23456}, (0, 23456)),
        ({"uid": 12345, "gid": 23456, "chown_socket": Owner(1, None)}, (1, 0)),
        ({"chown_socket": Owner(None, 7)}, (0, 7)),
    ],
)
def test_owners(tmp_path, changes, owner):
    doors = Doors({})
    doors.open(settings(unix(tmp_path / "a"), **changes))
    found = (tmp_path / "a").stat()
    doors.close(unlink=True)
    assert (found.st_uid, found.st_gid) == owner


def test_a_socket_that_stays_gets_its_new_mode_owner_and_queue(doors, tmp_path):
    path = tmp_path / "a"
    doors.open(settings(unix(path), chmod_socket=0o600))
    inode = path.stat().st_ino
    changed = settings(unix(path), chmod_socket=0o660, backlog=1)
    assert doors.open(changed) == [] and doors.refit(changed) == []
    assert (path.stat().st_ino, path.stat().st_mode & 0o777) == (inode, 0o660)
    clients = [socket.socket(socket.AF_UNIX) for _ in range(4)]
    for client in clients:
        client.setblocking(False)
    assert [client.connect_ex(str(path)) for client in clients][-1] != 0  # there is room for two
    for client in clients:
        client.close()
    assert doors.refit(settings(unix(path))) == []
    assert path.stat().st_mode & 0o777 == 0o660  # nobody says what it should be


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives sockets away")
def test_what_cannot_be_given_away_is_told(doors, tmp_path, monkeypatch):
    path = tmp_path / "a"
    doors.open(settings(unix(path)))
    assert doors.refit(settings(unix(path), chown_socket=Owner(61001, None))) == []
    assert path.stat().st_uid == 61001

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "lchown", refuse)
    [complaint] = doors.refit(settings(unix(path), chown_socket=Owner(61002, None)))
    assert (complaint.code, complaint.where) == ("cannot-give-socket", WHERE)


def test_two_free_ports_are_two(doors):
    wanted = settings(tcp(), tcp())
    assert doors.open(wanted) == ["127.0.0.1:0", "127.0.0.1:0#2"]
    assert doors.open(wanted) == []
    first, second = doors.plan(wanted)
    assert first.address != second.address and first.fd != second.fd
    doors.close_others(settings(tcp()))
    assert len(doors.all()) == 1
