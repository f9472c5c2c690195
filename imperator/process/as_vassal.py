"""What becomes a vassal: it does what the emperor's hooks ask each vassal for, then executes the vassal's own program.

The emperor starts it with the steps in a variable, as JSON, and the command line to go on with. Who it runs as, where
and with which descriptors is what the vassal has too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from imperator import logs
from imperator.pipes import ENV_AS_VASSAL, Hooks
from imperator.process import kernel
from imperator.process.hooks import HookExit, HookFailed, Runner


def main(argv: Sequence[str]) -> int:
    """Do it; answers an exit status only if there is nothing to go on with."""
    hooks = Hooks.read(json.loads(os.environ.pop(ENV_AS_VASSAL)))
    try:
        Runner(os.getcwd(), os.environ, hooks, moves=True).run(hooks.at("as-vassal"), "as-vassal")
    except HookFailed as failure:
        logs.complain([failure.diagnostic])
        return 1
    except HookExit as asked:
        return asked.status
    try:
        kernel.replace(argv, os.environ)
    except OSError as error:
        logs.say(f"error: {argv[0]} cannot be executed: {error.strerror}")
    return 127
