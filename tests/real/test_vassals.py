"""Two vassals of two workers under one emperor: what happens to the file of one happens to it alone.

``emperor-freq`` is a minute, so that whatever is noticed was noticed at once, by inotify.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.harness import app, processes, program, wait
from tests.harness.http import Client
from tests.harness.instance import Instance
from tests.harness.server import Server
from tests.real.conftest import Start

# uWSGI only looks; with it, these tests show that they would notice what they ask for.
FREQ = "1" if program.REFERENCE else "60"


class Vassal:
    """One site with a socket that speaks HTTP."""

    def __init__(self, place: Path, name: str) -> None:
        self.name = name
        self.place = place / name
        self.place.mkdir()
        self.file = place / "vassals" / f"{name}.ini"
        self.instance = Instance(self.place / "stats.sock")
        self.socket = self.place / "http.sock"
        self.client = Client(self.socket)
        app.write(self.place / "app.py", name)

    def write(self, **options: object) -> None:
        """Write its file."""
        app.ini(
            self.file,
            workers=2,
            http_socket=self.socket,
            stats=self.instance.address,
            chdir=self.place,
            wsgi_file="app.py",
            **options,
        )

    def up(self) -> None:
        """Wait until it serves."""
        self.instance.up(2)
        wait.until(lambda: self.client.body().startswith(f"{self.name} "), self.name)

    def picture(self) -> tuple[int, list[int], int]:
        """What must not change while the other is touched."""
        return self.instance.master(), self.instance.workers(), self.instance.requests()


class Realm:
    """The emperor and its two vassals."""

    def __init__(self, start: Start, place: Path) -> None:
        (place / "vassals").mkdir()
        self.one = Vassal(place, "one")
        self.two = Vassal(place, "two")
        self.one.write()
        self.two.write()
        self.emperor: Server = start.server("--emperor", place / "vassals", "--emperor-freq", FREQ, name="emperor")
        self.one.up()
        self.two.up()
        self.emperor.log.wait(r"vassal one\.ini is ready")
        self.emperor.log.wait(r"vassal two\.ini is ready")


@pytest.fixture
def realm(start: Start, tmp_path: Path) -> Realm:
    return Realm(start, tmp_path)


def test_both_serve_and_stop_leaves_nothing(realm: Realm):
    assert realm.one.client.body().startswith("one ")
    assert realm.two.client.body().startswith("two ")
    assert len(realm.one.instance.workers()) == len(realm.two.instance.workers()) == 2
    realm.emperor.stop()
    assert not realm.one.client.status()


@pytest.mark.better("looks once in emperor-freq seconds")
def test_added(realm: Realm, tmp_path: Path):
    before = realm.one.picture(), realm.two.picture()
    three = Vassal(tmp_path, "three")
    three.write()
    three.up()
    realm.emperor.log.wait(r"vassal three\.ini is ready")
    assert (realm.one.picture(), realm.two.picture()) == before
    realm.emperor.stop()


@pytest.mark.better("looks once in emperor-freq seconds")
def test_touched(realm: Realm):
    before = realm.two.picture()
    master, old = realm.one.instance.master(), realm.one.instance.workers()
    app.write(realm.one.place / "app.py", "changed")
    os.utime(realm.one.file)
    wait.until(lambda: realm.one.client.body().startswith("changed "), "the new code", 20)
    assert not processes.gone(old, 20)
    assert realm.one.instance.master() == master
    assert realm.two.picture() == before
    realm.emperor.stop()


@pytest.mark.better("looks once in emperor-freq seconds")
@pytest.mark.parametrize("stays", [True, False], ids=["newer mtime", "older mtime"])
def test_changed(realm: Realm, stays: bool):
    before = realm.two.picture()
    old = realm.one.instance.workers()
    times = realm.one.file.stat()
    realm.one.write(env="COLOUR=blue")
    if not stays:  # a restored backup, a checkout
        os.utime(realm.one.file, ns=(times.st_atime_ns - 10**12, times.st_mtime_ns - 10**12))
    assert not processes.gone(old, 20), "not reloaded"
    realm.one.up()
    assert realm.two.picture() == before
    realm.emperor.stop()


@pytest.mark.better("looks once in emperor-freq seconds")
def test_removed(realm: Realm):
    before = realm.two.picture()
    master, workers = realm.one.instance.master(), realm.one.instance.workers()
    realm.one.file.unlink()
    assert not processes.gone([master, *workers], 20)
    realm.emperor.log.wait(r"one\.ini", count=2)
    assert realm.two.picture() == before
    assert realm.two.client.body().startswith("two ")
    realm.emperor.stop()


@pytest.mark.better("looks once in emperor-freq seconds")
def test_renamed_keeps_serving_under_the_new_name(realm: Realm):
    before = realm.two.picture()
    master = realm.one.instance.master()
    realm.one.file.rename(realm.one.file.with_name("uno.ini"))
    wait.until(lambda: realm.one.instance.master() not in (0, master), "the vassal under its new name", 30)
    realm.one.up()
    assert realm.two.picture() == before
    realm.emperor.stop()


@pytest.mark.better("looks once in emperor-freq seconds; then the throttle waits")
def test_a_broken_vassal_disturbs_nobody_and_comes_up_when_mended(realm: Realm, tmp_path: Path):
    before = realm.one.picture(), realm.two.picture()
    bad = Vassal(tmp_path, "bad")
    good = (bad.place / "app.py").read_text()
    (bad.place / "app.py").write_text("import no_such_module\n")
    realm.emperor.expected = (r"no_such_module", r"app\.py", r"^\s", "Traceback", r"bad\.ini")
    bad.write()
    realm.emperor.log.wait(r"app\.py:1: ", 20)
    assert not realm.emperor.log.lines(r"vassal bad\.ini is ready")
    (bad.place / "app.py").write_text(good)
    os.utime(bad.file)
    wait.until(lambda: bad.client.body().startswith("bad "), "the mended vassal", 20)
    assert (realm.one.picture(), realm.two.picture()) == before
    realm.emperor.stop()
