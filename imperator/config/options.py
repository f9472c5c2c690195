"""The table of options, by name.

``lookup`` finds a row by any of its names, ``nearest`` the name that somebody may have meant. The table is put together
at the first question, not at import: the rows are many and a program that only prints its version needs few of them.
"""

from __future__ import annotations

from importlib import import_module

from imperator.config.option import Option

SUBJECTS = (
    "sockets", "process", "config", "apps", "python", "http", "limits", "logging", "emperor", "stats", "security",
    "control", "plugins", "static", "routing", "hooks", "tasks", "sharing", "cluster", "routers", "tls", "imperator",
)

_rows: list[Option] = []
_index: dict[str, Option] = {}
_masks: dict[str, int] = {}
"""Which letters are in a name, as bits: most names are far from any other by that alone."""
_near: dict[str, str | None] = {}
"""Answers given: vassals use the same names."""
_turned: dict[str, str] = {}
"""Names by their letters without dashes, and by their words in order of the alphabet."""
_ORDINARY = frozenset((
    "group", "host", "hosts", "region", "role", "time", "tier", "stage", "level", "type", "site", "sites", "port",
    "ports", "zone", "node", "nodes", "test", "tests", "data", "date", "mail", "owner", "team", "unit", "name", "names",
    "path", "log-dir", "ini-dir", "run-dir", "api-key", "domain", "server", "client", "local", "public", "private",
    "root",
))
"""What people call variables: near to some option by chance."""
_foreign: dict[str, str] = {}
_foreign_takes: dict[str, str] = {}


def rows() -> list[Option]:
    """Every row, subject by subject."""
    if not _rows:
        for subject in SUBJECTS:
            _rows.extend(import_module("imperator.config.rows." + subject).ROWS)
        for row in _rows:
            for name in row.names:
                _index[name] = row
                _masks[name] = _letters(name)
    return _rows


def lookup(name: str) -> Option | None:
    """The row that has ``name`` among its names, exactly as written; None if no row has."""
    if not _index:
        rows()
    return _index.get(name)


def names() -> list[str]:
    """Every name of the table, aliases included; those of plugins that Imperator does not have are not."""
    rows()
    return list(_index)


def plugin_of(name: str) -> str | None:
    """The plugin of uWSGI that ``name`` belongs to, if it is one that Imperator does not have."""
    _load_foreign()
    return _foreign.get(name)


def foreign_takes() -> dict[str, str]:
    """Each name of those plugins and whether the command line gives it a value: none, optional or required."""
    _load_foreign()
    return {name: _foreign_takes.get(name, "required") for name in _foreign}


def nearest(name: str) -> str | None:
    """The name of an option that ``name`` is probably a slip of, or None.

    ``_`` for ``-``, capitals, and a ``:`` or value run into the name are seen through; beyond that two letters may
    differ in a long name, one in a short one, none in names of three letters or fewer. Names of uWSGI 2.1 are not
    offered: they mean nothing to most readers.
    """
    if name not in _near:
        _near[name] = _nearest(name)
    return _near[name]


def _nearest(name: str) -> str | None:
    rows()
    plain = name.strip().strip("\"'").lower().replace("_", "-").split(":", 1)[0].strip(" \t-")
    squeezed = plain.replace(" ", "-")
    for stop in (" ", "\t"):
        plain = plain.split(stop, 1)[0]
    if squeezed in _index:
        return squeezed
    if plain in _index:
        return plain
    if len(plain) < 4 or plain in _ORDINARY:
        return None
    if not _turned:
        for known, row in _index.items():
            if row.availability != "2.1-dev only":
                _turned.setdefault(known.replace("-", ""), known)
                _turned.setdefault(_sorted(known), known)
    if found := _turned.get(squeezed.replace("-", "")) or _turned.get(_sorted(squeezed)):
        return found
    return _by_letters(plain)


def _sorted(name: str) -> str:
    """The words of a name in an order of their own, so that ``threads-enable`` finds ``enable-threads``."""
    return "-".join(sorted(name.split("-")))


def _by_letters(plain: str) -> str | None:
    allowed = 1 if len(plain) < 7 else 2
    letters = _letters(plain)
    best: str | None = None
    for known, row in _index.items():
        # A letter that is changed makes two differences between the sets of letters, every other slip one or none.
        if (letters ^ _masks[known]).bit_count() > 2 * allowed:
            continue
        if row.availability != "2.1-dev only" and abs(len(known) - len(plain)) <= allowed:
            distance = _distance(plain, known, allowed)
            # Among the equally near, the one that begins alike: slips of the first letter are rare.
            alike = best is not None and (best[:1] == plain[:1] or known[:1] != plain[:1])
            if distance < allowed or (distance == allowed and not alike):
                best, allowed = known, distance
    return best


def _letters(name: str) -> int:
    mask = 0
    for letter in name:
        mask |= 1 << (ord(letter) & 63)
    return mask


def _load_foreign() -> None:
    if not _foreign:
        from imperator.config.rows import other_plugins

        for plugin, its in other_plugins.PLUGINS.items():
            for name in its:
                _foreign[name] = plugin
        _foreign_takes.update(other_plugins.TAKES)


def _distance(a: str, b: str, limit: int) -> int:
    """How many letters must be added, dropped, changed or swapped with their neighbour; ``limit`` + 1 if too many."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        now = [i]
        for j, y in enumerate(b, 1):
            cost = min(row[j] + 1, now[j - 1] + 1, row[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            now.append(cost)
        if min(now) > limit:
            return limit + 1
        before, row = row, now
    return row[-1]
