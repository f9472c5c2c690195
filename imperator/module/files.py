"""Bytes of files, and what else has an address in uWSGI."""

from __future__ import annotations

from typing import Any

from imperator.module.text import octets, words


def extract(name: Any) -> bytes | None:
    """The contents of a file; None if it cannot be read."""
    path = words(name, "the name of a file")
    if "://" in path:
        raise NotImplementedError(f"uwsgi.extract() reads files only, not {path}: nothing is built into the executable")
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def embedded_data(name: Any) -> bytes:
    """Data built into the executable: there is none."""
    raise ValueError(f"unable to find symbol {words(name)}: nothing is built into the executable, read a file")


def parsefile(name: Any) -> dict[bytes, bytes] | None:
    """The pairs in a file that holds a packet of the uwsgi protocol, such as a spooled task; None if it holds none."""
    content = extract(name)
    if content is None or len(content) < 4:
        return None
    size = int.from_bytes(content[1:3], "little")
    return pairs(content[4 : 4 + size]) if len(content) >= 4 + size else None


def pairs(packet: bytes) -> dict[bytes, bytes] | None:
    """Keys and values, each behind its length in two bytes; None if that is not what it is."""
    texts: list[bytes] = []
    at = 0
    while at < len(packet):
        size = int.from_bytes(packet[at : at + 2], "little")
        text = packet[at + 2 : at + 2 + size]
        if at + 2 > len(packet) or len(text) < size:
            return None
        texts.append(octets(text))
        at += 2 + size
    return dict(zip(texts[::2], texts[1::2], strict=True)) if len(texts) % 2 == 0 else None


NAMES: dict[str, Any] = {"extract": extract, "embedded_data": embedded_data, "parsefile": parsefile}
