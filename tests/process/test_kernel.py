"""Real processes: started, forked, ended, waited for."""

from __future__ import annotations

import os

import pytest

from imperator.process import kernel
from imperator.process.kernel import Exit

from .child import run


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (Exit(5, 0), "exited with status 0"),
        (Exit(5, 22), "exited with status 22"),
        (Exit(5, 137, 9), "was killed by SIGKILL"),
        (Exit(5, 168, 40), "was killed by signal 40"),
    ],
)
def test_an_exit_in_words(end, words):
    assert str(end) == words


# -- spawn


def test_a_spawned_program_gets_its_arguments_environment_directory_and_descriptors(tmp_path):
    program = """if True:
        import os, sys
        print(sys.argv[1:], os.environ.get("A"), os.getcwd(), len(os.environ))
        for fd in os.listdir("/proc/self/fd"):
            try:
                print(fd, os.readlink(f"/proc/self/fd/{fd}"))
            except FileNotFoundError:
                pass  # that of the directory itself
        """
    code = """
        import os, sys
        from imperator.process import kernel
        kept, dropped = os.memfd_create("kept"), os.memfd_create("dropped")
        os.set_inheritable(kept, False)
        pid = kernel.spawn([sys.executable, "-S", "-c", sys.argv[1], "x y"], {"A": "1"}, keep=[kept], cwd=sys.argv[2])
        print(os.waitpid(pid, 0)[1], kept)
        """
    *lines, last = run(code, program, tmp_path).stdout.splitlines()
    status, kept = last.split()
    assert (status, lines[0].rpartition(" ")[0]) == ("0", f"['x y'] 1 {tmp_path}")
    assert f"{kept} /memfd:kept (deleted)" in lines
    assert not [line for line in lines if "dropped" in line]


def test_a_spawned_program_reads_nothing():
    code = """
        import os, sys
        from imperator.process import kernel
        pid = kernel.spawn([sys.executable, "-S", "-c", "import os; print(os.readlink('/proc/self/fd/0'))"], {})
        os.waitpid(pid, 0)
        """
    assert run(code).stdout == "/dev/null\n"


@pytest.mark.parametrize(
    ("argv", "cwd", "errno", "name"),
    [
        ("/nowhere/python", "/", "ENOENT", "/nowhere/python"),
        ("/etc/passwd", "/", "EACCES", "/etc/passwd"),
        ("/bin/true", "/nowhere/è", "ENOENT", "/nowhere/è"),
        ("/bin/true", "/nowhere/caf\udce9", "ENOENT", "/nowhere/caf\udce9"),
    ],
)
def test_what_cannot_be_spawned_says_why(argv, cwd, errno, name):
    code = """
        import errno, os, sys
        from imperator.process import kernel
        before = os.listdir("/proc/self/fd")
        try:
            kernel.spawn([sys.argv[1]], {}, cwd=sys.argv[2])
        except OSError as error:
            print(errno.errorcode[error.errno], os.fsencode(error.filename), error.strerror == os.strerror(error.errno))
        print(kernel.reap(), os.listdir("/proc/self/fd") == before)
        """
    assert run(code, argv, cwd).stdout == f"{errno} {os.fsencode(name)} True\n[] True\n"


NOT_TO_BE_HAD = ["(['/bin/true', 'a\\0b'], {})", "(['/bin/true'], {'': 'x'})", "(['/bin/true'], {'A': '\\0'})"]


@pytest.mark.parametrize("call", NOT_TO_BE_HAD)
def test_what_no_program_can_be_given_is_an_error_too(call):
    code = f"""
        from imperator.process import kernel
        try:
            kernel.spawn{call}
        except OSError as error:
            print(error.errno, kernel.reap())
        """
    assert run(code).stdout == "22 []\n"


