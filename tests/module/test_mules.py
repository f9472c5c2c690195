"""Mules and farms of real instances: what they do, how they end, what is not lost."""

from __future__ import annotations

import os
import signal

import pytest

from tests.harness import processes, wait

EXTRA = """
log = uwsgi.log
def hook(message):
    uwsgi.log(f"GOT {message.decode()} in mule {uwsgi.mule_id()}")
    if message == b"slow":
        time.sleep(1)
        uwsgi.log("FINISHED")
    if message == b"hang":
        time.sleep(60)
    if message == b"bad":
        raise ValueError("a bad message")
uwsgi.mule_msg_hook = hook
uwsgi.post_fork_hook = lambda: uwsgi.log(f"FORKED {uwsgi.worker_id()} {uwsgi.mule_id()}")
uwsgi.atexit = lambda: uwsgi.log(f"ENDED {uwsgi.worker_id()} {uwsgi.mule_id()}")
"""


def mules(one):
    return {mule["id"]: mule["pid"] for mule in one.document().get("mules", [])}


def running(one, count):
    """The same once there are so many: they begin when the instance serves, a moment after it answers."""
    wait.until(lambda: sum(pid > 0 for pid in mules(one).values()) == count, f"{count} mules", 20)
    return mules(one)


def test_messages(begin):
    one = begin(EXTRA, "--mules", "2", "--farm", "pair:1,2", "--farm", "last:2", "--auto-procname")
    for message, mule in (("any", None), ("one", 1), ("two", 2)):
        assert one.ask(f"uwsgi.mule_msg({message!r}, {mule})") == "True"
    assert one.ask("uwsgi.mule_msg(b'x', 9), uwsgi.mule_msg(b'x' * 70000)") == "(False, False)"
    assert one.ask("uwsgi.mule_msg(b'last', 'last'), uwsgi.farm_msg('pair', b'pair')") == "(True, None)"
    for text in ("GOT any in mule", "GOT one in mule 1", "GOT two in mule 2", "GOT last in mule 2", "GOT pair in mule"):
        one.logged(text)
    assert "write mule-msg-size = 70000" in one.log()
    assert one.ask("uwsgi.mule_msg(b'x', 'no')") == "ValueError: unknown farm no; there are pair, last"
    assert one.ask("uwsgi.mule_get_msg()") == "ValueError: you can receive mule messages only in a mule !!!"
    assert one.ask("uwsgi.in_farm(), uwsgi.in_farm('pair')") == "(None, None)"
    assert "FORKED 0 1" in one.log()
    assert "FORKED 0 2" in one.log()
    assert [processes.title(pid).strip("\0 ") for pid in mules(one).values()] == ["uWSGI mule 1", "uWSGI mule 2"]
    one.server.stop()
    one.logged("ENDED 0 1")


def test_without_mules(begin):
    one = begin("")
    assert one.ask("uwsgi.mule_msg(b'x')") == "ValueError: no mule configured"
    assert "mules" not in one.document()


def test_a_mule_that_dies_is_replaced_and_its_queue_waits(begin):
    one = begin(EXTRA, "--mules", "1")
    one.ask("[uwsgi.mule_msg(f'message {n}') for n in range(3)]")
    one.logged("GOT message 2")
    pid = running(one, 1)[1]
    one.ask("uwsgi.mule_msg('hang')")
    one.logged("GOT hang")
    one.ask("uwsgi.mule_msg('after')")
    os.kill(pid, signal.SIGKILL)
    one.logged("GOT after")
    assert f"OOOPS mule 1 (pid: {pid}) died, killed by signal 9 crippled...trying respawn..." in one.log()
    assert running(one, 1)[1] != pid


def test_an_exception_stops_nobody(begin):
    one = begin(EXTRA, "--mules", "1")
    one.ask("uwsgi.mule_msg('bad'), uwsgi.mule_msg('good')")
    one.logged("GOT good")
    assert "ValueError: a bad message" in one.log()
    assert "OOOPS" not in one.log()


