"""What systemd wants to hear from a service, said when it listens: the ``sd_notify`` datagrams.

Protocol: sd_notify(3). Without ``NOTIFY_SOCKET`` in the environment nothing is sent.
"""

from __future__ import annotations

import os
import socket

_address = os.environ.get("NOTIFY_SOCKET", "")


def notify(state: str) -> None:
    """Tell the service manager ``state``: lines such as ``READY=1`` or ``STATUS=…``."""
    if not _address:
        return
    name = "\0" + _address[1:] if _address.startswith("@") else _address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        try:
            sock.sendto(state.encode(), name)
        except OSError:
            pass  # the manager is restarting or gone; a service works without being watched
