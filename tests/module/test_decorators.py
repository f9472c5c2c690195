"""``uwsgidecorators``: ours, and uWSGI's own where an environment has it, do the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.config import reference
from tests.harness import wait

EXTRA = """
import uwsgidecorators as u
def where():
    return f"worker {uwsgi.worker_id()} mule {uwsgi.mule_id()}"
@u.postfork
def forked():
    uwsgi.log(f"FORKED {where()}")
@u.postfork(2)
def second():
    uwsgi.log(f"SECOND {where()}")
@u.timer(1, target="mule1")
def tick(number):
    uwsgi.log(f"TICK {where()}")
@u.rbtimer(1)
def tack(number):
    uwsgi.log(f"TACK {where()}")
@u.cron(-1, -1, -1, -1, -1, target="mule1")
def minute(number):
    uwsgi.log(f"CRON {where()}")
@u.filemon("watched", target="worker1")
def watched(number):
    uwsgi.log(f"FILE {where()}")
@u.signal(99, target="workers")
def ring(number):
    uwsgi.log(f"RING {number} {where()}")
@u.mulefunc(1)
def one(a, b):
    uwsgi.log(f"ONE {a} {b} {where()}")
@u.mulemsg(2)
def two(message):
    uwsgi.log(f"TWO {message} {where()}")
@u.mule(3)
def three():
    while uwsgi.mule_get_msg():
        uwsgi.log(f"THREE {where()}")
@u.muleloop(4)
def four():
    uwsgi.log(f"FOUR {uwsgi.mule_get_msg()} {where()}")
@u.farm("herd")
def five(message):
    uwsgi.log(f"FARM {message} {where()}")
@u.rpc("hello")
def hello(who):
    return b"hello " + who
@u.thread
def thread():
    uwsgi.log(f"THREAD {where()}")
@u.lock
def locked(value):
    return value, uwsgi.is_locked()
@u.harakiri(30)
def quick():
    return "quick"
"""


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_they_do_what_they_say(begin, tmp_path, whose):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    if whose == "theirs":
        [found] = Path(reference.install()).parents[1].glob("lib/python*/site-packages/uwsgidecorators.py")
        shutil.copy(found, theirs)
    options = ["--processes", "2", "--mules", "5", "--farm", "herd:5", "--pythonpath", str(theirs)]
    one = begin(EXTRA, *options)
    assert one.ask("u.__file__.startswith('" + str(theirs) + "')") == str(whose == "theirs")
    for expression, answer in {
        "one(1, b=2)": None, "uwsgi.mule_msg(b'x', 2)": "True", "uwsgi.mule_msg(b'x', 3)": "True",
        "uwsgi.mule_msg(b'x', 4)": "True", "uwsgi.farm_msg('herd', b'x')": "None", "uwsgi.signal(99)": "None",
        "uwsgi.call(b'hello', b'you')": "b'hello you'", "locked(3), uwsgi.is_locked()": "((3, True), False)",
        "quick()": "'quick'", "thread() and None": "None",
    }.items():  # fmt: skip
        assert one.ask(expression) == answer or answer is None
    for line in ("FORKED worker 1 mule 0", "FORKED worker 2 mule 0", "FORKED worker 0 mule 1", "SECOND worker 2 mule 0",
                 "TICK worker 0 mule 1", "TACK worker", "CRON worker 0 mule 1", "RING 99 worker 1", "RING 99 worker 2",
                 "ONE 1 2 worker 0 mule 1", "TWO b'x' worker 0 mule 2", "THREE worker 0 mule 3",
                 "FOUR b'x' worker 0 mule 4", "FARM b'x' worker 0 mule 5", "THREAD worker"):
        one.logged(line)

    def noticed():
        (one.place / "watched").touch()
        return "FILE worker 1 mule 0" in one.log()

    wait.until(noticed, "the file", 20, every=0.3)
    assert "SECOND worker 1" not in one.log()
