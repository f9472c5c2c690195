"""Program: clients that a fast one should not feel. Some stay idle on kept connections, some send a byte a second.

usage: crowd.py PORT IDLE SLOW

Says ``ready`` once every idle client had an answer and every slow one has begun; ends at the end of its input. A
connection that the server closes is opened again, so the crowd stays as large as it was asked to be.
"""

from __future__ import annotations

import select
import socket
import sys
import time

REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
#: Long enough for the longest run, a byte a second.
SLOW = b"GET / HTTP/1.1\r\nHost: bench\r\nX-Slow: " + b"x" * 600


def connect(port: int) -> socket.socket:
    """A connection, whose answers are waited for a while."""
    client = socket.create_connection(("127.0.0.1", port), 10)
    client.settimeout(10)
    return client


def main() -> int:
    """Be the crowd."""
    port, idle, slow = map(int, sys.argv[1:4])
    silent = []
    for _ in range(idle):
        client = connect(port)
        client.sendall(REQUEST)
        if not client.recv(4096):
            raise SystemExit("the server answers nothing")
        silent.append(client)
    dripping = [(connect(port), 0) for _ in range(slow)]
    print("ready", flush=True)
    while True:
        # A round takes a second, and the bytes are spread over it.
        for number, (client, at) in enumerate(dripping):
            try:
                client.send(SLOW[at : at + 1])
                dripping[number] = (client, at + 1)
            except OSError:
                dripping[number] = (connect(port), 0)
            if select.select([sys.stdin], [], [], 1 / len(dripping))[0]:
                return 0
        if not dripping and select.select([sys.stdin], [], [], None)[0]:
            return 0
        time.sleep(0)


if __name__ == "__main__":
    sys.exit(main())