def test_a_reload_finishes_the_message_and_loses_none(begin):
    one = begin(EXTRA, "--mules", "1")
    old = running(one, 1)[1]
    one.ask("uwsgi.mule_msg('slow'), uwsgi.mule_msg('waits')")
    one.logged("GOT slow")
    one.server.send(signal.SIGHUP)
    one.logged("GOT waits")
    one.logged("FINISHED")
    one.logged(f"mule 1 (pid: {old}) annihilated")
    assert running(one, 1)[1] != old
    assert one.log().count("GOT waits") == 1


@pytest.mark.parametrize("lazy", [[], ["--lazy-apps"]])
def test_scripts_and_functions(begin, lazy):
    script = "import uwsgi, site_of_test, time\ntry:\n    uwsgi.log(f'SCRIPT {__name__} {uwsgi.mule_id()}')\n"
    script += "    time.sleep(100)\nfinally:\n    uwsgi.log('LAST WORDS')\n"
    extra = "def main():\n    uwsgi.log('FUNCTION ' + uwsgi.mule_get_msg().decode())\n    uwsgi.mule_get_msg()\n"
    extra += f"if not os.path.exists('script.py'):\n    open('script.py', 'w').write({script!r})\n"
    one = begin(extra, "--mule=script.py", "--mule=site_of_test:main", *lazy)
    one.logged("SCRIPT __main__ 1")
    one.ask("uwsgi.mule_msg('hello', 2)")
    one.logged("FUNCTION hello")
    one.server.stop()
    one.logged("LAST WORDS")


def test_a_message_that_takes_too_long(begin):
    one = begin(EXTRA, "--mules", "1", "--mule-harakiri", "1")
    one.ask("uwsgi.mule_msg('hang'), uwsgi.mule_msg('after')")
    one.logged("GOT after")
    assert "Timeout (0:00:0" in one.log()
    assert "crippled" in one.log()


def test_mercy_is_over(begin):
    one = begin(EXTRA, "--mules", "1", "--mule-reload-mercy", "1")
    one.ask("uwsgi.mule_msg('hang')")
    one.logged("GOT hang")
    one.server.stop(timeout=20)
    assert "Timeout (0:00:0" in one.log()


def test_touching_starts_them_anew(begin):
    one = begin(EXTRA, "--mules", "1", "--touch-mules-reload", "touched")
    old = running(one, 1)[1]
    (one.place / "touched").touch()
    wait.until(lambda: mules(one).get(1) not in (None, 0, old), "another mule", 20)
    assert one.document()["imperator"]["generation"] == 1
    one.logged("Respawned uWSGI mule 1")


def test_they_end_with_a_generation_that_is_killed(begin):
    one = begin(EXTRA, "--mules", "2")
    before = running(one, 2)
    os.kill(processes.parent(before[1]), signal.SIGKILL)
    assert all(wait.ended(pid, 20) for pid in before.values())
    wait.until(lambda: mules(one) and 0 not in mules(one).values() and mules(one) != before, "other mules", 20)


def test_the_same_number_does_not_work_twice(begin):
    """Those of the next generation begin when it has taken over, and never if it does not start."""
    one = begin(EXTRA, "--mules", "1")
    old = running(one, 1)
    (one.place / "site_of_test.py").write_text("oops(")
    one.server.send(signal.SIGHUP)
    one.logged("reload refused")
    assert mules(one) == old
    assert one.log().count("FORKED 0 1") == 1


def test_in_a_farm_and_with_a_timeout(begin):
    extra = "def main():\n    uwsgi.log(repr((uwsgi.mule_get_msg(farms=False, timeout=0), uwsgi.in_farm(),"
    extra += " uwsgi.in_farm('one'), uwsgi.in_farm('two'), uwsgi.farm_get_msg(), uwsgi.mule_id())))\n"
    extra += "    uwsgi.mule_get_msg()\n"
    one = begin(extra, "--mule=site_of_test:main", "--mules", "1", "--farm", "one:1", "--farm", "two:2")
    one.ask("uwsgi.farm_msg('one', 'x')")
    one.logged("(b'', True, True, None, b'x', 1)")
