"""A machine with systemd as its first process: a container that is booted, told to run commands, and shut down.

The tree comes from scripts/make-systemd-container and stays clean: each container writes into a layer of its own. The
container has no network but its loopback. Its processes live in control groups of their own below ours, on both
hierarchies that systemd uses, so that its systemd sees nothing of the host's.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from . import processes, wait
from .program import ROOT

SHELL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def tree() -> Path:
    """The clean tree, made if need be."""
    made = subprocess.run([ROOT / "scripts/make-systemd-container"], stdout=subprocess.PIPE, text=True, check=True)
    return Path(made.stdout.strip())


class Container:
    """``binds`` are directories of this machine that it sees read-only at the same place."""

    def __init__(self, clean: Path, binds: list[Path]) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="imperator-container-", dir="/var/tmp"))
        self.root = self.place / "root"
        self.console = self.place / "console.log"
        self.binds = binds
        self.process: subprocess.Popen[bytes] | None = None
        self.leader = 0
        self.mounted = False
        for name in ("upper", "work", "root"):
            (self.place / name).mkdir()
        layers = f"lowerdir={clean},upperdir={self.place}/upper,workdir={self.place}/work"
        mounted = subprocess.run(
            ["mount", "-t", "overlay", "overlay", "-o", layers, self.root], stderr=subprocess.DEVNULL
        )
        if mounted.returncode == 0:
            self.mounted = True
        else:  # no overlay on this file system: a copy does as well, only slower
            self.root.rmdir()
            subprocess.run(["cp", "-a", "--reflink=auto", clean, self.root], check=True)

    def boot(self) -> None:
        """Boot, and wait until systemd says that it has started everything."""
        groups = self._control_groups()
        command = [
            "systemd-nspawn",
            "--quiet",
            "--register=no",
            "--keep-unit",
            "--private-network",
            "--console=pipe",
            "--kill-signal=SIGRTMIN+3",
            "--machine=imperator-test",
            f"--directory={self.root}",
            *(f"--bind-ro={place}" for place in self.binds),
            "--boot",
        ]
        if (Path("/sys/fs/cgroup") / "systemd").exists():
            command.append("systemd.unified_cgroup_hierarchy=0")
        # The shell joins the control groups and becomes nspawn: nspawn makes the container's groups below its own.
        script = "".join(f"echo $$ > {group}/cgroup.procs; " for group in groups) + 'exec "$@"'
        with self.console.open("ab") as console:
            self.process = subprocess.Popen(
                ["sh", "-c", script, "sh", *command],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        processes.EXPECTED.add(self.process.pid)
        try:
            self.leader = wait.until(self._find_leader, "the container's first process", 30)
            # The bus answers once systemd is up far enough; until then systemctl fails at once.
            wait.until(
                lambda: self.run("systemctl", "is-system-running", "--wait").stdout.strip() == "running",
                "the container's systemd",
                60,
                every=0.1,
            )
        except AssertionError as error:
            state = self.run("systemctl", "--no-pager", "--failed").stdout if self.leader else ""
            said = f"{error}\n{state}\n{self.console.read_text()}"
            raise AssertionError(f"this machine does not boot the container: {said}") from None

    def run(
        self, *command: str, check: bool = False, timeout: float = 60, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside as root; its output is text, both streams in ``stdout``."""
        done = subprocess.run(
            [*self.prefix(), *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            input=stdin or "",
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}: status {done.returncode}\n{done.stdout}"
        return done

    def prefix(self) -> tuple[str, ...]:
        """What to put before a command so that it runs inside."""
        return (
            "nsenter",
            "--target",
            str(self.leader),
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--root",
            "--wd",
            "env",
            "-i",
            f"PATH={SHELL_PATH}",
            "LANG=C.UTF-8",
            "SYSTEMD_PAGER=",
        )

    def halt(self) -> None:
        """Shut down in order, as a reboot does."""
        if not self.process:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the container did not shut down:\n{self.console.read_text()}") from None
        processes.EXPECTED.discard(self.process.pid)
        self.process = None
        self.leader = 0

    def reboot(self) -> None:
        """Halt and boot again on the same tree."""
        self.halt()
        self.boot()

    def remove(self) -> None:
        """Halt it and remove every trace."""
        try:
            self.halt()
        finally:
            if self.mounted:
                subprocess.run(["umount", self.root], check=True)
            shutil.rmtree(self.place)
            for group in self._control_groups():
                for directory, _, _ in os.walk(group, topdown=False):
                    try:
                        os.rmdir(directory)
                    except OSError:
                        pass  # a process in it is just ending; an empty group costs nothing

    def _find_leader(self) -> int:
        assert self.process
        assert self.process.poll() is None, f"systemd-nspawn ended with status {self.process.returncode}"
        for child in processes.children(self.process.pid):
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                return child
        return 0

    def _control_groups(self) -> list[Path]:
        name = f"imperator-test-{os.getpid()}"
        top = Path("/sys/fs/cgroup")
        tops = (
            [top] if (top / "cgroup.procs").exists() else [t for t in (top / "systemd", top / "unified") if t.exists()]
        )
        groups = [each / name for each in tops]
        for group in groups:
            group.mkdir(exist_ok=True)
        return groups
