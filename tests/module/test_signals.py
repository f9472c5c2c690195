"""Signals of the application: raised in one process, heard in another; clocks and files that raise them."""

from __future__ import annotations

import signal

import pytest

from tests.harness import wait

EXTRA = """
import threading
def heard(number):
    where = f"worker {uwsgi.worker_id()}" if uwsgi.worker_id() else f"mule {uwsgi.mule_id()}"
    uwsgi.log(f"HEARD {number} in {where}")
    if number == 66:
        raise ValueError("a bad signal")
for number, target in TARGETS.items():
    uwsgi.register_signal(number, target, heard)
"""


def extra(**targets):
    return "TARGETS = {" + ", ".join(f"{name[1:]}: {target!r}" for name, target in targets.items()) + "}\n" + EXTRA


@pytest.mark.parametrize("lazy", [[], ["--lazy-apps"]])
def test_targets(begin, lazy):
    targets = extra(_1="", _2="workers", _3="worker2", _4="mule", _5="mules", _6="mule2", _7="farm_f", _8="no", _66="")
    one = begin(targets, "--processes", "2", "--mules", "2", "--farm", "f:2", *lazy)
    for number in (1, 2, 3, 4, 5, 6, 7, 8, 66, 99):
        assert one.ask(f"uwsgi.signal({number})") == "None"
    for line in ("1 in worker", "2 in worker 1", "2 in worker 2", "3 in worker 2", "4 in mule", "5 in mule 1",
                 "5 in mule 2", "6 in mule 2", "7 in mule 2", "66 in worker"):
        one.logged(f"HEARD {line}")
    one.logged("ValueError: a bad signal")
    one.logged("error managing signal 8: UNSUPPORTED SIGNAL TARGET: no")
    one.logged("error managing signal 99: no function is registered for it")
    for number in (1, 3, 4, 6, 7):
        assert one.log().count(f"HEARD {number} in") == 1
    assert one.ask("uwsgi.signal_registered(1), uwsgi.signal_registered(99)") == "(True, None)"
    assert one.ask("uwsgi.register_signal(300, '', print)") == "ValueError: signals have numbers from 0 to 255, not 300"


def test_one_registered_later_and_waited_for(begin):
    one = begin("")
    assert one.ask("uwsgi.register_signal(5, 'worker', lambda n: None), uwsgi.signal_registered(5)") == "(None, True)"
    assert one.ask("uwsgi.signal(5), uwsgi.signal_wait(5), uwsgi.signal_received()") == "(None, b'', 5)"


def test_raised_at_import(begin):
    begin(extra(_1="workers") + "uwsgi.signal(1)", "--processes", "2").logged("HEARD 1 in worker", 2)


def test_clocks(begin):
    timers = "uwsgi.add_timer(1, 1)\nuwsgi.add_rb_timer(2, 1, 2)\nuwsgi.add_ms_timer(3, 50)\n"
    one = begin(extra(_1="", _2="mule", _3="", _4="") + timers, "--mules", "1", "--timer", "4 1")
    one.logged("HEARD 3 in worker 1", 30)
    one.logged("HEARD 2 in mule 1", 2)
    one.logged("HEARD 1 in worker 1", 3)
    one.logged("HEARD 4 in worker 1", 3)
    assert one.log().count("HEARD 2 in") == 2
    for seconds in ("0", "float('inf')", "float('nan')"):
        assert one.ask(f"uwsgi.add_timer(1, {seconds})").startswith("ValueError: a timer needs a time above zero")


def test_a_clock_belongs_to_the_generation_that_serves(begin):
    one = begin(extra(_1="") + "uwsgi.add_ms_timer(1, 100)\nTARGETS[1] = 'old'")
    one.logged("HEARD 1")
    text = (one.place / "site_of_test.py").read_text()
    (one.place / "site_of_test.py").write_text(text.replace("HEARD", "RENEWED"))
    one.server.send(signal.SIGHUP)
    one.logged("RENEWED 1")
    one.logged("generation 1 finishes")
    after = one.log().split("RENEWED 1", 1)[1]
    assert after.count("HEARD") == 0


def test_files(begin):
    touched = ["--touch-signal", "touched 2", "--fs-signal", "watched 3"]
    one = begin(extra(_1="", _2="", _3="mules") + "uwsgi.add_file_monitor(1, 'file')", "--mules", "1", *touched)
    for name, line in (("file", "HEARD 1 in worker"), ("touched", "HEARD 2 in worker"), ("watched", "HEARD 3 in mule")):

        def came(name=name, line=line):
            (one.place / name).touch()
            return line in one.log()

        # They are watched once the instance serves, a moment after it answers.
        wait.until(came, f"{line}\n{one.log()}", 20, every=0.3)


def test_a_handler_is_finished_before_the_worker_ends(begin):
    slow = "def slow(n):\n    uwsgi.log('BEGINS')\n    time.sleep(1)\n    uwsgi.log('ENDS')\n"
    one = begin(slow + "uwsgi.register_signal(1, '', slow)")
    one.ask("uwsgi.signal(1)")
    one.logged("BEGINS")
    one.server.stop()
    assert "ENDS" in one.log()


def test_no_thread_without_a_function(begin):
    one = begin("uwsgi.numproc")
    count = "len(os.listdir('/proc/self/task')), __import__('threading').active_count()"
    before = one.ask(count)
    one.ask("uwsgi.register_signal(1, '', print)")
    assert eval(one.ask(count))[1] == eval(before)[1] + 1
    wait.until(lambda: one.client.status() == 200, "an answer")


def test_the_calendar(begin):
    """What is due in the minute of the start is raised at once, and not again by a reload."""
    never = "uwsgi.register_signal(2, '', heard)\nuwsgi.add_cron(2, -1, -1, 31, 2, -1)\n"
    one = begin(extra(_1="") + never + "uwsgi.add_cron(1, -1, -1, -1, -1, -1)")
    one.logged("HEARD 1 in worker 1")
    before = one.log().count("HEARD 1")
    one.server.send(signal.SIGHUP)
    one.logged("generation 1 finishes")
    one.up()
    assert one.ask("uwsgi.signal(2)") == "None"
    one.logged("HEARD 2 in worker 1")
    assert one.log().count("HEARD 1") <= before + 1  # a minute may have begun