def test_a_spawned_program_has_default_signals_and_an_empty_mask():
    code = """
        import os, signal, sys
        from imperator.process import kernel
        from imperator.process.loop import Loop
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        Loop().on_signals([*kernel.TAKEN, signal.SIGUSR2], print)
        pid = kernel.spawn(["/bin/cat", "/proc/self/status"], {})
        os.waitpid(pid, 0)
        """
    lines = dict(line.split(":\t") for line in run(code).stdout.splitlines() if line.startswith("Sig"))
    ignored, blocked = int(lines["SigIgn"], 16), int(lines["SigBlk"], 16)
    # Python ignores SIGPIPE and SIGXFSZ; what we execute is Python, which does so again.
    # Signals 32 and 33 are the C library's own: nobody can change what was inherited for them.
    assert ignored & ~(1 << 12 | 1 << 24 | 1 << 31 | 1 << 32) == 0
    assert blocked == 0


# -- fork


@pytest.mark.parametrize(
    ("child", "status", "stderr"),
    [
        ("lambda: 0", 0, ""),
        ("lambda: 7", 7, ""),
        ("lambda: 256 + 3", 3, ""),
        ("lambda: -1", 255, ""),
        ("lambda: None", 1, "TypeError"),
        ("lambda: 1 // 0", 1, "ZeroDivisionError"),
        ("lambda: sys.exit()", 0, ""),
        ("lambda: sys.exit(9)", 9, ""),
        ("lambda: sys.exit(True)", 1, ""),
        ("lambda: sys.exit(2**70 + 5)", 5, ""),
        ("lambda: sys.exit('a reason')", 1, "a reason\n"),
        ("lambda: (_ for _ in ()).throw(KeyboardInterrupt)", 1, "KeyboardInterrupt"),
        ("broken_hook", 1, ""),
        ("broken_stream", 4, ""),
    ],
)
def test_the_status_of_a_fork(child, status, stderr):
    done = run(
        f"""
        import os, sys
        from imperator.process import kernel
        class Broken:
            def write(self, text): return len(text)
            def flush(self): raise RuntimeError("broken")
        def broken_hook():
            def hook(*_): raise RuntimeError("hook")
            sys.excepthook = hook
            raise ValueError
        def broken_stream():
            sys.stdout = Broken()
            return 4
        pid = kernel.fork({child})
        print(os.getpid(), "goes on")
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """
    )
    first, second = done.stdout.splitlines()  # once each: the child never came back
    assert first.endswith("goes on")
    assert second == str(status)
    assert stderr in done.stderr


def test_what_was_printed_before_a_fork_is_printed_once_and_what_the_child_printed_too():
    code = """
        import os, sys
        from imperator.process import kernel
        sys.stdout.write("before ")
        pid = kernel.fork(lambda: sys.stdout.write("child ") and 0)
        os.waitpid(pid, 0)
        print("after")
        """
    assert run(code).stdout == "before child after\n"


def test_a_broken_stdout_of_the_application_does_not_keep_from_forking():
    code = """
        import os, sys
        from imperator.process import kernel
        class Broken:
            def flush(self): raise RuntimeError("broken")
        sys.stdout = Broken()
        pid = kernel.fork(lambda: 0)
        os._exit(os.waitpid(pid, 0)[1])
        """
    run(code, check=0)


def test_a_fork_does_not_wait_for_threads_of_its_own():
    code = """
        import os, threading
        from imperator.process import kernel
        def child():
            threading.Thread(target=threading.Event().wait).start()
            return 3
        print(os.waitstatus_to_exitcode(os.waitpid(kernel.fork(child), 0)[1]))
        """
    assert run(code).stdout == "3\n"


def test_a_fork_dies_of_signals_and_its_parents_loop_does_not_hear_them():
    code = """
        import os, signal
        from imperator.process import kernel
        from imperator.process.loop import Loop
        heard = []
        loop = Loop()
        loop.on_signals(kernel.TAKEN, heard.append)
        pid = kernel.fork(lambda: os.kill(os.getpid(), signal.SIGTERM) or 5)
        loop.at(loop.now, lambda: None)
        loop.on_signals([signal.SIGCHLD], lambda _: loop.stop())
        loop.run()
        print(heard, kernel.reap() == [kernel.Exit(pid, 143, 15)])
        print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
        """
    assert run(code).stdout == "[] True\nset()\n"


