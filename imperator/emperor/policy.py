"""What an emperor decides: its vassals and an event in, its vassals and actions out.

A vassal's process follows the table of ``lifecycle.py``; here is what is an emperor's own: what a look at the sources
means, what vassals say, who waits for whom, in which order all are reloaded, and which line tells of it.

* A changed file is a reload, never a stop: the master goes on, whatever becomes of it. It also forgives: whoever mended
  the file need not wait for the end of a back-off.
* A removed file is a graceful stop with a deadline. New vassals of the same look wait until the removed ones have left:
  a renamed file is the same application on the same address. If the file itself is back under another name, only that
  one waits.
* A reload of all goes through them a few at a time; the next one follows when one has answered, failed or fallen
  silent.
* End of file on a vassal's pair is its death, even while the process lingers; it is then cursed, and killed in the end.
* A vassal on demand is started by its first connection and by nothing else: each other wish to start it makes the
  emperor wait at its socket, which stays the emperor's, so that no connection is lost between two lives.

Pure: no clock, process, file or log. Events are reported in the order in which they happened; what a vassal said is
reported before its exit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from imperator import lifecycle
from imperator.emperor.seen import Seen
from imperator.errors import printable
from imperator.lifecycle import Child, Phase, Terms
from imperator.pipes import FromVassal, ToVassal

OWN = "the emperor's own instance"
"""The name of the vassal that is no vassal: the sockets and the application in the emperor's own configuration."""


class Rules(NamedTuple):
    """How patient and how careful an emperor is."""

    terms: Terms = Terms()
    at_once: int = 2
    """How many vassals are reloading at the same time when all shall reload."""
    answer: float = 60.0
    """Seconds after which a vassal that was told to reload is not waited for any longer."""
    hold: float = 5.0
    """The longest back-off during which connections may wait for the next attempt. During a longer one they are
    refused: a proxy that learns at once can ask another server, or say so."""
    curse: float = 30.0
    """How long a vassal may linger after it hung up."""
    heartbeat: float = 30.0
    """How long a vassal that has ever sent a heartbeat may be without one."""


class Dates(NamedTuple):
    """When a vassal did something for the last time, or the first; 0: never."""

    first_run: float = 0.0
    last_run: float = 0.0
    spawned: float = 0.0
    accepting: float = 0.0
    loyal: float = 0.0
    heartbeat: float = 0.0
    first_failure: float = 0.0
    last_failure: float = 0.0


class Vassal(NamedTuple):
    """One vassal, from its file's appearance until its last process has gone."""

    name: str
    seen: Seen | None
    child: Child = Child()
    pid: int = 0
    spawned: bool = False
    accepting: bool = False
    loyal: bool = False
    reason: str = ""
    """Why it is not ready, as it said last."""
    words: bool = False
    """It tells its state in words, so that its bytes need not be interpreted."""
    waits_for: frozenset[str] = frozenset()
    """Those that must have left before it starts."""
    answer_by: float | None = None
    """It was told to reload and has until then to answer."""
    dead_by: float | None = None
    """Its pair is closed; if its process is still there by then, it is killed."""
    heartbeat_by: float | None = None
    """It sends heartbeats, and the next one has until then to come."""
    dates: Dates = Dates()
    reloads: int = 0
    """How often it was told to reload."""

    @property
    def deadline(self) -> float | None:
        """When :class:`AlarmRang` is due."""
        all_of_them = (self.child.deadline, self.answer_by, self.dead_by, self.heartbeat_by)
        return min((at for at in all_of_them if at is not None), default=None)

    @property
    def on_demand(self) -> bool:
        """Whether only a connection starts it."""
        return self.seen is not None and bool(self.seen.socket)

    @property
    def dormant(self) -> bool:
        """Whether it waits for its first connection."""
        return self.child.phase is Phase.DOWN and self.child.wanted


class Realm(NamedTuple):
    """Everything an emperor knows."""

    vassals: Mapping[str, Vassal] = {}
    queue: tuple[str, ...] = ()
    """Whose turn to reload is still to come."""
    ending: bool = False


# Events.


class Began(NamedTuple):
    """The emperor starts. ``own``: it has an instance of its own."""

    own: bool = False


class Scanned(NamedTuple):
    """The sources were looked at."""

    found: Mapping[str, Seen]


class Spawned(NamedTuple):
    """A master runs."""

    name: str
    pid: int


