"""What the commands of one instance have in common: environment, directory, shells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from imperator.config.settings import Settings
from imperator.config.tasks import Tasks
from imperator.pipes import ENV_EMPEROR_FD


class Ground(NamedTuple):
    """Where they run."""

    tasks: Tasks
    env: Mapping[str, str]
    cwd: str
    title: str = ""
    """What the warden is called, if processes have titles."""


def environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Ours, less what is between us and those above, changed as the configuration says."""
    env = {name: value for name, value in environ.items() if name not in ("NOTIFY_SOCKET", ENV_EMPEROR_FD)}
    for change in settings.env:
        if change.value is None:
            env.pop(change.name, None)
        else:
            env[change.name] = change.value
    return env
