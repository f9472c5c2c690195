"""Tasks: left by workers of a real instance and by uWSGI; done by spoolers that are killed, reloaded and stopped
meanwhile.
"""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.config.reference import install as install_reference
from tests.harness import wait

#: Notes each call in the file ``done``, and does what the task says.
FUNCTION = """
def note(text):
    with open(os.environ["DONE"], "a") as file:
        file.write(repr(text) + "\\n")

def function(task):
    note({key if isinstance(key, str) else key.decode(): value for key, value in task.items()})
    exec(task.get(b"first", b""), globals())
    answer = task.get(b"answer", b"uwsgi.SPOOL_OK")
    return eval(answer)

uwsgi.spooler = function
"""


#: Until the test says go.
WAITING = "while not os.path.exists(os.environ['DONE'] + '.go'): time.sleep(0.01)"


class Spool:
    """An instance with a spooler, its directory, and what was done."""

    def __init__(self, begin, tmp_path: Path, *options: str, extra: str = FUNCTION, expect: bool = True) -> None:
        self.directory = tmp_path / "spool"
        self.done_file = tmp_path / "done"
        self.one = begin(extra, "--spooler", str(self.directory), *options, env={"DONE": str(self.done_file)})

    def spool(self, **task: object) -> str:
        """Leave a task; answers the path."""
        answer = self.one.ask(f"uwsgi.spool({task!r}).decode()")
        assert answer.startswith("'/"), answer
        return ast.literal_eval(answer)

    def done(self) -> list[dict]:
        """The tasks that were worked on, in order."""
        if not self.done_file.exists():
            return []
        return [ast.literal_eval(line) for line in self.done_file.read_text().splitlines()]

    def pids(self) -> set[int]:
        """Wait until all of them are there."""
        wait.until(lambda: all(row["pid"] for row in self.spoolers()), f"all spoolers\n{self.one.log()}", 20)
        return {row["pid"] for row in self.spoolers()}

    def wait(self, count: int) -> list[dict]:
        """Wait for so many."""
        wait.until(lambda: len(self.done()) >= count, f"{count} tasks\n{self.one.log()}", 20)
        return self.done()

    def wait_gone(self, path: str) -> None:
        """Wait for the end of a task's file."""
        wait.until(lambda: not os.path.exists(path), f"the end of {path}\n{self.one.log()}", 20)

    def spoolers(self) -> list[dict]:
        """What the statistics say of them."""
        return self.one.document()["spoolers"]


@pytest.fixture
def spool(begin, tmp_path):
    return lambda *options, **more: Spool(begin, tmp_path, *options, **more)


def test_a_task_is_done_once(spool):
    one = spool()
    path = one.spool(a="1", body=b"B" * 70000, b=b"\xff")
    (task,) = one.wait(1)
    name = os.path.basename(path)
    assert task == {"spooler_task_name": name.encode(), "a": b"1", "b": b"\xff", "body": b"B" * 70000}
    one.wait_gone(path)
    one.one.logged(f"managing request {name} ...")
    one.one.logged(f"done with task {name} after")
    assert oct(one.directory.stat().st_mode & 0o777) == "0o750"
    (row,) = one.spoolers()
    assert (row["dir"], row["tasks"], row["running"], row["respawns"]) == (str(one.directory), 1, 0, 0)
    assert one.one.ask("uwsgi.spooler_pid(), uwsgi.spooler_pids(), uwsgi.spooler_jobs()") == (
        f"({row['pid']}, [{row['pid']}], [])"
    )
    one.spool(first="note([uwsgi.i_am_the_spooler(), uwsgi.worker_id(), uwsgi.mule_id(), os.getcwd()])")
    assert one.wait(3)[2] == [True, 0, 0, str(one.directory)]


