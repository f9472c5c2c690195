"""Run a few lines in a Python of their own: whatever forks, changes users or takes signals must not do so in pytest."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(code: str, *args: object, check: int | None = 0, **options: object) -> subprocess.CompletedProcess[str]:
    """Run ``code`` with ``args`` as ``sys.argv[1:]``; its output is text. ``check``: the status it must have."""
    options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, args)],
        cwd=options.pop("cwd", ROOT),
        env={**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})},  # type: ignore[dict-item]
        stdout=subprocess.PIPE,
        stderr=options.pop("stderr", subprocess.PIPE),
        encoding="utf-8",
        errors="surrogateescape",
        timeout=60,
        **options,  # type: ignore[call-overload]
    )
    assert check is None or done.returncode == check, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done
