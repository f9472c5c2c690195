"""What raises alarms besides lines of the log."""

from __future__ import annotations

import os
import socket

import pytest

from imperator.config.alarms import Alarm, Alarms, Descriptor
from imperator.errors import Where
from imperator.master.vigil import Vigil
from imperator.pipes import Door
from imperator.process.loop import Loop

LOG = (Alarm("log", "log", "", Where("site.ini", 2)),)


def turn(loop: Loop) -> None:
    """One round of the loop, and every alarm of it."""
    loop.now += 100
    loop.at(0, loop.stop)
    loop.run()


@pytest.fixture
def loop():
    loop = Loop()
    yield loop
    loop.close()


def test_a_descriptor_that_can_be_read(loop, capfd):
    reader, writer = os.pipe()
    Vigil(loop, Alarms(LOG, descriptors=(Descriptor("log", reader, 8, "no memory"),)), list)
    os.write(writer, b"12345678")
    turn(loop)
    assert capfd.readouterr().err == "ALARM: no memory\n"
    os.close(writer)
    turn(loop)
    turn(loop)
    assert capfd.readouterr().err == ""
    os.close(reader)


def test_one_that_is_not_there_is_told(loop, capfd):
    Vigil(loop, Alarms(LOG, descriptors=(Descriptor("log", 987, 1, "x"),)), list)
    assert "descriptor 987 cannot be watched" in capfd.readouterr().err


def test_a_queue_that_is_full(loop, capfd):
    with socket.create_server(("127.0.0.1", 0), backlog=1) as full:
        clients = [socket.create_connection(full.getsockname()) for _ in range(2)]
        door = Door(full.fileno(), "http", "127.0.0.1:80")
        vigil = Vigil(loop, Alarms(LOG, backlog=("log",)), lambda: [door])
        vigil._look()
        line, alarm = capfd.readouterr().err.splitlines()
        assert line.startswith('*** uWSGI listen queue of socket "127.0.0.1:80" (fd: ') and "full !!! (" in line
        assert alarm == f"ALARM: {line}"
        for client in clients:
            client.close()


def test_a_crash(loop, capfd):
    Vigil(loop, Alarms(LOG, crash=("log",)), list).crashed("worker 1 died")
    assert capfd.readouterr().err == "ALARM: worker 1 died\n"
