"""What a master does about its generations, told as lists of events, and what holds whatever happens."""

from __future__ import annotations

import random

import pytest

from imperator.master import policy
from imperator.master.policy import (
    FORCED,
    KILL_AFTER,
    NO_APP,
    Begin,
    Ended,
    Kill,
    Leave,
    Log,
    Phase,
    Print,
    ReloadAsked,
    Said,
    Start,
    StartFailed,
    State,
    StopAsked,
    Tell,
    TimePassed,
    TookOver,
    Watch,
    next_deadline,
    step,
)
from imperator.pipes import Failed, Loaded, Order, Ready

# Words of a story: "begin", "reload", "stop" (the emperor), "term" (a signal), "loaded 1", "failed 1", "ready 1",
# "end 1" (with status 1), "left 1" (status 0), "unstarted 1", "wait 5" (then time has passed).
# Words of the outcome: "start 1" ("!": it ends without its application; "^": configuration read again), "serve 1",
# "drain 1", "halt 1", "kill 1", "over 1" ("-": without its application), "watch" and "unwatch", "print", "leave 0".
UP = "begin ; loaded 1 ; ready 1"
UP_DONE = "start 1, serve 1, over 1, unwatch"
LAME = "begin ; failed 1 ; ready 1"
LAME_DONE = "start 1, print, watch, serve 1, over 1-"
STORIES = {
    "starts": ("", UP, UP_DONE),
    "the first start may wait for its application": ("", LAME, LAME_DONE),
    "unless it is needed": ("need", "begin ; failed 1 ; end 1", "start 1!, print, leave 22"),
    "and then its own status does not matter": ("need", "begin ; failed 1 ; left 1", "start 1!, print, leave 22"),
    "an interpreter that cannot be had ends the first start": ("", "begin ; unstarted 1", "start 1, leave 1"),
    "so does one that dies before a word": ("", "begin ; end 1", "start 1, leave 1"),
    "or ends with nothing said": ("", "begin ; left 1", "start 1, leave 1"),
    "reloads": (
        "", UP + " ; reload ; loaded 2 ; ready 2 ; left 1",
        UP_DONE + ", start 2!^, serve 2, over 2, drain 1, unwatch",
    ),
    "a reload that fails changes nothing": ("", UP + " ; reload ; failed 2 ; end 2", UP_DONE + ", start 2!^, print"),
    "nor does one that cannot be started": ("", UP + " ; reload ; unstarted 2", UP_DONE + ", start 2!^"),
    "nor one whose workers die": ("", UP + " ; reload ; loaded 2 ; end 2", UP_DONE + ", start 2!^"),
    "and the next one may succeed": (
        "", UP + " ; reload ; failed 2 ; end 2 ; reload ; loaded 3 ; ready 3",
        UP_DONE + ", start 2!^, print, start 3!^, serve 3, over 3, drain 1, unwatch",
    ),
    "the newest wish wins": (
        "", UP + " ; reload ; reload ; end 2 ; loaded 3 ; ready 3",
        UP_DONE + ", start 2!^, kill 2, start 3!^, serve 3, over 3, drain 1, unwatch",
    ),
    "what the loser says does not matter": (
        "", UP + " ; reload ; loaded 2 ; reload ; ready 2 ; failed 2", UP_DONE + ", start 2!^, kill 2, start 3!^",
    ),
    "a reload before it stands": (
        "", "begin ; reload ; end 1 ; loaded 2 ; ready 2", "start 1, kill 1, start 2^, serve 2, over 2, unwatch",
    ),
    "without its application it is mended": (
        "", LAME + " ; reload ; loaded 2 ; ready 2",
        LAME_DONE + ", start 2!^, serve 2, over 2, drain 1, unwatch",
    ),
    "or is not, and watches on": (
        "", LAME + " ; reload ; failed 2 ; end 2", LAME_DONE + ", start 2!^, print, watch",
    ),
    "what serves and dies is started again": ("", UP + " ; end 1", UP_DONE + ", start 2"),
    "what needs its application too": ("need", UP + " ; end 1", "start 1!, serve 1, over 1, unwatch, start 2!"),
    "and again, after a while": ("", UP + " ; end 1 ; end 2 ; wait 1", UP_DONE + ", start 2, start 3"),
    "one that dies again and again as soon as it serves is paced": (
        "", UP + " ; end 1 ; loaded 2 ; ready 2 ; end 2 ; wait 0.5", UP_DONE + ", start 2, serve 2, over 2, unwatch",
    ),
    "one that served for a while is not": (
        "", UP + " ; wait 9 ; end 1 ; loaded 2 ; ready 2 ; wait 9 ; end 2",
        UP_DONE + ", start 2, serve 2, over 2, unwatch, start 3",
    ),
    "one that starts for ever is left alone": ("", "begin ; wait 31 ; wait 40 ; wait 99", "start 1"),
    "not before": ("", UP + " ; end 1 ; end 2 ; wait 0.5", UP_DONE + ", start 2"),
    "having stood it never leaves by itself": (
        "need", UP + " ; end 1 ; failed 2 ; end 2", "start 1!, serve 1, over 1, unwatch, start 2!, print",
    ),
    "a reload ends the wait": ("", UP + " ; end 1 ; end 2 ; reload ; wait 9", UP_DONE + ", start 2, start 3^"),
    "the challenger of one that dies is enough": (
        "", UP + " ; reload ; end 1 ; loaded 2 ; ready 2", UP_DONE + ", start 2!^, serve 2, over 2, unwatch",
    ),
    "the end waits for those given up before": (
        "", "begin ; reload ; end 2 ; end 1", "start 1, kill 1, start 2^, leave 1",
    ),
    "stops": ("", UP + " ; term ; left 1", UP_DONE + ", drain 1, leave 0"),
    "stops what starts": ("", "begin ; term ; end 1", "start 1, kill 1, leave 0"),
    "stops everything": (
        "", UP + " ; reload ; loaded 2 ; ready 2 ; reload ; term ; left 1 ; left 2 ; end 3",
        UP_DONE + ", start 2!^, serve 2, over 2, drain 1, unwatch, start 3!^, drain 1, drain 2, kill 3, leave 0",
    ),
    "the emperor says it twice": ("", UP + " ; stop ; stop ; left 1", UP_DONE + ", drain 1, leave 0"),
    "a second signal insists": ("", UP + " ; term ; term ; end 1", UP_DONE + ", drain 1, halt 1, leave 0"),
    "a third says no more": ("", UP + " ; term ; term ; term", UP_DONE + ", drain 1, halt 1"),
    "a signal insists on the emperor's order": ("", UP + " ; stop ; term", UP_DONE + ", drain 1, halt 1"),
    "having insisted it kills": ("", UP + " ; term ; term ; wait 2", UP_DONE + ", drain 1, halt 1, kill 1"),
    "no reload while stopping": ("", UP + " ; term ; reload ; left 1", UP_DONE + ", drain 1, leave 0"),
    "stopped while it waits": ("", UP + " ; end 1 ; end 2 ; term", UP_DONE + ", start 2, leave 0"),
    "no mercy for one that stops": ("", UP + " ; term ; wait 13", UP_DONE + ", drain 1, kill 1"),
    "mercy for one that stops": ("", UP + " ; term ; wait 12.9", UP_DONE + ", drain 1"),
    "no mercy for one that drains": (
        "", UP + " ; reload ; loaded 2 ; ready 2 ; wait 13",
        UP_DONE + ", start 2!^, serve 2, over 2, drain 1, unwatch, kill 1",
    ),
    "killed once": (
        "", UP + " ; reload ; loaded 2 ; ready 2 ; wait 13 ; wait 13",
        UP_DONE + ", start 2!^, serve 2, over 2, drain 1, unwatch, kill 1",
    ),
    "ready twice": ("", UP + " ; ready 1", UP_DONE),
    "late news": ("", UP + " ; end 9 ; ready 9 ; left 9", UP_DONE),
}  # fmt: skip


