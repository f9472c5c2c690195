"""What an emperor decides, told as stories: each line an event and what it has to lead to.

An event is a word and the vassal it is about (``ready a``); ``scan a b=2`` is a look that found ``a`` in version 1 and
``b`` in version 2. Actions are written as words too; log lines are looked at by their own tests. A second passes
between two lines, or ten for a line that begins with ``+``.
"""

from __future__ import annotations

import pytest

from imperator.emperor import policy
from imperator.emperor.policy import Realm, Rules, step
from imperator.emperor.seen import Seen, Stamp
from imperator.lifecycle import Terms
from imperator.pipes import FromVassal

RULES = Rules(Terms(mercy=30, throttle=2, throttle_limit=5, settled=0.5), at_once=2, answer=60, hold=3)


def seen(version, inode=None, directory="/v", name="a"):
    return Seen(Stamp(int(version), 1, inode or hash(name) % 1000, 0, 0), directory, f"{directory}/{name}")


def event(text):
    word, *names = text.split()
    if word == "scan":
        pairs = [(name.partition("=")[0], name.partition("=")[2] or "1") for name in names]
        return policy.Scanned({name: seen(version, name=name) for name, version in pairs})
    if word in EVENTS:
        return EVENTS[word]
    return NAMED[word](names[0])


EVENTS = {
    "begin": policy.Began(),
    "begin-own": policy.Began(own=True),
    "reload": policy.ReloadAsked(),
    "stop": policy.StopAsked(),
    "status": policy.StatusAsked(),
    "forgive": policy.ForgivenessAsked(),
}
NAMED = {
    "spawned": lambda name: policy.Spawned(name, 100),
    "unspawned": lambda name: policy.SpawnFailed(name, "no such file"),
    "ready": lambda name: policy.Stated(name, "running", ""),
    "failed": lambda name: policy.Stated(name, "failed", "no module"),
    "accepting": lambda name: policy.Said(name, FromVassal.ACCEPTING),
    "stop-me": lambda name: policy.Said(name, FromVassal.STOP_ME),
    "loyal": lambda name: policy.Said(name, FromVassal.LOYAL),
    "unknown": lambda name: policy.Said(name, 99),
    "eof": policy.HungUp,
    "exit": lambda name: policy.Exited(name, "exited with status 1"),
    "alarm": policy.AlarmRang,
    "exit-own": lambda name: policy.Exited(policy.OWN, "exited with status 1"),
}


def words(action):
    kind = type(action).__name__.lower()
    if isinstance(action, policy.Tell):
        return f"tell {action.name} {action.byte.name}"
    if isinstance(action, policy.End):
        return f"end {action.status}"
    return f"{kind} {action.name}"


def play(lines):
    """Each line's actions and log lines, and the realm in the end."""
    realm, now, told, logs = Realm(), 100.0, [], []
    for line in lines:
        now += 10 if line.startswith("+") else 1
        realm, actions = step(realm, event(line.lstrip("+ ")), now, RULES)
        told.append(", ".join(words(action) for action in actions if not isinstance(action, policy.Log)))
        logs += [action.line for action in actions if isinstance(action, policy.Log)]
    return told, logs, realm


