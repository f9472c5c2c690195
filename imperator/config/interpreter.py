"""The interpreter that loads the application, and what it does first: :class:`Interpreter`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.config.values import flag, number
from imperator.errors import Where


class Import(NamedTuple):
    """A module, or a file that ends in ``.py``, to import; ``alias``: the name it gets besides its own."""

    target: str
    where: Where
    alias: str = ""


class Interpreter(NamedTuple):
    """How Python is started and prepared."""

    optimize: int = 0
    no_site: bool = False
    executable: str = ""
    """``sys.executable``, if not the truth."""
    argv: tuple[str, ...] = ()
    """``sys.argv`` without its first."""
    aliases: tuple[Import, ...] = ()
    imports: tuple[Import, ...] = ()
    """To be imported before the application; one that fails is logged and keeps nothing from going on."""


def read(pairs: Mapping[str, Sequence[Pair]], complaints: Complaints) -> Interpreter:
    """What the lines mean. ``pairs``: by the canonical name of their option."""

    def last(name: str) -> Pair | None:
        return pairs[name][-1] if name in pairs else None

    optimize, argv, executable = last("optimize"), last("pyargv"), last("py-executable")
    no_site = last("no-site")
    aliases = [
        alias
        for name in ("pymodule-alias", "post-pymodule-alias")
        for pair in pairs.get(name, ())
        if (alias := _alias(pair, complaints))
    ]
    imports = [Import(pair.text(), pair.where) for name in ("shared-import", "import") for pair in pairs.get(name, ())]
    return Interpreter(
        optimize=number(optimize, 0, complaints, least=0, most=2) if optimize else 0,
        no_site=no_site is not None and flag(no_site, complaints),
        executable=executable.text() if executable else "",
        argv=tuple(word for word in argv.text().split(" ") if word) if argv else (),
        aliases=tuple(aliases),
        imports=tuple(imports),
    )


def _alias(pair: Pair, complaints: Complaints) -> Import | None:
    alias, equals, target = pair.text().partition("=")
    if not equals or not alias.strip() or not target.strip():
        complaints.error("alias-invalid", pair.where, f"{pair.key} = {pair.text()} names no alias and its module",
                         f"write {pair.key} = alias=package.module, or {pair.key} = alias=/path/to/file.py")
        return None
    return Import(target.strip(), pair.where, alias.strip())
