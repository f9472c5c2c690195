"""What the parameters of a list's address ask for: forgiving for pages, strict for the API. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .draft import ENVIRONMENTS, RefusedError
from .hosts import ORDERS, SORTS, Wanted

LONGEST_SEARCH = 200
SIZES = (10, 25, 50, 100, 200)
LARGEST_SIZE = 200
LARGEST_NUMBER = 1_000_000_000  # pages beyond this are as empty as this one, and it fits the database's integers


class Listing(NamedTuple):
    """Which hosts, and which page of them."""

    wanted: Wanted
    number: int
    size: int

    def address(self, **changes: object) -> dict[str, object]:
        """Return the parameters of this list with some changed; those at their defaults are left out."""
        values: dict[str, object] = {
            "q": self.wanted.text,
            "environment": self.wanted.environment,
            "owner": self.wanted.owner,
            "sort": self.wanted.sort,
            "order": self.wanted.order,
            "page": self.number,
            "per_page": self.size,
        }
        values.update(changes)
        defaults: dict[str, object] = {"sort": "name", "order": "asc", "page": 1}
        return {name: value for name, value in values.items() if value and value != defaults.get(name)}


def forgiving(arguments: Mapping[str, str], default_size: int) -> Listing:
    """Take what can be taken; whatever makes no sense is as if it had not been said."""
    values = dict(arguments)
    while True:
        try:
            return strict(values, default_size)
        except RefusedError as refused:
            for name in refused.fields:
                values.pop(name)


def strict(arguments: Mapping[str, str], default_size: int) -> Listing:
    """Raise RefusedError with every parameter that makes no sense."""
    wrong: dict[str, str] = {}
    text = arguments.get("q", "").strip()
    if len(text) > LONGEST_SEARCH:
        wrong["q"] = f"is longer than {LONGEST_SEARCH} characters"
    environment = _one_of(arguments, "environment", ("", *ENVIRONMENTS), "", wrong)
    sort = _one_of(arguments, "sort", tuple(SORTS), "name", wrong)
    order = _one_of(arguments, "order", tuple(ORDERS), "asc", wrong)
    number = _number(arguments, "page", 1, LARGEST_NUMBER, wrong)
    size = _number(arguments, "per_page", default_size, LARGEST_SIZE, wrong)
    if wrong:
        raise RefusedError(wrong)
    return Listing(Wanted(text, environment, arguments.get("owner", "").strip(), sort, order), number, size)


def _one_of(
    arguments: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str, wrong: dict[str, str]
) -> str:
    value = arguments.get(name, default)
    if value not in allowed:
        wrong[name] = f"must be one of {', '.join(word for word in allowed if word)}"
    return value


def _number(arguments: Mapping[str, str], name: str, default: int, largest: int, wrong: dict[str, str]) -> int:
    if name not in arguments:
        return default
    value = arguments[name]
    if not (value.isascii() and value.isdigit() and len(value) <= 20 and 1 <= int(value) <= largest):
        wrong[name] = f"must be a number from 1 to {largest}"
        return default
    return int(value)
