"""The environment of the peers: a virtualenv of its own, pinned versions, and what the distribution must provide.

A peer that cannot be installed does not stop the rest: it is named with the reason, here once, in the report again.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from bench import nginx

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
VENV = CACHE / "imperator-bench" / "venv"
"""Outside the tree: kept between clones, and nothing to clean up after."""
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
LIBRARIES = {"libev-dev": "/usr/include/ev.h", "libuv1": "libuv.so.1"}
"""bjoern is built against the first, socketify loads the second: a package, and how to see that it is there."""

INSTALLED = """\
import importlib.metadata as m
for d in m.distributions(): print(d.metadata['Name'] + '==' + d.version)
"""


def tell(text: str) -> None:
    """Progress goes to standard error; standard output is for the result."""
    print(text, file=sys.stderr, flush=True)


def prepare() -> dict[str, str]:
    """Make everything ready. Answers the distributions that could not be installed, and why."""
    system_packages()
    if not (VENV / "bin" / "python").exists():
        tell(f"Making the peers' environment with Python {sys.version.split()[0]}")
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    missing = {}
    for row in wanted():
        if row.lower() not in installed() and (reason := install(row)) is not None:
            missing[row.partition("==")[0]] = reason
            tell(f"  {row} cannot be installed: {reason}")
    return missing


def wanted() -> list[str]:
    """The pinned requirements."""
    rows = (row.partition("#")[0].strip() for row in REQUIREMENTS.read_text().splitlines())
    return [normal(row) for row in rows if row]


def installed() -> set[str]:
    """What the environment holds, in the same form."""
    said = subprocess.run([str(VENV / "bin" / "python"), "-c", INSTALLED], capture_output=True, text=True, check=True)
    return {normal(row) for row in said.stdout.split()}


def normal(requirement: str) -> str:
    """Names of distributions are compared like this: PEP 503."""
    name, _, version = requirement.partition("==")
    return re.sub(r"[-_.]+", "-", name).lower() + "==" + version


def version(package: str) -> str:
    """The pinned version of a peer."""
    return next((row.partition("==")[2] for row in wanted() if row.startswith(package + "==")), "")


def our_version() -> str:
    """Imperator's version, and the commit where there is one."""
    ours = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import imperator; print(imperator.__version__)"
    said = subprocess.run([sys.executable, "-c", ours], capture_output=True, text=True, check=False).stdout.strip()
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        commit = ""
    return f"{said} ({commit})" if commit else said


def tools() -> dict[str, str]:
    """The versions of the load and of nginx."""
    found = {}
    for name, command in {"wrk": ["wrk", "--version"], "nginx": [nginx.program() or "nginx", "-v"]}.items():
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        match = re.search(r"\d+\.\d+(\.\d+)?", said.stdout + said.stderr)
        found[name] = match.group() if match else "of unknown version"
    return found


def install(row: str) -> str | None:
    """Install one requirement; why not, if it failed."""
    tell(f"Installing {row}")
    command = [str(VENV / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install", row]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    rows = [text.strip() for text in done.stderr.splitlines() if text.strip()]
    errors = [text for text in rows if "error:" in text.lower() and "subprocess" not in text]
    reason = (errors or rows or ["pip said nothing"])[0]
    return reason.partition(" (from versions")[0].replace(str(ROOT), "…")[:200]


def there(mark: str) -> bool:
    """Whether a file, or else a library, is there."""
    if mark.startswith("/"):
        return os.path.exists(mark)
    said = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False)
    return mark in said.stdout


def system_packages() -> None:
    """Install what is missing as root; otherwise say what to type, and stop only where nothing could be measured."""
    missing = [package for package, mark in LIBRARIES.items() if not there(mark)]
    missing += [] if shutil.which("wrk") else ["wrk"]
    missing += [] if nginx.program() else ["nginx-light"]
    if not missing:
        return
    if os.getuid() == 0 and shutil.which("apt-get"):
        tell(f"Installing {' '.join(missing)}")
        # RUNLEVEL=1 keeps the packages from starting their services.
        quiet = {**os.environ, "RUNLEVEL": "1", "DEBIAN_FRONTEND": "noninteractive", "DEBCONF_NOWARNINGS": "yes"}
        apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
        subprocess.run([*apt, "update"], env=quiet, stdout=subprocess.DEVNULL, check=False)
        install = [*apt, "install", "--no-install-recommends", *missing]
        subprocess.run(install, env=quiet, stdout=subprocess.DEVNULL, check=False)
    else:
        tell(f"Missing: {' '.join(missing)}. Type this, then run it again, to compare with all peers:")
        tell(f"    sudo apt-get update && sudo apt-get install --no-install-recommends {' '.join(missing)}")
    if not shutil.which("wrk"):
        raise SystemExit("wrk is needed: it is the load.")
