"""Who this process is: what every function of the module has to know before it can answer.

One object a process. The generation sets it up, a fork makes it its own with :meth:`Here.become`; nothing else changes
it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, NamedTuple

from imperator.pipes import Plan

if TYPE_CHECKING:
    import socket

Role = Literal["", "generation", "worker", "mule", "spooler"]


class Place(NamedTuple):
    """Where a process stands. A child that the application forks stands where its parent does."""

    role: Role = ""
    """Empty: not in an instance at all."""
    number: int = 0
    """Of the worker, mule or spooler; 1 is the first."""
    seat: int = 0
    """The worker's row of the scoreboard."""
    door: int = -1
    """Messages for the generation are written here; -1: there is nobody to hear them."""


class Here:
    """This process, and the plan of its instance."""

    def __init__(self) -> None:
        self.place = Place()
        self.ears: tuple[socket.socket, ...] = ()
        """The first is this process's own, the others are shared with those who would do as well."""
        self._plan: Plan | None = None
        self.master = 0
        """The pid of the master."""

    def begin(self, plan: Plan) -> None:
        """This is a generation, and its parent is the master."""
        self._plan = plan
        self.master = os.getppid()
        self.place = Place("generation")

    def become(self, place: Place, *ears: socket.socket) -> None:
        """This is a fork of the generation, which goes another way. Signals of the application arrive at ``ears``."""
        self.place = place
        self.ears = ears

    @property
    def plan(self) -> Plan:
        """What the generation knows of the instance. ``RuntimeError`` where there is none."""
        if self._plan is None:
            raise RuntimeError("this process belongs to no instance: the uwsgi module works inside of Imperator only")
        return self._plan

    def tell(self, message: bytes) -> bool:
        """Say something to the generation; False if nobody hears it."""
        if self.place.door < 0:
            return False
        try:
            return os.write(self.place.door, message) == len(message)
        except OSError:
            return False  # the generation is gone, and this process ends soon


HERE = Here()
