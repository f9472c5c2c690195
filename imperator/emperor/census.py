"""The JSON document of the emperor's stats server: uWSGI's keys, and what its words leave out below ``imperator``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from imperator import stats
from imperator.config.figures import Figures
from imperator.emperor.policy import Realm, Rules, Vassal


class Court(NamedTuple):
    """What the emperor knows of itself."""

    pid: int
    uid: int
    gid: int
    directory: str
    sources: Sequence[str]
    tyrant: bool
    clock: float
    """What must be added to the time of the realm to get seconds since the epoch."""


def document(court: Court, realm: Realm, rules: Rules, figures: Figures) -> str:
    """The document, with a final newline."""
    content = {
        "version": stats.VERSION,
        "pid": court.pid,
        "uid": court.uid,
        "gid": court.gid,
        "cwd": court.directory,
        "emperor": list(court.sources),
        "emperor_tyrant": int(court.tyrant),
        "throttle_level": 0,
        "vassals": [_vassal(one, court) for one in realm.vassals.values()],
        "blacklist": [_failing(one, court, rules) for one in realm.vassals.values() if one.child.failures],
    }
    return stats.written(content, figures)


def _vassal(vassal: Vassal, court: Court) -> dict[str, Any]:
    seen, dates = vassal.seen, vassal.dates
    modified = seen.stamp.mtime_ns // 10**9 if seen else 0
    uid, gid = (seen.owner if seen else None) or (0, 0)
    return {
        "id": vassal.name,
        "pid": vassal.pid or -1,
        "born": modified,
        "last_mod": modified,
        "last_heartbeat": _date(dates.heartbeat, court),
        "loyal": int(vassal.loyal),
        "ready": int(vassal.spawned),
        "accepting": int(vassal.accepting),
        "last_loyal": _date(dates.loyal, court),
        "last_ready": _date(dates.spawned, court),
        "last_accepting": _date(dates.accepting, court),
        "first_run": _date(dates.first_run, court),
        "last_run": _date(dates.last_run, court),
        "cursed": int(vassal.dead_by is not None),
        "zerg": 0,
        "on_demand": seen.socket if seen else "",
        "uid": uid,
        "gid": gid,
        "monitor": seen.source if seen else "",
        "respawns": vassal.reloads,
        "imperator": {"phase": vassal.child.phase.value, "reason": vassal.reason},
    }


def _failing(vassal: Vassal, court: Court, rules: Rules) -> dict[str, Any]:
    return {
        "id": vassal.name,
        "throttle_level": round(rules.terms.delay(vassal.child.failures) * 1000),
        "attempt": vassal.child.failures,
        "first_attempt": _date(vassal.dates.first_failure, court),
        "last_attempt": _date(vassal.dates.last_failure, court),
    }


def _date(when: float, court: Court) -> int:
    return int(when + court.clock) if when else 0