ANSWERS = {
    "uwsgi.spoolers == (os.fsencode(os.path.join(os.path.dirname(os.getcwd()), 'spool')),)": "True",
    "uwsgi.spool({'at': 99999999999, 'k': 'v'}) in uwsgi.spooler_jobs()": "True",
    "sorted(uwsgi.spooler_get_task(uwsgi.spool(at=b'99999999999', k=b'v')).items(), key=str)[1:]":
        "[(b'at', b'99999999999'), (b'k', b'v')]",
    "uwsgi.send_to_spooler(at='99999999999')[:1], uwsgi.spooler_get_task('/nowhere')": "(b'/', None)",
    "uwsgi.set_spooler_frequency(5), uwsgi.set_spooler_frequency(0)": "(True, True)",
    "uwsgi.spool()": "ValueError: The argument of spooler callable must be a dictionary",
    "uwsgi.spool(b'x')": "ValueError: The argument of spooler callable must be a dictionary",
    "uwsgi.spool(a=1)": "ValueError: spooler callable dictionary must contains only bytes: a is of type int",
    "uwsgi.spool(a=b'x' * 65536)": "ValueError: the value of a has 65536 bytes, of 65535 at most: use the key body",
    "uwsgi.spool(at='tomorrow')": "ValueError: unable to spool job: at must be a number, not 'tomorrow'",
    "uwsgi.spool(priority=1.5)": "ValueError: unable to spool job: priority must be a number, not 1.5",
    "uwsgi.spool(spooler='/else')[:0]": "ValueError: unable to spool job: there is no spooler /else; there is ",
}  # fmt: skip


def test_it_answers(spool):
    one = spool("--spooler-quiet")
    for expression, answer in ANSWERS.items():
        assert one.one.ask(expression).startswith(answer), expression


def test_without_a_spooler_there_is_nothing_of_it(begin):
    assert begin("").ask("hasattr(uwsgi, 'spool'), hasattr(uwsgi, 'spooler_jobs')") == "(False, False)"


def test_tasks_come_by_priority_and_age_and_when_they_are_due(spool):
    """All of them wait while the first one is worked on."""
    one = spool()
    one.spool(n="0", first=WAITING)
    one.wait(1)
    later = one.spool(n="later", at=time.time() + 1)
    for number in ("1", "2"):
        one.spool(n=number)
    one.spool(n="low", priority=7)
    one.spool(n="high", priority="0")
    Path(f"{one.done_file}.go").write_text("")
    assert [task["n"] for task in one.wait(6)] == [b"0", b"high", b"low", b"1", b"2", b"later"]
    one.wait_gone(later)
    assert oct((one.directory / "7").stat().st_mode & 0o777) == "0o750"


def test_what_is_not_done_stays(spool):
    one = spool("--spooler-frequency", "1")
    again = one.spool(answer="uwsgi.SPOOL_RETRY if len(open(os.environ['DONE']).readlines()) < 3 else uwsgi.SPOOL_OK")
    one.wait(3)
    one.wait_gone(again)
    kept = [one.spool(answer=answer) for answer in ("1 / 0", "None", "uwsgi.SPOOL_IGNORE", "7", "sys.exit('no')")]
    one.wait(8)
    one.one.logged("ZeroDivisionError")
    one.one.logged("the spooler function answered None, which is none of")
    one.one.logged("unable to find the spooler function")
    assert all(map(os.path.exists, kept))
    wait.until(lambda: len(one.done()) >= 13, f"a second try of each\n{one.one.log()}", 20)
    one.one.logged("next try in 2 seconds")


def test_the_function_that_is_not_there_loses_nothing(spool):
    one = spool(extra="")
    path = one.spool(a="1")
    one.one.logged("unable to find the spooler function, have you loaded it into the spooler process ?")
    assert os.path.exists(path)


def test_what_is_no_task_is_put_aside(spool):
    one = spool()
    (one.directory / "uwsgi_spoolfile_on_x_1_1_1_1_1").write_bytes(b"junk")
    one.one.logged("[task-broken]")
    assert (one.directory / "broken_uwsgi_spoolfile_on_x_1_1_1_1_1").read_bytes() == b"junk"
    one.spool(a="1")
    one.wait(1)


def test_a_killed_spooler_does_the_task_again(spool):
    one = spool()
    path = one.spool(first=f"{WAITING}\nnote(os.getpid())")
    one.wait(1)
    (row,) = one.spoolers()
    assert row["running"] == 1
    os.kill(row["pid"], signal.SIGKILL)
    one.wait(2)
    Path(f"{one.done_file}.go").write_text("")
    done = one.wait(3)
    one.wait_gone(path)
    assert done[0] == done[1] and done[2] != row["pid"] and len(one.done()) == 3
    wait.until(lambda: one.spoolers()[0]["respawns"] == 1, "the news of its successor")