def event(word: str) -> policy.Event:
    name, _, text = word.partition(" ")
    number = int(text or 0)
    return {
        "begin": Begin(),
        "reload": ReloadAsked("SIGHUP"),
        "stop": StopAsked("the emperor"),
        "term": StopAsked("SIGTERM", insists=True),
        "loaded": Said(number, Loaded(0.5)),
        "partly": Said(number, Failed("b.py:1: oops", "Traceback", ["/b.py"], "/b")),
        "failed": Said(number, Failed("app.py:1: SyntaxError", "Traceback", ["/app.py"])),
        "ready": Said(number, Ready([1])),
        "end": Ended(number, 1, "exited with status 1"),
        "left": Ended(number, 0, "exited with status 0"),
        "unstarted": StartFailed(number, "no python"),
    }[name]


def word(action: policy.Action) -> str | None:
    match action:
        case Start(number, anyway, reread):
            return f"start {number}{'' if anyway else '!'}{'^' if reread else ''}"
        case Tell(number, order):
            return f"{ {Order.SERVE: 'serve', Order.DRAIN: 'drain', Order.STOP: 'halt'}[order] } {number}"
        case Kill(number):
            return f"kill {number}"
        case TookOver(number, reason):
            return f"over {number}{'-' if reason else ''}"
        case Watch(files):
            return "watch" if files else "unwatch"
        case Print():
            return "print"
        case Leave(status):
            return f"leave {status}"
    return None


