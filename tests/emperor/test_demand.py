"""Vassals on demand: the emperor holds their socket, the first connection starts them, and none is ever lost."""

from __future__ import annotations

import os
import socket
import stat

import pytest

from imperator.config.empire import Empire
from imperator.emperor.demand import Demand, parse
from imperator.emperor.seen import Seen, Stamp
from tests.harness import wait

PATIENCE = 20


def seen(path):
    return Seen(Stamp.of(os.stat(path)), os.path.dirname(path), str(path))


def call(address):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE)
    client.connect(str(address))
    return client


def answer(client):
    with client:
        return client.recv(64).decode()


WAITS = 'a.ini -> "on demand" instance detected, waiting for connections on socket'
AGAIN = 'a.ini -> back to "on demand" mode, waiting for connections on socket'


@pytest.fixture
def on_demand(emperor, vassals, tmp_path):
    """An emperor whose vassals wait for their first connection, and the address of ``a.ini``."""

    def start(text="demand\nready", **fields):
        (vassals / "a.ini").write_text(text)
        empire = {"demand_directory": str(tmp_path), **fields.pop("empire", {})}
        one = emperor(empire=empire, **fields)
        one.wait(WAITS)
        one.wait("READY")
        return one, tmp_path / "a.socket"

    return start


def test_the_first_connection_starts_it_and_is_served(on_demand):
    one, address = on_demand()
    assert not any("started" in line for line in one.lines)
    client = call(address)
    started, told = one.wait(r"a.ini started (\d+)", "a.ini demanded (.*)")
    assert (answer(client), told[1]) == (started[1], str(address))
    assert answer(call(address)) == started[1]


@pytest.mark.parametrize(("fields", "mode"), [({}, 0o666), ({"chmod_socket": 0o600}, 0o600)])
def test_the_web_server_may_open_it_unless_a_mode_says_otherwise(on_demand, fields, mode):
    _, address = on_demand(**fields)
    assert stat.S_IMODE(os.stat(address).st_mode) == mode


def test_it_goes_when_it_asks_to_and_comes_back(on_demand):
    one, address = on_demand("demand\nonce\nready")
    first = answer(call(address))
    one.wait("bringing back instance a.ini to on-demand mode", "a.ini told 2", AGAIN)
    second = answer(call(address))
    assert first != second
    one.wait(AGAIN)


def test_who_connects_while_it_leaves_is_served_by_the_next_life(on_demand):
    one, address = on_demand("demand\nstop-me\nready\nstubborn", reload_mercy=1)
    clients = [call(address)]
    one.wait("bringing back instance")
    clients += [call(address) for _ in range(3)]
    one.wait("NO MERCY", AGAIN)
    assert all(answer(client).isdigit() for client in clients)


def test_one_that_dies_waits_again(on_demand):
    one, address = on_demand()
    pid = int(answer(call(address)))
    one.wait("is ready to accept")
    os.kill(pid, 9)
    one.wait(AGAIN)
    assert answer(call(address)).isdigit()


def test_one_that_cannot_start_is_not_started_for_ever(on_demand):
    one, address = on_demand("exit 1")
    with call(address):
        one.wait(AGAIN, "throttling it", "next attempt in 60 seconds")
        one.barrier()
        one.wait(AGAIN)  # the end of all back-offs was asked for: it is called at once


def test_a_changed_configuration_counts_at_the_next_start(on_demand, vassals):
    one, address = on_demand("exit 1")
    (vassals / "a.ini").write_text("demand\nready")
    one.wait('updated configuration for "on demand" instance a.ini')
    assert answer(call(address)).isdigit()


def test_a_removed_one_takes_its_socket_along(on_demand, vassals):
    one, address = on_demand()
    (vassals / "a.ini").unlink()
    one.wait("stop the uwsgi instance a.ini")
    one.barrier()
    assert not address.exists()


def test_the_emperors_end_takes_the_sockets_along(on_demand):
    one, address = on_demand()
    assert one.finish() == 0
    assert not address.exists()


def test_a_killed_emperors_socket_is_taken_over(on_demand, emperor, tmp_path):
    one, address = on_demand()
    one.process.kill()
    one.process.wait()
    other, address = on_demand()
    assert answer(call(address)).isdigit()
    other.wait(r"a.ini started")


def test_an_address_that_cannot_be_had_is_told_and_tried_again(emperor, vassals, tmp_path):
    (vassals / "a.ini").write_text("demand\nready")
    one = emperor(empire={"demand_directory": str(tmp_path / "none")}, emperor_throttle=10)
    one.wait("vassal a.ini cannot be started: cannot listen on .*none/a.socket: the directory")
    (tmp_path / "none").mkdir()
    wait.until((tmp_path / "none" / "a.socket").exists, "the socket")
    assert answer(call(tmp_path / "none" / "a.socket")).isdigit()


