"""Each name of the ``uwsgi`` module, asked in a worker of a real instance."""

from __future__ import annotations

import os
import re

import pytest

from tests.harness import wait

ANSWERS = {
    "uwsgi.version": "b'2.0.31'",
    "uwsgi.version_info": "(2, 0, 31, 0, b'')",
    "uwsgi.hostname": repr(os.fsencode(os.uname().nodename)),
    "uwsgi.numproc, uwsgi.cores, uwsgi.buffer_size": "(2, 1, 32768)",
    "uwsgi.opt['colour'], uwsgi.opt['need-app'], 'nope' in uwsgi.opt": "(b'blue', True, False)",
    "uwsgi.opt['env']": f"[b'A=1', b'B={os.getpid()}']",
    "uwsgi.magic_table[b'h'] == uwsgi.hostname": "True",
    "uwsgi.worker_id() in (1, 2), uwsgi.mule_id()": "(True, 0)",
    "uwsgi.i_am_the_spooler()": "None",
    "uwsgi.is_a_reload, uwsgi.loop, uwsgi.unbit, uwsgi.applications, uwsgi.has_threads": "(False, None, None, None, 1)",
    "uwsgi.SPOOL_OK, uwsgi.SPOOL_RETRY, uwsgi.SPOOL_IGNORE": "(-2, -1, 0)",
    "abs(uwsgi.started_on - time.time()) < 3600": "True",
    "abs(uwsgi.micros() / 1e6 - time.time()) < 3600": "True",
    "os.fstat(uwsgi.sockets[0]) and len(uwsgi.sockets)": "1",
    "uwsgi.ready(), uwsgi.accepting(), uwsgi.suspend(), uwsgi.green_schedule()": "(True, None, True, True)",
    "all(size > 1000000 for size in uwsgi.mem())": "True",
    "uwsgi.logsize() > 0": "True",
    "uwsgi.listen_queue()": "0",
    "uwsgi.listen_queue(7)": "ValueError: there is no socket 7: this instance has 1",
    "uwsgi.setprocname('worker of test')": "None",
    "uwsgi.total_requests() > 0, type(uwsgi.request_id())": "(True, <class 'int'>)",
    "[sorted(one) for one in uwsgi.workers()][1][:4]": "['apps', 'avg_rt', 'delta_requests', 'exceptions']",
    "[one['pid'] for one in uwsgi.workers() if one['id'] == uwsgi.worker_id()] == [os.getpid()]": "True",
    "{one['status'] for one in uwsgi.workers()} <= {b'busy', b'idle'}": "True",
    "uwsgi.register_rpc('f', lambda *a: b'|'.join(a)), uwsgi.call('f', '1', b'2'), uwsgi.rpc(None, b'f', b'1')":
        "(True, b'1|2', b'1')",
    "uwsgi.register_rpc('g', lambda: None), uwsgi.call('g'), uwsgi.call('no'), b'g' in uwsgi.rpc_list()":
        "(True, None, None, True)",
    "uwsgi.set_logvar('a', 'b'), uwsgi.get_logvar(b'a'), uwsgi.get_logvar('zz')": "(None, b'b', None)",
    "uwsgi.get_logvar('a')": "None",
    "uwsgi.set_logvar('a', 3)": "TypeError: the value of a variable must be str or bytes, not int",
    "uwsgi.extract('/nowhere'), uwsgi.parsefile('/etc/hosts')": "(None, None)",
    "uwsgi.extract(__file__).startswith(b'import os')": "True",
    "uwsgi.embedded_data('x')":
        "ValueError: unable to find symbol x: nothing is built into the executable, read a file",
    "uwsgi.set_user_harakiri(60), uwsgi.set_user_harakiri(0)": "(None, None)",
    "uwsgi.log('a line of the application')": "True",
    "hasattr(uwsgi, 'env'), hasattr(uwsgi, 'nonsense'), hasattr(uwsgi, '__file__')": "(False, False, False)",
    "uwsgi.mode": "AttributeError: module 'uwsgi' has no attribute 'mode' here: ask uwsgi.opt",
    "uwsgi.websocket_recv()":
        "NotImplementedError: uwsgi.websocket_recv() is not offered by Imperator: serve WebSockets with an ASGI server"
        " on a path of its own",
    "'worker_id' in dir(uwsgi), sys.modules['uwsgi'] is uwsgi, uwsgi.__name__": "(True, True, 'uwsgi')",
}  # fmt: skip


