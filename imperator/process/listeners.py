"""Listening sockets: bind, inherit, let go.

A socket is bound before privileges are given up, and then belongs to whom uWSGI would have made it for. What lies at a
socket's path is removed only if it is a socket and nobody answers on it: an ordinary file is never deleted, a running
server's socket is never stolen.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import time
from collections.abc import Mapping
from typing import NamedTuple

from imperator.config.settings import Endpoint, Owner
from imperator.config.tuning import Tuning
from imperator.errors import Diagnostic, Refused, Severity, Where

PATH_LIMIT = 107
"""Bytes that a path may have in the kernel's address of a UNIX socket, without its final zero."""

IP_FREEBIND = 15
"""Of ``linux/in.h``; the socket module does not have it. It serves IPv6 as well."""

UNTUNED = Tuning()

PATIENCE = 1.0
"""Seconds that a socket's former owner, who is just ending, has to let go of it."""


class Listener(NamedTuple):
    """A bound, listening socket. ``address`` names it in messages; ``inode`` is that of a UNIX socket's path, or 0."""

    fd: int
    address: str
    endpoint: Endpoint
    inode: int = 0


class UnixAttributes(NamedTuple):
    """What a new UNIX socket shall look like. ``mode`` None: what ``umask`` leaves."""

    umask: int
    mode: int | None
    owner: Owner | None


def listen(
    endpoint: Endpoint,
    where: Where | None,
    backlog: int | None,
    attributes: UnixAttributes,
    kept: Mapping[str, int],
    tuning: Tuning = UNTUNED,
) -> Listener:
    """Bind ``endpoint``, or take over the descriptor that a predecessor ``kept`` for it.

    Raises :class:`Refused` with the reason. ``backlog`` None: as long a queue as the kernel allows.
    """
    address = str(endpoint)
    queue = backlog if backlog is not None else system_backlog()
    if address in kept:
        fd = kept[address]
        if endpoint.kind != "unix":
            return Listener(fd, address, endpoint)
        if (inode := _inode(endpoint.path)) and _answers(endpoint.path):
            return Listener(fd, address, endpoint, inode)
        # Its path was removed, or it refuses: nobody can connect to it any more, and a new one takes its place.
    try:
        if endpoint.kind == "fd":
            return _inherited(endpoint, where)
        if endpoint.kind in ("unix", "abstract"):
            return _unix(endpoint, address, where, queue, attributes, tuning)
        return _internet(endpoint, address, queue, tuning)
    except OSError as error:
        raise Refused(explain(error, endpoint, address, where)) from error


def refit(
    listener: Listener, backlog: int | None, attributes: UnixAttributes, where: Where | None
) -> list[Diagnostic]:
    """Give an open socket another queue, mode or owner; answers what could not be done."""
    with socket.socket(fileno=os.dup(listener.fd)) as sock:
        sock.listen(system_backlog() if backlog is None else backlog)
    path = listener.endpoint.path
    if listener.endpoint.kind != "unix" or not listener.inode or _inode(path) != listener.inode:
        return []
    found, (uid, gid) = os.lstat(path), attributes.owner or (None, None)
    changed = UnixAttributes(
        0,
        attributes.mode if stat.S_IMODE(found.st_mode) != attributes.mode else None,
        attributes.owner if uid not in (None, found.st_uid) or gid not in (None, found.st_gid) else None,
    )
    try:
        _dress(path, changed)
    except OSError as error:
        refused = _not_given(error, listener.endpoint, changed, where)
        return [refused._replace(severity=Severity.WARNING, hint="only a restart as root can give it away")]
    return []


def release(listener: Listener, *, unlink: bool) -> None:
    """Close a listener, and with ``unlink`` remove its path if it is still the one that was bound."""
    path = listener.endpoint.path
    if unlink and listener.endpoint.kind == "unix" and listener.inode and _inode(path) == listener.inode:
        try:
            os.unlink(path)
        except OSError:
            pass  # someone else's directory now, or already gone: nothing that we may mend
    os.close(listener.fd)


