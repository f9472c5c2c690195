"""Completion, in the shells themselves."""

import contextlib
import io
import os
import pty
import select
import shutil
import subprocess
import time

import pytest

from imperator.ops import check, completion

LINES = [
    ("imperator ch", "check"), ("imperator --chmod-so", "--chmod-socket"), ("imperator check --no-adv", "--no-advice"),
    ("imperator explain unknown-opt", "unknown-option"), ("imperator completion fi", "fish"),
    ("imperator options fastrouter-proc", "fastrouter-processes"),
]


def script(shell):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert completion.main([shell]) == 0
    return out.getvalue()


def need(shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")


def test_the_switches_of_a_check_are_those_of_its_help():
    for name in completion.CHECK:
        assert name.replace("=", " ") in check.USAGE + "  --help"


def test_a_shell_that_is_none(capsys):
    assert completion.main(["tcsh"]) == 2
    assert completion.main(["--help"]) == 0
    assert "usage: imperator completion" in capsys.readouterr().out


@pytest.mark.parametrize(("line", "offered"), LINES)
def test_bash(tmp_path, line, offered):
    need("bash")
    (tmp_path / "s").write_text(script("bash"))
    words = line.split(" ")
    ask = f'. ./s; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _imperator; printf "%s\\n" "${{COMPREPLY[@]}}"'
    told = subprocess.run(["bash", "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert offered in [name.rstrip("=") for name in told.stdout.split()]
    assert told.stderr == ""


@pytest.mark.parametrize(("line", "offered"), LINES)
def test_fish(tmp_path, line, offered):
    need("fish")
    (tmp_path / "s").write_text(script("fish"))
    told = subprocess.run(["fish", "--no-config", "-c", f"source s; complete -C '{line}'"], cwd=tmp_path,
                          capture_output=True, text=True, check=True, env={**os.environ, "HOME": str(tmp_path)})
    assert offered in [row.split("\t")[0].rstrip("=") for row in told.stdout.splitlines()]
    assert told.stderr == ""


@pytest.mark.parametrize(("line", "offered"), LINES)
def test_zsh(tmp_path, line, offered):
    need("zsh")
    (tmp_path / "_imperator").write_text(script("zsh"))
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb", "ZDOTDIR": str(tmp_path)})
    try:
        begin = "fpath=($PWD $fpath); autoload -U compinit; compinit -u -D; echo se''t\n"
        os.write(fd, begin.encode())
        until(fd, "set")
        os.write(fd, line.encode() + b"\t")
        until(fd, offered)
    finally:
        os.close(fd)
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def until(fd, text):
    """Read until ``text`` was shown."""
    shown = ""
    end = time.monotonic() + 30
    while text not in shown.replace("\r", "").replace("\n", ""):
        ready, _, _ = select.select([fd], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"{text} was not shown: {shown}"
        shown += os.read(fd, 65536).decode(errors="replace")
        assert "invalid" not in shown and "not found" not in shown
