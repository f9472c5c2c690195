"""Program: what is in front of a server could do if the server cost next to nothing.

usage: nothing.py SOCKET

Takes a connection, reads once, sends an answer that was ready before, closes: no parsing, no application, no waiting
for several clients at once. It is no server. Where nginx reaches no more with this than with a server behind it, nginx
and the load are what the line measures.
"""

from __future__ import annotations

import os
import socket
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!"


def main(path: str) -> None:
    """Until it is ended."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1024)
        taken, received, send, close = listener._accept, os.read, os.write, os.close  # type: ignore[attr-defined]
        while True:
            fd, _ = taken()
            received(fd, 65536)
            send(fd, ANSWER)
            close(fd)


if __name__ == "__main__":
    main(sys.argv[1])