def refuse(listener: Listener) -> None:
    """Let a UNIX socket refuse new connections at once, for every process that has it open, for ever.

    What waits in its queue can still be accepted. TCP has no such thing: there, a shutdown would reset those who wait.
    """
    if listener.endpoint.kind in ("unix", "abstract"):
        with socket.socket(fileno=os.dup(listener.fd)) as sock:
            try:
                sock.shutdown(socket.SHUT_RD)
            except OSError:
                pass  # it does already


def system_backlog() -> int:
    """The longest queue of waiting connections that the kernel allows here."""
    try:
        with open("/proc/sys/net/core/somaxconn", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return socket.SOMAXCONN


def _unix(
    endpoint: Endpoint, address: str, where: Where | None, queue: int, attributes: UnixAttributes, tuning: Tuning
) -> Listener:
    if endpoint.kind == "unix":
        if len(os.fsencode(endpoint.path)) > PATH_LIMIT:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        _clear(endpoint.path, where)
        name: str | bytes = endpoint.path
    else:
        name = b"\0" + os.fsencode(endpoint.path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as sock:
        _size(sock, tuning)
        before = os.umask(attributes.umask)
        try:
            sock.bind(name)
        finally:
            os.umask(before)
        inode = 0
        if endpoint.kind == "unix":
            inode = _inode(endpoint.path)
            try:
                _dress(endpoint.path, attributes)
            except OSError as error:
                os.unlink(endpoint.path)
                raise Refused(_not_given(error, endpoint, attributes, where)) from error
        sock.listen(queue)
        return Listener(_beyond_standard(sock), address, endpoint, inode)


def _dress(path: str, attributes: UnixAttributes) -> None:
    if attributes.mode is not None:
        os.chmod(path, attributes.mode)
    if attributes.owner is not None:
        uid, gid = attributes.owner
        os.lchown(path, -1 if uid is None else uid, -1 if gid is None else gid)


def _not_given(error: OSError, endpoint: Endpoint, attributes: UnixAttributes, where: Where | None) -> Diagnostic:
    uid, gid = attributes.owner or (None, None)
    return Diagnostic(
        "cannot-give-socket",
        where,
        f"cannot give {endpoint.path} to uid {'as is' if uid is None else uid} gid {'as is' if gid is None else gid}:"
        f" {error.strerror}",
        "only root gives sockets to other users and to groups it is not in; correct chown-socket, or start it as root",
    )


def _clear(path: str, where: Where | None) -> None:
    """Make room for a socket: remove one that nobody listens on, refuse to touch anything else."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            kind = os.lstat(path).st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(kind):
            what = "a directory" if stat.S_ISDIR(kind) else "a symbolic link" if stat.S_ISLNK(kind) else "a file"
            raise Refused(
                Diagnostic(
                    "socket-path-taken",
                    where,
                    f"cannot listen on {path}: {what} of that name exists and is not a socket",
                    "move it away or choose another path; it was left untouched",
                )
            )
        if not _answers(path):
            os.unlink(path)
            return
        if time.monotonic() > deadline:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        time.sleep(0.02)


def _answers(path: str) -> bool:
    """Whether somebody listens on a UNIX socket. A full queue is somebody."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        result = probe.connect_ex(path)
    return result not in (errno.ECONNREFUSED, errno.ENOENT)


def _internet(endpoint: Endpoint, address: str, queue: int, tuning: Tuning) -> Listener:
    family = socket.AF_INET6 if endpoint.kind == "inet6" else socket.AF_INET
    # As bytes, a plain name needs no codec to be imported, which takes long and fails where Python is out of reach by
    # now.
    host = endpoint.host.encode() if endpoint.host.isascii() else endpoint.host
    _, _, _, _, name = socket.getaddrinfo(host, endpoint.port, family, socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _tune(sock, tuning)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                sock.bind(name)
                sock.listen(queue)
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        if endpoint.port == 0:
            endpoint = endpoint._replace(port=sock.getsockname()[1])
        return Listener(_beyond_standard(sock), str(endpoint) if address.endswith(":0") else address, endpoint)


def _size(sock: socket.socket, tuning: Tuning) -> None:
    if tuning.send_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, tuning.send_buffer)
    if tuning.receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, tuning.receive_buffer)


def _tune(sock: socket.socket, tuning: Tuning) -> None:
    _size(sock, tuning)
    if tuning.defer_accept:
        # No worker is woken, or takes a connection from another, before the client has said something.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)
    if tuning.keepalive:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if tuning.fast_open:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, tuning.fast_open)
    if tuning.reuse_port:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if tuning.freebind:
        sock.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)


