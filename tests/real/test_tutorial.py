"""The deployment guide, block by block and byte for byte, with the real nginx: what one types, and what comes of it."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import guide as guides
from tests.harness import http, nginx, processes, program, wait
from tests.harness.guide import Guide, User
from tests.harness.log import Log
from tests.harness.server import environ
from tests.real.conftest import Start

pytestmark = pytest.mark.root

ALIASES = (guides.BLOCKS / "shell/aliases.sh").read_text()
LOCATION = (guides.BLOCKS / "nginx/location.conf").read_text()
#: How nginx sees the four ways of the guide; the ports are the guide's own.
PORT = 5000


class Site:
    """The guide's installation and what its reader does with it."""

    def __init__(self, guide: Guide, user: User, place: Path) -> None:
        self.guide = guide
        self.user = user
        self.place = place
        self.log = Log(guide.logs / "uwsgi.log")
        self.vassal_log = Log(guide.logs / "skycmdb.log")

    def type(self, line: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Type a line into a bash that has the guide's aliases. Output goes to a file: a daemon may keep it open."""
        script = f"shopt -s expand_aliases\n{ALIASES}\n{line}\n"
        with (self.place / "typed.log").open("a+") as out:
            out.seek(0, os.SEEK_END)
            start = out.tell()
            done = subprocess.run(
                ["bash", "--noprofile", "--norc"],
                input=script,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                cwd="/",
                env=environ(),
                timeout=timeout,
            )
            out.seek(start)
            return subprocess.CompletedProcess(line, done.returncode, out.read())

    def start(self) -> None:
        """Start it as the guide does."""
        done = self.type("uwsgi-start")
        assert done.returncode == 0, done.stdout + self.log.text()

    def pid(self) -> int:
        """The pid in the pid file."""
        wait.for_file(
            self.guide.pidfile,
            lambda: self.guide.pidfile.exists() and self.guide.pidfile.read_text().strip(),
            "the pid file",
        )
        return int(self.guide.pidfile.read_text())

    def stop(self) -> None:
        """Clean up, whatever state it is in."""
        try:
            pid = int(self.guide.pidfile.read_text())
        except (FileNotFoundError, ValueError):
            return
        if processes.alive(pid) and pid > 1:
            below = [pid, *processes.descendants(pid)]
            os.kill(pid, signal.SIGINT)
            if left := processes.gone(below, 10):
                processes.kill_all(left)


@pytest.fixture
def site(server_program: program.Program, nginx_user: User, tmp_path: Path) -> Iterator[Site]:
    """The guide's installation with SKY.wsgi mended."""
    yield from _site(server_program, nginx_user, tmp_path, mended=True)


@pytest.fixture
def site_as_printed(server_program: program.Program, nginx_user: User, tmp_path: Path) -> Iterator[Site]:
    """The guide's installation with SKY.wsgi as printed."""
    yield from _site(server_program, nginx_user, tmp_path, mended=False)


def _site(server_program: program.Program, user: User, place: Path, mended: bool) -> Iterator[Site]:
    guide = Guide(Path("/"), server_program)
    try:
        guide.make(user.uid, user.gid, mended)
        site = Site(guide, user, place)
        yield site
        site.stop()
    finally:
        guide.remove()


@pytest.fixture
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place for nginx whose way in is open to the guide's user."""
    place = Path("/tmp") / f"imperator-nginx-{os.getpid()}"
    place.mkdir()
    yield place
    subprocess.run(["rm", "-rf", place], check=True)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_blocks_are_the_guides():
    # A block that somebody "corrects" would make every test below worthless.
    sums = {
        str(path.relative_to(guides.BLOCKS)): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in guides.BLOCKS.rglob("*")
        if path.is_file()
    }
    assert sums == {
        "etc/emperor.ini": "17ce678c1eeace4e",
        "etc/vassals/skycmdb.ini": "5c060d42b17ccb45",
        "nginx/location.conf": "3bd389e23d72cdaf",
        "shell/aliases.sh": "340b9dc83ceac325",
        "skycmdb/SKY.wsgi": "49cd2790eedbb29c",
        "systemd/uwsgi.service": "e4094e0666e9a002",
    }


def test_start_makes_the_four_files(site: Site):
    site.start()
    client = wait.for_file(site.guide.socket, site.guide.socket.exists, "the socket")
    assert client
    site.log.wait(r"vassal skycmdb\.ini is ready to accept requests")
    made = {path.name for directory in (site.guide.run, site.guide.logs) for path in directory.iterdir()}
    assert made == {"uwsgi.pid", "skycmdb.sock", "uwsgi.log", "skycmdb.log"}
    assert (site.guide.pidfile.stat().st_uid, site.log.path.stat().st_uid) == (0, 0)
    assert site.guide.socket.stat().st_uid == site.user.uid
    assert site.vassal_log.path.stat().st_uid == site.user.uid
    assert stat.S_ISSOCK(site.guide.socket.stat().st_mode)
    pid = site.pid()
    assert processes.alive(pid)
    assert processes.descendants(pid), "an emperor without a vassal"
    # The emperor's own file says uid = nginx: nothing runs as root once all is up, or only what must.
    assert all(processes.user(child) == site.user.uid for child in processes.descendants(pid))


@pytest.mark.better("0666: daemonize resets the umask")
def test_pidfile_is_writable_by_root_alone(site: Site):
    site.start()
    site.pid()
    assert mode(site.guide.pidfile) == 0o644


@pytest.mark.better("the command returns before anything was checked")
def test_the_command_returns_when_the_site_is_up(site: Site):
    site.start()
    assert site.guide.pidfile.exists()
    assert processes.alive(int(site.guide.pidfile.read_text()))


def exercise(client: http.Client) -> None:
    """What the application of a form-filling, uploading, downloading user needs."""
    answer = client.form("/form", name="天空", comment="a & b = c")
    assert answer.status == 200, answer
    assert answer.text.replace(" ", "").strip() == r'{"comment":"a&b=c","name":"\u5929\u7a7a"}'
    assert [client.get("/session").text for _ in range(3)] == ["1", "2", "3"]
    body = os.urandom(5 << 20)
    answer = client.request("POST", "/upload", body, {"Content-Type": "application/octet-stream"})
    assert answer.text == f"{len(body)} {hashlib.sha256(body).hexdigest()}"
    size = 50 << 20
    answer = client.get(f"/download?size={size}")
    assert (answer.status, len(answer.body)) == (200, size)
    block = bytes(range(256)) * 256
    assert answer.body == block * (size // len(block))
    assert client.get("/nowhere").status == 404


def test_uwsgi_pass_to_the_unix_socket(site: Site, start: Start, prefix: Path):
    site.start()
    server = start.nginx(LOCATION, user="nginx", prefix=prefix)
    wait.until(lambda: server.client.status() == 200, "the site")
    exercise(server.client)
    assert not re.search("Permission denied|upstream prematurely", server.errors())


def instance(site: Site, start: Start, *args: str) -> None:
    """An instance started by hand on the guide's port, as the guide's nginx block supposes."""
    start.program = start.program._replace(path=site.guide.home / "bin/uwsgi")
    started = start.server(
        *args,
        "--chdir",
        str(site.guide.site),
        "--wsgi-file",
        "SKY.wsgi",
        "--uid",
        "nginx",
        "--gid",
        "nginx",
        "--master",
    )
    started.log.wait(r"spawned uWSGI worker 1|spawned worker 1|WSGI app 0")


@pytest.mark.parametrize(
    ("how", "value", "args"),
    [
        pytest.param("uwsgi_pass", f"127.0.0.1:{PORT}", ("--socket", f"127.0.0.1:{PORT}"), id="uwsgi_pass"),
        pytest.param("proxy_pass", f"http://127.0.0.1:{PORT}", ("--http", f"127.0.0.1:{PORT}"), id="proxy_pass"),
        pytest.param(
            "fastcgi_pass",
            f"127.0.0.1:{PORT}",
            ("--http", f"127.0.0.1:{PORT}"),
            id="fastcgi_pass",
            marks=pytest.mark.better("protocol mismatch"),
        ),
    ],
)
def test_the_other_ways_of_the_location_block(
    site: Site, start: Start, prefix: Path, how: str, value: str, args: tuple[str, ...]
):
    instance(site, start, *args)
    # The guide's block includes uwsgi_params alone. FastCGI's come from the level above, where distributions put them.
    server = start.nginx(nginx.choose(LOCATION, how, value), "include fastcgi_params;", user="nginx", prefix=prefix)
    answer = wait.until(lambda: server.client.status() not in (0, 502) and server.client.get(), "an answer")
    assert answer.status == 200, f"{answer}\n{start.servers[0].log.text()}\n{server.errors()}"
    exercise(server.client)


@pytest.mark.parametrize(
    ("how", "value", "args"),
    [
        ("uwsgi_pass", f"127.0.0.1:{PORT}", ("--socket", f"127.0.0.1:{PORT}")),
        ("proxy_pass", f"http://127.0.0.1:{PORT}", ("--http", f"127.0.0.1:{PORT}")),
    ],
)
def test_a_stopped_instance_frees_its_port(
    site: Site, start: Start, prefix: Path, how: str, value: str, args: tuple[str, ...]
):
    instance(site, start, *args)
    server = start.nginx(nginx.choose(LOCATION, how, value), user="nginx", prefix=prefix)
    wait.until(lambda: server.client.status() == 200, "the site")
    start.servers[0].stop()
    assert server.client.status() == 502


def worker_of(client: http.Client) -> str:
    """The pid of the worker that answers."""
    return client.body().rpartition(" ")[2]


def test_the_three_aliases(site: Site, start: Start, prefix: Path):
    assert site.type("uwsgi-start").returncode == 0
    server = start.nginx(LOCATION, user="nginx", prefix=prefix)
    first = wait.until(lambda: worker_of(server.client), "the site")
    emperor = site.pid()
    below = processes.descendants(emperor)

    reload = site.type("uwsgi-reload")
    assert reload.returncode == 0, reload.stdout
    wait.until(lambda: worker_of(server.client) not in ("", first), "another worker", 20)
    assert processes.alive(site.pid())
    assert not processes.gone([int(first)], 20)

    below = [site.pid(), *processes.descendants(site.pid())]
    stop = site.type("uwsgi-stop")
    assert stop.returncode == 0, stop.stdout
    assert not processes.gone(below, 20)
    assert server.client.status() == 502


@pytest.mark.better("the emperor is executed anew: all vassals stop first")
def test_reload_keeps_the_emperor_and_answers_all_the_time(site: Site, start: Start, prefix: Path):
    site.start()
    server = start.nginx(LOCATION, user="nginx", prefix=prefix)
    first = wait.until(lambda: worker_of(server.client), "the site")
    emperor = site.pid()
    load = start.load(server.address, connections=16)
    assert site.type("uwsgi-reload").returncode == 0
    wait.until(lambda: worker_of(server.client) not in ("", first), "another worker", 20)
    assert not processes.gone([int(first)], 20)
    load.round()
    report = load.finish()
    assert not report.failed, report.failed[:5]
    assert site.pid() == emperor


def test_sky_as_printed_is_answered_with_500(site_as_printed: Site, start: Start, prefix: Path):
    site = site_as_printed
    site.start()
    server = start.nginx(LOCATION, user="nginx", prefix=prefix)
    wait.until(lambda: server.client.status() == 500, "an answer of 500")
    site.vassal_log.wait(r"SKY\.wsgi(:|\", line )\d+")


@pytest.mark.better("called ready, and never looked at again")
def test_sky_as_printed_is_not_ready_and_is_served_once_mended(site_as_printed: Site, start: Start, prefix: Path):
    site = site_as_printed
    site.start()
    server = start.nginx(LOCATION, user="nginx", prefix=prefix)
    wait.until(lambda: server.client.status() == 500, "an answer of 500")
    site.vassal_log.wait(r"SKY\.wsgi:\d+")
    told = site.vassal_log.lines(r"SKY\.wsgi:6: ")
    assert len(told) == 1, site.vassal_log.text()
    assert "indent" in told[0], "the reason that Python gives"
    assert not site.log.lines("is ready to accept requests")
    emperor = site.pid()
    site.guide.mend()
    wait.until(lambda: server.client.status() == 200, "the mended site", 20)
    site.log.wait(r"vassal skycmdb\.ini is ready to accept requests")
    assert site.pid() == emperor
    assert processes.alive(emperor)


@pytest.mark.better("taken as true, or without effect, and nothing said")
@pytest.mark.parametrize(
    ("line", "words"), [(9, ("enable-threads", "true")), (10, ("master", "true")), (11, ("workers",))]
)
def test_odd_lines_of_the_emperors_file_are_said(site: Site, line: int, words: tuple[str, ...]):
    done = site.type("uwsgi-start")
    assert done.returncode == 0, done.stdout
    site.pid()
    said = [text for text in (done.stdout + site.log.text()).splitlines() if f"emperor.ini:{line}:" in text]
    assert said, done.stdout + site.log.text()
    assert all(word in said[0] for word in words), said


@pytest.mark.better("0777 and nothing said")
def test_a_socket_open_to_all_is_said(site: Site):
    site.start()
    wait.for_file(site.guide.socket, site.guide.socket.exists, "the socket")
    said = site.log.text() + site.vassal_log.text()
    if mode(site.guide.socket) & 0o002:
        assert re.search(r"warning: .*skycmdb\.(ini|sock)", said), said
