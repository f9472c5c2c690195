"""The only place that forks, executes, kills and waits.

It has no opinion: who starts what, when, and what a death means is decided in the policies above. A process that was
started here is known by its pid, which stays valid until :func:`reap` has told of its end, because nobody else waits.
"""

from __future__ import annotations

import _socket
import errno
import os
import signal
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, NoReturn

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

# As they are now: an application may put others in their place, which wait in a way of its own.
_fork_process = os.fork
_waitpid = os.waitpid
_signal = signal.signal
_Socket = socket.socket
_socketpair = _socket.socketpair

TAKEN = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGCHLD)
"""The signals that every supervising process of ours handles."""


class Exit(NamedTuple):
    """The end of a child: its exit status, or the signal that ended it."""

    pid: int
    status: int
    signal: int = 0

    def __str__(self) -> str:
        if not self.signal:
            return f"exited with status {self.status}"
        try:
            return f"was killed by {signal.Signals(self.signal).name}"
        except ValueError:
            return f"was killed by signal {self.signal}"


class User(NamedTuple):
    """As whom a program runs, for good: it has no other groups and no way back."""

    uid: int
    gid: int


def spawn(
    argv: Sequence[str], env: Mapping[str, str], *, keep: Iterable[int] = (), cwd: str | None = None,
    out: int | None = None, stdin: int | None = None, user: User | None = None,
    prepare: Callable[[], None] | None = None,
    become: Callable[[], None] | None = None,
) -> int:
    """Start a program and answer its pid once it runs.

    ``keep`` are the descriptors that it inherits, under their numbers, besides standard output and error; standard
    input is ``/dev/null`` or ``stdin``, standard output is ``out`` if that is given. ``become`` is called in the child
    before anything of the program is touched, to make it somebody else's. ``prepare`` is done by the new process first;
    what is started so is no Python of ours: it has every signal at its default, and nothing open but its standard
    streams. Raises ``OSError``, with the name of what could not be opened, when it cannot be executed.
    """
    report, failure = os.pipe2(os.O_CLOEXEC)
    try:
        pid, mask = _fork()
    except OSError:
        os.close(report)
        os.close(failure)
        raise
    if pid == 0:
        _become(argv, env, keep, cwd, failure, mask, out, stdin, user, prepare, become)
    os.close(failure)
    try:
        told = _read_all(report)
    finally:
        os.close(report)
    if told:
        _waitpid(pid, 0)
        number, name, text = os.fsdecode(told).split("\0")
        raise OSError(int(number), text, name)
    return pid


@contextmanager
def acting_as(user: User | None) -> Iterator[None]:
    """Have no more rights than ``user`` for a while; None, or where we are not root: be who we are."""
    before = os.geteuid(), os.getegid(), os.getgroups()
    if user is None or before[0] != 0:
        yield
        return
    try:
        os.setgroups([])
        os.setegid(user.gid)
        os.seteuid(user.uid)
        yield
    finally:
        os.seteuid(before[0])
        os.setegid(before[1])
        os.setgroups(before[2])


