"""Text into values: flags, numbers, modes, users. Each complains about what it had to guess.

uWSGI reads values with the C library: a flag that is not one of five words is true, a number is its leading digits.
The results here are the same; what is new is that a guess is said aloud. Nothing here knows which option it reads.
"""

from __future__ import annotations

from imperator.config.complain import Complaints
from imperator.config.expand import unresolved
from imperator.config.pairs import Pair
from imperator.config.world import World

HARMLESS = "the comment behind the value is part of it, which does no harm here"
"""The same text for every option, so that a check tells of all such lines at once."""
MOVE = "put it on a line of its own, as `imperator check --fix` does"
_FALSE = frozenset(("0", "false", "off", "no"))
_TRUE = frozenset(("1", "true", "on", "yes", ""))
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "k": "thousands", "kb": "kilobytes",
          "mb": "megabytes", "g": "gigabytes", "ms": "milliseconds"}
_DIGITS = "0123456789"


def flag(pair: Pair, complaints: Complaints) -> bool:
    """False for ``0``, ``false``, ``off`` and ``no`` in any case; everything else is true, even nothing."""
    if pair.value is None:
        return True
    word = pair.value.lower()
    if word in _FALSE:
        return False
    if word not in _TRUE:
        plain, comment = split_comment(word)
        if comment:
            if plain in _FALSE:
                complaints.warn(
                    "comment-in-value", pair.where,
                    f"the comment behind {pair.key} is part of its value, which therefore counts as true",
                    f"write {pair.key} = {plain} and put the comment on a line of its own",
                )
            else:
                complaints.warn("comment-in-value", pair.where, HARMLESS, MOVE)
        else:
            complaints.warn("flag-unclear", pair.where, f"{pair.key} = {pair.value} counts as true",
                            "write true or false")
    return True


def number(pair: Pair, default: int, complaints: Complaints, *, least: int = 0, most: int = 2**31 - 1) -> int:
    """The leading digits of the value. Where uWSGI would fall back to zero, ``default`` is used."""
    text = pair.text().lstrip(" \t\n\v\f\r")  # what C takes for white space
    digits, rest = leading_digits(text)
    if not digits:
        left = unresolved(text)
        code = "placeholder-unresolved" if left else "number-missing"
        fact = f"{left} in {pair.key} has no value" if left else f"{pair.key} = {pair.text()} is not a number"
        complaints.warn(code, pair.where, fact, f"write a number; {default} is used")
        return default
    too_long = -1 if digits.startswith("-") else most + 1
    value = too_long if len(digits) > 20 else int(digits)
    if value < 0 <= least:
        complaints.error("number-negative", pair.where, f"{pair.key} = {pair.text()} is negative",
                         f"write {least} or more")
        return default
    if not least <= value <= most:
        kept = min(max(value, least), most)
        complaints.warn("number-out-of-range", pair.where, f"{pair.key} = {digits} is not between {least} and {most}",
                        f"{kept} is used")
        value = kept
    if rest.strip(" \t\r\n"):
        _trailing(pair, digits, rest, complaints)
    return value


def leading_digits(text: str) -> tuple[str, str]:
    """The number that ``text`` begins with, with its sign, and what follows it."""
    end = 1 if text[:1] in ("-", "+") else 0
    start = end
    while end < len(text) and text[end] in _DIGITS:
        end += 1
    return (text[:end], text[end:]) if end > start else ("", text)


def split_comment(text: str) -> tuple[str, str]:
    """``text`` cut before a ``#`` or ``;`` that follows a blank; the second half is empty if there is none."""
    for index in range(1, len(text)):
        if text[index] in "#;" and text[index - 1] in " \t":
            return text[:index].rstrip(" \t"), text[index:]
    return text, ""


def octal(text: str) -> int | None:
    """Exactly three octal digits."""
    if len(text) == 3 and all(c in "01234567" for c in text):
        return int(text, 8)
    return None


def socket_mode(pair: Pair, complaints: Complaints) -> int | None:
    """The mode of ``chmod-socket``: nothing or ``1`` means 666, otherwise exactly three octal digits."""
    if pair.value is None or pair.value == "1":
        return 0o666
    mode = octal(pair.value)
    if mode is None or mode == 0:
        plain = split_comment(pair.value)[0].lstrip("0o")
        better = plain if octal(plain) else "660"
        complaints.error("mode-invalid", pair.where, f"{pair.key} = {pair.value} is not a mode of three octal digits",
                         f"write {pair.key} = {better}")
        return None
    return mode


def umask(pair: Pair, complaints: Complaints) -> int | None:
    """Three octal digits, or four of which the first is ignored."""
    text = pair.text()
    mask = octal(text[1:] if len(text) == 4 and text[0] in _DIGITS else text)
    if mask is None:
        plain = split_comment(text)[0]
        better = plain[-3:].rjust(3, "0")
        complaints.error("umask-invalid", pair.where, f"umask = {text} is not three octal digits",
                         f"write umask = {better if octal(better) is not None else '022'}")
    return mask


def user(pair: Pair, text: str, world: World, complaints: Complaints) -> tuple[int | None, str | None]:
    """The uid that ``text`` names, and the user's name if it has one."""
    if text.isdigit() and text.isascii():
        uid = int(text)
        if uid >= 2**32 - 1:
            complaints.error("number-out-of-range", pair.where, f"{pair.key} = {text} is not a user's number",
                             "write the user's name")
            return None, None
        return uid, world.user_name(uid)
    found = world.user(text) if text else None
    if found is None:
        _nobody("user", pair, text, complaints)
        return None, None
    return found[0], text


def group(pair: Pair, text: str, world: World, complaints: Complaints) -> int | None:
    """The gid that ``text`` names."""
    if text.isdigit() and text.isascii():
        gid = int(text)
        if gid >= 2**32 - 1:
            complaints.error("number-out-of-range", pair.where, f"{pair.key} = {text} is not a group's number",
                             "write the group's name")
            return None
        return gid
    found = world.group(text) if text else None
    if found is None:
        _nobody("group", pair, text, complaints)
    return found


def _nobody(what: str, pair: Pair, text: str, complaints: Complaints) -> None:
    plain, comment = split_comment(text)
    left = unresolved(text)
    if left:
        complaints.error("placeholder-unresolved", pair.where, f"{left} in {pair.key} has no value",
                         "set it in the environment" if left[0] == "$" else "define it above")
    elif not text:
        complaints.error("value-empty", pair.where, f"{pair.key} is empty", f"name a {what} or remove the line")
    elif comment:
        complaints.error(f"{what}-unknown", pair.where, f"there is no {what} called {text}",
                         f"write {pair.key} = {plain} and put the comment on a line of its own")
    else:
        complaints.error(f"{what}-unknown", pair.where, f"there is no {what} called {text}",
                         f"create the {what} or correct {pair.key}")


def _trailing(pair: Pair, digits: str, rest: str, complaints: Complaints) -> None:
    plain, comment = split_comment(pair.text())
    if comment and plain == digits:
        complaints.warn("comment-in-value", pair.where, HARMLESS, MOVE)
        return
    unit = _UNITS.get(rest.strip().lower())
    complaints.warn("number-trailing", pair.where, f"{pair.key} = {pair.text()} counts as {digits}",
                    f"there are no units here, these are not {unit}" if unit else f"write {pair.key} = {digits}")
