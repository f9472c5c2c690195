"""``py-autoreload``: a thread of a worker that looks for changes of imported modules. For development.

It sees modules that were imported, and nothing else: no templates, no configuration. It reloads nothing itself.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable


def start(seconds: float, ignored: Iterable[str], changed: Callable[[str], None]) -> None:
    """Call ``changed`` with a module's file whenever that was changed, for the life of this process."""
    thread = threading.Thread(
        target=_look_for_ever, args=(seconds, frozenset(ignored), changed), name="py-autoreload", daemon=True
    )
    thread.start()


def _look_for_ever(seconds: float, ignored: frozenset[str], changed: Callable[[str], None]) -> None:
    seen = files(ignored)
    while True:
        time.sleep(seconds)
        now = files(ignored)
        for file, when in now.items():
            if seen.get(file, when) != when:
                changed(file)
                break
        seen = now


def files(ignored: frozenset[str] = frozenset()) -> dict[str, int]:
    """The files of all modules that are imported now, and when each was changed."""
    found = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name in ignored or not isinstance(file, str):
            continue
        try:
            found[file] = os.stat(file).st_mtime_ns
        except OSError:
            pass  # a module that was removed is still imported
    return found