@pytest.mark.parametrize("expression", ANSWERS)
def test_it_answers(shared, expression):
    assert shared.ask(expression) == ANSWERS[expression]


def test_the_master_is_known(shared):
    assert shared.ask("uwsgi.masterpid()") == str(shared.server.pid)


def test_a_line_of_the_log(shared):
    shared.ask("uwsgi.log(b'one line\\x1b of mine')")
    shared.logged("one line\\x1b of mine\n")


def test_what_is_absent_says_what_to_use_instead(shared):
    names = eval(shared.ask("sorted(__import__('imperator.module.absent').module.absent.INSTEAD)"))
    for name in names:
        answer = shared.ask(f"uwsgi.{name}(1, b'2')")
        assert re.match(rf"NotImplementedError: uwsgi\.{name}\(\) is not offered by Imperator: \w+", answer)


def test_alarms(begin):
    one = begin("", "--alarm", "mine cmd:cat > told", "--alarm", "other log:")
    for name in ("mine", "other", "nobody"):
        assert one.ask(f"uwsgi.alarm('{name}', b'text for {name}')") == "None"
    one.logged("ALARM: text for other")
    one.logged("warning: the application raises the alarm nobody, and there are mine, other: text for nobody")
    told = one.place / "told"
    wait.until(lambda: told.exists() and told.read_text() == "text for mine", "an alarm")


def test_an_application_that_does_not_ask_pays_nothing(begin):
    one = begin("sys.modules['uwsgi'].post_fork_hook = lambda: uwsgi_log.append(1)\nuwsgi_log = []")
    names = "sorted(name for name in sys.modules if name.startswith('imperator.module'))"
    before = eval(one.ask(names))
    assert before == ["imperator.module", "imperator.module.here", "imperator.module.install"]
    assert one.ask("uwsgi_log") == "[1]"
    assert "imperator.module.contents" in eval(one.ask(f"uwsgi.numproc and {names}"))


def test_it_reloads_and_stops(begin):
    one = begin("", "--processes", "2")
    before = one.document()["imperator"]["generation"]
    assert one.ask("uwsgi.reload()") == "True"
    wait.until(lambda: one.document()["imperator"]["generation"] > before, "the next generation", 20)
    one.up()
    assert one.ask("uwsgi.is_a_reload") == "True"
    assert one.ask("uwsgi.stop()") == "True"
    assert wait.ended(one.server.pid, 20)
    assert one.server.process.wait() == 0
    assert "the application asked for it" in one.log()


def test_hooks_of_a_worker(begin):
    extra = "uwsgi.post_fork_hook = lambda: print('FORKED', uwsgi.worker_id())\n"
    extra += "uwsgi.atexit = lambda: print('ENDED', uwsgi.worker_id())\n"
    one = begin(extra, "--processes", "2")
    for number in (1, 2):
        one.logged(f"FORKED {number}\n")
    one.server.stop()
    for number in (1, 2):
        one.logged(f"ENDED {number}\n")


def test_a_hook_that_nobody_calls_is_told_of(begin):
    one = begin("uwsgi.after_req_hook = lambda: None")
    assert "warning: uwsgi.after_req_hook is never called here: wrap the application" in one.log()


def test_a_hook_that_fails_stops_nobody(begin):
    one = begin("def fails():\n    raise ValueError('boom')\nuwsgi.post_fork_hook = fails")
    assert one.ask("1 + 1") == "2"
    assert "ValueError: boom" in one.log()


@pytest.mark.parametrize("lazy", [[], ["--lazy-apps"]])
def test_a_deadline_of_the_application(begin, lazy):
    one = begin("", *lazy)
    pid = one.ask("os.getpid()")
    one.client.request("POST", "/", b"uwsgi.set_user_harakiri(1)")
    one.logged("Timeout (0:00:0")
    wait.until(lambda: one.client.status() == 200 and one.ask("os.getpid()") != pid, "another worker", 20)


def test_a_project_of_the_same_name_does_not_hide_it(begin):
    one = begin("(__import__('pathlib').Path('uwsgi.py')).write_text('nope = 1')\nimport uwsgi\nuwsgi.version")
    assert one.ask("uwsgi.version") == "b'2.0.31'"