class SpawnFailed(NamedTuple):
    """A master could not be started."""

    name: str
    why: str


class Called(NamedTuple):
    """Somebody connected to the socket of a vassal on demand."""

    name: str


class Said(NamedTuple):
    """A vassal said a byte."""

    name: str
    byte: int


class Stated(NamedTuple):
    """A vassal said in words how it is: ``running``, or ``failed`` and why."""

    name: str
    state: str
    reason: str


class HungUp(NamedTuple):
    """A vassal closed its end of the pair."""

    name: str


class Exited(NamedTuple):
    """A master is gone. ``how`` completes the sentence "it …"."""

    name: str
    how: str


class AlarmRang(NamedTuple):
    """:attr:`Vassal.deadline` has passed."""

    name: str


class ReloadAsked(NamedTuple):
    """All vassals shall reload."""


class StopAsked(NamedTuple):
    """The emperor shall end."""


class StatusAsked(NamedTuple):
    """Somebody wants to see the vassals in the log."""


class ForgivenessAsked(NamedTuple):
    """No vassal shall wait for the end of its back-off."""


Event = (
    Began | Scanned | Spawned | SpawnFailed | Called | Said | Stated | HungUp | Exited | AlarmRang
    | ReloadAsked | StopAsked | StatusAsked | ForgivenessAsked
)  # fmt: skip


# Actions.


class Spawn(NamedTuple):
    """Start its master."""

    name: str


class Await(NamedTuple):
    """Wait at its socket for the first connection; the answer to it is :class:`Called`, or :class:`SpawnFailed`."""

    name: str


class Tell(NamedTuple):
    """Say a byte to it."""

    name: str
    byte: ToVassal


class Kill(NamedTuple):
    """SIGKILL to its master."""

    name: str


class Release(NamedTuple):
    """Hold its sockets no longer: it is not to return, or not soon."""

    name: str


class Log(NamedTuple):
    """Write a line."""

    line: str


class End(NamedTuple):
    """Nothing is left to do."""

    status: int


Action = Spawn | Await | Tell | Kill | Release | Log | End


def step(realm: Realm, event: Event, now: float, rules: Rules) -> tuple[Realm, list[Action]]:
    """The realm after ``event``, and what is to be done, in order."""
    turn = _Turn(realm, now, rules)
    turn.handle(event)
    if not turn.ending:
        turn.reload_next()
    if turn.ending and not turn.vassals and (realm.vassals or not realm.ending):
        turn.log("The Emperor is buried.")
        turn.actions.append(End(0))
    return Realm(turn.vassals, turn.queue, turn.ending), turn.actions