def test_a_reload_does_no_task_twice_and_loses_none(spool):
    one = spool("--spooler-processes", "2")
    before = one.pids()
    path = one.spool(n="slow", first=f"{WAITING}\nnote(os.getpid())")
    one.wait(1)
    os.kill(one.one.server.pid, signal.SIGHUP)
    wait.until(lambda: not before & {row["pid"] for row in one.spoolers()}, f"other spoolers\n{one.one.log()}", 20)
    for number in range(20):
        one.spool(n=str(number))
    one.wait(21)
    assert os.path.exists(path)
    Path(f"{one.done_file}.go").write_text("")
    one.wait_gone(path)
    done = one.wait(22)
    assert done[21] in before
    assert sorted(task["n"] for task in done[:21]) == sorted([b"slow", *(b"%d" % number for number in range(20))])


def test_a_stop_waits_for_the_task_and_leaves_the_others(spool):
    one = spool()
    one.spool(first=WAITING)
    one.wait(1)
    left = one.spool(n="left")
    one.one.server.send(signal.SIGINT)
    one.one.logged("spooler", 1)
    Path(f"{one.done_file}.go").write_text("")
    assert one.one.server.process.wait(20) == 0
    assert len(one.done()) == 1 and os.listdir(one.directory) == [os.path.basename(left)]


def test_many_processes_and_kills_do_everything(spool):
    """Every task is done, and once, except for those in whose middle somebody died."""
    one = spool("--spooler-processes", "3", "--spooler-quiet")
    for number in range(60):
        one.spool(n=str(number))
        if number % 20 == 10:
            with contextlib.suppress(ProcessLookupError):
                os.kill(min(one.pids()), signal.SIGKILL)
    wait.until(lambda: not os.listdir(one.directory), f"all tasks\n{one.one.log()}", 30)
    numbers = [int(task["n"]) for task in one.done()]
    assert set(numbers) == set(range(60)) and len(numbers) <= 63


def test_limits_of_a_spooler(spool):
    one = spool("--spooler-max-tasks", "2", "--spooler-harakiri", "1", "--spooler-frequency", "1")
    for number in range(5):
        one.spool(n=str(number))
    one.wait(5)
    one.one.logged("maximum number of tasks reached (2) recycling", 2)
    slow = one.spool(n="slow", first="len(open(os.environ['DONE']).readlines()) < 7 and time.sleep(60)")
    one.wait_gone(slow)
    assert [task["n"] for task in one.done()[5:]] == [b"slow", b"slow"]


def test_imports_and_directory(spool, tmp_path):
    (tmp_path / "extra_of_test.py").write_text("import builtins\nbuiltins.extra = 'imported'\n")
    one = spool("--spooler-import", str(tmp_path / "extra_of_test.py"), "--spooler-chdir", "/usr")
    one.spool(first="note([extra, os.getcwd()])")
    assert one.wait(2)[1] == ["imported", "/usr"]
    assert one.one.ask("extra").startswith("NameError")


def test_decorators(spool):
    one = spool(extra=FUNCTION + """
from uwsgidecorators import lock, spool, spoolraw

@spool(pass_arguments=True)
def add(*numbers, **named):
    note([sum(numbers), named])

@spoolraw
def raw(task):
    note(task["k"])
    return uwsgi.SPOOL_OK

@lock
def locked():
    return uwsgi.is_locked()
""")
    assert one.one.ask("add.spool(1, 2, a=3)[:1], raw.spool({'k': 'v'})[:1], locked(), uwsgi.is_locked()") == (
        "(b'/', b'/', True, False)"
    )
    assert one.wait(2) == [[3, {"a": 3}], "v"]


def test_other_directories(spool, tmp_path):
    outside = tmp_path / "outside"
    one = spool("--spooler", str(tmp_path / "second"), "--spooler-external", str(outside))
    assert one.spool(n="1", spooler=str(tmp_path / "second")).startswith(str(tmp_path / "second"))
    path = one.spool(n="2", spooler=str(outside))
    assert one.wait(1)[0]["n"] == b"1" and os.path.dirname(path) == str(outside)
    assert [row["dir"] for row in one.spoolers()] == [str(tmp_path / "spool"), str(tmp_path / "second")]
    assert len(one.one.ask("uwsgi.spooler_pids()").split(",")) == 2 and os.path.exists(path)


