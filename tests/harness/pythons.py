"""The CPythons that are promised, found on this machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness import program

VERSIONS = ("3.10", "3.11", "3.12", "3.13")


def interpreter(version: str) -> str | None:
    """A CPython of that version: on the path, or made by pyenv or uv."""
    home = Path.home()
    places = [
        shutil.which(f"python{version}"),
        *map(str, home.glob(f".pyenv/versions/{version}.*/bin/python{version}")),
        *map(str, home.glob(f".local/share/uv/python/cpython-{version}.*/bin/python{version}")),
    ]
    for place in places:
        if place and _answers(place, version):
            return place
    return None


def _answers(place: str, version: str) -> bool:
    code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([place, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip() == version


def required(version: str) -> str:
    """The interpreter; a missing one is named, and is a failure in CI."""
    found = interpreter(version)
    if not found:
        message = f"no Python {version} on the path, of pyenv or of uv"
        if program.CI:
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return found
