"""Questions to a running instance, asked of servers that answer well, badly and not at all."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from imperator.config.options import lookup
from imperator.ops import lists, probe

PONG = bytes((100, 0, 0, 1))
WARNING = bytes((100, 5, 0, 1)) + b"tired"


@pytest.fixture
def server(tmp_path):
    """A server that sends this to whoever has said something, and then closes; answers its address."""
    with contextlib.ExitStack() as closing:

        def start(answer: bytes | None) -> str:
            path = str(tmp_path / "socket")
            listening = closing.enter_context(socket.socket(socket.AF_UNIX))
            listening.bind(path)
            listening.listen()

            def serve() -> None:
                client, _ = listening.accept()
                with client:
                    client.recv(100)
                    if answer is None:
                        client.recv(100)  # to its end
                    else:
                        client.sendall(answer)

            thread = threading.Thread(target=serve)
            thread.start()
            closing.callback(thread.join)
            return path

        yield start


@pytest.mark.parametrize(
    ("answer", "pinged", "status", "line"),
    [
        (PONG, 0, 0, "UWSGI OK: armed and ready"), (WARNING, 2, 1, "UWSGI WARNING: tired"),
        (b"", 1, 2, "UWSGI CRITICAL: error reading response it closed the connection"),
        (b"HTTP/1.1 400", 1, 2, "UWSGI CRITICAL: error reading response it"),
        (None, 1, 2, "UWSGI CRITICAL: error reading response it was too slow"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("asks", ["ping", "nagios"])
def test_answers(server, capsys, answer, pinged, status, line, asks):
    address = server(answer)
    if asks == "ping":
        assert probe.ping(address, 1) == pinged
        assert capsys.readouterr().err.startswith(f"PING uwsgi host {address} (timeout: 1)\n")
    else:
        assert probe.nagios(address, 1) == status
        assert capsys.readouterr().out.startswith(line)


def test_nobody_is_there(tmp_path, capsys):
    address = str(tmp_path / "none")
    assert (probe.ping(address, 1), probe.nagios(address, 1), probe.connect_and_read(address)) == (1, 2, 1)
    assert "UWSGI CRITICAL: could not connect() to workers" in capsys.readouterr().out
    assert (probe.nagios("", 1), probe.ping("fd://3", 1), probe.ping("", 1)) == (3, 1, 1)


def test_what_somebody_says_is_copied(tmp_path, capfd):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()

        def serve() -> None:
            with listening.accept()[0] as client:
                client.sendall(b"a\n" * 100_000)

        thread = threading.Thread(target=serve)
        thread.start()
        assert probe.connect_and_read(path) == 0
        thread.join()
    assert capfd.readouterr().err == "a\n" * 100_000


def test_lists(capfd):
    lists.show(["router-list"])
    assert {"redirect-permanent", "basicauth"} <= set(capfd.readouterr().err.splitlines())
    lists.show(["logger-list", "clock-list"])
    lines = capfd.readouterr().err.splitlines()
    assert lines[:3] == ["", "*** uWSGI loaded loggers ***", "file"]
    assert lines[-4:] == ["*** uWSGI loaded clocks ***", "unix", "--- end of clocks list ---", ""]


@pytest.mark.parametrize("name", lists.NAMES)
def test_every_list_has_members(name, capfd):
    lists.show([name])
    lines = capfd.readouterr().err.splitlines()
    assert lines[1].startswith("*** uWSGI loaded ") and lines[-2].startswith("--- end of ") and len(lines) > 4
    assert lookup(name).status == "supported"
