"""Where standard output and error go: a file of the administrator's, opened once.

Everything that a process of an instance prints ends up there, ours and the application's alike. Nothing here formats
lines.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from imperator.config.settings import Settings
from imperator.errors import Diagnostic, Refused, Where
from imperator.process.listeners import user_name


class Opening(NamedTuple):
    """How a log is opened."""

    mode: int | None = None
    """What its mode becomes; None: 0640 if it is new."""
    uid: int = -1
    gid: int = -1
    """Whom it is given to."""
    truncate: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Opening:
        """As the configuration says."""
        owner = (settings.uid, settings.gid) if settings.logs.chown else (None, None)
        uid, gid = (-1 if one is None else one for one in owner)
        return cls(settings.logs.chmod, uid, gid, settings.logs.truncate)

    def open(self, path: str) -> int:
        """Open it to write at its end. Raises ``OSError``."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY
        fd = os.open(path, flags | (os.O_TRUNC if self.truncate else 0), 0o640)
        if self.mode is not None:
            os.fchmod(fd, self.mode)
        if os.geteuid() == 0 and (self.uid, self.gid) != (-1, -1):
            os.fchown(fd, self.uid, self.gid)
        return fd


def divert(path: str, where: Where | None, opening: Opening = Opening()) -> None:  # noqa: B008  # immutable
    """Send standard output and error to the end of ``path``, created with mode 0640 if need be.

    Raises :class:`Refused` when it cannot be opened.
    """
    try:
        fd = opening.open(path)
    except FileNotFoundError as error:
        folder = os.path.dirname(path)
        raise Refused(
            Diagnostic(
                "no-directory",
                where,
                f"cannot open the log {path}: the directory {folder} does not exist",
                f"create it: mkdir -p {folder}",
            )
        ) from error
    except PermissionError as error:
        raise Refused(
            Diagnostic(
                "no-permission",
                where,
                f"cannot open the log {path}: no permission for {user_name()}",
                "let that user write the file and its directory, or choose another path",
            )
        ) from error
    except OSError as error:
        raise Refused(
            Diagnostic("cannot-open-log", where, f"cannot open the log {path}: {error.strerror}", "choose another path")
        ) from error
    for standard in (1, 2):
        os.dup2(fd, standard)
        os.set_inheritable(standard, True)  # dup2 changes nothing if it was closed and the log got its number
    if fd > 2:
        os.close(fd)