def test_a_signal_that_comes_with_the_fork_ends_the_child_and_not_the_parent():
    # The child is signalled by the parent as soon as there is a pid: its handlers may not be its own yet.
    code = """
        import os, signal
        from imperator.process import kernel
        from imperator.process.loop import Loop
        heard = []
        loop = Loop()
        loop.on_signals([signal.SIGTERM], heard.append)
        def child():
            signal.pause()
            return 0
        ends = []
        for _ in range(100):
            pid = kernel.fork(child)
            os.kill(pid, signal.SIGTERM)
            ends.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        loop.at(0, loop.stop)
        loop.run()
        print(set(ends), heard)
        """
    assert run(code).stdout == "{-15} []\n"


# -- leaving, detaching, waiting


def test_leaving_writes_what_was_printed_and_waits_for_no_thread():
    code = """
        import sys, threading
        from imperator.process import kernel
        threading.Thread(target=threading.Event().wait).start()
        sys.stdout.write("last words")
        kernel.leave(6)
        """
    assert run(code, check=6).stdout == "last words"


def test_reap_tells_of_every_child_that_ended_and_waits_for_none():
    code = """
        import os, signal
        from imperator.process import kernel
        ends = [kernel.fork(lambda: 3), kernel.fork(lambda: os.kill(os.getpid(), 9) or 0)]
        lives = kernel.fork(lambda: signal.pause() or 0)
        for pid in ends:
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        print(sorted(kernel.reap()) == [(ends[0], 3, 0), (ends[1], 137, 9)], kernel.reap())
        print(kernel.kill(lives, 9), os.waitpid(lives, 0)[1], kernel.kill(lives, 9), kernel.reap())
        """
    assert run(code).stdout == "True []\nTrue 9 False []\n"


def test_reap_leaves_the_children_of_others_alone():
    code = """
        import os
        from imperator.process import kernel
        ours, theirs = kernel.fork(lambda: 1), kernel.fork(lambda: 2)
        for pid in (ours, theirs):
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        print(kernel.reap([ours]) == [(ours, 1, 0)], os.waitpid(theirs, 0)[0] == theirs)
        """
    assert run(code).stdout == "True True\n"


def test_a_child_that_somebody_else_waited_for_has_ended_all_the_same():
    code = """
        import os
        from imperator.process import kernel
        pid = kernel.fork(lambda: 0)
        os.waitpid(pid, 0)
        print(kernel.reap([pid]) == [(pid, 255, 0)])
        """
    assert run(code).stdout == "True\n"


def test_orphans_become_ours():
    code = """
        import os, signal
        from imperator.process import kernel
        kernel.adopt_orphans()
        reader, writer = os.pipe()
        def child():
            os.write(writer, b"%d" % kernel.fork(lambda: signal.pause() or 0))
            return 0
        os.waitpid(kernel.fork(child), 0)
        orphan = int(os.read(reader, 20))
        kernel.kill(orphan, 9)
        print(os.waitpid(orphan, 0)[0] == orphan)
        """
    assert run(code).stdout == "True\n"


def test_one_message_of_a_pair_is_one_word_and_the_end_is_silence():
    ours, its = kernel.pair()
    with ours:
        its.send(b"one")
        its.send(b"two")
        its.close()
        assert [ours.recv(100) for _ in range(3)] == [b"one", b"two", b""]
        assert not os.get_inheritable(ours.fileno())


@pytest.mark.parametrize("content", [b"", b"plan", b"x" * 1_000_000], ids=["empty", "short", "long"])
def test_a_memory_file_is_read_from_its_start(content):
    fd = kernel.memory_file("plan", content)
    assert not os.get_inheritable(fd)
    with open(fd, "rb") as file:
        assert file.read() == content


def test_only_the_standard_library_is_needed():
    # Neither subprocess nor multiprocessing may creep in: they take long to import.
    code = "import sys, imperator.process.kernel; print(sorted({'subprocess', 'multiprocessing'} & set(sys.modules)))"
    assert run(code).stdout == "[]\n"