class _Turn:
    """One step in the making."""

    def __init__(self, realm: Realm, now: float, rules: Rules) -> None:
        self.vassals = dict(realm.vassals)
        self.queue = realm.queue
        self.ending = realm.ending
        self.now = now
        self.rules = rules
        self.actions: list[Action] = []

    def handle(self, event: Event) -> None:
        if isinstance(event, Scanned):
            self.scanned(event.found)
        elif isinstance(event, Began):
            self.log("*** starting uWSGI Emperor ***")
            if event.own:
                self.add(Vassal(OWN, None))
        elif isinstance(event, ReloadAsked):
            self.queue = tuple(self.vassals) if not self.ending else ()
        elif isinstance(event, StopAsked):
            self.stop_all()
        elif isinstance(event, StatusAsked):
            for vassal in self.vassals.values():
                self.log(_status(vassal))
        elif isinstance(event, ForgivenessAsked):
            self.log("[emperor] cleaning up blacklist ...")
            for name in list(self.vassals):
                self.live(name, lifecycle.Event.FORGIVE)
        elif event.name in self.vassals:
            self.heard_of(self.vassals[event.name], event)

    def heard_of(
        self, vassal: Vassal, event: Spawned | SpawnFailed | Called | Said | Stated | HungUp | Exited | AlarmRang
    ) -> None:
        name = vassal.name
        if isinstance(event, Said):
            self.said(vassal, event.byte)
        elif isinstance(event, Stated):
            self.stated(vassal, event.state, event.reason)
        elif isinstance(event, Spawned):
            self.put(self.vassals[name]._replace(pid=event.pid))
            self.date(name, first_run=vassal.dates.first_run or self.now, last_run=self.now)
        elif isinstance(event, SpawnFailed):
            self.log(f"[emperor] vassal {name} cannot be started: {event.why}")
            if vassal.dormant:
                # As a life that was none, so that the next attempt waits.
                child = vassal.child._replace(phase=Phase.STARTING, failures=max(1, vassal.child.failures))
                self.put(self.vassals[name]._replace(child=child))
            self.ended(vassal, lifecycle.Event.SPAWN_FAILED)
        elif isinstance(event, Called):
            if vassal.dormant:
                self.live(name, lifecycle.Event.START, called=True)
        elif isinstance(event, HungUp):
            self.hung_up(vassal)
        elif isinstance(event, Exited):
            self.log(f"[emperor] vassal {name} (pid: {vassal.pid}) {event.how}")
            self.log(f"[emperor] removed uwsgi instance {name}")
            self.ended(vassal, lifecycle.Event.EXITED)
        else:
            self.alarm_rang(vassal)

    # What a look means.

    def scanned(self, found: Mapping[str, Seen]) -> None:
        if self.ending:
            return
        removed = [one for one in self.vassals.values() if one.seen and one.name not in found]
        leaving = [one for one in removed if one.child.wanted or one.waits_for]
        for vassal in leaving:
            self.log(f"[emperor] stop the uwsgi instance {vassal.name}")
            self.stop(vassal)
        for name, seen in found.items():
            before = self.vassals.get(name)
            if before is None:
                self.add(Vassal(name, seen, waits_for=self.predecessors(seen, leaving)))
            else:
                self.compare(before, seen)

    def predecessors(self, seen: Seen, leaving: list[Vassal]) -> frozenset[str]:
        """Those of the removed vassals that may still hold the address of a new one."""
        still = [one for one in leaving if one.name in self.vassals]
        renamed = [one for one in still if one.seen and one.seen.stamp.inode == seen.stamp.inode]
        return frozenset(one.name for one in renamed or still)

    def compare(self, vassal: Vassal, seen: Seen) -> None:
        before, returned = vassal.seen, not vassal.child.wanted and not vassal.waits_for
        self.put(self.vassals[vassal.name]._replace(seen=seen))
        if before is None or (before == seen and not returned):
            return
        if returned:
            self.live(vassal.name, lifecycle.Event.START)
            return
        if before.owner != seen.owner:
            self.log(f"!!! permissions of file {vassal.name} changed. stopping the instance... !!!")
            self.actions.append(Release(vassal.name))
            self.live(vassal.name, lifecycle.Event.RESTART)
        elif (before.directory, before.socket) != (seen.directory, seen.socket):
            self.log(f"[emperor] stop the uwsgi instance {vassal.name}")
            self.live(vassal.name, lifecycle.Event.RESTART)
        elif not before.stamp.same_content(seen.stamp):
            if vassal.dormant:
                self.log(f'[emperor] updated configuration for "on demand" instance {vassal.name}')
            self.reload(vassal.name)

    def add(self, vassal: Vassal) -> None:
        self.vassals[vassal.name] = vassal
        if vassal.waits_for:
            self.log(f"[emperor] vassal {vassal.name} starts as soon as {', '.join(sorted(vassal.waits_for))} has left")
        else:
            self.live(vassal.name, lifecycle.Event.START)

    # What a vassal says.

    def said(self, vassal: Vassal, byte: int) -> None:
        name = vassal.name
        if byte == FromVassal.SPAWNED:
            self.log(f"[emperor] vassal {name} has been spawned")
            self.put(self.vassals[name]._replace(spawned=True))
            self.date(name, spawned=self.now)
        elif byte == FromVassal.ACCEPTING:
            self.log(f"[emperor] vassal {name} is ready to accept requests")
            self.put(self.vassals[name]._replace(accepting=True, answer_by=None))
            self.date(name, accepting=self.now)
            # From one that says no words, this is all we shall hear. From ours, `running` is worth more.
            if not vassal.words:
                self.became_ready(name)
        elif byte == FromVassal.LOYAL:
            self.log(f"[emperor] vassal {name} is now loyal")
            self.put(self.vassals[name]._replace(loyal=True))
            self.date(name, loyal=self.now)
        elif byte == FromVassal.HEARTBEAT:
            self.put(self.vassals[name]._replace(heartbeat_by=self.now + self.rules.heartbeat))
            self.date(name, heartbeat=self.now)
        elif byte == FromVassal.STOP_ME and vassal.on_demand:
            self.log(f"[emperor] bringing back instance {name} to on-demand mode")
            self.live(name, lifecycle.Event.RESTART)
        elif byte == FromVassal.STOP_ME:
            self.log(f"[emperor] vassal {name} asks to be stopped; it starts again when it has left")
            self.live(name, lifecycle.Event.RESTART)
        elif byte not in (FromVassal.SEND_CONFIG, FromVassal.REINFORCE):
            self.log(f"[emperor] vassal {name} said {byte}, which means nothing here")

    def stated(self, vassal: Vassal, state: str, reason: str) -> None:
        self.put(self.vassals[vassal.name]._replace(words=True))
        if state == "running":
            self.put(self.vassals[vassal.name]._replace(reason=""))
            self.became_ready(vassal.name)
            return
        self.put(self.vassals[vassal.name]._replace(answer_by=None, reason=reason or state))
        if vassal.reason != (reason or state):
            self.log(f"[emperor] vassal {vassal.name} is not ready: {reason or state}")

    def became_ready(self, name: str) -> None:
        self.put(self.vassals[name]._replace(answer_by=None))
        self.live(name, lifecycle.Event.BECAME_READY)

    def hung_up(self, vassal: Vassal) -> None:
        if vassal.child.phase in (Phase.STARTING, Phase.UP) and vassal.dead_by is None:
            self.log(f"[emperor] curse the uwsgi instance {vassal.name} (pid: {vassal.pid})")
            self.put(self.vassals[vassal.name]._replace(dead_by=self.now + self.rules.curse))

    # Orders and their deadlines.

    def alarm_rang(self, vassal: Vassal) -> None:
        name = vassal.name
        if vassal.answer_by is not None and vassal.answer_by <= self.now:
            self.log(f"[emperor] vassal {name} has not answered for {self.rules.answer:g} seconds; going on")
            self.put(self.vassals[name]._replace(answer_by=None))
        if vassal.heartbeat_by is not None and vassal.heartbeat_by <= self.now:
            self.put(self.vassals[name]._replace(heartbeat_by=None))
            self.log(
                f"[emperor] vassal {name} sent no heartbeat in last {self.rules.heartbeat:g} seconds,"
                " brutally respawning it..."
            )
            self.actions.append(Kill(name))
        if vassal.dead_by is not None and vassal.dead_by <= self.now:
            self.put(self.vassals[name]._replace(dead_by=self.now + self.rules.terms.mercy))
            self.kill(name)
        if vassal.child.deadline is not None and vassal.child.deadline <= self.now:
            self.live(name, lifecycle.Event.DEADLINE_PASSED)

    def reload(self, name: str) -> None:
        """Tell it to reload, or let it start at once if it is waiting."""
        self.queue = tuple(other for other in self.queue if other != name)
        self.live(name, lifecycle.Event.FORGIVE)
        vassal = self.vassals[name]
        if vassal.child.phase in (Phase.STARTING, Phase.UP) and vassal.pid:
            self.log(f"[emperor] reload the uwsgi instance {name}")
            answer_by, reloads = self.now + self.rules.answer, vassal.reloads + 1
            self.put(self.vassals[name]._replace(answer_by=answer_by, reloads=reloads, reason=""))
            self.actions.append(Tell(name, ToVassal.RELOAD))

    def reload_next(self) -> None:
        """The queue's next vassals, as long as not too many are reloading."""
        while self.queue and sum(v.answer_by is not None for v in self.vassals.values()) < self.rules.at_once:
            name, *rest = self.queue
            self.queue = tuple(rest)
            if name in self.vassals:
                self.reload(name)

    def stop(self, vassal: Vassal) -> None:
        self.put(self.vassals[vassal.name]._replace(answer_by=None))
        self.actions.append(Release(vassal.name))
        self.live(vassal.name, lifecycle.Event.STOP)

    def stop_all(self) -> None:
        if self.ending:
            seconds = max((v.child.deadline or 0 for v in self.vassals.values()), default=0) - self.now
            self.log(f"[emperor] *** RAGNAROK ALREADY EVOKED (mercyless in {max(0, round(seconds))} seconds)***")
            for name in list(self.vassals):
                self.live(name, lifecycle.Event.FORCE)
            return
        self.ending, self.queue = True, ()
        self.log("[emperor] *** RAGNAROK EVOKED ***")
        for vassal in list(self.vassals.values()):
            self.stop(vassal)

    def kill(self, name: str) -> None:
        self.log(f"[emperor] NO MERCY for vassal {name} !!!")
        self.actions.append(Kill(name))

    # Life and death.

    def ended(self, vassal: Vassal, how: lifecycle.Event) -> None:
        """Its process is gone, or never was."""
        name = vassal.name
        self.put(
            self.vassals[name]._replace(
                pid=0, spawned=False, accepting=False, loyal=False, reason="", words=False, answer_by=None,
                dead_by=None, heartbeat_by=None,
            )
        )
        self.live(name, how)
        self.let_start(name)
        after = self.vassals.get(name)
        if after and after.child.failures > vassal.child.failures:
            first = after.dates.first_failure if vassal.child.failures else self.now
            self.date(name, first_failure=first, last_failure=self.now)
        if after and after.child.phase is Phase.WAITING:
            delay = (after.child.deadline or self.now) - self.now
            self.log(f"[emperor] unloyal bad behaving vassal found: {name} throttling it...")
            if delay > self.rules.hold:
                self.actions.append(Release(name))
            self.log(f"[emperor] vassal {name} failed {after.child.failures} times; next attempt in {delay:g} seconds")
            if delay >= self.rules.terms.throttle_limit:
                self.log(f"[emperor] maximum throttle level for vassal {name} reached !!!")

    def live(self, name: str, event: lifecycle.Event, *, called: bool = False) -> None:
        """A step of the vassal's own table. ``called``: by a connection, as one on demand wants it."""
        vassal = self.vassals[name]
        child, actions = lifecycle.step(vassal.child, event, self.now, self.rules.terms)
        self.vassals[name] = vassal._replace(child=child)
        if vassal.on_demand and not called and lifecycle.Action.SPAWN in actions:
            self.doze(name, child.failures)
            return
        for action in actions:
            if action is lifecycle.Action.SPAWN:
                self.actions.append(Spawn(name))
            elif action is lifecycle.Action.ASK_TO_STOP:
                self.actions.append(Tell(name, ToVassal.STOP_GRACEFULLY))
            else:
                self.kill(name)
        if child.phase is Phase.DOWN and not child.wanted and not (vassal.waits_for and event is _FORGIVE):
            self.bury(name)

    def doze(self, name: str, failures: int) -> None:
        """Wait for its first connection."""
        vassal = self.vassals[name]
        address = vassal.seen.socket if vassal.seen else ""
        back = "back to" if vassal.dates.last_run else ""
        mode = f'{back} "on demand" mode' if back else '"on demand" instance detected'
        self.put(vassal._replace(child=Child(wanted=True, failures=failures, since=self.now)))
        self.actions += [Release(name), Await(name)]
        self.log(_WAITS.format(name=name, mode=mode, address=address))

    def date(self, name: str, **dates: float) -> None:
        vassal = self.vassals[name]
        self.put(vassal._replace(dates=vassal.dates._replace(**dates)))

    def bury(self, name: str) -> None:
        """It is gone and not wanted."""
        del self.vassals[name]
        self.let_start(name)

    def let_start(self, left: str) -> None:
        """Whoever waited for this one to leave, starts."""
        for heir in [one for one in self.vassals.values() if left in one.waits_for]:
            self.put(self.vassals[heir.name]._replace(waits_for=heir.waits_for - {left}))
            if not self.vassals[heir.name].waits_for:
                self.live(heir.name, lifecycle.Event.START)

    def put(self, vassal: Vassal) -> None:
        self.vassals[vassal.name] = vassal

    def log(self, line: str) -> None:
        self.actions.append(Log(printable(line)))


_FORGIVE = lifecycle.Event.FORGIVE
_WAITS = '[uwsgi-emperor] {name} -> {mode}, waiting for connections on socket "{address}" ...'


def _status(vassal: Vassal) -> str:
    modified = vassal.seen.stamp.mtime_ns // 10**9 if vassal.seen else 0
    leaving = int(vassal.child.phase in (Phase.STOPPING, Phase.KILLED))
    line = f"vassal instance {vassal.name} (last modified {modified}) status {leaving} loyal {vassal.loyal:d} zerg 0"
    told = f", not ready: {vassal.reason}" if vassal.reason else ""
    return f"{line} pid {vassal.pid} {vassal.child.phase.value}{told}"
