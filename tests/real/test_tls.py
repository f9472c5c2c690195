"""HTTPS by the whole program: curl, a reload under load, a certificate that is renewed, and one that is bad."""

from __future__ import annotations

import http.client
import os
import re
import signal
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from tests.harness import app, wait
from tests.harness import http as plain
from tests.harness.certificates import Authority, Pair
from tests.harness.instance import Instance
from tests.harness.server import Server
from tests.real.conftest import Start


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


class Site:
    """Two workers that speak HTTPS themselves."""

    def __init__(self, start: Start, authority: Authority, place: Path, **more: object) -> None:
        self.authority = authority
        self.place = place
        self.crt, self.key = place / "site.crt", place / "site.key"
        self.put(authority.sign("first"))
        self.app = app.write(place / "app.py", "one")
        self.port = plain.free_port()
        self.instance = Instance(place / "stats.sock")
        options = {"https_socket": f"127.0.0.1:{self.port},site.crt,site.key"} | more
        self.config = app.ini(
            place / "site.ini", workers=2, stats=self.instance.address, wsgi_file="app.py", disable_logging="true",
            **options,
        )  # fmt: skip
        self.server: Server = start.server("--ini", self.config)
        self.instance.up(2)

    def put(self, pair: Pair) -> None:
        """The site's certificate, from now on."""
        for target, source in ((self.crt, pair.certificate), (self.key, pair.key)):
            new = target.with_suffix(".new")
            new.write_bytes(source.read_bytes())
            new.chmod(0o600)
            os.replace(new, target)

    def connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("localhost", self.port, context=self.authority.client(), timeout=30)

    def name(self) -> str:
        """The name in the certificate that is shown now."""
        connection = self.connect()
        connection.connect()
        with connection.sock as sock:
            assert isinstance(sock, ssl.SSLSocket)
            return dict(one[0] for one in sock.getpeercert()["subject"])["commonName"]

    def curl(self, *args: str | Path) -> str:
        command = ["curl", "--silent", "--show-error", "--cacert", self.authority.pair.certificate, *args]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def site(start: Start, authority: Authority, tmp_path: Path) -> Site:
    return Site(start, authority, tmp_path)


def test_curl(site: Site, authority: Authority, tmp_path: Path):
    url = f"https://localhost:{site.port}/"
    (tmp_path / "upload").write_bytes(os.urandom(5_000_000))
    assert site.curl(url, url, url).count("one ") == 3
    said = site.curl("--write-out", "%{num_connects} %{http_version} ", "--output", "/dev/null", url,
                     "--output", "/dev/null", url)  # fmt: skip
    assert said == "1 1.1 0 1.1 "
    assert site.curl("--tls-max", "1.2", "--data-binary", f"@{tmp_path}/upload", url).startswith("one ")
    assert site.curl("--tlsv1.3", "--data-binary", f"@{tmp_path}/upload", url).startswith("one ")
    site.server.stop()


def test_a_reload_under_load_loses_nothing(site: Site):
    failures: list[str] = []
    seen: set[str] = set()
    over = threading.Event()

    def client() -> None:
        try:
            connection = site.connect()
            while not over.is_set():
                connection.request("GET", "/slow?20")
                answer = connection.getresponse()
                body = answer.read().decode()
                seen.add(body.split()[0])
                if answer.status != 200:
                    failures.append(body)
                if answer.headers.get("Connection") == "close":
                    connection.close()
        except http.client.RemoteDisconnected:
            # Closed while idle, which the draining server may do at any time: HTTP says ask again.
            connection.close()
            client()
        except (OSError, http.client.HTTPException) as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait.until(lambda: "one" in seen, "requests")
    old = set(site.instance.workers())
    app.write(site.app, "later")
    site.put(site.authority.sign("second"))
    site.server.send(signal.SIGHUP)
    wait.until(lambda: "later" in seen and not old & set(site.instance.workers()), "the new generation", 30)
    over.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert site.name() == "second"
    site.server.stop()


def test_a_bad_certificate_changes_nothing(site: Site):
    site.key.write_text("nonsense")
    site.server.send(signal.SIGHUP)
    site.server.log.wait(r"site\.ini:\d+: .*site\.key holds no private key")
    assert site.name() == "first"
    site.put(site.authority.sign("third"))
    site.server.send(signal.SIGHUP)
    wait.until(lambda: site.name() == "third", "the renewed certificate")
    site.server.expected = (r"\[tls-key-invalid\]",)
    site.server.stop()


@pytest.mark.root
def test_a_key_of_root_serves_another_user(start: Start, authority: Authority, tmp_path: Path):
    for path in (tmp_path, *tmp_path.parents):
        if str(path).startswith("/tmp/"):
            path.chmod(path.stat().st_mode | 0o055)
    site = Site(start, authority, tmp_path, uid=65534, gid=65534)
    pid = site.instance.master()
    assert os.stat(f"/proc/{pid}").st_uid == 65534
    assert site.name() == "first"
    secret = site.key.read_text().splitlines()[1]
    for one in (pid, *site.instance.workers()):
        for what in ("environ", "cmdline"):
            assert secret.encode() not in Path(f"/proc/{one}/{what}").read_bytes()
    app.write(site.app, "later")
    site.server.send(signal.SIGHUP)
    site.server.log.wait(re.escape("[tls-file-unreadable]"))
    url = f"https://localhost:{site.port}/"
    wait.until(lambda: site.curl(url).startswith("later "), "the new code", 30)
    assert secret not in site.server.log.text()
    site.server.stop()


@pytest.mark.parametrize("what", ["crt", "key"])
def test_a_start_without_its_files_says_which(start: Start, authority: Authority, tmp_path: Path, what: str):
    pair = authority.sign("whole")
    for name, source in (("crt", pair.certificate), ("key", pair.key)):
        if name != what:
            (tmp_path / f"site.{name}").write_bytes(source.read_bytes())
    config = app.ini(tmp_path / "site.ini", https=f"127.0.0.1:{plain.free_port()},site.crt,site.key", wsgi_file="x.py")
    server = start.server("--ini", config)
    assert server.process.wait(20) == 1
    assert f"error: {config}:2: cannot read {tmp_path}/site.{what}: No such file or directory" in server.log.text()
