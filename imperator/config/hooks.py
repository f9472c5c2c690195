"""What is to be done at the moments of an instance's life: ``hook-…``, ``exec-…``, ``mount-…`` and their like.

Out of pairs into :class:`Hooks`, with complaints about actions that do not exist and arguments that cannot be. Whether
files and programs exist is nobody's matter before the moment comes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator import pipes
from imperator.config.complain import Complaints
from imperator.config.expand import unresolved
from imperator.config.pairs import Pair
from imperator.config.values import number
from imperator.config.world import World
from imperator.pipes import HookStep

Found = Mapping[str, Sequence[Pair]]

AT_START = ("asap", "pre-jail", "post-jail", "in-jail", "as-root", "as-user")
"""Carried out by the master, or the emperor, when it is started, in this order."""
IN_GENERATION = ("pre-app", "post-app")
IN_MULE = ("as-mule",)
IN_WORKER = ("post-fork", "accepting", "accepting-once", "accepting1", "accepting1-once")
IN_MASTER = ("master-start", "as-user-atexit", "emperor-stop", "emperor-reload", "emperor-lost")
IN_EMPEROR = ("emperor-start", "as-vassal", "as-emperor")
MOMENTS = (*AT_START, *IN_GENERATION, *IN_MULE, *IN_WORKER, *IN_MASTER, *IN_EMPEROR)

_KINDS = ("hook", "mount", "umount", "exec")
"""Of one moment, in this order."""
_WAITS = {
    "wait-for-interface": "wait_for_interface", "wait-for-fs": "wait_for_fs",
    "wait-for-mountpoint": "wait_for_mountpoint",
}
_MARKS = ("{{", "{%", "<%", "${")


class TouchHook(NamedTuple):
    """What is done when a file changes; ``file`` is absolute."""

    file: str
    step: HookStep


class Hooks(NamedTuple):
    """Everything that is to be done, by its moment."""

    moments: tuple[tuple[str, tuple[HookStep, ...]], ...] = ()
    """Only moments that have something."""
    touches: tuple[TouchHook, ...] = ()
    shell: str = "/bin/sh"
    patience: int = 60
    """Seconds that a file or directory is waited for; an interface and a socket have their own."""
    interface_patience: int = 60
    socket_patience: int = 60
    signals: tuple[tuple[int, str], ...] = ()
    """Signals of the master, and what the configuration has them mean: ``stop`` or ``reload``."""

    def at(self, moment: str) -> tuple[HookStep, ...]:
        """What is to be done then."""
        return next((steps for name, steps in self.moments if name == moment), ())

    def for_generation(self, *, again: bool) -> pipes.Hooks | None:
        """What a generation does; ``again``: it is one of a reload. None if that is nothing."""
        before = (*self.at("asap"), *self.at("in-jail")) if again else ()
        moments = [("reload", before)] if before else []
        moments += [(moment, steps) for moment in (*IN_GENERATION, *IN_MULE, *IN_WORKER) if (steps := self.at(moment))]
        if not moments:
            return None
        return pipes.Hooks(tuple(moments), self.shell, float(self.patience), float(self.socket_patience))

    def without_start(self) -> Hooks:
        """These, for the instance of an emperor that has done itself what is done at a start."""
        return self._replace(moments=tuple(one for one in self.moments if one[0] not in AT_START))

    def for_vassals(self) -> pipes.Hooks | None:
        """What each vassal does before it is one. None if that is nothing."""
        steps = self.at("as-vassal")
        if not steps:
            return None
        return pipes.Hooks((("as-vassal", steps),), self.shell, float(self.patience), float(self.socket_patience))


_MOMENTS = frozenset(f"{kind}-{moment}" for kind in _KINDS for moment in MOMENTS)


def read(found: Found, base: str, world: World, complaints: Complaints) -> Hooks:
    """What the lines mean; files to be watched begin at ``base``."""
    moments: dict[str, list[HookStep]] = {}
    # Most configurations have none, and an emperor's check reads a thousand.
    for moment in () if _MOMENTS.isdisjoint(found) else MOMENTS:
        steps = [
            step
            for kind in _KINDS
            for pair in found.get(f"{kind}-{moment}", ())
            if (step := _step(kind, pair, pair.text(), complaints))
        ]
        if steps:
            moments[moment] = steps
    if waits := [_as_step(action, pair) for name, action in _WAITS.items() for pair in found.get(name, ())]:
        moments["as-root"] = [*waits, *moments.get("as-root", ())]
    if sockets := [_as_step("wait_for_socket", pair) for pair in found.get("wait-for-socket", ())]:
        moments["pre-app"] = [*sockets, *moments.get("pre-app", ())]
    if files := [step for pair in found.get("file-write", ()) if (step := _file_write(pair, complaints))]:
        moments["as-root"] = [*moments.get("as-root", ()), *files]
    for pair in found.get("hook-as-gateway", ()):
        _step("hook", pair, pair.text(), complaints)
    return Hooks(
        moments=tuple((moment, tuple(steps)) for moment, steps in moments.items()),
        touches=_touches(found, base, complaints),
        shell=_shell(found, world, complaints),
        patience=_seconds("wait-for-fs-timeout", found, complaints),
        interface_patience=_seconds("wait-for-interface-timeout", found, complaints),
        socket_patience=_seconds("wait-for-socket-timeout", found, complaints),
        signals=_signals(moments),
    )


def _step(kind: str, pair: Pair, text: str, complaints: Complaints) -> HookStep | None:
    """One line of one kind; None for what does nothing here, or cannot be done."""
    from imperator.config.hook_actions import ACTIONS, RELOADS, STOPS, nearest, wrong  # few configurations have hooks

    if kind != "hook":
        action, arguments, hidden = kind, text, False
    else:
        hidden = text.startswith("!")
        action, colon, arguments = text.removeprefix("!").partition(":")
        if unresolved(action) or any(mark in action for mark in _MARKS):
            return None  # nobody knows what it will be, and others say so
        if not colon:
            first = action.split(None, 1)
            better = ":".join(first) if first and first[0] in ACTIONS else "action:arguments"
            complaints.error("value-malformed", pair.where, f"{pair.key} = {text} is not of the form action:arguments",
                             f"write {pair.key} = {better}")
            return None
    row = ACTIONS.get(action)
    if row is None:
        near = nearest(action)
        complaints.error("hook-unknown", pair.where, f"{pair.key} knows no action {action}",
                         f"did you mean {near}" if near else f"write one of {', '.join(sorted(ACTIONS))}")
        return None
    if not (left := unresolved(arguments)) and (problem := wrong(action, arguments)):
        name = action if kind == "hook" else pair.key
        complaints.error("hook-argument", pair.where, f"{name} {problem}",
                         f"write {pair.key} = {action + ':' if kind == 'hook' else ''}{row.form}")
        return None
    if row.foreign and not left:
        complaints.warn("hook-foreign", pair.where, f"{pair.key} = {action}: has no effect in Imperator", row.foreign)
        return None
    if action == "unix_signal" and not left and arguments.split()[1] not in STOPS | RELOADS:
        complaints.warn("hook-foreign", pair.where, f"{arguments.split()[1]} is no function of Imperator's",
                        "signals can be bound to gracefully_kill_them_all, which stops, and grace_them_all, which"
                        " reloads")
        return None
    return HookStep(action, arguments, pair.key, pair.where.file, pair.where.line, hidden)


def _as_step(action: str, pair: Pair) -> HookStep:
    return HookStep(action, pair.text(), pair.key, pair.where.file, pair.where.line)


def _file_write(pair: Pair, complaints: Complaints) -> HookStep | None:
    if "=" not in pair.text()[1:]:
        complaints.error("value-malformed", pair.where, f"{pair.key} = {pair.text()} is not of the form file=text",
                         f"write {pair.key} = /path/to/file=text")
        return None
    return _as_step("file-write", pair)


def _touches(found: Found, base: str, complaints: Complaints) -> tuple[TouchHook, ...]:
    touches = []
    for option, kind, form in (("touch-exec", "exec", "file command"), ("hook-touch", "hook", "file action:arguments")):
        for pair in found.get(option, ()):
            file, space, rest = pair.text().partition(" ")
            if not space or not rest.strip():
                complaints.warn("value-malformed", pair.where, f"{pair.key} = {pair.text()} is not of the form {form}",
                                f"write {pair.key} = {form}; the line is ignored")
            elif step := _step(kind, pair, rest.strip(), complaints):
                touches.append(TouchHook(posixpath.normpath(posixpath.join(base, file)), step))
    return tuple(touches)


def _shell(found: Found, world: World, complaints: Complaints) -> str:
    shells = found.get("binsh", ())
    for pair in shells:
        if world.exists(pair.text()):
            return pair.text()
    if shells:
        complaints.warn("file-unreadable", shells[0].where, f"there is no {shells[0].text()}", "/bin/sh is used")
    return "/bin/sh"


def _seconds(name: str, found: Found, complaints: Complaints) -> int:
    lines = found.get(name)
    return (number(lines[-1], 60, complaints) if lines else 60) or 60


def _signals(moments: Mapping[str, Sequence[HookStep]]) -> tuple[tuple[int, str], ...]:
    """The later line wins, and the later moment."""
    if not moments:
        return ()
    from imperator.config.hook_actions import RELOADS

    bound: dict[int, str] = {}
    for moment in (*AT_START, "master-start"):
        for step in moments.get(moment, ()):
            if step.action == "unix_signal" and len(words := step.arguments.split()) == 2 and words[0].isdigit():
                bound[int(words[0])] = "reload" if words[1] in RELOADS else "stop"
    return tuple((number, meaning) for number, meaning in bound.items() if number not in (9, 17, 19))

