"""``--pause`` and its two other names: whoever comes waits, until the same order comes again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.harness import app, program, wait
from tests.harness.http import Client
from tests.harness.instance import Instance
from tests.real.conftest import Start


@pytest.mark.skipif(program.REFERENCE, reason="its workers stay")
@pytest.mark.parametrize("reloads", [False, True])
def test_who_comes_during_a_pause_waits(start: Start, tmp_path: Path, reloads: bool):
    app.write(tmp_path / "app.py", "one")
    instance, pidfile = Instance(tmp_path / "stats.sock"), tmp_path / "pid"
    site = app.ini(tmp_path / "site.ini", workers=2, http_socket=tmp_path / "http.sock", stats=instance.address,
                   wsgi_file="app.py", pidfile=pidfile)  # fmt: skip
    server = start.server(site)
    instance.up(2)

    def order(name: str) -> None:
        assert start.server(name, pidfile, name="order").process.wait(20) == 0

    order("--suspend")
    wait.until(lambda: {row["status"] for row in instance.stats()["workers"]} == {"pause"}, "the pause")
    answers: list[str] = []
    client = threading.Thread(target=lambda: answers.append(Client(tmp_path / "http.sock").body()))
    client.start()
    if reloads:
        app.write(tmp_path / "app.py", "two")
        order("--reload")
        server.log.wait("generation 2 serves")
    assert not server.log.lines("GET /") and not answers
    order("--resume")
    client.join(20)
    assert answers[0].startswith("two " if reloads else "one ")
    instance.up(2)
    server.stop()
