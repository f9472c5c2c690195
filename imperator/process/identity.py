"""Who we run as: giving up root, and asking whether that can be done.

Privileges are given up once, for good, after the sockets, the pidfile and the log were opened.
"""

from __future__ import annotations

import os

from imperator.config.conduct import Privileges
from imperator.errors import Diagnostic, Refused, Severity, Where

_ORDINARY = Privileges()


def become(
    uid: int | None, gid: int | None, user: str | None, where: Where | None, privileges: Privileges = _ORDINARY
) -> Diagnostic | None:
    """Run as ``uid`` and ``gid`` from now on, with the supplementary groups of ``user`` and those of ``privileges``.

    Who is not root cannot: as under uWSGI the instance goes on as it is, and the answer is a complaint to print.
    Raises :class:`Refused` when root itself cannot become that user.
    """
    wanted = (os.getuid() if uid is None else uid, os.getgid() if gid is None else gid)
    if wanted == (os.getuid(), os.getgid()) and not (privileges.groups and os.getuid() == 0):
        return None
    if os.getuid() != 0:
        return Diagnostic(
            "not-root",
            where,
            f"runs as uid {os.getuid()} gid {os.getgid()}, not as uid {wanted[0]} gid {wanted[1]}:"
            " only root can change that",
            "start it as root, or leave uid and gid out",
            severity=Severity.WARNING,
        )
    try:
        if user is not None and not privileges.no_user_groups:
            os.initgroups(user, wanted[1])
        elif gid is not None or uid is not None:
            os.setgroups([])
        if privileges.groups:
            os.setgroups(sorted({*os.getgroups(), *privileges.groups}))
        os.setgid(wanted[1])
        os.setuid(wanted[0])
    except OSError as error:
        raise Refused(
            Diagnostic(
                "cannot-become-user",
                where,
                f"cannot become uid {wanted[0]} gid {wanted[1]}: {error.strerror}",
                "check the limits of the container or service that starts it (capabilities SETUID and SETGID)",
            )
        ) from error
    return None


def barrier(path: str) -> str | None:
    """The first directory on the way to ``path`` that this user may not enter, or ``path`` itself; None if it is open.

    Where ``path`` is a link, the way to what it points to counts too: a virtualenv's Python leads out of it.
    """
    parts = os.path.abspath(path).split("/")
    for end in range(2, len(parts)):
        folder = "/".join(parts[:end])
        if not os.access(folder, os.X_OK, effective_ids=True):
            return folder
    if os.access(path, os.X_OK, effective_ids=True):
        return None
    target = os.path.realpath(path)
    return barrier(target) if os.path.islink(path) and target != os.path.abspath(path) else path

