"""Every Python that is promised: the server itself on each, and one emperor whose vassals have different ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness import app, program, wait
from tests.harness.http import Client, free_port
from tests.harness.program import Program
from tests.harness.pythons import VERSIONS, required
from tests.real.conftest import Start

REPORT = """
def application(environ, start_response):
    import sys
    start_response("200 OK", [])
    return ["{}.{} {}".format(*sys.version_info[:2], sys.prefix).encode()]
"""


def body(address: str) -> str:
    client = Client(address)
    return wait.until(client.body, f"an answer at {address}", 20)


@pytest.mark.parametrize("version", VERSIONS)
def test_python_m_imperator(version: str, start: Start, wheel: Path, tmp_path: Path):
    python = program.environment(required(version), tmp_path / "venv", wheel)
    (tmp_path / "app.py").write_text(REPORT)
    start.program = Program(python, python)
    address = f"127.0.0.1:{free_port()}"
    server = start.server("-m", "imperator", "--http-socket", address, "--wsgi-file", "app.py", "--master")
    assert body(address).startswith(f"{version} {tmp_path / 'venv'}")
    server.stop()


@pytest.mark.skipif(program.REFERENCE, reason="uWSGI is one Python for all vassals")
def test_one_emperor_serves_virtualenvs_of_different_pythons(start: Start, tmp_path: Path):
    vassals = tmp_path / "vassals"
    vassals.mkdir()
    (tmp_path / "app.py").write_text(REPORT)
    addresses = {}
    for version in ("3.10", "3.13"):
        place = tmp_path / f"venv{version}"
        program.environment(required(version), place)  # empty: the server must not need to be installed in it
        addresses[version] = f"127.0.0.1:{free_port()}"
        app.ini(
            vassals / f"v{version.replace('.', '')}.ini",
            http_socket=addresses[version],
            chdir=tmp_path,
            wsgi_file="app.py",
            virtualenv=place,
            workers=2,
        )
    emperor = start.server("--emperor", vassals, name="emperor")
    for version, address in addresses.items():
        assert body(address).startswith(f"{version} {tmp_path / f'venv{version}'}")
    emperor.stop()
