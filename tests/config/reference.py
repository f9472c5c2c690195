"""The real uWSGI, asked for the list of options that it makes of a configuration.

It is started without a socket, so it ends by itself behind its banner, and within limits of time and memory, because
some configurations keep it busy for ever. Building it is ``scripts/install-reference-uwsgi``'s matter.
"""

import os
import pathlib
import resource
import subprocess
from typing import NamedTuple

INSTALL = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "install-reference-uwsgi"
BEGIN, END = b";uWSGI instance configuration\n[uwsgi]\n", b";end of configuration\n"
CRASH = b"*** end of backtrace ***"
SECONDS = 2
MEMORY = 1 << 30


class Answer(NamedTuple):
    """What uWSGI made of a configuration."""

    listing: bytes | None
    """The options as ``--show-config`` prints them; None: it refused the configuration."""
    crashed: bool
    """Whether it crashed, or ran into a limit."""
    output: bytes


def install():
    """The path of the program; what is wrong is said on standard error, and as an exception."""
    done = subprocess.run([str(INSTALL)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{INSTALL.name} cannot build the uWSGI to compare with:\n{done.stderr}")
    return done.stdout.split("\n")[-2]


def ask(program, directory, argv, environ):
    """Start ``program`` in ``directory``."""
    process = subprocess.run([program, *argv], cwd=directory, env=environ, stdin=subprocess.DEVNULL, check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=_limit, timeout=60)
    output = process.stdout
    _, begun, rest = output.partition(BEGIN)
    listing, ended, _ = rest.rpartition(END)
    return Answer(listing if begun and ended else None, process.returncode < 0 or CRASH in output, output)


def _limit():
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.setsid()
