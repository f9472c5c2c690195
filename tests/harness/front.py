"""What the real web servers of the tests have in common: one process in the foreground, many sites on loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from . import processes, wait


def binary(name: str) -> str:
    """The program, or the word what to do."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    assert found, f"{name} is not installed: run scripts/install-test-servers"
    return found


def accepts(port: int) -> bool:
    """Somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except ConnectionRefusedError:
        return False
    return True


def certificate(place: Path) -> Path:
    """A key and its certificate in one file."""
    pem, key = place / "front.pem", place / "front.key"
    command = [binary("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(pem)]
    subprocess.run(command, check=True, capture_output=True)
    pem.write_bytes(key.read_bytes() + pem.read_bytes())
    key.unlink()
    return pem


class Front:
    """A started web server; it answers at every one of ``ports`` when this returns."""

    def __init__(self, command: list[str | Path], prefix: Path, ports: list[int], stop: int = signal.SIGTERM) -> None:
        self.log = prefix / "error.log"
        self.number = stop
        with (prefix / "output.log").open("wb") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=prefix, start_new_session=True
            )

        def listens() -> bool:
            assert self.process.poll() is None, (prefix / "output.log").read_text() + self.errors()
            return all(accepts(port) for port in ports)

        try:
            wait.until(listens, f"{command[0]} at {ports}")
        except BaseException:
            self.stop()
            raise

    def errors(self) -> str:
        """What it logged."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self) -> None:
        """Stop it and its children."""
        below = processes.descendants(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(self.number)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        processes.kill_all(processes.gone(below, 5))