def tell(state: State, events: str) -> tuple[State, list[policy.Action]]:
    now, done = 100.0, []
    for one in events.split(" ; "):
        if one.startswith("wait"):
            now += float(one.split()[1])
            state, actions = step(state, TimePassed(), now)
        else:
            state, actions = step(state, event(one), now)
        done += actions
    return state, done


@pytest.mark.parametrize("story", STORIES)
def test_stories(story):
    need, events, expected = STORIES[story]
    _, done = tell(State(need_app=bool(need), mercy=10.0), events)
    assert ", ".join(said for said in map(word, done) if said) == expected


def log(state: State, events: str) -> str:
    return "\n".join(action.line for action in tell(state, events)[1] if isinstance(action, Log))


LINES = {
    "a refused reload": (UP + " ; reload ; failed 2 ; end 2",
        "*** reload refused: generation 2 did not start, generation 1 goes on: app.py:1: SyntaxError ***"),
    "a refused configuration": (UP + " ; reload ; unstarted 2", "generation 1 goes on: no python ***"),
    "a death during a reload": (UP + " ; reload ; end 2", "generation 1 goes on: exited with status 1 ***"),
    "a reload": (UP + " ; reload", "...reloading (SIGHUP): generation 2 starts beside the running one..."),
    "a lame start": (LAME, "every request is answered 500 until this is mended: app.py:1: SyntaxError ***"),
    "a start that lacks something": (
        LAME.replace("failed", "partly"),
        "*** no app loaded at /b: its requests are answered 500 until this is mended: b.py:1: oops ***",
    ),
    "the end of the first start": ("begin ; unstarted 1", "*** no app loaded. GAME OVER: no python ***"),
    "a pause": (UP + " ; end 1 ; end 2 ; wait 1 ; end 3",
        "generation 3 exited with status 1; the next one starts in 2 s"),
    "a slow start": (UP + " ; reload ; wait 31", "generation 2 has been starting for 31 seconds: its import goes on"),
    "a stop": (UP + " ; term", "SIGTERM received...stopping: requests in progress have 10 seconds to finish"),
    "a second stop": (UP + " ; term ; term", "SIGTERM again: stopping at once"),
    "a late reload": (UP + " ; term ; reload", "reload asked (SIGHUP) while stopping: ignored"),
    "no mercy": (UP + " ; term ; wait 99", "generation 1 is taking too much time to die...NO MERCY !!!"),
}  # fmt: skip


@pytest.mark.parametrize("case", LINES)
def test_what_the_log_says(case):
    events, line = LINES[case]
    assert line in log(State(mercy=10.0), events)


def test_what_failed_is_watched_and_printed():
    _, done = tell(State(), "begin ; failed 1")
    assert Watch(("/app.py",)) in done
    assert Print("Traceback") in done


def test_a_needed_application_is_not_watched_because_nobody_waits_for_it():
    assert not [one for one in tell(State(need_app=True), "begin ; failed 1")[1] if isinstance(one, Watch)]


def test_a_reload_that_fails_leaves_the_state_as_it_was():
    before, _ = tell(State(), UP)
    after, _ = tell(before, "reload ; failed 2 ; end 2")
    assert after._replace(last=before.last) == before


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (1, 0), (2, 1), (3, 2), (61, 60), (1000, 60)])
def test_pauses_grow_up_to_a_minute(failures, seconds):
    assert policy.pause(failures) == seconds