def _inherited(endpoint: Endpoint, where: Where | None) -> Listener:
    try:
        if endpoint.fd > 2:
            os.set_inheritable(endpoint.fd, False)  # generations get the copy; this one would outlive a close
        with socket.socket(fileno=os.dup(endpoint.fd)) as sock:
            if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                raise OSError(errno.EINVAL, "it is not listening")
            return Listener(_beyond_standard(sock), f"fd://{endpoint.fd}", endpoint)
    except OSError as error:
        raise Refused(
            Diagnostic(
                "bad-inherited-socket",
                where,
                f"descriptor {endpoint.fd} is no listening socket: {error.strerror}",
                "start the program with that socket open, or give an address",
            )
        ) from error


def _beyond_standard(sock: socket.socket) -> int:
    """The socket's descriptor, moved out of the way of 0, 1 and 2, which may be closed and reused; closed on exec."""
    import fcntl

    fd = fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)
    return int(fd)


def explain(error: OSError, endpoint: Endpoint, address: str, where: Where | None) -> Diagnostic:
    """What kept a socket from being bound, and what to do."""
    if isinstance(error, socket.gaierror):
        return Diagnostic(
            "unknown-host",
            where,
            f"cannot listen on {address}: the host name {endpoint.host} is unknown",
            "give an address of this machine, or leave the host empty for all of them",
        )
    if error.errno == errno.EADDRINUSE:
        return Diagnostic(
            "address-in-use",
            where,
            f"cannot listen on {address}: another process already does",
            f"stop that process (see: ss -lxtp | grep {endpoint.port or endpoint.path}) or choose another address",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return Diagnostic(
            "address-not-here",
            where,
            f"cannot listen on {address}: this machine has no such address",
            "give one that 'ip address' shows, or leave the host empty for all of them",
        )
    if error.errno == errno.ENAMETOOLONG:
        return Diagnostic(
            "socket-path-too-long",
            where,
            f"cannot listen on {address}: the path has {len(os.fsencode(endpoint.path))} bytes and the kernel allows"
            f" {PATH_LIMIT}",
            "choose a shorter path, for example below /run",
        )
    if error.errno == errno.ENOENT:
        folder = os.path.dirname(endpoint.path)
        return Diagnostic(
            "no-directory",
            where,
            f"cannot listen on {address}: the directory {folder} does not exist",
            f"create it: mkdir -p {folder}",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        if endpoint.kind in ("inet", "inet6"):
            return Diagnostic(
                "port-not-permitted",
                where,
                f"cannot listen on {address}: ports below 1024 need root",
                "start as root with uid and gid set, or choose a port from 1024 up",
            )
        return Diagnostic(
            "no-permission",
            where,
            f"cannot listen on {address}: no permission for {user_name()} in {os.path.dirname(endpoint.path)}",
            "let that user write there, or choose another directory",
        )
    return Diagnostic(
        "cannot-listen", where, f"cannot listen on {address}: {error.strerror or error}", "choose another address"
    )


def user_name() -> str:
    """The name of the user this process runs as."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


def _inode(path: str) -> int:
    try:
        return os.lstat(path).st_ino
    except OSError:
        return 0


def queue(fd: int) -> tuple[int, int]:
    """How many connections wait in a listening TCP socket's queue, and how many may; zeros where the kernel does not
    say.

    The kernel answers TCP_INFO of a listening socket with the queue in the fields of unacknowledged and sacked packets.
    """
    import struct

    with socket.socket(fileno=os.dup(fd)) as sock:
        if sock.family == socket.AF_UNIX:
            return 0, 0
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    unacked, sacked = struct.unpack_from("II", info, 24)
    return int(unacked), int(sacked)
