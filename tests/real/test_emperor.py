"""The emperor and real vassals: on demand, as users of their own, with a log that is put aside."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.harness import app, wait
from tests.harness.http import Client
from tests.real.conftest import Start

pytestmark = pytest.mark.skipif(os.environ.get("IMPERATOR_TEST_REFERENCE", "") == "1", reason="ours only")


def site(place: Path, name: str, **options: object) -> Path:
    """A site, and its configuration among the vassals."""
    (place / name).mkdir()
    (place / "vassals").mkdir(exist_ok=True)
    app.write(place / name / "app.py", name)
    return app.ini(place / "vassals" / f"{name}.ini", chdir=place / name, wsgi_file="app.py", **options)


def test_no_request_is_lost_between_two_lives(start: Start, tmp_path: Path):
    site(tmp_path, "one", protocol="http", idle=1, die_on_idle="true")
    file = app.ini(tmp_path / "emperor.ini", emperor="vassals", emperor_on_demand_directory=tmp_path)
    emperor = start.server(file)
    emperor.log.wait("on demand")
    client = Client(tmp_path / "one.socket")
    first = client.body()
    emperor.log.wait("bringing back instance one.ini to on-demand mode")
    assert client.body().startswith("one ")  # it is leaving, or has left
    emperor.log.wait('back to "on demand" mode')
    second = client.body()
    assert first.startswith("one ") and second.startswith("one ") and first != second
    assert not emperor.log.lines("throttling")
    emperor.stop()
    assert not (tmp_path / "one.socket").exists()


def test_a_line_may_name_the_socket_that_it_is_waited_for_at(start: Start, tmp_path: Path):
    file = site(tmp_path, "one", http_socket=tmp_path / "one.socket", vacuum="true")
    emperor = start.server("--emperor", "vassals", "--emperor-on-demand-directory", tmp_path)
    emperor.log.wait("on demand")
    client = Client(tmp_path / "one.socket")
    first = client.body()
    assert first.startswith("one ")
    os.utime(file)
    emperor.log.wait(r"vassal one.ini is ready to accept requests", count=2)
    assert client.body().startswith("one ")
    assert (tmp_path / "one.socket").exists()
    emperor.stop()


def test_the_emperors_log_is_put_aside(start: Start, tmp_path: Path):
    site(tmp_path, "one", http_socket=tmp_path / "one.socket")
    log = tmp_path / "emperor.log"
    logger = f"file:logfile={log},backupname={tmp_path / 'old.log'}"
    file = app.ini(tmp_path / "emperor.ini", emperor="vassals", logger=logger, touch_logrotate=tmp_path / "now")
    emperor = start.server(file)
    wait.until(lambda: log.exists() and "one.ini is ready" in log.read_text(), "the log")
    (tmp_path / "now").touch()
    wait.until((tmp_path / "old.log").exists, "the old log")
    assert Client(tmp_path / "one.socket").body().startswith("one ")
    wait.until(lambda: "GET /" in log.read_text(), "the new log")
    emperor.stop()
    assert "The Emperor is buried" in log.read_text()


@pytest.mark.root
def test_under_a_tyrant_sockets_and_logs_are_the_owners(start: Start, tmp_path: Path):
    for place in (tmp_path, *tmp_path.parents):
        if not place.stat().st_mode & 0o001:
            place.chmod(place.stat().st_mode | 0o011)
    file = site(tmp_path, "one", http_socket="one.socket", logto=tmp_path / "one" / "log", uid="root")
    for path in (tmp_path / "one", tmp_path / "one" / "app.py", file):
        os.chown(path, 61001, 61002)
    emperor = start.server("--emperor", tmp_path / "vassals", "--emperor-tyrant")
    emperor.log.wait("one.ini is ready to accept requests")
    found = [(tmp_path / "one" / name).stat() for name in ("one.socket", "log")]
    assert [(one.st_uid, one.st_gid) for one in found] == [(61001, 61002)] * 2
    assert Client(tmp_path / "one" / "one.socket").body().startswith("one ")
    emperor.stop()


def test_an_emperor_below_an_emperor(start: Start, tmp_path: Path):
    (tmp_path / "vassals").mkdir()
    (tmp_path / "below").mkdir()
    file = site(tmp_path / "below", "one", http_socket=tmp_path / "one.socket")
    app.ini(tmp_path / "vassals" / "sub.ini", emperor=file.parent)
    emperor = start.server("--emperor", tmp_path / "vassals")
    emperor.log.wait("vassal sub.ini is now loyal")
    emperor.log.wait("vassal one.ini is ready")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "one.socket"))
    emperor.stop()
    assert len(emperor.log.lines("The Emperor is buried")) == 2
