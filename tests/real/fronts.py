"""One server, three front ends, and every way between them: the stage for the tests of front ends."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from tests.harness import app, processes, program, snippets
from tests.harness.apache import Apache
from tests.harness.front import certificate
from tests.harness.http import Client, free_port
from tests.harness.instance import Instance
from tests.harness.lighttpd import Lighttpd
from tests.harness.nginx import Nginx as OneNginx
from tests.harness.server import Server

#: What a title in docs/front-ends.md speaks, as the option that opens the door.
DOORS = {"uwsgi": "socket", "FastCGI": "fastcgi-socket", "SCGI": "scgi-socket", "HTTP": "http-socket"}
FAMILIES = ("unix", "tcp")


class Way(NamedTuple):
    """From a front end to the application."""

    front: str
    title: str
    family: str

    @property
    def door(self) -> str:
        """The option of the socket that it connects to."""
        return DOORS.get(self.title.split()[0], "socket")

    @property
    def prefix(self) -> str:
        """Where the application is mounted."""
        return "/shop" if self.title == "Below a path" else ""

    def __str__(self) -> str:
        return f"{self.front}-{self.title}-{self.family}".replace(" ", "_")


WAYS = [Way(front, title, family) for front, title in snippets.read() for family in FAMILIES]
#: Those that are there with TLS as well.
SECURE = [way for way in WAYS if way.family == "unix"]
DIRECT = Way("direct", "HTTP", "tcp")


class Nginx(OneNginx):
    """With sites as the other two have them."""

    def __init__(self, prefix: Path, sites: list[str], secure: list[str], pem: Path) -> None:
        tls = f"listen 80 ssl; ssl_certificate {pem}; ssl_certificate_key {pem};"
        super().__init__(prefix, "", sites=sites + [site.replace("listen 80;", tls) for site in secure])


class Stage:
    """Everything started, once for all tests of a module."""

    def __init__(self, tested: program.Program) -> None:
        # Apache gives up root, and must still reach the sockets.
        self.place = Path(tempfile.mkdtemp(prefix="imperator-fronts-"))
        self.place.chmod(0o755)
        shutil.copy(program.ROOT / "tests/real/site/mirror.py", self.place)
        self.doors: dict[tuple[str, str], Path | str] = {}
        options: dict[str, Any] = {}
        for door in DOORS.values():
            self.doors[door, "unix"] = self.place / f"{door}.sock"
            self.doors[door, "tcp"] = f"127.0.0.1:{free_port()}"
            options[door] = [self.doors[door, family] for family in FAMILIES]
        stats = self.place / "stats.sock"
        ini = app.ini(
            self.place / "app.ini",
            module="mirror:application",
            pythonpath=self.place,
            threads=8,
            chmod_socket=666,
            stats=stats,
            disable_logging="true",
            need_app="true",
            **options,
        )
        self.server = Server(tested, "--ini", ini, cwd=self.place)
        self.fronts: list[Nginx | Apache | Lighttpd] = []
        self.ports: dict[Way, int] = {}
        self.secure: dict[Way, int] = {}
        pem = certificate(self.place)
        try:
            self.instance = Instance(stats)
            self.instance.up(1)
            self.direct = Client(str(self.doors["http-socket", "tcp"]))
            found = snippets.read()
            for kind in (Nginx, Apache, Lighttpd):
                ways = [way for way in WAYS if way.front.lower() == kind.__name__.lower()]
                sites = [snippets.at(found[way.front, way.title], self.doors[way.door, way.family]) for way in ways]
                secure = [site for way, site in zip(ways, sites, strict=True) if way in SECURE]
                prefix = self.place / kind.__name__.lower()
                front = kind(prefix, sites, secure, pem)
                self.fronts.append(front)
                self.ports.update(zip(ways, front.ports, strict=False))
                self.secure.update(zip([way for way in ways if way in SECURE], front.ports[len(ways) :], strict=True))
        except BaseException:
            self.clean()
            raise
        self.ports[DIRECT] = int(str(self.doors["http-socket", "tcp"]).rpartition(":")[2])

    def client(self, way: Way) -> Client:
        """A client of one way."""
        return Client(f"127.0.0.1:{self.ports[way]}")

    def busy(self) -> int:
        """Requests that are being answered now."""
        return sum(core["in_request"] for worker in self.instance.stats()["workers"] for core in worker["cores"])

    def counts(self) -> dict[str, Any]:
        """What the application counted."""
        counts: dict[str, Any] = json.loads(self.direct.get("/counts").body)
        return counts

    def errors(self) -> str:
        """What the front ends logged."""
        return "\n".join(front.errors() for front in self.fronts)

    def stop(self, *expected: str) -> None:
        """Stop all, and see that the server has nothing to complain of."""
        self.server.expected = expected
        for front in self.fronts:
            front.stop()
        self.fronts = []
        try:
            self.server.stop()
        finally:
            self.clean()

    def clean(self) -> None:
        """Leave nothing."""
        for front in self.fronts:
            front.stop()
        self.server.kill()
        shutil.rmtree(self.place, ignore_errors=True)
        assert not processes.descendants(self.server.pid)
