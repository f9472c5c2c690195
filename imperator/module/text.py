"""Bytes out of what an application gives: ``str`` as UTF-8, bytes as they are. uWSGI takes both in most places."""

from __future__ import annotations


def octets(value: object, what: str = "this") -> bytes:
    """The bytes of a value. ``TypeError`` for what is neither text nor bytes."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise TypeError(f"{what} must be str or bytes, not {type(value).__name__}")


def words(value: object, what: str = "this") -> str:
    """The same as text."""
    return octets(value, what).decode("utf-8", "surrogateescape")
