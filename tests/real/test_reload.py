"""A reload under load through nginx: nothing is lost, nobody waits, and code that does not start changes nothing."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.harness import app, processes, wait
from tests.harness.instance import Instance
from tests.harness.nginx import Nginx
from tests.harness.server import Server
from tests.real.conftest import Start

#: An application that takes its time to import, as real ones do.
SLOW_IMPORT = "time.sleep(3)"


class Site:
    """Two workers behind nginx."""

    def __init__(self, start: Start, place: Path, extra: str) -> None:
        self.start = start
        self.app = app.write(place / "app.py", "one", extra)
        self.pidfile = place / "site.pid"
        socket = place / "site.sock"
        self.instance = Instance(place / "stats.sock")
        config = app.ini(
            place / "site.ini",
            master="true",
            workers=2,
            socket=socket,
            stats=self.instance.address,
            chdir=place,
            wsgi_file="app.py",
            pidfile=self.pidfile,
            chmod_socket=666,
            listen=100,
            disable_logging="true",
        )
        self.server: Server = start.server("--ini", config)
        self.instance.up(2)
        self.nginx: Nginx = start.nginx(f"location / {{ include uwsgi_params; uwsgi_pass unix:{socket}; }}")
        wait.until(lambda: self.nginx.client.body().startswith("one "), "the site")

    def reload(self) -> None:
        """``--reload PIDFILE``, as an operator types it."""
        command = self.start.server("--reload", self.pidfile, name="reload")
        assert command.process.wait(20) == 0, command.log.text()


@pytest.fixture
def site(start: Start, tmp_path: Path) -> Site:
    return Site(start, tmp_path, SLOW_IMPORT)


@pytest.mark.better("nothing is served from the first worker's end until the import is over")
def test_reload_loses_nothing_and_nobody_waits(site: Site, start: Start):
    old = site.instance.workers()
    master = site.instance.master()
    load = start.load(site.nginx.address)
    app.write(site.app, "two", SLOW_IMPORT)
    site.reload()
    wait.until(lambda: site.nginx.client.body().startswith("two "), "the new code", 30)
    assert not processes.gone(old, 30), "the old workers stay"
    load.round()
    report = load.finish()
    assert not report.failed, report.failed[:5]
    versions = {note.split()[0] for note in report.notes()}
    assert versions == {"one", "two"}, "the load did not see the reload"
    assert report.slowest < 0.5
    assert site.instance.master() == master
    site.server.stop()


@pytest.mark.better("the old code is gone before the new one is known to start")
@pytest.mark.parametrize(
    ("extra", "line"),
    [("raise RuntimeError('a bad deploy')", 4), ("import no_such_module", 4), ("def broken(:", 4)],
    ids=["raises", "module missing", "syntax"],
)
def test_code_that_does_not_start_changes_nothing(start: Start, tmp_path: Path, extra: str, line: int):
    site = Site(start, tmp_path, "")
    old = site.instance.workers()
    site.server.expected = (r"app\.py", r"^\s", r"\w+Error: ", r"Traceback")
    load = start.load(site.nginx.address)
    app.write(site.app, "two", extra)
    site.server.log.mark()
    site.reload()
    site.server.log.wait(rf"app\.py:{line}: ", 20)
    # The failed generation has said its last word; what runs now is what ran before.
    assert site.instance.workers() == old
    load.round()
    report = load.finish()
    assert not report.failed, report.failed[:5]
    assert {note.split()[0] for note in report.notes()} == {"one"}
    assert report.slowest < 0.5
    app.write(site.app, "three")
    site.reload()
    wait.until(lambda: site.nginx.client.body().startswith("three "), "the mended code", 20)
    site.server.stop()


@pytest.mark.better("nothing is served from the first worker's end until the import is over")
def test_a_configuration_that_does_not_work_changes_nothing(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, "")
    config = tmp_path / "site.ini"
    text = config.read_text()
    master, old = site.instance.master(), site.instance.workers()
    config.write_text(text.replace(f"chdir = {tmp_path}", f"chdir = {tmp_path}/nowhere"))
    site.server.log.mark()
    site.server.expected = (r"nowhere",)
    command = start.server("--reload", site.pidfile, name="reload")
    command.process.wait(20)
    site.server.log.wait(r"nowhere", 20)
    assert (site.instance.master(), site.instance.workers()) == (master, old)
    assert site.nginx.client.body().startswith("one ")
    config.write_text(text)
    site.server.stop()


def test_a_request_under_way_is_finished_by_the_old_code(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, "")
    old = site.instance.workers()
    load = start.load(site.nginx.address, "/slow?400", connections=2, rate=100)
    app.write(site.app, "two")
    site.server.send(signal.SIGHUP)
    wait.until(lambda: site.nginx.client.body().startswith("two "), "the new code", 20)
    assert not processes.gone(old, 20), "the old workers stay"
    load.round()
    report = load.finish()
    assert not report.failed, report.failed[:5]
    assert {note.split()[0] for note in report.notes()} == {"one", "two"}
    site.server.stop()
