"""Signals and the emperor's bytes, as events."""

from __future__ import annotations

import signal

import pytest

from imperator.master import triggers
from imperator.master.policy import ReloadAsked, StopAsked
from imperator.pipes import Order


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_signals_that_stop_insist(signum):
    assert triggers.from_signal(signum) == StopAsked(signum.name, insists=True)


def test_a_hangup_reloads():
    assert triggers.from_signal(signal.SIGHUP) == ReloadAsked("SIGHUP")


def test_the_rest_is_taken_and_means_nothing():
    meant = {signum for signum in triggers.SIGNALS if triggers.from_signal(signum)}
    assert meant == {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP}
    assert {signal.SIGUSR1, signal.SIGUSR2, signal.SIGTSTP, signal.SIGWINCH} <= set(triggers.SIGNALS)


def test_no_signal_is_taken_twice_and_none_that_the_loop_needs():
    assert len(set(triggers.SIGNALS)) == len(triggers.SIGNALS)
    assert not {signal.SIGCHLD, signal.SIGKILL, signal.SIGSTOP} & set(triggers.SIGNALS)


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (b"", StopAsked("lost connection with my emperor !!!")),
        (b"\x00", StopAsked("the emperor's order")),
        (b"\x01", ReloadAsked("the emperor says so")),
        (b"\x02", StopAsked("the emperor's order")),
        (b"\x03", None),
        (b"\xff", None),
    ],
)
def test_what_the_emperor_says(message, event):
    assert triggers.from_emperor(message) == event


@pytest.mark.parametrize("message", [b"", b"\x00", b"\x02"])
def test_the_emperor_never_insists(message):
    # It says it again when it likes; only a person's second signal means "now".
    event = triggers.from_emperor(message)
    assert isinstance(event, StopAsked)
    assert not event.insists


@pytest.mark.parametrize("letter", [b"r", b"R", b"c", b"w", b"W"])
def test_letters_that_reload(letter):
    workers = letter not in b"rR"
    assert triggers.from_fifo(letter) == [ReloadAsked(f"{letter.decode()} in the master FIFO", workers=workers)]


def test_letters_that_stop():
    assert triggers.from_fifo(b"q") == [StopAsked("q in the master FIFO")]
    stop = "Q in the master FIFO"
    assert triggers.from_fifo(b"Q") == [StopAsked(stop), StopAsked(stop, insists=True)]


def test_letters_for_the_workers():
    assert (triggers.from_fifo(b"+"), triggers.from_fifo(b"-")) == (Order.MORE, Order.FEWER)


def test_the_other_letters():
    meant = {bytes([number]) for number in range(256) if triggers.from_fifo(bytes([number])) is not None}
    assert meant == {b"r", b"R", b"c", b"w", b"W", b"q", b"Q", b"+", b"-"}
