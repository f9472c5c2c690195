"""gevent of the application's virtualenv: how it is found, patched and forked, and that a reload loses nothing."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from tests.harness import app, http, processes, program, wait
from tests.harness.instance import Instance
from tests.harness.server import Server
from tests.real.conftest import Start

gevent = pytest.importorskip("gevent")

ABOUT = """\
import os, sys, time
import gevent
from gevent import monkey
from gevent.event import Event
IMPORTED_BY, PATCHED = os.getpid(), monkey.is_module_patched("socket")
VERSION = {version!r}
{extra}
here, all_here = 0, Event()

def application(environ, start_response):
    global here
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    if path == "/meet":
        here += 1
        if here == int(query):
            all_here.set()
        assert all_here.wait(20)
    if path == "/slow":
        gevent.sleep(int(query or "100") / 1000)
    if path == "/sleep":
        time.sleep(int(query) / 1000)
    if path == "/gate":
        environ["wsgi.errors"].write("at the gate\\n")
        while not os.path.exists(query):
            gevent.sleep(0.005)
    body = f"{{VERSION}} {{os.getpid()}}"
    if path == "/about":
        body = repr(dict(imported_by=IMPORTED_BY, pid=os.getpid(), early=PATCHED,
                         late=monkey.is_module_patched("socket"), threads=environ["wsgi.multithread"]))
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body.encode()]
"""


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtualenv that finds gevent: the one of these tests."""
    place = tmp_path_factory.mktemp("venv") / "venv"
    program.environment(sys.executable, place)
    packages = Path(gevent.__file__).parents[1]
    [site] = place.glob("lib/python*/site-packages")
    (site / "gevent.pth").write_text(f"{packages}\n")
    return place


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtualenv without gevent."""
    place = tmp_path_factory.mktemp("empty") / "venv"
    program.environment(sys.executable, place)
    return place


class Site:
    """An instance with gevent."""

    def __init__(self, start: Start, place: Path, home: Path, extra: str = "", **options: object) -> None:
        self.place, self.extra = place, extra
        self.http = place / "http.sock"
        self.pidfile = place / "site.pid"
        self.instance = Instance(place / "stats.sock")
        self.options: dict[str, object] = {
            "master": "true", "http-socket": self.http, "stats": self.instance.address, "chdir": place,
            "wsgi-file": "app.py", "pidfile": self.pidfile, "home": home, "gevent": 50, "listen": 100,
            "disable-logging": "true", "chmod-socket": 666,
        } | {key.replace("_", "-"): value for key, value in options.items()}  # fmt: skip
        self.deploy("one")
        self.configure()
        self.start = start
        self.server: Server = start.server("--ini", place / "site.ini")

    def deploy(self, version: str) -> None:
        """Write the application."""
        (self.place / "app.py").write_text(ABOUT.format(version=version, extra=self.extra))

    def configure(self, **options: object) -> None:
        """Write the configuration."""
        self.options |= options
        app.ini(self.place / "site.ini", **self.options)

    def up(self, workers: int = 1) -> Site:
        """Wait until it serves."""
        self.instance.up(workers)
        return self

    def body(self, path: str = "/") -> str:
        """The answer to a request."""
        return http.Client(self.http).get(path).text

    def together(self, path: str, count: int) -> list[str]:
        """The answers to so many requests that are sent at once."""
        found: list[str] = []
        threads = [threading.Thread(target=lambda: found.append(self.body(path))) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    def reload(self) -> None:
        """``--reload PIDFILE``."""
        command = self.start.server("--reload", self.pidfile, name="reload")
        assert command.process.wait(20) == 0, command.log.text()


def test_one_worker_has_all_requests_in_the_application_at_once(start: Start, tmp_path: Path, venv: Path):
    site = Site(start, tmp_path, venv).up()
    assert len(set(site.together("/meet?50", 50))) == 1
    row = site.instance.stats()["workers"][0]
    assert len(row["cores"]) == 50 and sum(core["requests"] for core in row["cores"]) == 50
    site.server.stop()


@pytest.mark.parametrize(
    ("options", "imported_early", "lazy"),
    [
        ({}, (False, False), False),
        ({"gevent_monkey_patch": "true"}, (False, True), False),
        ({"gevent_early_monkey_patch": "true"}, (True, True), False),
        ({"gevent_monkey_patch": "true", "lazy_apps": "true"}, (False, True), True),
        ({"gevent_early_monkey_patch": "true", "lazy_apps": "true"}, (True, True), True),
    ],
)
def test_who_patches_when(
    start: Start, tmp_path: Path, venv: Path, options: dict, imported_early: tuple[bool, bool], lazy: bool
):
    site = Site(start, tmp_path, venv, workers=2, **options).up(2)
    told = eval(site.body("/about"))
    assert (told["early"], told["late"]) == imported_early
    assert (told["imported_by"] == told["pid"]) == lazy and told["threads"] is False
    if told["late"]:
        # A sleep of the standard library lets others run: this one would not end in time otherwise.
        assert len(site.together("/sleep?50", 20)) == 20
    site.server.stop()


GREENLETS = """
monkey.patch_all()
import subprocess, threading, urllib.request
looked = subprocess.run(["true"]).returncode
threading.Thread(target=lambda: None).start()
gevent.sleep(0.01)
forever = gevent.spawn(lambda: [gevent.sleep(0.01) for _ in iter(int, 1)])
"""


@pytest.mark.parametrize("options", [{}, {"gevent": "no"}])
def test_an_application_that_patches_and_runs_the_hub_when_it_is_imported(
    start: Start, tmp_path: Path, venv: Path, options: dict
):
    site = Site(start, tmp_path, venv, GREENLETS, workers=2, **options)
    if options:
        site.server.kill()
        del site.options["gevent"]
        site.configure()
        site.server = start.server("--ini", tmp_path / "site.ini", name="again")
    site.up(2)
    assert site.body("/slow?20").startswith("one ")
    killed = site.instance.workers()[0]
    processes.kill_all([killed])
    site.server.log.wait(r"died, killed by signal 9")
    site.up(2)
    site.deploy("two")
    site.reload()
    wait.until(lambda: site.body("/slow?20").startswith("two "), "the new code")
    site.server.expected = (r"killed by signal 9",)
    site.server.stop()


def test_a_reload_under_load_loses_nothing(start: Start, tmp_path: Path, venv: Path):
    site = Site(start, tmp_path, venv, workers=2, socket=tmp_path / "site.sock").up(2)
    nginx = start.nginx(f"location / {{ include uwsgi_params; uwsgi_pass unix:{tmp_path / 'site.sock'}; }}")
    wait.until(lambda: nginx.client.status("/") == 200, "the site")
    old = site.instance.workers()
    load = start.load(nginx.address, "/slow?50", connections=32)
    site.deploy("two")
    site.reload()
    wait.until(lambda: nginx.client.body().startswith("two "), "the new code", 30)
    assert not processes.gone(old, 30), "the old workers stay"
    load.round()
    report = load.finish()
    assert not report.failed, report.failed[:5]
    assert {note.split()[0] for note in report.notes()} == {"one", "two"}
    site.server.stop()


def test_a_request_that_hangs_ends_alone(start: Start, tmp_path: Path, venv: Path):
    site = Site(start, tmp_path, venv, harakiri=1).up()
    late: list[BaseException] = []

    def hang() -> None:
        try:
            site.body(f"/gate?{tmp_path}/never")
        except Exception as error:
            late.append(error)

    client = threading.Thread(target=hang)
    client.start()
    site.server.log.wait("at the gate")
    assert site.body("/slow?10").startswith("one ")
    site.server.log.wait(r"app.py\", line \d+ in application|in application")
    client.join()
    assert late
    site.server.log.wait(r"killed by signal 9")
    site.up()
    assert site.body().startswith("one ")
    site.server.expected = (r"HARAKIRI", r"killed by signal 9", r"signal 9")
    site.server.stop()


@pytest.mark.parametrize("waits", ["true", "false"])
def test_a_worker_that_ends_may_wait_for_every_greenlet(start: Start, tmp_path: Path, venv: Path, waits: str):
    extra = """
