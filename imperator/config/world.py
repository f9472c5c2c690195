"""What the configuration may ask of the machine it is read on, as one injected object.

The rest of this package touches nothing: no file, no environment, no clock. It asks a :class:`World`, so that one
program answers with the real machine (``imperator.process.world``) and a test, or a check of a file meant for another
host, with whatever it likes. A World answers questions; it changes nothing and keeps no state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Unreadable(Exception):
    """A file or resource could not be read. The text says why, in the words of the system."""


class Withheld(Unreadable):
    """There is a resource of that name, and whoever asks shall not have it: a check runs no commands."""


class Facts(NamedTuple):
    """What does not change while a configuration is read."""

    directory: str
    """The directory that the program was started in: relative names of files begin here."""
    environ: Mapping[str, str]
    hostname: str
    uid: int
    gid: int
    cpus: int
    started: float
    """Seconds since 1970."""
    binary: str
    """The path of the server's executable."""
    version: str
    reloading: bool = False
    """Whether this reading is that of a reload (``if-reload``)."""


class World(Protocol):
    """The questions. Paths that are not absolute begin at ``facts.directory``."""

    @property
    def facts(self) -> Facts:
        """What does not change while a configuration is read."""
        ...

    def read(self, path: str) -> str:
        """The text of a file, bytes that are not UTF-8 as surrogates. Raise :class:`Unreadable` if there is none.

        ``-`` is standard input, ``fd://N`` an open descriptor, ``exec://COMMAND`` what a command prints.
        """
        ...

    def fetch(self, address: str) -> str:
        """The text at an ``http://`` address. Raise :class:`Unreadable` if there is none."""
        ...

    def resolve(self, host: str) -> str:
        """The IPv4 address of a host. Raise :class:`Unreadable` if there is none."""
        ...

    def names(self, path: str) -> Sequence[str]:
        """The names in a directory, sorted. Raise :class:`Unreadable` if it cannot be read."""
        ...

    def exists(self, path: str) -> bool:
        """Whether ``path`` can be read by this user, whatever it is."""
        ...

    def is_file(self, path: str) -> bool:
        """Whether ``path`` is a regular file, symbolic links followed."""
        ...

    def is_dir(self, path: str) -> bool:
        """Whether ``path`` is a directory, symbolic links followed."""
        ...

    def is_socket(self, path: str) -> bool:
        """Whether ``path`` is a unix socket, symbolic links followed."""
        ...

    def inode(self, path: str) -> int:
        """The inode number of ``path``, 0 if it does not exist."""
        ...

    def glob(self, pattern: str) -> Sequence[str]:
        """The paths that match, sorted, directories with a trailing slash; none if there are none."""
        ...

    def user(self, name: str) -> tuple[int, int] | None:
        """The uid and primary gid of a user's name, None if there is no such user."""
        ...

    def group(self, name: str) -> int | None:
        """The gid of a group's name, None if there is no such group."""
        ...

    def user_name(self, uid: int) -> str | None:
        """The name of a uid."""
        ...

    def group_name(self, gid: int) -> str | None:
        """The name of a gid."""
        ...
