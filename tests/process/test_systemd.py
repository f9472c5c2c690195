"""What a service manager receives."""

from __future__ import annotations

import os
import socket

import pytest

from .child import run

NOTIFY = "from imperator.process import systemd; systemd.notify('READY=1\\nSTATUS=città'); print('went on')"


@pytest.mark.parametrize("abstract", [False, True])
def test_the_datagram(tmp_path, abstract):
    name = f"@imperator-notify-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if abstract else name)
        manager.settimeout(10)
        run(NOTIFY, env={"NOTIFY_SOCKET": name})
        assert manager.recv(1000) == "READY=1\nSTATUS=città".encode()


@pytest.mark.parametrize("address", ["", "/nowhere/notify", "@nobody-listens-here"])
def test_without_a_manager_nothing_happens(address):
    done = run(NOTIFY, env={"NOTIFY_SOCKET": address})
    assert (done.stdout, done.stderr) == ("went on\n", "")
