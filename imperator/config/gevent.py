"""Greenlets instead of threads: ``gevent``, and the options that lead to it or away from it.

Out of pairs into :class:`imperator.pipes.Gevent`, with complaints. ``gevent = N`` is ``loop = gevent`` and
``async = N`` in one line, and of the two numbers the last one counts. Does not ask for gevent itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import flag, number, split_comment
from imperator.pipes import Gevent

Found = Mapping[str, Sequence[Pair]]

MOST = 65535
SOCKET_TIMEOUT = 30
"""What ``gevent`` makes of ``socket-timeout`` where no line says it, as in uWSGI."""


def read(found: Found, order: Sequence[Pair], complaints: Complaints) -> Gevent:
    """What the lines mean. ``order``: all pairs as they follow one another."""
    loop = _loop(found, complaints)
    asked = found["gevent"][-1] if "gevent" in found else None
    last = {id(found[name][-1]) for name in ("gevent", "async") if name in found}
    numbers = [pair for pair in order if id(pair) in last]
    said = {name: flag(found[name][-1], complaints) if name in found else False for name in _SWITCHES}
    place = asked or loop or next((found[name][-1] for name in _SWITCHES if said[name]), None)
    greenlets = 0
    if asked or loop:
        if numbers:
            greenlets = number(numbers[-1], 1, complaints, least=1, most=MOST)
        elif loop:
            complaints.error("loop-unfinished", loop.where, "loop = gevent does not say how many requests a worker"
                             " serves at once", "write gevent = 100 instead of the line")
        if "threads" in found and greenlets:
            pair = found["threads"][-1]
            complaints.warn("threads-and-gevent", pair.where, f"{pair.key} = {pair.text()} has no effect with"
                            f" gevent: a worker serves {greenlets} requests at once, in one thread",
                            "remove one of the two lines")
    elif "async" in found:
        pair = found["async"][-1]
        if number(pair, 1, complaints, least=0, most=MOST) > 1:
            complaints.warn("async-alone", pair.where, f"{pair.key} = {pair.text()} has no effect without gevent: a"
                            " worker serves as many requests at once as it has threads",
                            "write gevent = N in its place, or threads = N")
    return Gevent(greenlets, said["gevent-monkey-patch"] and greenlets > 0, said["gevent-early-monkey-patch"],
                  said["gevent-wait-for-hub"], str(place.where) if place else "")


_SWITCHES = ("gevent-early-monkey-patch", "gevent-monkey-patch", "gevent-wait-for-hub")


def _loop(found: Found, complaints: Complaints) -> Pair | None:
    """The line that asks for gevent's loop; others than that and uWSGI's own do not exist here."""
    if "loop" not in found:
        return None
    pair = found["loop"][-1]
    name = pair.text().strip()
    if name == "gevent":
        return pair
    if name not in ("simple", "async"):
        plain = split_comment(name)[0]
        hint = f"write loop = {plain} and put the comment on a line of its own" if plain != name else (
            "write gevent = N (and install gevent), or threads = N"
        )
        complaints.error("loop-unknown", pair.where, f"there is no loop called {name} in Imperator", hint)
    return None
