"""Workers that are replaced while they serve, and those that are ended because a request hangs."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.harness import app, wait
from tests.harness import http as client
from tests.harness.instance import Instance
from tests.harness.nginx import Nginx
from tests.harness.server import Server
from tests.real.conftest import Start


class Site:
    """An instance with some options, and nginx in front of it."""

    def __init__(self, start: Start, place: Path, extra: str = "", **options: object) -> None:
        self.place = place
        self.app = app.write(place / "app.py", "one", extra)
        self.pidfile = place / "site.pid"
        self.socket = place / "site.sock"
        self.http = place / "http.sock"
        self.instance = Instance(place / "stats.sock")
        base: dict[str, object] = {
            "master": "true", "processes": 2, "socket": self.socket, "http-socket": self.http,
            "stats": self.instance.address, "chdir": place, "wsgi-file": "app.py", "pidfile": self.pidfile,
            "chmod-socket": 666, "listen": 100, "disable-logging": "true",
        }  # fmt: skip
        self.config = app.ini(place / "site.ini", **(base | {k.replace("_", "-"): v for k, v in options.items()}))
        self.start = start
        self.server: Server = start.server("--ini", self.config)

    def up(self, workers: int = 2) -> Site:
        """Wait until it serves."""
        self.instance.up(workers)
        return self

    def behind_nginx(self) -> Nginx:
        """An nginx in front."""
        nginx = self.start.nginx(f"location / {{ include uwsgi_params; uwsgi_pass unix:{self.socket}; }}")
        wait.until(lambda: nginx.client.body().startswith("one "), "the site")
        return nginx

    def rows(self) -> list[dict]:
        """The workers, as stats has them."""
        return self.instance.stats()["workers"]


@pytest.mark.parametrize("lazy", ["false", "true"])
@pytest.mark.parametrize("threads", [1, 4])
def test_recycling_by_requests_loses_none(start: Start, tmp_path: Path, threads: int, lazy: str):
    site = Site(
        start, tmp_path, max_requests=40, min_worker_lifetime=0, threads=threads, lazy_apps=lazy
    ).up()
    nginx = site.behind_nginx()
    load = start.load(nginx.address, connections=32, rate=25)
    wait.until(lambda: min(row["respawn_count"] for row in site.rows()) >= 3, "three lives of each worker", 60)
    report = load.finish()
    assert not report.failed, report.failed[:5]
    assert len(report.notes()) >= 5, "few workers were seen"
    assert site.server.log.lines(r"The work of process \d+ is done \(worker 1: max-requests\)")
    site.server.stop()


def test_a_worker_s_time_is_over(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, max_worker_lifetime=1, min_worker_lifetime=0).up()
    first = site.instance.workers()
    site.server.log.wait(r"done \(worker [12]: max-worker-lifetime\)", count=2)
    wait.until(lambda: not set(first) & set(site.instance.workers()), "other workers")
    site.server.stop()


# /slow calls time.sleep.
LEAK = """
leak = []
class time:
    def sleep(seconds):
        leak.append(bytearray(b"x" * (80 << 20)))
"""


@pytest.mark.parametrize(
    ("option", "line"),
    [("reload_on_rss", r"done \(worker 1: rss \d+ MiB, reload-on-rss = 90\)"),
     ("evil_reload_on_rss", r"EVIL RELOAD ON WORKER 1 PID: \d+ \(rss \d+ MiB, evil-reload-on-rss = 90\)")],
)  # fmt: skip
def test_a_worker_that_has_grown(start: Start, tmp_path: Path, option: str, line: str):
    site = Site(start, tmp_path, LEAK, processes=1, min_worker_lifetime=0, **{option: 90}).up(1)
    first = site.instance.workers()
    assert client.Client(site.http).get("/slow?1").status == 200
    site.server.log.wait(line)
    wait.until(lambda: site.instance.workers() not in ([], first), "another worker")
    assert client.Client(site.http).get("/").status == 200
    site.server.expected = ("EVIL RELOAD", "killed by signal 9")
    site.server.stop()


SPIN = """
class time:
    def sleep(seconds):
        while True:
            pass
