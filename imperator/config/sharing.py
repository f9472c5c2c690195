"""Caches, the queue, locks and shared memory out of pairs, as :class:`imperator.sharing.Sharing`, with complaints."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from imperator.config import keyval
from imperator.config.complain import Complaints
from imperator.config.expand import unresolved
from imperator.config.grammar import MARKS
from imperator.config.lives import Reader
from imperator.config.pairs import Pair
from imperator.config.values import leading_digits
from imperator.sharing import CacheSettings, Preload, Queue, Sharing

PAGE = 4096
_FILES = {"load-file-in-cache": False, "load-file-in-cache-gzip": True}
_NETWORK = ("node", "nodes", "sync", "udp", "udp_server", "udp_servers")


def read(found: Mapping[str, Sequence[Pair]], base: str, complaints: Complaints) -> Sharing:
    """What the lines mean; relative paths begin at ``base``."""
    reader = Reader(found, complaints)
    caches = _caches(found, reader, base, complaints)
    return Sharing(
        locks=reader.number("locks", most=4096),
        caches=caches,
        queue=_queue(found, reader, base, complaints),
        areas=tuple(
            _area(pair, complaints) for name in ("sharedarea", "py-sharedarea") for pair in found.get(name, ())
        ),
        preloads=_preloads(found, caches, base, complaints),
        sweep_interval=0 if reader.flag("cache-no-expire") else max(1, reader.number("cache-expire-freq", default=3)),
        sweep_report=reader.flag("cache-report-freed-items"),
    )


def _path(text: str, base: str) -> str:
    return posixpath.normpath(posixpath.join(base, text)) if text else ""


# -- caches


def _caches(
    found: Mapping[str, Sequence[Pair]], reader: Reader, base: str, complaints: Complaints
) -> tuple[CacheSettings, ...]:
    caches: dict[str, CacheSettings] = {}
    if items := reader.number("cache", most=2**30 - 1):
        store = found.get("cache-store")
        caches["default"] = CacheSettings(
            "default", items, items, blocksize=reader.number("cache-blocksize", default=65536, least=1),
            lastmod=reader.flag("cache-use-last-modified"), no_expire=False,
            store=_path(store[-1].text(), base) if store else "",
        )
    for pair in found.get("cache2", ()):
        cache = _cache2(pair, base, complaints)
        if cache is None:
            continue
        if cache.name in caches:
            complaints.warn("cache-twice", pair.where, f"there is a cache {cache.name} already",
                            "give this one another name; the first is used")
            continue
        caches[cache.name] = cache
    return tuple(caches.values())


def _cache2(pair: Pair, base: str, complaints: Complaints) -> CacheSettings | None:
    if unresolved(pair.text()) or any(mark in pair.text() for mark in MARKS):
        return None  # nobody knows what it will be
    its = keyval.cache2(pair, complaints)
    name, items = its.get("name"), _first(its, "items", "max_items", "maxitems")
    if not name or not items:
        return None  # that was said
    for key in _NETWORK:
        if key in its:
            complaints.warn("cache-local", pair.where, f"{key} in {pair.key} names other machines, which caches here do"
                            " not talk to", "share with them through Redis or memcached; the cache is kept as it is")
            break

    def number(key: str, text: str | None, default: int, least: int, most: int) -> int:
        if text is None:
            return default
        digits, rest = leading_digits(text)
        value = int(digits[:19]) if digits else -1
        if rest or not least <= value <= most:
            complaints.error("cache-invalid", pair.where, f"{key}={text} in {pair.key} is not a number from {least} to"
                             f" {most}", f"write {key}=1000, for example")
            return default
        return value

    count = number("items", items, 1, 1, 2**30 - 1)
    blocks = number("blocks", its.get("blocks"), count, 1, 2**31 - 1)
    if blocks < count:
        complaints.error("cache-invalid", pair.where, f"{pair.key} has {blocks} blocks for {count} items",
                         f"write blocks={count} or more, or leave it out; uWSGI would not start")
        blocks = count
    return CacheSettings(
        name=name,
        items=count,
        blocks=blocks,
        blocksize=number("blocksize", its.get("blocksize"), 65536, 1, 2**31 - 1),
        keysize=number("keysize", its.get("keysize"), 2048, 1, 65535),
        bitmap="bitmap" in its,
        no_expire="no_expire" in its and not any(key in its for key in ("lazy", "lazy_expire")),
        lastmod="lastmod" in its,
        purge_lru="purge_lru" in its or "lru" in its,
        clear_on_full="clear_on_full" in its,
        math_initial=number("math_initial", its.get("math_initial"), 0, -(2**63), 2**63 - 1),
        ignore_full="ignore_full" in its,
        hash=its.get("hash") or "djb33x",
        store=_path(its.get("store") or "", base),
        store_delete="store_delete" in its,
    )


def _first(its: Mapping[str, str | None], *names: str) -> str | None:
    return next((its[name] for name in names if its.get(name)), None)


def _preloads(
    found: Mapping[str, Sequence[Pair]], caches: Sequence[CacheSettings], base: str, complaints: Complaints
) -> tuple[Preload, ...]:
    known = {cache.name for cache in caches}
    items: list[Preload] = []

    def home(pair: Pair) -> tuple[str, str] | None:
        first, blank, rest = pair.text().partition(" ")
        name, text = (first, rest) if blank and "=" not in first else ("", pair.text())
        if not known or (name and name not in known):
            complaints.warn("cache-missing", pair.where, f"there is no cache {name}".rstrip() + f" for this {pair.key}",
                            f"add cache2 = name={name or 'default'},items=1000; the line is ignored")
            return None
        return name, text

    for pair in found.get("add-cache-item", ()):
        if at := home(pair):
            key, equals, value = at[1].partition("=")
            if equals and key and value:
                items.append(Preload(at[0], key, value))
            else:
                complaints.warn("value-malformed", pair.where, f"{pair.key} = {pair.text()} is not of the form"
                                " key=value", f"write {pair.key} = key=value, or {pair.key} = cache key=value")
    for option, compress in _FILES.items():
        for pair in found.get(option, ()):
            if at := home(pair):
                key = at[1] + ".gz" * compress
                items.append(Preload(at[0], key, file=_path(at[1], base), compress=compress))
    return tuple(items)


# -- the queue, shared memory


def _queue(found: Mapping[str, Sequence[Pair]], reader: Reader, base: str, complaints: Complaints) -> Queue:
    slots = reader.number("queue", most=2**31 - 1)
    size = reader.number("queue-blocksize", default=8192)
    if slots and (size < PAGE or size % PAGE):
        pair = found["queue-blocksize"][-1]
        complaints.error("queue-invalid", pair.where, f"{pair.key} = {pair.text()} is no multiple of {PAGE} bytes",
                         f"write {pair.key} = {max(1, -(-size // PAGE)) * PAGE}; uWSGI would not start")
        size = 8192
    store = found.get("queue-store")
    return Queue(slots, size, _path(store[-1].text(), base) if store else "")


def _area(pair: Pair, complaints: Complaints) -> int:
    text = pair.text()
    kinds: tuple[str, ...] = ()
    if "=" not in text:
        digits, rest = leading_digits(text)
        digits = "" if rest else digits
        pages, size = ("", digits) if pair.key == "py-sharedarea" else (digits, None)
    else:
        its = keyval.sharedarea(pair, complaints)
        pages, size = its.get("pages") or "", its.get("size")
        kinds = tuple(key for key in ("file", "fd", "ptr") if key in its)
    if kinds:
        complaints.warn("area-kind", pair.where, f"{kinds[0]} in {pair.key} is not supported",
                        "map the file with Python's mmap module; the area is memory of its own")
    try:
        wanted = int(size, 0) if size else int(pages) * PAGE if pages else PAGE if kinds else 0
    except ValueError:
        wanted = 0
    if not 0 < wanted < 2**40:
        complaints.error("area-invalid", pair.where, f"{pair.key} = {text} does not say how large the area is",
                         f"write {pair.key} = 4, the number of pages of {PAGE} bytes")
        return PAGE
    return -(-wanted // PAGE) * PAGE
