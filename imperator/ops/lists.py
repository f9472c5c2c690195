"""What uWSGI calls its plugins, told at the start as it tells them: ``--logger-list`` and its like.

Programs look for these words to learn what a build can do; here nothing can be loaded, so each list is what there is.
"""

from __future__ import annotations

from collections.abc import Sequence

from imperator import logs
from imperator.config.alarms import KINDS as ALARMS
from imperator.config.log_files import KINDS
from imperator.config.options import lookup
from imperator.config.routing import ACTIONS

_LISTS: dict[str, tuple[str, str, Sequence[str]]] = {
    "plugins-list": ("request plugins", "plugins list", ("0: python", "100: ping")),
    "logger-list": ("loggers", "loggers list", KINDS),
    "cheaper-algo-list": (
        "cheaper algorithms", "cheaper algorithms list", ("busyness", "spare", "backlog", "manual"),
    ),
    "loop-list": ("loop engines", "loop engines list", ("simple", "gevent")),
    "imperial-monitor-list": ("imperial monitors", "imperial monitors list", ("dir", "glob")),
    "clock-list": ("clocks", "clocks list", ("unix",)),
    "alarm-list": ("alarms", "alarms list", ALARMS),
    "router-list": ("routers", "routers list", sorted(ACTIONS)),
}  # fmt: skip

NAMES = tuple(_LISTS)


def show(asked: Sequence[str]) -> None:
    """Write the lists that were asked for to standard error."""
    for name, (title, end, members) in _LISTS.items():
        if name in asked:
            there = [one for one in members if name != "loop-list" or _is_loop(one)]
            logs.text("".join(f"{line}\n" for line in ("", f"*** uWSGI loaded {title} ***", *there)))
            logs.text(f"--- end of {end} ---\n\n")


def _is_loop(name: str) -> bool:
    row = lookup(name)
    return row is None or row.status == "supported"
