"""Logs that are put aside, sent elsewhere and opened anew while requests go on, and what outlives whom."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from pathlib import Path

from tests.harness import app, processes, wait
from tests.harness.http import Client
from tests.harness.instance import Instance
from tests.harness.log import Log
from tests.real.conftest import Start

LINE = re.compile(r"\[pid: \d+\|app: 0\|req: \d+/(\d+)\] .* => generated \d+ bytes in \d+ msecs .* on core \d+\)")


class Site:
    """An instance with some options about its log, and a client."""

    def __init__(self, start: Start, place: Path, *lines: str, **options: object) -> None:
        self.http = place / "http.sock"
        self.instance = Instance(place / "stats.sock")
        app.write(place / "app.py", "one", 'import atexit\natexit.register(print, "the last word", flush=True)')
        base: dict[str, object] = {
            "processes": 2, "http-socket": self.http, "stats": self.instance.address, "chdir": place,
            "wsgi-file": "app.py", "need-app": "true",
        }  # fmt: skip
        config = app.ini(place / "site.ini", **(base | {k.replace("_", "-"): v for k, v in options.items()}))
        config.write_text(config.read_text() + "".join(f"{line}\n" for line in lines))
        self.server = start.server("--ini", config)
        self.client = Client(self.http)
        self.instance.up(2)

    def ask(self, count: int, path: str = "/") -> None:
        for _ in range(count):
            assert self.client.get(path).status == 200


def totals(*paths: Path) -> list[int]:
    """The numbers of all requests in these files; every line that looks like one must be whole."""
    found = []
    for path in paths:
        for line in path.read_text().splitlines():
            if "|req: " in line:
                match = LINE.fullmatch(line)
                assert match, line
                found.append(int(match[1]))
    return sorted(found)


def test_full_logs_are_put_aside_and_no_line_is_lost(start: Start, tmp_path: Path):
    logs = tmp_path / "logs"
    logs.mkdir()
    site = Site(start, tmp_path, logto=logs / "site.log", log_maxsize=10000)
    site.ask(300)
    site.server.stop()
    files = list(logs.iterdir())
    assert len(files) > 4 and totals(*files) == list(range(1, 301))
    assert "goodbye to uWSGI." in (logs / "site.log").read_text() + "".join(path.read_text() for path in files)
    assert all(path.stat().st_size < 20000 and path.stat().st_mode & 0o777 == 0o640 for path in files)


def test_logrotate_moves_and_touches(start: Start, tmp_path: Path):
    log, moved, touch = tmp_path / "site.log", tmp_path / "site.log.1", tmp_path / "reopen"
    touch.touch()
    site = Site(start, tmp_path, logto=log, touch_logreopen=touch)
    site.ask(10)
    wait.until(lambda: len(totals(log)) == 10, "ten lines")
    log.rename(moved)
    touch.touch()
    wait.until(log.exists, "a new log")
    site.ask(10)
    site.server.stop()
    assert totals(moved) == list(range(1, 11)) and totals(log) == list(range(11, 21))


def test_a_reload_opens_the_log_anew(start: Start, tmp_path: Path):
    log, moved = tmp_path / "site.log", tmp_path / "site.log.1"
    site = Site(start, tmp_path, logto=log, log_reopen="true", logfile_chmod=604)
    assert log.stat().st_mode & 0o777 == 0o604
    site.ask(5)
    wait.until(lambda: len(totals(log)) == 5, "five lines")
    log.rename(moved)
    before = site.instance.workers()
    site.server.send(signal.SIGHUP)
    wait.until(lambda: not set(before) & set(site.instance.workers()), "new workers")
    site.instance.up(2)
    site.ask(5)
    site.server.stop()
    assert len(totals(moved)) == 5 and len(totals(log)) == 5


def test_a_log_is_emptied_at_the_start_only(start: Start, tmp_path: Path):
    log = tmp_path / "site.log"
    log.write_text("yesterday\n")
    site = Site(start, tmp_path, logto=log, log_truncate="true")
    text = log.read_text()
    assert "yesterday" not in text
    site.server.send(signal.SIGHUP)
    Log(log).wait("spawned uWSGI worker", count=4)
    site.server.stop()
    assert log.read_text().startswith(text)


def test_requests_in_a_file_of_their_own(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, 'req-logger = file:req.log', 'log-req-encoder = json {"at": ${unix}, "m": "${msg}"}',
                "log-req-encoder = nl", "log-format = %(method) %(uri)", logto=tmp_path / "site.log")  # fmt: skip
    site.ask(3, '/"x')
    site.server.stop()
    told = [json.loads(line)["m"] for line in (tmp_path / "req.log").read_text().splitlines()]
    assert told == ['GET /"x'] * 3
    assert "GET" not in (tmp_path / "site.log").read_text() and "goodbye" in (tmp_path / "site.log").read_text()


def test_loggers_routes_and_a_socket(start: Start, tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "syslog"))
        listening.settimeout(20)
        site = Site(start, tmp_path, "logger = file:all.log", f"logger = socket:{tmp_path}/syslog,site:",
                    "logger = slow file:special.log", "log-route = slow GET /special")  # fmt: skip
        site.ask(2)
        site.ask(2, "/special")
        site.server.stop()
        messages = []
        while not messages or b"goodbye" not in messages[-1]:
            messages.append(listening.recv(65536))
    assert len(totals(tmp_path / "all.log")) == 2 == len(totals(tmp_path / "special.log"))
    assert all(message.startswith(b"site:") for message in messages)
    assert sum(b"|req: " in message for message in messages) == 2


def test_lines_of_our_own_are_dated(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, "log-date = on the day", logto=tmp_path / "site.log")
    site.ask(1)
    site.server.stop()
    lines = (tmp_path / "site.log").read_text().splitlines()
    dated = [line for line in lines if line.startswith("on the day - ")]
    assert any("spawned uWSGI worker" in line for line in dated) and any("goodbye" in line for line in dated)
    assert not any("|req: " in line for line in dated) and len(totals(tmp_path / "site.log")) == 1


def test_the_process_of_the_log_may_die_and_outlives_its_master(start: Start, tmp_path: Path):
    log = tmp_path / "site.log"
    site = Site(start, tmp_path, logto=log, log_maxsize=100000000)
    site.ask(3)
    master = site.instance.master()
    below = set(processes.descendants(master))
    generation = site.instance.generation()
    (writer,) = below - set(site.instance.workers()) - {generation}
    os.kill(writer, signal.SIGKILL)
    site.ask(3)
    Log(log).wait(r"the process that writes the log was killed by SIGKILL; another one goes on \(pid: (\d+)\)")
    site.ask(3)
    wait.until(lambda: len(totals(log)) == 9, "nine lines")
    workers = site.instance.workers()
    os.kill(master, signal.SIGKILL)
    assert not processes.gone([*workers, generation], 20)
    wait.until(lambda: log.read_text().count("the last word") == 3, "the last words")
    assert totals(log) == list(range(1, 10))


def test_a_log_that_cannot_be_put_aside_goes_on(start: Start, tmp_path: Path):
    log = tmp_path / "site.log"
    (tmp_path / "file").write_text("no directory")
    site = Site(start, tmp_path, logto=log, log_maxsize=2000, log_backupname=tmp_path / "file" / "old")
    site.ask(40)
    site.server.stop()
    assert log.read_text().count("[cannot-rotate-log]") == 1 and totals(log) == list(range(1, 41))
