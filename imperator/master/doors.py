"""The listening sockets of one instance: opened, taken over, changed by a reload, handed to a successor, closed.

They are known by their address. A reload opens what is new before anything else happens, and closes what is gone only
when the new generation has taken over, so that a reload that fails has changed nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from imperator import logs, pipes
from imperator.config.settings import OF_ROUTERS, Owner, Settings
from imperator.errors import Diagnostic, Refused
from imperator.process import certificates, listeners, startup
from imperator.process.listeners import Listener, UnixAttributes


class Doors:
    """All listening sockets, by address."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._open: dict[str, Listener] = {}
        self._taken_over: set[str] = set()
        self._kept = _kept(environ)
        self._lent: set[str] = set()
        """Those that are the emperor's: it waits there when we have gone."""
        if demanded := environ.get(pipes.ENV_DEMANDED):
            self._lent = {demanded, "fd://0"}
            self._kept[demanded] = os.dup(0)
        self._inherited_umask = environ.get(pipes.ENV_SOCKET_UMASK)

    def open(self, settings: Settings) -> list[str]:
        """Open whatever ``settings`` asks for and is not open yet; answers the new addresses.

        Raises :class:`Refused` with every socket that cannot be had; then none was opened.
        """
        umask, by_habit = startup.socket_umask(settings, self._inherited_umask)
        attributes = UnixAttributes(umask, settings.chmod_socket, _owner(settings))
        new: list[str] = []
        complaints: list[Diagnostic] = []
        for wanted, address in zip(settings.listen, names(settings), strict=True):
            if address in self._open:
                continue
            kept_here = {str(wanted.endpoint): self._kept[address]} if address in self._kept else {}
            try:
                listener = listeners.listen(
                    wanted.endpoint, wanted.where, settings.backlog, attributes, kept_here, settings.tuning
                )
            except Refused as refusal:
                complaints += refusal.diagnostics
                continue
            kept = self._kept.pop(address, None)
            inherited = kept == listener.fd
            if inherited:
                self._taken_over.add(address)
            elif kept is not None:
                os.close(kept)
            self._open[address] = listener
            new.append(address)
            kind = "UNIX" if wanted.endpoint.kind in ("unix", "abstract") else "TCP"
            verb = "inherited" if inherited or wanted.endpoint.kind == "fd" else "bound to"
            secured = " over TLS" if wanted.tls else ""
            logs.say(
                f"{wanted.protocol}{secured} socket {len(self._open) - 1} {verb} {kind} address {listener.address}"
                f" fd {listener.fd}"
            )
            if by_habit and wanted.endpoint.kind == "unix" and settings.chmod_socket is None and not umask & 0o002:
                logs.complain([startup.world_writable(wanted.endpoint.path, wanted.where)])
        if complaints:
            self.undo(new)
            raise Refused(*complaints)
        return new

    def undo(self, addresses: list[str]) -> None:
        """Close what :meth:`open` has just opened. The path of one taken over stays: a successor will get it again."""
        for address in addresses:
            listeners.release(self._open.pop(address), unlink=address not in self._taken_over)

    def close_others(self, settings: Settings) -> bool:
        """Close what ``settings`` no longer asks for; whether there was any."""
        wanted = set(names(settings))
        gone = [address for address in self._open if address not in wanted]
        for address in gone:
            logs.say(f"socket {address} is closed: the configuration no longer has it")
            listeners.release(self._open.pop(address), unlink=address not in self._lent)
        for fd in self._kept.values():
            os.close(fd)
        self._kept.clear()
        return bool(gone)

    def refit(self, settings: Settings) -> list[Diagnostic]:
        """Give sockets that stay the mode, the owner and the length of queue that they have now; what could not be."""
        attributes = UnixAttributes(0, settings.chmod_socket, settings.chown_socket)
        complaints = []
        for wanted, address in zip(settings.listen, names(settings), strict=True):
            if (listener := self._open.get(address)) and address not in self._lent:
                complaints += listeners.refit(listener, settings.backlog, attributes, wanted.where)
        return complaints

    def undo_all(self) -> None:
        """Close all of them, because the instance does not start."""
        self.undo(list(self._open))

    def refuse(self, *, for_good: bool = False) -> None:
        """Refuse whoever comes now, so that nobody waits in a queue that will never be looked at again.

        What is the emperor's is refused only ``for_good``, when there is no emperor any more.
        """
        for address, listener in self._open.items():
            if for_good or address not in self._lent:
                listeners.refuse(listener)

    def close(self, *, unlink: bool) -> None:
        """Close all of them, and with ``unlink`` remove the paths."""
        for address, listener in self._open.items():
            listeners.release(listener, unlink=unlink and address not in self._lent)
        self._open.clear()

    def plan(self, settings: Settings) -> list[pipes.Door]:
        """The sockets as a generation receives them: each address once, with the protocol that was named first."""
        plan: dict[str, pipes.Door] = {}
        for wanted, address, tls in zip(settings.listen, names(settings), certificates.indices(settings), strict=True):
            if address in self._open and address not in plan:
                listener = self._open[address]
                plan[address] = pipes.Door(
                    listener.fd, wanted.protocol, listener.address, tls, wanted.announcers,
                    wanted.option in OF_ROUTERS, wanted.https_port,
                )
        return list(plan.values())

    def all(self) -> list[tuple[str, int]]:
        """Addresses and descriptors, for a successor."""
        return [(address, listener.fd) for address, listener in self._open.items()]


def names(settings: Settings) -> list[str]:
    """What each socket is known by: its address, and for free ports (``:0``) which of them it is."""
    found: list[str] = []
    for one in settings.listen:
        name, number = str(one.endpoint), 2
        while one.endpoint.port == 0 and one.endpoint.kind in ("inet", "inet6") and name in found:
            name, number = f"{one.endpoint}#{number}", number + 1
        found.append(name)
    return found


def _owner(settings: Settings) -> Owner | None:
    """Who a UNIX socket belongs to. uWSGI binds as the configured user; we bind before, and give it to that user."""
    if settings.chown_socket is not None:
        return settings.chown_socket
    if os.getuid() == 0 and (settings.uid or settings.gid):
        return Owner(settings.uid, settings.gid)
    return None


def _kept(environ: Mapping[str, str]) -> dict[str, int]:
    """The sockets that a predecessor of ours left with the emperor."""
    text = environ.get(pipes.ENV_KEPT)
    if not text:
        return {}
    kept = {str(address): int(fd) for fd, address in json.loads(text)}
    for fd in kept.values():
        os.set_inheritable(fd, False)
    return kept
