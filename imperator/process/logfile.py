"""Where standard output and error go: a file of the administrator's, opened once.

Everything that a process of an instance prints ends up there, ours and the application's alike. Nothing here formats
lines.
"""

from __future__ import annotations

import os

from imperator.errors import Diagnostic, Refused, Where
from imperator.process.listeners import user_name


def divert(path: str, where: Where | None) -> None:
    """Send standard output and error to the end of ``path``, created with mode 0640 if need be.

    Raises :class:`Refused` when it cannot be opened.
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY, 0o640)
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
