"""kill -9 under load, one layer after the other: the service comes back by itself, and no orphan is left.

Who dies takes with it the requests that it was answering, and no others.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.harness import app, processes, wait
from tests.harness.instance import Instance
from tests.real.conftest import Start

WORKERS = 2


class Site:
    """An emperor with one vassal of two workers behind nginx."""

    def __init__(self, start: Start, place: Path) -> None:
        vassals = place / "vassals"
        vassals.mkdir()
        app.write(place / "app.py")
        socket = place / "site.sock"
        self.instance = Instance(place / "stats.sock")
        app.ini(
            vassals / "site.ini",
            workers=WORKERS,
            socket=socket,
            stats=self.instance.address,
            chdir=place,
            wsgi_file="app.py",
            chmod_socket=666,
            disable_logging="true",
        )
        self.emperor = start.server("--emperor", vassals, name="emperor")
        self.instance.up(WORKERS)
        self.nginx = start.nginx(f"location / {{ include uwsgi_params; uwsgi_pass unix:{socket}; }}")
        wait.until(lambda: self.nginx.client.status() == 200, "the site")

    def all(self) -> list[int]:
        """Everything that runs for the vassal."""
        return processes.descendants(self.emperor.pid)


@pytest.fixture
def site(start: Start, tmp_path: Path) -> Site:
    return Site(start, tmp_path)


def test_worker(site: Site, start: Start):
    old = site.instance.workers()
    master = site.instance.master()
    load = start.load(site.nginx.address)
    os.kill(old[0], signal.SIGKILL)
    wait.until(
        lambda: len(site.instance.workers()) == WORKERS and old[0] not in site.instance.workers(), "another worker"
    )
    load.round()
    report = load.finish()
    # One core: at most the one request that it was answering.
    assert len(report.failed) <= 1, report.failed[:5]
    assert old[1] in site.instance.workers()
    assert site.instance.master() == master
    site.emperor.expected = (r"(?i)worker|killed|signal",)
    site.emperor.stop()


@pytest.mark.better("has no generation; killing the master loses requests")
def test_generation(site: Site, start: Start):
    old, generation, master = site.instance.workers(), site.instance.generation(), site.instance.master()
    assert generation != master
    load = start.load(site.nginx.address)
    os.kill(generation, signal.SIGKILL)
    wait.until(
        lambda: len(site.instance.workers()) == WORKERS and site.instance.generation() not in (0, generation),
        "another generation",
        20,
    )
    assert not processes.gone(old, 20), "workers of the killed generation"
    load.round()
    report = load.finish()
    assert not report.failed, report.failed[:5]
    assert site.instance.master() == master
    site.emperor.expected = (r"(?i)generation|killed|signal",)
    site.emperor.stop()


@pytest.mark.better("orphans keep the address, or requests are lost")
def test_master(site: Site, start: Start):
    below, master = site.all(), site.instance.master()
    load = start.load(site.nginx.address)
    os.kill(master, signal.SIGKILL)
    wait.until(lambda: site.instance.master() not in (0, master), "another master", 20)
    site.instance.up(WORKERS)
    assert not processes.gone(below, 20), "processes of the killed master"
    load.round()
    report = load.finish()
    assert not report.failed, report.failed[:5]
    site.emperor.expected = (r"(?i)vassal|master|emperor|killed|signal",)
    site.emperor.stop()


def test_emperor_leaves_no_orphan(site: Site):
    # Who starts it again is systemd: see test_systemd.py.
    below = site.all()
    assert len(below) >= WORKERS + 1
    os.kill(site.emperor.pid, signal.SIGKILL)
    left = processes.gone(below, 15)
    assert not left, "\n".join(f"{pid} {processes.title(pid)}" for pid in left)
