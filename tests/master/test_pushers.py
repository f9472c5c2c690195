"""Those who are told figures without asking."""

from __future__ import annotations

import socket

import pytest

from imperator.config.figures import Figures, Pusher
from imperator.errors import Where
from imperator.master.pushers import Pushers, statsd
from imperator.metrics import COUNTER, GAUGE, Metric
from imperator.process.loop import Loop

WHERE = Where("site.ini", 2)
ONE = (Metric("a", COUNTER, "1", 3),)


class Clockwork(Loop):
    """A loop whose next alarms ring at once."""

    def ring(self) -> None:
        self.now += 100
        self._ring()


@pytest.fixture
def told():
    """Pushers for this configuration over a loop of the test's."""
    made = []

    def start(*pushers: Pusher, directory: str = "", metrics=ONE) -> Clockwork:
        loop = Clockwork()
        loop._running = True
        figures = Figures(pushers=pushers, directory=directory)
        made.append(Pushers(loop, figures, lambda: list(metrics), lambda: "document\n"))
        return loop

    yield start
    for one in made:
        one.close()


def test_counters_are_what_was_added():
    before: dict[str, int] = {}
    first = statsd([Metric("a", COUNTER, "", 5), Metric("b", GAUGE, "", 5)], before, "x")
    second = statsd([Metric("a", COUNTER, "", 7), Metric("b", GAUGE, "", 5)], before, "x")
    third = statsd([Metric("a", COUNTER, "", 1)], before, "x")  # a reload counts from the beginning
    assert (first, second, third) == ([b"x.a:5|c\nx.b:5|g"], [b"x.a:2|c\nx.b:5|g"], [b"x.a:0|c"])


def test_datagrams_are_small():
    packets = statsd([Metric("n" * 40 + str(n), GAUGE, "", n) for n in range(200)], {}, "p")
    assert all(len(packet) <= 1400 for packet in packets)
    assert b"\n".join(packets).count(b"|g") == 200


@pytest.mark.parametrize(("kind", "text"), [("statsd", b"up.a:3|c"), ("socket", b"document\n")])
def test_datagrams(told, tmp_path, kind, text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(20)
        receiver.bind(str(tmp_path / "s"))
        told(Pusher(kind, str(tmp_path / "s"), WHERE, 3, "up")).ring()
        assert receiver.recv(1000) == text


def test_over_udp(told):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(20)
        receiver.bind(("127.0.0.1", 0))
        told(Pusher("statsd", f"127.0.0.1:{receiver.getsockname()[1]}", WHERE, 3)).ring()
        assert receiver.recv(1000) == b"uwsgi.a:3|c"


def test_a_file_grows(told, tmp_path):
    loop = told(Pusher("file", str(tmp_path / "f"), WHERE, 3, separator=";"))
    loop.ring()
    loop.ring()
    assert (tmp_path / "f").read_text() == "document;document;"


def test_each_metric_is_a_file(told, tmp_path):
    told(directory=str(tmp_path), metrics=(Metric("a.b", GAUGE, "1", 3), Metric("c", GAUGE, "2", 0))).ring()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.b": "3\n", "c": "0\n"}


def test_who_cannot_be_told_is_said_once(told, tmp_path, capfd):
    loop = told(Pusher("socket", str(tmp_path / "none"), WHERE, 3), directory=str(tmp_path / "gone"))
    for _ in range(3):
        loop.ring()
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2 and all("[figures-not-told]" in line for line in lines)
    assert any("site.ini:2: " in line for line in lines)