def test_a_file_beside_it_says_where_and_who_has_none_starts_at_once(emperor, vassals, tmp_path):
    (vassals / "a.ini").write_text("demand\nready")
    (vassals / "b.ini").write_text("ready")
    (vassals / "a.ini.at").write_text(f"{tmp_path}/x.socket\nmore")
    one = emperor(empire={"demand_suffix": ".at"})
    one.wait(WAITS, "b.ini started", "b.ini is ready")
    assert answer(call(tmp_path / "x.socket")).isdigit()
    (vassals / "a.ini.at").unlink()
    one.signal(28)  # SIGWINCH: look
    one.wait("stop the uwsgi instance a.ini", "a.ini told 2", "a.ini started")
    assert not (tmp_path / "x.socket").exists()


@pytest.mark.parametrize(
    ("command", "expected"),
    [('f() { echo "/run/$1.sock"; }; f', "/run/a.ini.sock"), ("false", ""), ("true", ""),
     ("printf 'one\\ntwo\\n'; true", "one")],
)  # fmt: skip
def test_a_command_is_asked(tmp_path, command, expected):
    path = tmp_path / "a.ini"
    path.write_text("")
    assert Demand(Empire(demand_command=command)).address("a.ini", seen(path)) == expected


def test_a_name_is_no_command(tmp_path):
    name = "$(touch evil).ini"
    (tmp_path / name).write_text("")
    assert Demand(Empire(demand_command="echo")).address(name, seen(tmp_path / name)) == name
    assert not (tmp_path / "evil").exists()


def test_a_command_is_asked_once_for_each_version(tmp_path):
    path = tmp_path / "a.ini"
    path.write_text("1")
    demand = Demand(Empire(demand_command="echo x >>asked; echo"))
    first = seen(path)
    path.write_text("two")
    for one in (first, first, seen(path), seen(path)):
        demand.address("a.ini", one)
    assert (tmp_path / "asked").read_text() == "x\nx\n"


@pytest.mark.parametrize(
    ("address", "expected"), [("x.sock", "/v/x.sock"), ("/r/y", "/r/y"), ("127.0.0.1:80", "127.0.0.1:80"),
                              (":80", "0.0.0.0:80"), ("fd://3", None), ("a:b:c", None)],
)  # fmt: skip
def test_addresses(address, expected):
    one = Seen(Stamp(0, 0, 0, 0, 0), "/v", "/v/a.ini")
    if expected is None:
        with pytest.raises(ValueError, match="address"):
            parse(address, one)
    else:
        assert str(parse(address, one)) == expected


@pytest.mark.parametrize("kind", ["fifo", "endless", "missing"])
def test_a_file_beside_it_that_is_no_file_stops_nobody(tmp_path, kind):
    (tmp_path / "a.ini").write_text("")
    beside = tmp_path / "a.ini.socket"
    if kind == "fifo":
        os.mkfifo(beside)
    elif kind == "endless":
        beside.symlink_to("/dev/zero")
    assert Demand(Empire(demand_suffix=".socket")).address("a.ini", seen(tmp_path / "a.ini")) == ""


@pytest.mark.parametrize(
    ("command", "expected"),
    [("yes :0 #", ":0"), ("echo :0; exec >&-; sleep 600 #", ":0"), ("tr '\\0' x </dev/zero #", "x")],
)
def test_a_command_that_never_ends_is_ended(tmp_path, monkeypatch, command, expected):
    monkeypatch.setattr("imperator.emperor.demand.PATIENCE", 0.3)
    (tmp_path / "a.ini").write_text("")
    found = Demand(Empire(demand_command=command)).address("a.ini", seen(tmp_path / "a.ini"))
    assert found.startswith(expected) and len(found) < 70000


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_under_a_tyrant_an_address_of_the_owners_is_taken_with_the_owners_rights(emperor, vassals, tmp_path):
    closed, own = tmp_path / "closed", tmp_path / "own"
    for folder, uid in ((closed, 0), (own, 61001)):
        folder.mkdir(mode=0o755)
        os.chown(folder, uid, uid)
    for above in tmp_path.parents:
        if above.stat().st_mode & 0o001 == 0:
            above.chmod(above.stat().st_mode | 0o001)
    tmp_path.chmod(0o755)
    for name, folder in (("a.ini", closed), ("b.ini", own)):
        for file, text in ((name, "demand\nready"), (name + ".socket", str(folder / "s"))):
            (vassals / file).write_text(text)
            os.chown(vassals / file, 61001, 61001)
    one = emperor(empire={"tyrant": True, "demand_suffix": ".socket"})
    one.wait("b.ini -> .*waiting for connections", "a.ini cannot be started: .*no permission", "READY")
    assert not (closed / "s").exists()
    assert (own / "s").stat().st_uid == 61001
    one.finish()
    assert not (own / "s").exists()