def test_deadlines():
    state, _ = tell(State(mercy=10.0), UP + " ; term")
    assert next_deadline(state) == 100.0 + 10.0 + KILL_AFTER
    state, _ = tell(state, "term")
    assert next_deadline(state) == 100.0 + FORCED
    assert next_deadline(State()) is None


@pytest.mark.parametrize("need", [False, True])
@pytest.mark.parametrize("seed", range(250))
def test_what_holds_whatever_happens(seed, need):
    chance = random.Random(seed * 2 + need)
    state, now = State(need_app=need, mercy=chance.choice([0.0, 10.0])), 0.0
    alive: set[int] = set()
    doomed: set[int] = set()
    left: list[int] = []
    pending: list[policy.Event] = [Begin()]
    stop_asked = False

    def happen(one: policy.Event) -> None:
        nonlocal state, stop_asked
        before, server = state, state.serving()
        if isinstance(one, Ended):
            alive.discard(one.number)
        stop_asked |= isinstance(one, StopAsked)
        state, actions = step(state, one, now)
        assert not left, "something happened after the end"
        for action in actions:
            match action:
                case Start(number, anyway, _):
                    assert not stop_asked, "a start while stopping"
                    assert not state.stopping
                    assert number > max([copy.number for copy in before.copies], default=0)
                    assert not (anyway and need)
                    if chance.random() < 0.1:
                        pending.insert(0, StartFailed(number, "no python"))
                    else:
                        alive.add(number)
                case Tell(number, order):
                    assert number in alive
                    if order is Order.SERVE:
                        assert not stop_asked
                        assert number not in doomed
                        assert isinstance(one, Said) and isinstance(one.word, Ready) and one.number == number
                    else:
                        doomed.add(number)
                case Kill(number):
                    assert number in alive
                    doomed.add(number)
                case Leave(status):
                    assert not alive, "left somebody behind"
                    left.append(status)
                    assert stop_asked or (status in (1, NO_APP) and not before.stood)
        phases = [copy.phase for copy in state.copies]
        assert phases.count(Phase.SERVING) <= 1
        assert phases.count(Phase.STARTING) <= 1
        unstarted = {one.number for one in pending if isinstance(one, StartFailed)}
        assert {copy.number for copy in state.copies} - unstarted == alive
        # What serves is asked to go only because another took over, or the instance stops.
        if server and server.number in alive and state.serving() != server:
            assert stop_asked or state.serving() is not None
        # Nobody waits for nothing: somebody serves, starts, ends, or a time is set.
        assert left or state.copies or state.retry_at is not None

    for _ in range(100):
        if left:
            break
        one = pending.pop() if pending else choose(chance, state, alive)
        if isinstance(one, TimePassed):
            due = next_deadline(state)
            now = max(now, due) if due is not None and chance.random() < 0.7 else now + chance.random()
        happen(one)
    while pending and not left:
        happen(pending.pop())
    if not left:
        happen(StopAsked("the test"))
        for number in sorted(alive):
            assert not left
            happen(Ended(number, 0, ""))
    assert len(left) == 1


def choose(chance: random.Random, state: State, alive: set[int]) -> policy.Event:
    """An event that can happen now, the usual ones more often."""
    events: list[policy.Event] = [TimePassed(), TimePassed(), ReloadAsked("SIGHUP")]
    for number in alive:
        said = [Loaded(1.0), Failed("why", "", ["/f"]), Ready([1]), Ready([1])]
        events += [Said(number, one) for one in said]
        events.append(Ended(number, chance.choice([0, 1, NO_APP]), "ended"))
    if chance.random() < 0.1:
        events += [StopAsked("the emperor"), StopAsked("SIGTERM", insists=True)]
    return chance.choice(events)


def test_with_exit_on_reload_a_reload_stops():
    state, _ = step(State(exit_on_reload=True), Begin(), 0.0)
    for word in (Loaded(0.0), Ready([7])):
        state, _ = step(state, Said(1, word), 0.0)
    mended, actions = step(state, ReloadAsked("a.py was changed", mended=True), 1.0)
    assert mended.challenger()
    state, actions = step(state, ReloadAsked("SIGHUP"), 1.0)
    assert state.stopping
    assert Tell(1, Order.DRAIN) in actions
    _, actions = step(state, Ended(1, 0, "ended"), 2.0)
    assert actions == [Leave(0)]
