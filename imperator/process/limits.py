"""Asking the kernel for the limits of a configuration.

Some are the master's, and pass to everything below it: descriptors, priority, control groups. The others are those of a
generation and its workers, so that none of them can be in the master's way.
"""

from __future__ import annotations

import os
import resource

from imperator import pipes
from imperator.config.limits import Limits
from imperator.config.settings import Settings
from imperator.errors import Diagnostic, Refused, Severity, Where

MCL_CURRENT, MCL_FUTURE = 1, 2
PR_SET_MEMORY_MERGE = 67


def begin(settings: Settings) -> list[Diagnostic]:
    """What a master or emperor asks for, before it gives up root. Raises :class:`Refused`; answers what is otherwise
    the matter.
    """
    limits, where = settings.limits, settings.where
    found: list[Diagnostic] = []
    if limits.descriptors and (complaint := _descriptors(limits.descriptors, where.get("max-fd"))):
        found.append(complaint)
    if limits.priority:
        try:
            os.setpriority(os.PRIO_PROCESS, 0, limits.priority)
        except OSError as error:
            what = f"the priority {limits.priority} is not granted"
            raise _refused("prio", where.get("prio"), what, error) from error
    _cgroups(limits, where.get("cgroup"))
    if limits.generation.never_swap and os.geteuid() == 0:
        # Whom we become may lock memory only within this limit.
        try:
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (OSError, ValueError):
            pass  # without the capability: what is inherited may do, and locking says if it does not
    return found


def generation(limits: pipes.Limits) -> None:
    """What a generation asks for, for itself and the workers that it forks. Raises :class:`Refused`."""
    if limits.address_space:
        _limit(resource.RLIMIT_AS, limits.address_space, "limit-as")
    if limits.processes:
        _limit(resource.RLIMIT_NPROC, limits.processes, "limit-nproc")
    if limits.merge:
        try:
            _libc("prctl", PR_SET_MEMORY_MERGE, 1, 0, 0, 0)
        except OSError as error:
            raise _refused("ksm", None, "equal pages cannot be merged", error, "it needs Linux 6.4 or later, built with"
                           " CONFIG_KSM, and CAP_SYS_RESOURCE before 6.7; remove the line") from error
    if limits.never_swap:
        lock_memory()


def worker(limits: pipes.Limits, number: int) -> list[int]:
    """What worker ``number`` asks for itself; answers the CPUs it is bound to, if it is. Raises :class:`Refused`."""
    if limits.never_swap:
        lock_memory()  # a child inherits no locks
    if not limits.affinity:
        return []
    there = sorted(os.sched_getaffinity(0))
    first = (number - 1) * limits.affinity
    chosen = sorted({there[(first + step) % len(there)] for step in range(min(limits.affinity, len(there)))})
    try:
        os.sched_setaffinity(0, chosen)
    except OSError as error:
        raise _refused("cpu-affinity", None, f"worker {number} cannot be bound to CPUs", error) from error
    return chosen


def lock_memory() -> None:
    """Keep everything of this process in memory. Raises :class:`Refused`."""
    try:
        _libc("mlockall", MCL_CURRENT | MCL_FUTURE)
    except OSError as error:
        raise _refused("never-swap", None, "memory cannot be locked", error,
                       "raise LimitMEMLOCK= of the service, or start it as root") from error


def _descriptors(wanted: int, where: Where | None) -> Diagnostic | None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    except (OSError, ValueError):
        # As much as there is to have: with fewer descriptors than hoped for, it serves all the same.
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if most > soft:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return Diagnostic("limit-refused", where, f"max-fd = {wanted} is more than the {most} that this user may have",
                          "start it as root, or raise LimitNOFILE= of the service or the container's limit",
                          Severity.WARNING)
    return None


def _limit(what: int, value: int, option: str) -> None:
    _, hard = resource.getrlimit(what)
    try:
        resource.setrlimit(what, (value, value if hard == resource.RLIM_INFINITY else min(value, hard)))
    except (OSError, ValueError) as error:
        raise _refused(option, None, f"the limit {value} is not granted", error) from error


def _cgroups(limits: Limits, where: Where | None) -> None:
    for group in limits.cgroups:
        try:
            os.mkdir(group, limits.cgroup_mode)
        except FileExistsError:
            pass
        except OSError as error:
            raise _refused("cgroup", where, f"the control group {group} cannot be made", error) from error
        for option in limits.cgroup_options:
            _put(os.path.join(group, option.key), option.value, option.where)
        members = os.path.join(group, "cgroup.procs")
        _put(members if os.path.exists(members) else os.path.join(group, "tasks"), str(os.getpid()), where)


def _put(path: str, value: str, where: Where | None) -> None:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)  # the kernel makes these files, nobody else
        try:
            os.write(fd, value.encode())
        finally:
            os.close(fd)
    except OSError as error:
        raise _refused("cgroup", where, f"{value} cannot be written to {path}", error,
                       "see that it is a control group of this kernel, and start it as root") from error


def _refused(option: str, where: Where | None, what: str, error: Exception, hint: str = "") -> Refused:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    hint = hint or f"start it as root, raise the limit of the service or container, or remove {option}"
    return Refused(Diagnostic("limit-refused", where, f"{option}: {what}: {reason}", hint))


def _libc(name: str, *arguments: int) -> None:
    import ctypes

    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*(ctypes.c_ulong(one) for one in arguments)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
