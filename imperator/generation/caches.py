"""Caches, as far as they concern a generation: what they begin with, and forgetting what is over."""

from __future__ import annotations

from collections.abc import Callable

from imperator import logs
from imperator.module.memory import Memory
from imperator.process.loop import Loop
from imperator.sharing import Preload, Shared


def preload(shared: Shared) -> None:
    """Store what the configuration says; what cannot be is logged."""
    memory = Memory(shared)
    for item in shared.sharing.preloads:
        settings = memory.settings(item.cache)
        if settings is None:
            continue
        try:
            value = _value(item)
        except OSError as error:
            logs.say(f"error: cannot read {item.file} into cache {settings.name}: {error.strerror}")
            continue
        if not memory.cache(settings).set(item.key.encode("utf-8", "surrogateescape"), value, 0, True):
            logs.say(
                f"error: {item.key} does not fit into cache {settings.name} ({len(value)} bytes):"
                " raise its blocksize or items"
            )


def _value(item: Preload) -> bytes:
    if not item.file:
        return item.value.encode("utf-8", "surrogateescape")
    with open(item.file, "rb") as file:
        content = file.read()
    if not item.compress:
        return content
    import gzip

    return gzip.compress(content, 9)


class Sweeper:
    """Looks through the caches from time to time, so that what is over leaves room also if nobody asks for it."""

    def __init__(self, shared: Shared, loop: Loop) -> None:
        memory = Memory(shared)
        self._interval = shared.sharing.sweep_interval
        self._report = shared.sharing.sweep_report
        self._loop = loop
        self._sweeps: list[tuple[str, Callable[[], int]]] = [
            (one.name, memory.cache(one).sweep) for one in shared.sharing.caches if not one.no_expire
        ]
        if self._interval and self._sweeps:
            self._wait()

    def _wait(self) -> None:
        self._loop.at(self._loop.now + self._interval, self._sweep)

    def _sweep(self) -> None:
        for name, sweep in self._sweeps:
            if (freed := sweep()) and self._report:
                logs.say(f'freed {freed} items for cache "{name}"')
        self._wait()
