"""A bounded load: N keep-alive connections, each with a pause between requests, every request recorded.

Run as a program of its own (standard library only, so that it also runs inside a container):
``python3 load.py HOST:PORT PATH CONNECTIONS RATE``. It prints ``going`` once each connection has had an
answer, ends when its standard input is closed, and then prints one JSON document. A line on its standard
input is answered with ``round`` once each connection has had one more answer. It never repeats a failed request.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import traceback
from typing import NamedTuple

#: No answer within this many seconds is a failure.
PATIENCE = 30.0


class Request(NamedTuple):
    """``start`` on the monotonic clock; ``status`` 0 when there was no whole answer, and ``note`` says why."""

    start: float
    seconds: float
    status: int
    note: str


class Report(NamedTuple):
    """All requests, in the order in which they ended."""

    requests: list[Request]

    @property
    def failed(self) -> list[Request]:
        """Those without a whole answer of status 200."""
        return [request for request in self.requests if request.status != 200]

    @property
    def slowest(self) -> float:
        """The longest that an answered request took."""
        return max(request.seconds for request in self.requests if request.status)

    def notes(self) -> set[str]:
        """The different bodies (or failures) seen."""
        return {request.note for request in self.requests}


class Load:
    """Load on one address until ``finish``. ``prefix`` runs the generator elsewhere, such as in a container."""

    def __init__(
        self,
        address: str,
        path: str = "/",
        connections: int = 64,
        rate: float = 8.0,
        prefix: tuple[str, ...] = (),
        script: str = __file__,
        python: str = sys.executable,
    ) -> None:
        self.process = subprocess.Popen(
            [*prefix, python, script, address, path, str(connections), str(rate)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        if line.strip() != "going":
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the load did not get going: {line}{self.process.stdout.read()}")

    def round(self) -> None:
        """Wait until every connection has had the answer to one more request, asked from now on."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("round\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().strip() == "round"

    def finish(self) -> Report:
        """End it. Requests under way are waited for."""
        out, _ = self.process.communicate("")
        return Report([Request(*row) for row in json.loads(out)])

    def kill(self) -> None:
        """Clean up."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head.split(" ", 2)[1])
    if "transfer-encoding: chunked" in head:
        body = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(head.partition("content-length:")[2].partition("\r\n")[0]))
    return status, body, "connection: close" in head


async def _connection(
    address: str,
    path: str,
    pause: float,
    delay: float,
    stop: asyncio.Event,
    rows: list[Request],
    rounds: asyncio.Queue[float],
) -> None:
    host, _, port = address.rpartition(":")
    writer = reader = None
    await asyncio.sleep(delay)  # spreads the connections over time; nothing waits for it
    while not stop.is_set():
        start = time.monotonic()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
            assert reader
            status, body, close = await asyncio.wait_for(_answer(reader), PATIENCE)
            note = body[:60].decode("latin-1")
        except (OSError, EOFError, ValueError, IndexError, asyncio.TimeoutError) as error:
            status, note, close = 0, repr(error), True
        rows.append(Request(start, time.monotonic() - start, status, note))
        rounds.put_nowait(start)
        if close and writer:
            writer.close()
            writer = None
        try:
            await asyncio.wait_for(stop.wait(), pause)
        except asyncio.TimeoutError:
            pass
    if writer:
        writer.close()


def _give_up(task: asyncio.Task[None]) -> None:
    """A connection that ends by an error of this program's own must not be waited for."""
    if not task.cancelled() and task.exception():
        traceback.print_exception(task.exception())
        sys.stderr.flush()
        os._exit(1)


async def _round(queues: list[asyncio.Queue[float]], word: str) -> None:
    now = time.monotonic()
    for queue in queues:
        while await queue.get() < now:
            pass
    print(word, flush=True)


async def _main(address: str, path: str, connections: int, rate: float) -> None:
    rows: list[Request] = []
    stop = asyncio.Event()
    queues: list[asyncio.Queue[float]] = [asyncio.Queue() for _ in range(connections)]
    pause = 1.0 / rate
    tasks = [
        asyncio.ensure_future(_connection(address, path, pause, pause * n / connections, stop, rows, queue))
        for n, queue in enumerate(queues)
    ]
    for task in tasks:
        task.add_done_callback(_give_up)
    await _round(queues, "going")
    while await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
        await _round(queues, "round")
    stop.set()
    await asyncio.gather(*tasks)
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