UP = [("scan a", "spawn a"), ("spawned a", ""), ("ready a", "")]
TWO = [("scan a b", "spawn a, spawn b"), ("spawned a", ""), ("spawned b", ""), ("ready a", ""), ("ready b", "")]
FOUR = [
    ("scan a b c d", "spawn a, spawn b, spawn c, spawn d"),
    *((f"{word} {name}", "") for name in "abcd" for word in ("spawned", "ready")),
]
DEAD_TWICE = [("scan a", "spawn a"), ("spawned a", ""), ("exit a", "spawn a"), ("exit a", "")]
STORIES = {
    "nothing changed": [*UP, ("scan a", "")],
    "a change reloads": [*UP, ("scan a=2", "tell a RELOAD")],
    "a change to an older version reloads": [*UP, ("scan a=0", "tell a RELOAD")],
    "each change reloads": [*UP, ("scan a=2", "tell a RELOAD"), ("scan a=3", "tell a RELOAD")],
    "a change while it starts reloads": [*UP[:2], ("scan a=2", "tell a RELOAD")],
    "removal stops": [*UP, ("scan", "release a, tell a STOP_GRACEFULLY"), ("scan", ""), ("exit a", "")],
    "removal has a deadline": [
        *UP, ("scan", "release a, tell a STOP_GRACEFULLY"), ("+ alarm a", ""), ("+ alarm a", ""),
        ("+ alarm a", "kill a"), ("exit a", ""),
    ],
    "removed and back before it left": [
        *UP, ("scan", "release a, tell a STOP_GRACEFULLY"), ("scan a", ""), ("exit a", "spawn a"),
    ],
    "removed, back and changed": [
        *UP, ("scan", "release a, tell a STOP_GRACEFULLY"), ("scan a", ""), ("scan a=2", ""), ("exit a", "spawn a"),
    ],
    "a new one waits for the removed": [
        *UP, ("scan b", "release a, tell a STOP_GRACEFULLY"), ("scan b", ""), ("exit a", "spawn b"),
    ],
    "a new one waits for all of the removed": [
        *TWO, ("scan c", "release a, tell a STOP_GRACEFULLY, release b, tell b STOP_GRACEFULLY"),
        ("exit a", ""), ("exit b", "spawn c"),
    ],
    "a waiting one is removed": [
        *UP, ("scan b", "release a, tell a STOP_GRACEFULLY"), ("scan", "release b"), ("exit a", ""),
    ],
    "a waiting one is not woken by anything else": [
        *UP, ("scan b", "release a, tell a STOP_GRACEFULLY"), ("forgive", ""), ("reload", ""), ("scan b=2", ""),
        ("exit a", "spawn b"),
    ],
    "the one that was waited for returns": [
        *UP, ("scan b", "release a, tell a STOP_GRACEFULLY"), ("scan a b", ""), ("exit a", "spawn a, spawn b"),
    ],
    "a later one waits for nobody": [
        *UP, ("scan", "release a, tell a STOP_GRACEFULLY"), ("scan b", "spawn b"), ("exit a", ""),
    ],
    "death is followed by life": [*UP, ("eof a", ""), ("exit a", "spawn a")],
    "death before ready is slowed down": [*DEAD_TWICE, ("+ alarm a", "spawn a")],
    "connections may wait for a short time only": [
        *DEAD_TWICE, ("+ alarm a", "spawn a"), ("exit a", "release a"), ("+ alarm a", "spawn a"),
    ],
    "what cannot be spawned is slowed down": [("scan a", "spawn a"), ("unspawned a", "spawn a"), ("unspawned a", "")],
    "a change ends the wait": [*DEAD_TWICE, ("scan a=2", "spawn a")],
    "forgiveness ends the wait": [*DEAD_TWICE, ("forgive", "spawn a")],
    "a reload of all ends the wait": [*DEAD_TWICE, ("reload", "spawn a")],
    "removal ends the wait": [*DEAD_TWICE, ("scan", "release a"), ("alarm a", "")],
    "uWSGI's byte means ready to one that says no words": [
        *UP[:2], ("accepting a", ""), ("exit a", "spawn a"), ("accepting a", ""), ("exit a", "spawn a"),
    ],
    "to one that says words it does not": [
        *UP[:2], *[("failed a", ""), ("accepting a", ""), ("exit a", "spawn a")],
        *[("failed a", ""), ("accepting a", ""), ("exit a", "")],
    ],
    "it asks to be stopped": [*UP, ("stop-me a", "tell a STOP_GRACEFULLY"), ("exit a", "spawn a")],
    "it hangs up but stays": [
        *UP, ("eof a", ""), ("+ alarm a", ""), ("+ alarm a", ""), ("+ alarm a", "kill a"), ("exit a", "spawn a"),
    ],
    "all reload two at a time": [
        *FOUR, ("reload", "tell a RELOAD, tell b RELOAD"), ("ready b", "tell c RELOAD"),
        ("accepting a", "tell d RELOAD"), ("ready c", ""), ("ready d", ""),
    ],
    "one that fails to reload lets the next one": [
        *FOUR, ("reload", "tell a RELOAD, tell b RELOAD"), ("failed a", "tell c RELOAD"),
    ],
    "one that dies over it lets the next one": [
        *FOUR, ("reload", "tell a RELOAD, tell b RELOAD"), ("exit a", "spawn a, tell c RELOAD"),
    ],
    "one that is silent lets the next one": [
        *FOUR, ("reload", "tell a RELOAD, tell b RELOAD"), *[("+ status", "")] * 6, ("alarm a", "tell c RELOAD"),
    ],
    "one that is removed lets the next one": [
        *FOUR, ("reload", "tell a RELOAD, tell b RELOAD"),
        ("scan b c d", "release a, tell a STOP_GRACEFULLY, tell c RELOAD"),
    ],
    "a touched one does not wait for its turn": [
        *FOUR, ("reload", "tell a RELOAD, tell b RELOAD"), ("scan a b c d=2", "tell d RELOAD"), ("ready a", ""),
        ("ready b", "tell c RELOAD"), ("ready c", ""), ("ready d", ""),
    ],
    "asked again, all reload again": [
        *TWO, ("reload", "tell a RELOAD, tell b RELOAD"), ("reload", ""), ("ready a", "tell a RELOAD"),
        ("ready b", "tell b RELOAD"), ("ready a", ""),
    ],
    "the end": [
        *TWO, ("stop", "release a, tell a STOP_GRACEFULLY, release b, tell b STOP_GRACEFULLY"), ("exit a", ""),
        ("exit b", "end 0"),
    ],
    "the end of nothing": [("begin", ""), ("stop", "end 0"), ("stop", "")],
    "the end of one that waits": [*DEAD_TWICE, ("stop", "release a, end 0")],
    "the end, forced": [
        *TWO, ("stop", "release a, tell a STOP_GRACEFULLY, release b, tell b STOP_GRACEFULLY"),
        ("stop", "kill a, kill b"), ("stop", ""), ("exit a", ""), ("exit b", "end 0"),
    ],
    "nothing begins after the end has": [
        *UP, ("stop", "release a, tell a STOP_GRACEFULLY"), ("scan a b", ""), ("reload", ""), ("exit a", "end 0"),
    ],
    "an instance of its own": [
        ("begin-own", "spawn the emperor's own instance"), ("scan", ""),
        ("exit-own x", "spawn the emperor's own instance"),
    ],
    "news of the unknown": [("ready x", ""), ("exit x", ""), ("alarm x", ""), ("spawned x", "")],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_stories(story):
    lines, expected = zip(*STORIES[story], strict=True)
    told, _, _ = play(lines)
    assert list(zip(lines, told, strict=True)) == list(zip(lines, expected, strict=True))


LOGS = {
    "begin": ["*** starting uWSGI Emperor ***"],
    "scan a; spawned a; accepting a": ["[emperor] vassal a is ready to accept requests"],
    "scan a; spawned a; loyal a": ["[emperor] vassal a is now loyal"],
    "scan a; spawned a; unknown a": ["[emperor] vassal a said 99, which means nothing here"],
    "scan a; spawned a; scan a=2": ["[emperor] reload the uwsgi instance a"],
    "scan a; spawned a; scan": ["[emperor] stop the uwsgi instance a"],
    "scan a; spawned a; eof a": ["[emperor] curse the uwsgi instance a (pid: 100)"],
    "scan a; spawned a; scan; eof a": ["[emperor] stop the uwsgi instance a"],
    "scan a; spawned a; exit a": [
        "[emperor] vassal a (pid: 100) exited with status 1",
        "[emperor] removed uwsgi instance a",
    ],
    "scan a; unspawned a; unspawned a": [
        "[emperor] vassal a cannot be started: no such file",
        "[emperor] vassal a cannot be started: no such file",
        "[emperor] unloyal bad behaving vassal found: a throttling it...",
        "[emperor] vassal a failed 2 times; next attempt in 2 seconds",
    ],
    "scan a; failed a; failed a; ready a; failed a": ["[emperor] vassal a is not ready: no module"] * 2,
    "forgive": ["[emperor] cleaning up blacklist ..."],
    "stop": ["[emperor] *** RAGNAROK EVOKED ***", "The Emperor is buried."],
    "scan a=5000000000; spawned a; status": [
        "vassal instance a (last modified 5) status 0 loyal 0 zerg 0 pid 100 starting"
    ],
    "scan a; spawned a; loyal a; failed a; scan; status": [
        "[emperor] vassal a is now loyal",
        "[emperor] vassal a is not ready: no module",
        "[emperor] stop the uwsgi instance a",
        "vassal instance a (last modified 0) status 1 loyal 1 zerg 0 pid 100 stopping, not ready: no module",
    ],
    "scan a; spawned a; stop; stop": [
        "[emperor] *** RAGNAROK EVOKED ***",
        "[emperor] *** RAGNAROK ALREADY EVOKED (mercyless in 29 seconds)***",
        "[emperor] NO MERCY for vassal a !!!",
    ],
}


@pytest.mark.parametrize("story", LOGS)
def test_log_lines(story):
    assert play(story.split("; "))[1] == LOGS[story]


def test_the_highest_delay_is_told():
    _, logs, _ = play(["scan a", *["unspawned a", "+ alarm a"] * 5])
    assert "[emperor] maximum throttle level for vassal a reached !!!" in logs


def test_a_name_cannot_forge_a_line():
    name = "a\n[emperor] b"
    realm, _ = step(Realm(), policy.Scanned({name: seen(1)}), 0.0, RULES)
    (log,) = step(realm, policy.HungUp(name), 0.0, RULES)[1]
    assert log.line == "[emperor] curse the uwsgi instance a\\n[emperor] b (pid: 0)"


def test_a_renamed_vassal_waits_for_its_former_self_only():
    found = {"a": seen(1, 11), "b": seen(1, 12)}
    realm, _ = step(Realm(), policy.Scanned(found), 0.0, RULES)
    realm, _ = step(realm, policy.Scanned({"c": seen(1, 12), "d": seen(1, 13)}), 1.0, RULES)
    assert realm.vassals["c"].waits_for == {"b"}
    assert realm.vassals["d"].waits_for == {"a", "b"}


def test_another_directory_is_a_restart():
    realm, _ = step(Realm(), policy.Scanned({"a": seen(1)}), 0.0, RULES)
    _, actions = step(realm, policy.Scanned({"a": seen(1, directory="/w")}), 1.0, RULES)
    assert [words(a) for a in actions if not isinstance(a, policy.Log)] == ["tell a STOP_GRACEFULLY"]


def test_another_owner_alone_is_no_change():
    realm, _ = step(Realm(), policy.Scanned({"a": seen(1)}), 0.0, RULES)
    other = seen(1)._replace(stamp=seen(1).stamp._replace(uid=5))
    assert step(realm, policy.Scanned({"a": other}), 1.0, RULES)[1] == []
