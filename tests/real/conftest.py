"""What the black-box tests share: the program under test, and a watch on what each test leaves behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.harness import processes, program
from tests.harness.container import Container, tree
from tests.harness.guide import Guide, User
from tests.harness.load import Load
from tests.harness.nginx import Nginx
from tests.harness.server import Server
from tests.real.fronts import Stage


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "better(why): uWSGI fails this; expected to fail when the reference is tested")
    config.addinivalue_line("markers", "root: needs root")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        better = item.get_closest_marker("better")
        if better and program.REFERENCE:
            item.add_marker(pytest.mark.xfail(reason=better.args[0], strict=False))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("root") and os.getuid() != 0:
        if program.CI:
            pytest.fail("this test needs root, and CI leaves nothing out", pytrace=False)
        pytest.skip("needs root")


@pytest.fixture(scope="session", autouse=True)
def reaper() -> None:
    """Keep orphans in sight, and collect them."""
    processes.Reaper().start()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our wheel, built once."""
    if program.REFERENCE:
        pytest.skip("the reference has no wheel of ours")
    return program.wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def server_program(request: pytest.FixtureRequest) -> Iterator[program.Program]:
    """The program under test."""
    found = program.given() or program.install(request.getfixturevalue("wheel"))
    assert found.path.exists(), f"no program to test: {found.path}"
    yield found
    found.remove()


@pytest.fixture(autouse=True)
def no_orphans() -> Iterator[None]:
    """Whatever a test started is gone when it ends."""
    before = set(processes.descendants(os.getpid()))
    yield
    # A child of what ran before is not the test's: a web server that stands for many tests replaces its children.
    found = [pid for pid in processes.descendants(os.getpid()) if pid not in before]
    after = [pid for pid in found if processes.parent(pid) not in before]
    left = processes.gone(after, 5)
    titles = [f"{pid} {processes.title(pid)}" for pid in left]
    processes.kill_all(left)
    assert not left, "left behind:\n" + "\n".join(titles)


class Start:
    """Starts servers, nginxes and loads, and cleans up after them in reverse order."""

    def __init__(self, tested: program.Program, place: Path) -> None:
        self.program = tested
        self.place = place
        self.servers: list[Server] = []
        self.others: list[Nginx] = []
        self.loads: list[Load] = []

    def server(self, *args: str | Path, name: str = "server", cwd: Path | None = None, **env: str) -> Server:
        """The program under test with some arguments."""
        server = Server(self.program, *args, cwd=cwd or self.place, name=name, env=env)
        self.servers.append(server)
        return server

    def nginx(self, location: str, server: str = "", user: str | None = None, prefix: Path | None = None) -> Nginx:
        """An nginx with one location block."""
        nginx = Nginx(prefix or self.place / "nginx", location, server, user)
        self.others.append(nginx)
        return nginx

    def load(self, address: str, path: str = "/", connections: int = 64, rate: float = 8.0) -> Load:
        """Load on an address."""
        load = Load(address, path, connections, rate)
        self.loads.append(load)
        return load

    def clean(self) -> None:
        """Stop whatever still runs."""
        for load in self.loads:
            load.kill()
        for nginx in self.others:
            nginx.stop()
        for server in self.servers:
            server.kill()


@pytest.fixture
def start(server_program: program.Program, tmp_path: Path) -> Iterator[Start]:
    """Start things in a directory of the test's own."""
    starter = Start(server_program, tmp_path)
    yield starter
    starter.clean()


@pytest.fixture(scope="module")
def stage(server_program: program.Program) -> Iterator[Stage]:
    """A server behind every front end."""
    made = Stage(server_program)
    try:
        yield made
        # Clients that leave, and requests that nobody should send, are in these tests.
        made.stop(r"during (GET|POST)", r"refused: ")
    finally:
        made.clean()


@pytest.fixture(scope="session")
def nginx_user() -> Iterator[User]:
    """The guide's user."""
    user = User("nginx")
    yield user
    user.remove()


@pytest.fixture(scope="session")
def container(server_program: program.Program) -> Iterator[Container]:
    """A booted machine with systemd on which the guide is installed, its service neither enabled nor started."""
    machine = Container(tree(), [_top(server_program.path)])
    try:
        entry = next(
            line.split(":")
            for line in (machine.root / "etc/passwd").read_text().splitlines()
            if line.startswith("nginx:")
        )
        guide = Guide(machine.root, server_program)
        guide.make(int(entry[2]), int(entry[3]))
        install_service(machine)
        if program.REFERENCE:
            lend_libraries(machine, server_program.path)
        machine.boot()
        yield machine
    finally:
        machine.remove()


def _top(path: Path) -> Path:
    """The directory below /opt (or elsewhere) that holds the program and the virtualenv it belongs to."""
    real = path.resolve()
    return Path(*real.parts[:3]) if real.parts[1] == "opt" else real.parent.parent


def install_service(machine: Container) -> None:
    """The guide's unit, an nginx with the guide's location, and the load generator."""
    tutorial = program.ROOT / "tests/real/tutorial"
    (machine.root / "usr/lib/systemd/system/uwsgi.service").write_bytes(
        (tutorial / "systemd/uwsgi.service").read_bytes()
    )
    (machine.root / "opt/load.py").write_bytes((program.ROOT / "tests/harness/load.py").read_bytes())
    site = "server { listen 127.0.0.1:80;\n" + (tutorial / "nginx/location.conf").read_text() + "\n}\n"
    (machine.root / "etc/nginx/sites-enabled/default").unlink()
    (machine.root / "etc/nginx/conf.d/guide.conf").write_text("keepalive_requests 100000;\n" + site)
    conf = machine.root / "etc/nginx/nginx.conf"
    conf.write_text(conf.read_text().replace("user www-data;", "user nginx;"))


def lend_libraries(machine: Container, binary: Path) -> None:
    """The reference is linked against libraries which the container lacks: lend it those of this machine."""
    listed = subprocess.run(["ldd", binary], stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in listed.splitlines():
        words = line.split()
        if "=>" in words and words[2].startswith("/"):
            target = machine.root / os.path.realpath(words[2]).lstrip("/")
            if not target.exists():
                shutil.copy(words[2], target)