def replace(argv: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """Go on as another program, with what is open and inheritable. Raises ``OSError`` when it cannot be executed."""
    _flush()
    os.execvpe(argv[0], list(argv), dict(env))


def command(line: str, env: Mapping[str, str], cwd: str, arguments: Sequence[str] = ()) -> tuple[int, int]:
    """Start a line of the shell; answers its pid, which :func:`finish` waits for, and where its output can be read.

    ``arguments`` are ``$1`` and so on in the line.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(reader, False)
    try:
        return spawn(["/bin/sh", "-c", line, "sh", *arguments], env, cwd=cwd, out=writer), reader
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)


def finish(pid: int) -> Exit:
    """The end of a child, waited for."""
    status = _waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        return Exit(pid, 128 + os.WTERMSIG(status), os.WTERMSIG(status))
    return Exit(pid, os.waitstatus_to_exitcode(status))


def _become(
    argv: Sequence[str], env: Mapping[str, str], keep: Iterable[int], cwd: str | None, failure: int, mask: set[int],
    out: int | None, stdin: int | None, user: User | None, prepare: Callable[[], None] | None,
    become: Callable[[], None] | None,
) -> NoReturn:
    """The child's side of :func:`spawn`: never returns, reports through ``failure``."""
    name = argv[0]
    try:
        left = {signal.SIGKILL, signal.SIGSTOP, *(() if prepare else (signal.SIGPIPE, signal.SIGXFSZ))}
        _default_signals(signal.valid_signals() - left)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.dup2(os.open(os.devnull, os.O_RDONLY) if stdin is None else stdin, 0)
        if prepare:
            close_all_but({0, 1, 2, failure, *((out,) if out is not None else ()), *keep})
            prepare()
        if out is not None:
            os.dup2(out, 1)
        for fd in keep:
            os.set_inheritable(fd, True)
        if _files_before is not None:
            _limit_files(_files_before)
        if user is not None:
            name = f"uid {user.uid} gid {user.gid}"
            os.setgroups([])
            os.setresgid(user.gid, user.gid, user.gid)
            os.setresuid(user.uid, user.uid, user.uid)
        if become is not None:
            become()
        if cwd is not None:
            name = cwd
            os.chdir(cwd)
            name = argv[0]
        os.execve(argv[0], list(argv), dict(env))
    except OSError as error:
        os.write(failure, os.fsencode(f"{error.errno or errno.EIO}\0{name}\0{error.strerror or error}"))
    except ValueError as error:  # a zero byte in an argument, a variable without a name
        os.write(failure, os.fsencode(f"{errno.EINVAL}\0{name}\0{error}"))
    finally:
        os._exit(127)


_files_before: tuple[int, int] | None = None
"""The limits of open files before :func:`open_many_files`."""


def open_many_files() -> None:
    """Let this process, and nobody that it starts, have as many files open as the kernel allows it."""
    global _files_before
    import resource

    if _files_before is None:
        _files_before = resource.getrlimit(resource.RLIMIT_NOFILE)
        _limit_files((_files_before[1], _files_before[1]))


def _limit_files(limits: tuple[int, int]) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def fork(child: Callable[[], int]) -> int:
    """Fork a copy of this process that runs ``child`` and exits with what it answers. Answers the pid.

    Whatever ``child`` raises is printed by Python and becomes status 1; it never reaches the parent's code.
    ``SystemExit`` means what it means at the end of any program. The interpreter is not finalised: nothing waits for
    threads.
    """
    _flush()
    pid, mask = _fork()
    if pid:
        return pid
    status = 1
    try:
        _default_signals(TAKEN)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        status = _status_of(child)
    finally:
        os._exit(status)


def _status_of(child: Callable[[], int]) -> int:
    import sys

    try:
        return int(child()) & 255
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return (error.code or 0) & 255
        print(error.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        _flush()
    return 1


def leave(status: int) -> NoReturn:
    """End this process at once, with what was printed written and without waiting for anybody's threads."""
    try:
        _flush()
    finally:
        os._exit(status)


def _fork() -> tuple[int, set[int]]:
    """Fork with our signals held back, so that none reaches the child while its handlers still are its parent's: it
    would write into the parent's loop. Answers the pid and, for the child, the mask to go back to.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, TAKEN)
    try:
        pid = _fork_process()
    except OSError:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        raise
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return pid, {int(signum) for signum in mask}


def detach() -> int:
    """Go on in the background, in a session of one's own, while the caller of the program still waits.

    Answers, in the background, the descriptor of a pipe. The foreground process prints what is written to it and
    exits: with the status that the first byte tells, or with 1 when the pipe is closed without a word.
    """
    _flush()
    report, outcome = os.pipe2(os.O_CLOEXEC)
    if _fork_process() == 0:
        os.close(report)
        os.setsid()
        return outcome
    os.close(outcome)
    told = _read_all(report)
    if told[1:]:
        os.write(2, told[1:])
    os._exit(told[0] if told else 1)


def kill(pid: int, signum: int) -> bool:
    """Send a signal; False when the process is gone."""
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return False
    return True


def close_all_but(kept: set[int]) -> None:
    """Let go of every descriptor that is not ``kept``."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                pass  # it was the directory's own


def kill_group(group: int, signum: int) -> bool:
    """Send a signal to every process of a group; False when there is none. Signal 0 only asks."""
    try:
        os.killpg(group, signum)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it has become another user, and is there
    return True


def die_with(parent: int) -> None:
    """Have this process killed when ``parent``, which it has, ends. To be said after a change of user, which forgets
    it. In a namespace of process numbers of one's own a parent outside is 0.
    """
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() not in (parent, 0):
        raise ProcessLookupError(errno.ESRCH, "who started it has ended")


def reap(pids: Iterable[int] | None = None) -> list[Exit]:
    """The children that ended since the last call, without waiting: those of ``pids``, or all of them.

    A process whose code is the application's names its pids: other children belong to the application.
    """
    if pids is None:
        return list(iter(lambda: _wait(-1), None))
    return [end for end in map(_wait, list(pids)) if end]


def _wait(pid: int) -> Exit | None:
    try:
        found, status = _waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None if pid == -1 else Exit(pid, 255)
    if found == 0:
        return None
    if os.WIFSIGNALED(status):
        return Exit(found, 128 + os.WTERMSIG(status), os.WTERMSIG(status))
    return Exit(found, os.waitstatus_to_exitcode(status))


def end_with_parent(parent: int, signum: int) -> None:
    """From now on, the death of our parent, which is ``parent``, sends us a signal."""
    _prctl(PR_SET_PDEATHSIG, signum)
    if os.getppid() != parent:
        os.kill(os.getpid(), signum)  # it was quicker


def adopt_orphans() -> None:
    """From now on, processes below us whose parent died become our children, so that we can end and reap them."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends of a door between two processes; one message is one word."""
    one, other = _socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
    return _Socket(fileno=one.detach()), _Socket(fileno=other.detach())


def receive(end: socket.socket, size: int) -> bytes:
    """The next message at one end of a pair; empty when the other end is gone and has nothing more to say.

    Never waits: raises ``BlockingIOError`` when there is nothing yet. The kernel reports an end that died with unread
    messages as a reset, once, in front of what it had said before: those words still count.
    """
    for _ in range(2):
        try:
            return end.recv(size, socket.MSG_DONTWAIT)
        except ConnectionResetError:
            continue
    return b""


def memory_file(name: str, content: bytes) -> int:
    """A descriptor from which ``content`` can be read, by us or a child."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC)
    with open(fd, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _prctl(option: int, value: int) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value})")


def _default_signals(signals: Iterable[int]) -> None:
    """Take back what our loop did to ``signals``: the application's own choices for other signals stay."""
    signal.set_wakeup_fd(-1)
    for signum in signals:
        if signal.getsignal(signum) not in (signal.SIG_DFL, None):
            _signal(signum, signal.SIG_DFL)


def _flush() -> None:
    """Whatever is buffered before a fork would be written twice."""
    import sys

    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # closed, replaced or broken by the application: nothing of ours is lost


def _read_all(fd: int) -> bytes:
    told = b""
    while piece := os.read(fd, 4096):
        told += piece
    return told