def work():
    gevent.sleep(0.3)
    os.write(2, b"all done\\n")
"""
    site = Site(start, tmp_path, venv, extra, gevent_wait_for_hub=waits, gevent_monkey_patch="true").up()
    site.deploy("two")
    text = (tmp_path / "app.py").read_text()
    (tmp_path / "app.py").write_text(text.replace("global here\n", "global here\n    gevent.spawn(work)\n"))
    site.reload()
    wait.until(lambda: site.body().startswith("two "), "the new code")
    site.server.stop()
    assert ("all done" in site.server.log.text()) == (waits == "true")


def test_without_gevent_nothing_starts_and_a_reload_changes_nothing(
    start: Start, tmp_path: Path, venv: Path, empty: Path
):
    site = Site(start, tmp_path, venv).up()
    before = site.instance.workers()
    site.configure(home=empty)
    site.reload()
    site.server.log.wait(r"reload refused.*site.ini:\d+: gevent is not installed for .*pip install gevent")
    assert site.instance.workers() == before and site.body().startswith("one ")
    site.server.expected = (r"\[gevent-missing\]",)
    site.server.stop()
    again = start.server("--ini", tmp_path / "site.ini", name="again")
    assert again.process.wait(20) == 22
    assert again.log.lines(r"site.ini:\d+: gevent is not installed for .*\[gevent-missing\]")


SIGNALS = """
import uwsgi
uwsgi.register_signal(7, "workers", lambda number: os.write(2, b"heard 7\\\\n"))
"""


@pytest.mark.parametrize("patches", ["true", "false"])
def test_signals_of_the_application_hold_up_nobody(start: Start, tmp_path: Path, venv: Path, patches: str):
    extra = SIGNALS + "gevent.spawn_later(0.2, lambda: uwsgi.signal(7))\n"
    site = Site(start, tmp_path, venv, extra, gevent_early_monkey_patch=patches).up()
    assert len(site.together("/slow?20", 5)) == 5
    site.server.log.wait("heard 7")
    assert site.body().startswith("one ")
    site.server.stop()