def test_a_touch_starts_spoolers_anew(spool, tmp_path):
    (tmp_path / "touched").write_text("")
    one = spool("--touch-spoolers-reload", str(tmp_path / "touched"))
    (before,) = one.pids()
    os.utime(tmp_path / "touched", (1, 1))
    wait.until(lambda: one.spoolers()[0]["respawns"] == 1, f"another spooler\n{one.one.log()}", 20)
    wait.until(lambda: one.pids() != {before}, "its pid")


def test_a_directory_that_cannot_be(tmp_path):
    from tests.module.conftest import Instance

    one = Instance(tmp_path, "", "--spooler", str(tmp_path / "no" / "where"))
    try:
        one.logged("[spooler-unusable]")
        assert one.server.process.wait(10) == 1
    finally:
        one.server.kill()


UWSGI = """\
import uwsgi
def application(environ, start_response):
    start_response("200 OK", [])
    uwsgi.queue_push("by uWSGI")
    return [uwsgi.spool({b"from": b"uwsgi", b"at": b"10", b"body": b"x" * 70000})]
def function(task):
    with open("by-uwsgi", "a") as file:
        file.write(repr({key: value for key, value in task.items() if key != "spooler_task_name"}))
    return uwsgi.SPOOL_OK
import os
if os.environ.get("WORK"):
    uwsgi.spooler = function
"""


def test_uwsgi_and_we_do_what_the_other_left(spool, tmp_path):
    from tests.harness import http

    reference = install_reference()
    (tmp_path / "old.py").write_text(UWSGI)

    def uwsgi(**env: str) -> subprocess.Popen:
        options = ["--http-socket", "old.sock", "--master", "--wsgi-file", "old.py", "--spooler", "spool",
                   "--queue", "5", "--queue-store", "queue"]  # fmt: skip
        log = (tmp_path / "uwsgi.log").open("ab")
        environ = os.environ | env
        options = [reference, *options]
        return subprocess.Popen(options, cwd=tmp_path, env=environ, stdout=log, stderr=log, start_new_session=True)

    def stop(process: subprocess.Popen) -> None:
        os.killpg(process.pid, signal.SIGKILL)  # its master does not heed anything else while it starts
        process.wait()

    old = uwsgi()
    client = http.Client(tmp_path / "old.sock")
    try:
        wait.until(lambda: client.status() == 200, "uWSGI", 20)
    finally:
        stop(old)
    one = spool("--queue", "5", "--queue-store", str(tmp_path / "queue"))
    assert one.one.ask("uwsgi.queue_pull(), uwsgi.queue_pull()") == "(b'by uWSGI', None)"
    (task,) = one.wait(1)
    del task["spooler_task_name"]
    assert task == {"from": b"uwsgi", "at": b"10", "body": b"x" * 70000}
    path = Path(one.spool(n="ours", at=time.time() + 3600, body=b"b"))
    one.one.server.stop()
    os.utime(path, (1, 1))
    old = uwsgi(WORK="1")
    try:
        wait.until(lambda: not path.exists(), "uWSGI does our task", 20)
    finally:
        stop(old)
    text = (one.directory / "by-uwsgi").read_text()
    assert "b'n': b'ours'" in text and "'body': b'b'" in text


def test_a_killed_generation_costs_no_task(spool):
    """Its spooler finishes what it works on; the next generation's does the rest, and nothing twice."""
    one = spool()
    (before,) = one.pids()
    path = one.spool(n="slow", first=f"{WAITING}\nnote(os.getpid())")
    one.wait(1)
    generation = int(Path(f"/proc/{before}/stat").read_text().rsplit(")", 1)[1].split()[1])
    os.kill(generation, signal.SIGKILL)
    wait.until(lambda: one.pids() != {before}, f"another spooler\n{one.one.log()}", 20)
    one.spool(n="next")
    one.wait(2)
    Path(f"{one.done_file}.go").write_text("")
    one.wait_gone(path)
    done = one.wait(3)
    assert [task["n"] for task in done[:2]] == [b"slow", b"next"] and done[2:] == [before]


def test_signals_reach_a_spooler(spool):
    one = spool(extra=FUNCTION + """
uwsgi.register_signal(17, "spooler", lambda number: note([number, uwsgi.i_am_the_spooler()]))
""")
    one.pids()
    one.one.ask("uwsgi.signal(17)")
    assert one.wait(1) == [[17, True]]