"""


@pytest.mark.parametrize("how", ["sleeps", "spins", "is stopped"])
def test_only_the_worker_that_hangs_is_ended(start: Start, tmp_path: Path, how: str):
    site = Site(start, tmp_path, SPIN if how == "spins" else "", harakiri=1).up()
    before = {row["id"]: row["pid"] for row in site.rows()}
    stuck: list[object] = []

    def hang() -> None:
        try:
            stuck.append(client.Client(site.http).get("/slow?60000").status)
        except (OSError, http.client.HTTPException) as error:
            stuck.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    busy = wait.until(
        lambda: [row for row in site.rows() if any(core["in_request"] for core in row["cores"])], "the request"
    )
    [row] = busy
    if how == "is stopped":
        os.kill(row["pid"], signal.SIGSTOP)
    for _ in range(20):
        assert client.Client(site.http).get("/").status == 200
    site.server.log.wait(rf"HARAKIRI ON WORKER {row['id']} \(pid: {row['pid']}")
    site.server.log.wait(r"HARAKIRI \[core 0\] GET /slow since \d+ \(1\.\d seconds\)")
    site.server.log.wait(rf"DAMN ! worker {row['id']} \(pid: {row['pid']}\) died, killed by signal 9")
    if how != "is stopped":
        site.server.log.wait(r'File ".*app.py", line \d+ in (sleep|application)')
    thread.join(20)
    assert not isinstance(stuck[0], int), "the request was answered"
    site.up()
    after = {row["id"]: row["pid"] for row in site.rows()}
    other = 3 - row["id"]
    assert after[other] == before[other]
    assert after[row["id"]] != before[row["id"]]
    assert {one["id"]: one["harakiri_count"] for one in site.rows()} == {row["id"]: 1, other: 0}
    site.server.expected = ("killed by signal 9",)
    site.server.stop()


def test_the_other_threads_of_a_worker_that_hangs_finish(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, harakiri=2, processes=1, threads=3).up(1)
    answers: dict[str, object] = {}

    def ask(query: str) -> None:
        try:
            answers[query] = client.Client(site.http).get(f"/slow?{query}").status
        except (OSError, http.client.HTTPException) as error:
            answers[query] = error

    threads = [threading.Thread(target=ask, args=("60000",))]
    threads[0].start()
    wait.until(lambda: any(core["in_request"] for core in site.rows()[0]["cores"]), "the one that hangs")
    # It begins while the first one runs and is still in time when that one is late.
    site.server.log.mark()
    wait.until(lambda: _old_enough(site), "the one that hangs to have run for a second")
    threads.append(threading.Thread(target=ask, args=("1700",)))
    threads[1].start()
    site.server.log.wait(r"HARAKIRI triggered by worker 1 core \d")
    for thread in threads:
        thread.join(20)
    assert answers["1700"] == 200
    assert not isinstance(answers["60000"], int)
    site.up(1)
    assert client.Client(site.http).get("/").status == 200
    site.server.expected = ("killed by signal 9",)
    site.server.stop()


def _old_enough(site: Site) -> bool:
    cores = [core for core in site.rows()[0]["cores"] if core["in_request"]]
    return bool(cores) and time.time() - cores[0]["req_info"]["request_start"] > 1.2


# -- lazy-apps


@pytest.mark.parametrize("need_app", ["true", "false"])
def test_with_lazy_apps_a_deploy_that_does_not_start_changes_nothing(start: Start, tmp_path: Path, need_app: str):
    site = Site(start, tmp_path, lazy_apps="true", need_app=need_app).up()
    before = site.instance.workers()
    app.write(site.app, "two", "import no_such_module")
    site.server.send(signal.SIGHUP)
    site.server.log.wait("reload refused: .*no_such_module")
    assert site.instance.workers() == before
    assert client.Client(site.http).get("/").text.startswith("one ")
    app.write(site.app, "three")
    site.server.send(signal.SIGHUP)
    wait.until(lambda: client.Client(site.http).get("/").text.startswith("three "), "the new code")
    site.server.expected = ("Traceback", "ModuleNotFoundError")
    site.server.stop()


def test_a_worker_of_its_own_that_loads_no_more_is_tried_again(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, lazy_apps="true", max_requests=5, min_worker_lifetime=0).up()
    app.write(site.app, "two", "import no_such_module")
    for _ in range(40):
        assert client.Client(site.http).get("/").text.startswith("one ")
    site.server.log.wait("no app loaded in a new worker: .*no_such_module")
    app.write(site.app, "three")
    wait.until(lambda: client.Client(site.http).get("/").text.startswith("three "), "the mended code", 30)
    site.server.expected = ("Traceback", "ModuleNotFoundError", "exited with status 22")
    site.server.stop()


@pytest.mark.parametrize("need_app", ["true", "false"])
def test_with_lazy_apps_an_application_that_never_loads(start: Start, tmp_path: Path, need_app: str):
    (tmp_path / "app.py").write_text("import no_such_module\n")
    config = app.ini(
        tmp_path / "a.ini", processes=2, lazy_apps="true", need_app=need_app, http_socket=tmp_path / "http.sock",
        wsgi_file=tmp_path / "app.py",
    )  # fmt: skip
    server = start.server("--ini", config)
    server.expected = ("Traceback", "Error")
    if need_app == "true":
        assert server.process.wait(20) == 22
        return
    wait.until(lambda: client.Client(tmp_path / "http.sock").status() == 500, "500")
    app.write(tmp_path / "app.py", "mended")
    wait.until(lambda: client.Client(tmp_path / "http.sock").status() == 200, "the mended code")
    server.stop()


# -- orders that are no signals


def test_a_touch_reloads_and_a_broken_deploy_changes_nothing(start: Start, tmp_path: Path):
    touch = tmp_path / "touch-me"
    site = Site(start, tmp_path, touch_reload=touch).up()
    site.server.log.wait(r"unable to stat\(\) .*touch-me, events will be triggered as soon as the file is created")
    before, master = site.instance.workers(), site.instance.master()
    app.write(site.app, "two", "import no_such_module")
    touch.touch()
    site.server.log.wait(r"touch-me has been touched\.\.\. grace them all !!!")
    site.server.log.wait("reload refused: .*no_such_module")
    assert site.instance.workers() == before
    app.write(site.app, "three")
    os.utime(touch, (1, 1))
    wait.until(lambda: client.Client(site.http).get("/").text.startswith("three "), "the new code")
    assert site.instance.master() == master
    site.server.expected = ("Traceback", "ModuleNotFoundError")
    site.server.stop()


def test_a_reload_changes_which_file_is_watched(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, touch_reload=tmp_path / "one").up()
    site.config.write_text(site.config.read_text().replace(f"{tmp_path}/one", f"{tmp_path}/two"))
    (tmp_path / "one").touch()
    site.server.log.wait("unable to stat.*two")
    app.write(site.app, "new")
    (tmp_path / "two").touch()
    wait.until(lambda: client.Client(site.http).get("/").text.startswith("new "), "the new code")
    site.server.stop()


def test_letters_in_the_master_fifo(start: Start, tmp_path: Path):
    fifo = tmp_path / "fifo"
    site = Site(start, tmp_path, master_fifo=fifo).up()

    def write(letters: str) -> None:
        with fifo.open("w") as pipe:
            pipe.write(letters)

    write("-\n")
    wait.until(lambda: sorted(row["status"] for row in site.rows()) == ["cheap", "idle"], "one worker")
    assert client.Client(site.http).get("/").status == 200
    write("+")
    site.instance.up(2)
    app.write(site.app, "two")
    write("r")
    wait.until(lambda: client.Client(site.http).get("/").text.startswith("two "), "the new code")
    write("?")
    site.server.log.wait("the master FIFO says b'\\?', which means nothing here")
    write("q")
    assert site.server.process.wait(20) == 0


def test_a_letter_opens_the_log_anew(start: Start, tmp_path: Path):
    log, fifo = tmp_path / "site.log", tmp_path / "fifo"
    site = Site(start, tmp_path, master_fifo=fifo, logto=log).up()
    log.rename(tmp_path / "old.log")
    fifo.write_text("l")
    wait.until(log.exists, "the new log")
    fifo.write_text("?")
    wait.until(lambda: "which means nothing here" in log.read_text(), "a line in the new log")
    site.server.stop()


@pytest.mark.parametrize("how", ["signal", "touch"])
def test_exit_on_reload(start: Start, tmp_path: Path, how: str):
    touch = tmp_path / "touch-me"
    site = Site(start, tmp_path, exit_on_reload="true", touch_reload=touch).up()
    if how == "touch":
        touch.touch()
    else:
        site.server.send(signal.SIGHUP)
    assert site.server.process.wait(20) == 0


def test_a_module_that_changes_is_loaded_again(start: Start, tmp_path: Path):
    (tmp_path / "part.py").write_text("WORD = 'old'\n")
    site = Site(start, tmp_path, "import part\nVERSION = part.WORD", py_autoreload=1).up()
    before = site.instance.workers()
    assert client.Client(site.http).get("/").text.startswith("old ")

    def changed() -> list[str]:
        # Its first look may come after the first change; every other one it sees.
        (tmp_path / "part.py").write_text("WORD = 'new!!'\n")
        return site.server.log.lines(r"\[uwsgi-python-reloader\] module/file .*part.py has been modified")

    wait.until(changed, "the change to be seen", every=0.3)
    wait.until(lambda: client.Client(site.http).get("/").text.startswith("new!! "), "the new code")
    wait.until(lambda: not set(before) & set(site.instance.workers()), "the new workers")
    site.server.stop()


# -- cheaper


def _statuses(site: Site) -> list[str]:
    return sorted(row["status"] for row in site.rows())


def test_workers_come_when_all_are_busy_and_go_when_they_are_idle(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, processes=3, cheaper=1, cheaper_overload=1).up(1)
    assert _statuses(site) == ["cheap", "cheap", "idle"]
    nginx = site.behind_nginx()
    load = start.load(nginx.address, "/slow?400", connections=6, rate=50)
    site.instance.up(3)
    report = load.finish()
    assert not report.failed, report.failed[:5]
    # One stays beside the least, as a spare: two are idle, one more would be too many.
    wait.until(lambda: _statuses(site) == ["cheap", "cheap", "idle"], "one worker", 30)
    site.server.log.wait(r"worker \d killed successfully", count=2)
    assert client.Client(site.http).get("/").status == 200
    site.server.stop()


def test_no_worker_before_the_first_connection_and_none_after_the_last(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, processes=2, cheap="true", idle=1)
    site.server.log.wait("cheap mode enabled: waiting for socket connection")
    assert _statuses(site) == ["cheap", "cheap"]
    for time_ in (1, 2):
        assert client.Client(site.http).get("/").status == 200
        site.instance.up(2)
        site.server.log.wait("workers have been inactive for more than 1 seconds", count=time_)
        wait.until(lambda: _statuses(site) == ["cheap", "cheap"], "nobody")
    # A reload begins like the first start.
    site.server.send(signal.SIGHUP)
    site.server.log.wait("generation 2 serves")
    assert client.Client(site.http).get("/").status == 200
    site.server.stop()


def test_with_lazy_apps_and_cheap_a_broken_application_is_found_at_once(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, cheap="true", idle=1, lazy_apps="true").up(1)
    wait.until(lambda: _statuses(site) == ["cheap", "cheap"], "nobody")
    app.write(site.app, "two", "import no_such_module")
    site.server.send(signal.SIGHUP)
    site.server.log.wait("reload refused: .*no_such_module")
    app.write(site.app, "one")
    assert client.Client(site.http).get("/").text.startswith("one ")
    site.server.expected = ("Traceback", "ModuleNotFoundError")
    site.server.stop()


def test_die_on_idle(start: Start, tmp_path: Path):
    site = Site(start, tmp_path, idle=1, die_on_idle="true").up()
    assert client.Client(site.http).get("/").status == 200
    assert site.server.process.wait(20) == 0
