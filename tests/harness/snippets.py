"""The configurations of docs/front-ends.md, with other addresses: what a reader copies is what the tests run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from .program import ROOT

PAGE = ROOT / "docs" / "front-ends.md"
#: The addresses that the page speaks of.
SOCKET, TCP = "/run/app/app.sock", "127.0.0.1:3031"


class Snippet(NamedTuple):
    """One block of the page."""

    front: str
    title: str
    text: str


def read() -> dict[tuple[str, str], Snippet]:
    """All blocks, by the heading of the front end and the one of the block."""
    found: dict[tuple[str, str], Snippet] = {}
    front = title = ""
    for match in re.finditer(r"^(#{2,3}) ([^\n]+)$|^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.M | re.S):
        level, heading, language, text = match.groups()
        if level == "##":
            front, title = heading, ""
        elif level == "###":
            title = heading
        elif language == front.lower() and title:
            assert (front, title) not in found, f"two blocks under {front}, {title}"
            found[front, title] = Snippet(front, title, text)
    return found


def at(snippet: Snippet, address: Path | str) -> str:
    """The block with another address: a UNIX socket, or ``host:port``, changed as the page says."""
    text = snippet.text
    assert SOCKET in text, f"no address in {snippet.front}, {snippet.title}"
    if isinstance(address, Path):
        return text.replace(SOCKET, str(address))
    host, _, port = address.partition(":")
    text = re.sub(rf"unix:{SOCKET}\|(\w+)://localhost", rf"\1://{address}", text)
    text = text.replace(f'"socket" => "{SOCKET}"', f'"host" => "{host}", "port" => {port}')
    text = text.replace(f"unix:{SOCKET}", address)
    assert SOCKET not in text, f"no way to TCP in {snippet.front}, {snippet.title}"
    return text
