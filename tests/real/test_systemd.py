"""The guide's unit, byte for byte, under a real systemd: start, reload, restart, stop, boot, and a killed emperor."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.harness import wait
from tests.harness.container import Container
from tests.harness.load import Load

pytestmark = pytest.mark.root

LOG = "/usr/local/uwsgi/var/log/uwsgi.log"
PIDFILE = "/usr/local/uwsgi/var/run/uwsgi.pid"
GET = """
import http.client
c = http.client.HTTPConnection("127.0.0.1:80", timeout=30)
c.request("GET", "/")
r = c.getresponse()
print(r.status, r.read().decode())
"""


class Service:
    """uwsgi.service in the container."""

    def __init__(self, machine: Container) -> None:
        self.machine = machine
        self.loads: list[Load] = []

    def do(self, verb: str) -> float:
        """One systemctl verb; fails if systemctl does. Returns its seconds."""
        start = time.monotonic()
        done = self.machine.run("systemctl", verb, "uwsgi")
        took = time.monotonic() - start
        assert done.returncode == 0, f"systemctl {verb}: {done.stdout}\n{self.journal()}"
        return took

    def show(self, name: str) -> str:
        """One property."""
        return self.machine.run("systemctl", "show", "--value", "--property", name, "uwsgi", check=True).stdout.strip()

    def main_pid(self) -> int:
        """The pid that systemd holds for the service's main process."""
        return int(self.show("MainPID"))

    def get(self) -> str:
        """Status and body of the site, through the container's nginx."""
        return self.machine.run("/usr/bin/python3", "-c", GET).stdout.strip()

    def serving(self) -> bool:
        """Whether the site answers."""
        return self.get().startswith("200 sky")

    def journal(self) -> str:
        """What systemd and the emperor said."""
        said = self.machine.run("journalctl", "--no-pager", "-u", "uwsgi").stdout
        return said + self.machine.run("tail", "-n", "40", LOG).stdout

    def load(self) -> Load:
        """Load on the container's nginx from inside."""
        inside = {"prefix": self.machine.prefix(), "script": "/opt/load.py", "python": "/usr/bin/python3"}
        self.loads.append(Load("127.0.0.1:80", connections=16, rate=20, **inside))
        return self.loads[-1]

    def vassal(self) -> list[int]:
        """The pids (as the container counts) of all processes of the service but the main one."""
        group = self.show("ControlGroup")
        out = self.machine.run("cat", f"/sys/fs/cgroup/systemd{group}/cgroup.procs")
        if out.returncode:
            out = self.machine.run("cat", f"/sys/fs/cgroup{group}/cgroup.procs", check=True)
        return [pid for pid in map(int, out.stdout.split()) if pid != self.main_pid()]


@pytest.fixture
def service(container: Container) -> Iterator[Service]:
    service = Service(container)
    container.run("systemctl", "start", "nginx", check=True)
    yield service
    for load in service.loads:
        load.kill()
    container.run("systemctl", "stop", "uwsgi")
    container.run("systemctl", "reset-failed", "uwsgi")
    container.run("systemctl", "disable", "uwsgi")


def pidfile(service: Service) -> int:
    return int(service.machine.run("cat", PIDFILE, check=True).stdout)


@pytest.mark.better("the parent exits before the pid file exists: systemd complains")
def test_start_knows_the_main_process_at_once(service: Service):
    service.do("start")
    assert service.show("ActiveState") == "active"
    assert service.main_pid() == pidfile(service)
    said = service.machine.run("journalctl", "--no-pager", "-u", "uwsgi").stdout
    assert "Can't open PID file" not in said, said
    assert "not our child" not in said, said
    wait.until(service.serving, "the site")
    assert f"Main PID: {pidfile(service)}" in service.machine.run("systemctl", "status", "uwsgi").stdout


@pytest.mark.better("--reload wants a pid file and gets a number")
def test_reload_loses_nothing(service: Service):
    service.do("start")
    wait.until(service.serving, "the site")
    emperor, old = service.main_pid(), service.get()
    load = service.load()
    service.do("reload")
    wait.until(lambda: service.serving() and service.get() != old, "an answer from a new worker", 20)
    wait.until(lambda: old.split()[-1] not in map(str, service.vassal()), "the end of the old worker", 20)
    load.round()
    report = load.finish()
    assert not report.failed, report.failed[:5]
    assert len(report.notes()) > 1, "the load saw no new worker"
    assert service.main_pid() == emperor == pidfile(service)
    assert service.show("ActiveState") == "active"


def test_restart_is_another_emperor(service: Service):
    service.do("start")
    wait.until(service.serving, "the site")
    old = service.main_pid()
    service.do("restart")
    wait.until(service.serving, "the site")
    assert service.main_pid() != old
    assert service.main_pid() == pidfile(service)


@pytest.mark.better("each layer looks once a second: 4 to 5 s")
def test_stop_of_an_idle_site_takes_less_than_a_second(service: Service):
    service.do("start")
    wait.until(service.serving, "the site")
    below = service.vassal()
    took = service.do("stop")
    assert took < 1.0
    assert service.show("ActiveState") == "inactive"
    assert service.show("Result") == "success"
    for pid in below:
        assert service.machine.run("test", "-e", f"/proc/{pid}").returncode == 1


def test_start_at_boot(service: Service):
    service.do("enable")
    service.machine.run("systemctl", "enable", "nginx", check=True)
    try:
        service.machine.reboot()
        assert service.show("ActiveState") == "active"
        wait.until(service.serving, "the site after the boot")
        assert service.main_pid() == pidfile(service)
    finally:
        service.machine.run("systemctl", "disable", "nginx", check=True)


def test_killed_emperor_is_restarted_and_leaves_no_orphan(service: Service):
    service.do("start")
    wait.until(service.serving, "the site")
    old, below = service.main_pid(), service.vassal()
    load = service.load()
    errors = "/var/log/nginx/error.log"
    service.machine.run("truncate", "-s", "0", errors, check=True)
    service.machine.run("kill", "-9", str(old), check=True)
    wait.until(
        lambda: service.main_pid() not in (0, old) and service.show("ActiveState") == "active", "another emperor", 20
    )
    wait.until(service.serving, "the site", 20)
    load.round()
    report = load.finish()
    assert report.requests[-1].status == 200
    # Whatever failed was never taken: systemd ends the whole group, and until the next start nobody listens.
    lost = service.machine.run("cat", errors, check=True).stdout.splitlines()
    assert [line for line in lost if "connect() to unix:" not in line] == []
    assert {request.status for request in report.requests} <= {200, 502}
    assert service.main_pid() == pidfile(service)
    for pid in below:
        assert service.machine.run("test", "-e", f"/proc/{pid}").returncode == 1, f"orphan {pid}"
