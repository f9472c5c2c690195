"""JSON: one object of options inside the object of the file, ``{"uwsgi": {"master": true}}``.

An array is one pair for each item, repeated keys all count, ``true`` is 1, ``false`` and ``null`` are 0. Numbers keep
their spelling. Objects inside are no options and are left out with a warning. JSON has no line numbers of its own: the
line of a key is where it stands next in the text.
"""

from __future__ import annotations

import json
from typing import Any

from imperator.config.complain import Complaints
from imperator.config.pairs import Pair
from imperator.errors import Where


class _Object(list[tuple[str, Any]]):
    """An object with its keys in order, repeated ones kept."""


def parse(text: str, section: str, place: str, complaints: Complaints) -> list[Pair]:
    """The pairs of the object ``section``."""
    try:
        top = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_Object, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        complaints.error("syntax-error", Where(place, line), f"this is no JSON: {getattr(error, 'msg', error)}",
                         "correct the file; a comma may not stand before a closing bracket")
        return []
    found = next((value for key, value in top if key == section), None) if isinstance(top, _Object) else None
    if not isinstance(found, _Object):
        complaints.error("section-missing", Where(place), f'the file has no object "{section}"',
                         f'put the options into {{"{section}": {{…}}}}')
        return []
    pairs: list[Pair] = []
    at = max(text.find(json.dumps(section)), 0)
    for key, value in found:
        at = max(text.find(json.dumps(key, ensure_ascii=False), at), at)
        where = Where(place, text.count("\n", 0, at) + 1)
        at += 1
        for item in value if isinstance(value, list) and not isinstance(value, _Object) else [value]:
            if isinstance(item, list):
                complaints.warn("value-dropped", where, f"{key} holds an object or a list of lists, which is no option",
                                "write text, a number, true or false")
            else:
                pairs.append(Pair(key, _scalar(item), where))
    return pairs


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return value
    return "1" if value is True else "0"
