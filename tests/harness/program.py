"""The program under test, as a parameter.

Without further word it is our own wheel, built and installed for the occasion. ``IMPERATOR_TEST_PROGRAM=/path/to/bin``
tests another build; ``IMPERATOR_TEST_REFERENCE=1`` says that this is uWSGI, from which less is expected.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = os.environ.get("IMPERATOR_TEST_REFERENCE", "") not in ("", "0")
CI = os.environ.get("CI", "") == "true"


class Program(NamedTuple):
    """``path`` is what is started; ``python`` the interpreter it belongs to; ``made`` is ours to remove."""

    path: Path
    python: Path
    made: Path | None = None

    def remove(self) -> None:
        """Remove what ``install`` made."""
        if self.made:
            shutil.rmtree(self.made)


def given() -> Program | None:
    """The program that the environment names."""
    path = os.environ.get("IMPERATOR_TEST_PROGRAM")
    if not path:
        return None
    program = Path(path).absolute()
    return Program(program, program.parent / "python3")


def wheel(out: Path) -> Path:
    """Build our wheel. It is for the stable ABI: one serves every Python from 3.10."""
    maturin = Path(sys.executable).parent / "maturin"
    command = [maturin, "build", "--quiet", "--release", "--interpreter", sys.executable, "--out", out]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert built.returncode == 0, f"the wheel does not build:\n{built.stdout}"
    return next(out.glob("*.whl"))


def environment(python: str | Path, place: Path, *packages: str | Path) -> Path:
    """A virtualenv with some packages; returns its python."""
    subprocess.run([python, "-m", "venv", "--without-pip", place], check=True)
    if packages:
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--quiet",
            "--disable-pip-version-check",
            "--python",
            str(place / "bin/python"),
        ]
        subprocess.run([*pip, "install", *map(str, packages)], check=True)
    return place / "bin" / "python3"


def flask() -> str:
    """The Flask that requirements-dev.txt names."""
    lines = (ROOT / "requirements-dev.txt").read_text().splitlines()
    return next(line for line in lines if line.startswith("flask=="))


def install(built: Path) -> Program:
    """Our program with Flask, where every user may read it, on a Python that every user may read."""
    if os.getuid() == 0:
        place = Path(tempfile.mkdtemp(prefix="imperator-test-", dir="/opt"))
        place.chmod(0o755)
        python = environment("/usr/bin/python3", place / "venv", built, flask())
    else:
        place = Path(tempfile.mkdtemp(prefix="imperator-test-"))
        python = environment(sys.executable, place / "venv", built, flask())
    return Program(python.parent / "imperator", python, place)
