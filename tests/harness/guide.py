"""The deployment guide's installation, byte for byte, under a root: of this machine or of a container.

The blocks of the guide are files in tests/real/tutorial. They are copied, never edited; what a test changes,
it changes in the copy, and says so.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from .program import ROOT, Program

BLOCKS = ROOT / "tests" / "real" / "tutorial"
SITE = ROOT / "tests" / "real" / "site"
MENDED = "    pass\n"


class Guide:
    """``root`` is ``/``, or the root of a container's tree whose ``/etc/passwd`` knows the user nginx."""

    def __init__(self, root: Path, program: Program) -> None:
        self.root = root
        self.program = program
        self.home = root / "usr/local/uwsgi"
        self.site = root / "var/www/html/skycmdb"
        self.emperor_ini = self.home / "etc/emperor.ini"
        self.vassal_ini = self.home / "etc/vassals/skycmdb.ini"
        self.run = self.home / "var/run"
        self.logs = self.home / "var/log"
        self.pidfile = self.run / "uwsgi.pid"
        self.socket = self.run / "skycmdb.sock"
        self.made: list[Path] = []

    def make(self, uid: int, gid: int, mended: bool = True) -> None:
        """Lay everything out. Refuses to touch an installation that is already there."""
        for place in (self.home, self.site):
            if place.exists():
                raise RuntimeError(f"{place} exists: the tests install the guide there and would destroy it")
        for place in (self.home, self.site):
            self.made.append(self._make_directory(place))
        for name in ("bin", "etc", "var/log", "var/run"):
            (self.home / name).mkdir(parents=True)
        shutil.copytree(BLOCKS / "etc", self.home / "etc", dirs_exist_ok=True)
        (self.home / "bin/uwsgi").symlink_to(self.program.path)
        shutil.copy(BLOCKS / "skycmdb/SKY.wsgi", self.site)
        shutil.copy(SITE / "SkyFlask.py", self.site)
        if mended:
            self.mend()
        for place in (self.home, self.site):
            for directory, _, files in os.walk(place):
                for name in (directory, *(os.path.join(directory, file) for file in files)):
                    os.chown(name, uid, gid, follow_symlinks=False)

    def mend(self) -> None:
        """Give the last ``if`` of SKY.wsgi the body that it lacks, in place."""
        with (self.site / "SKY.wsgi").open("a") as file:
            file.write(MENDED)

    def remove(self) -> None:
        """Remove everything that ``make`` made, and nothing else."""
        for place in self.made:
            shutil.rmtree(place)
        self.made.clear()

    @staticmethod
    def _make_directory(place: Path) -> Path:
        """Make a directory; return the outermost one that had to be made."""
        outermost = place
        while not outermost.parent.exists():
            outermost = outermost.parent
        place.mkdir(parents=True)
        return outermost


class User:
    """The user that the guide's nginx and server run as; made if there is none, and then removed again."""

    def __init__(self, name: str) -> None:
        self.made = False
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            subprocess.run(
                ["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", name],
                check=True,
            )
            self.made = True
            entry = pwd.getpwnam(name)
        self.name = name
        self.uid = entry.pw_uid
        self.gid = entry.pw_gid

    def remove(self) -> None:
        """Remove the user if it is ours."""
        if self.made:
            subprocess.run(["userdel", self.name], check=True)
