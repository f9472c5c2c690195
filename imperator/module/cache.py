"""Caches that all processes of the instance share. Keys and values may be text; what comes back is bytes.

Where uWSGI answers None for what it did not do, so do we. Without a name the first cache is meant.
"""

from __future__ import annotations

import time
from operator import index
from typing import Any

from imperator import logs
from imperator._core import Cache
from imperator.module.memory import memory
from imperator.module.text import octets, words
from imperator.sharing import CacheSettings

_KEY = "a key"
_last_warning = float("-inf")


def cache_get(key: Any, cache: Any = "") -> bytes | None:
    """The value of a key; None if there is none."""
    its = _find(cache)
    return its.get(octets(key, _KEY)) if its else None


def cache_exists(key: Any, cache: Any = "") -> bool | None:
    """True if there is such a key."""
    its = _find(cache)
    return (its and its.exists(octets(key, _KEY))) or None


def cache_set(key: Any, value: Any, expires: int = 0, cache: Any = "") -> bool | None:
    """Store a value for so many seconds (0: for ever) unless the key is there. True if that was done."""
    return _store(key, value, expires, cache, over=False)


def cache_update(key: Any, value: Any, expires: int = 0, cache: Any = "") -> bool | None:
    """Store a value for so many seconds (0: for ever), whether the key is there or not. True if that was done."""
    return _store(key, value, expires, cache, over=True)


def cache_del(key: Any, cache: Any = "") -> bool | None:
    """Forget a key. True if it was there."""
    its = _find(cache)
    return (its and its.delete(octets(key, _KEY))) or None


def cache_clear(cache: Any = "") -> bool | None:
    """Forget all keys."""
    its = _find(cache)
    if its is None:
        return None
    its.clear()
    return True


def cache_inc(key: Any, number: int = 1, expires: int = 0, cache: Any = "") -> bool | None:
    """Add to the number that is stored in 64 bits; one that is not there begins with ``math_initial``."""
    return _reckon("inc", key, number, expires, cache)


def cache_dec(key: Any, number: int = 1, expires: int = 0, cache: Any = "") -> bool | None:
    """Subtract."""
    return _reckon("dec", key, number, expires, cache)


def cache_mul(key: Any, number: int = 2, expires: int = 0, cache: Any = "") -> bool | None:
    """Multiply."""
    return _reckon("mul", key, number, expires, cache)


def cache_div(key: Any, number: int = 2, expires: int = 0, cache: Any = "") -> bool | None:
    """Divide; by 0 is 0."""
    return _reckon("div", key, number, expires, cache)


def cache_num(key: Any, cache: Any = "") -> int:
    """The number that is stored; 0 if there is none."""
    its = _find(cache)
    return its.number(octets(key, _KEY)) if its else 0


def cache_keys(cache: Any = "") -> list[bytes]:
    """All keys, in no order. ``ValueError``: there is no such cache."""
    its = _find(cache)
    if its is None:
        raise ValueError("no local uWSGI cache available: add cache2 = name=default,items=1000 to the configuration")
    return its.keys()


def _find(name: Any) -> Cache | None:
    settings = _settings(name)
    return memory().cache(settings) if settings else None


def _settings(name: Any) -> CacheSettings | None:
    text = words(name, "the name of a cache")
    if "@" in text:
        raise ValueError(f"the cache {text} is on another machine: use Redis or memcached for what machines share")
    return memory().settings(text)


def _store(key: Any, value: Any, expires: int, name: Any, *, over: bool) -> bool | None:
    its = _settings(name)
    if its is None:
        return None
    stored = memory().cache(its).set(octets(key, _KEY), octets(value, "a value"), _seconds(expires), over)
    return _told(stored, its)


def _reckon(how: str, key: Any, number: int, expires: int, name: Any) -> bool | None:
    its = _settings(name)
    if its is None:
        return None
    return _told(memory().cache(its).reckon(octets(key, _KEY), how, index(number), _seconds(expires)), its)


def _seconds(expires: int) -> int:
    """A time that has passed is none, as with uWSGI."""
    return max(0, index(expires))


def _told(stored: bool | None, its: CacheSettings) -> bool | None:
    global _last_warning
    if stored is False and not its.ignore_full and time.monotonic() - _last_warning >= 1:
        _last_warning = time.monotonic()
        logs.say(f'*** DANGER cache "{its.name}" is FULL !!! ***')
    return stored or None


NAMES: dict[str, Any] = {
    function.__name__: function
    for function in (
        cache_get, cache_exists, cache_set, cache_update, cache_del, cache_clear, cache_inc, cache_dec, cache_mul,
        cache_div, cache_num, cache_keys,
    )
}  # fmt: skip
