"""What is to be done when, out of the configuration."""

from __future__ import annotations

import pytest

from imperator.errors import Severity
from tests.config.reading import ini


def moments(tmp_path, *lines):
    got = ini(tmp_path, *lines)
    assert got.codes == []
    return {moment: [(step.action, step.arguments) for step in steps] for moment, steps in got.settings.hooks.moments}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["processes = 1"], {}),
        (["hook-accepting1 = exec:touch /tmp/app-initialized"],
         {"accepting1": [("exec", "touch /tmp/app-initialized")]}),
        (["hook-pre-app = chmod:/subscribe/http 666"], {"pre-app": [("chmod", "/subscribe/http 666")]}),
        (["exec-as-vassal = /usr/local/bin/dirs.py"], {"as-vassal": [("exec", "/usr/local/bin/dirs.py")]}),
        (["exec-as-root = one", "hook-as-root = write:/proc/x 1", "umount-as-root = /a lazy",
          "mount-as-root = tmpfs none /a nosuid,nodev size=1m"],
         {"as-root": [("write", "/proc/x 1"), ("mount", "tmpfs none /a nosuid,nodev size=1m"), ("umount", "/a lazy"),
                      ("exec", "one")]}),
        (["file-write = /a=b c=d", "hook-as-root = print:", "wait-for-fs = /x", "wait-iface = eth0"],
         {"as-root": [("wait_for_interface", "eth0"), ("wait_for_fs", "/x"), ("print", ""),
                      ("file-write", "/a=b c=d")]}),
        (["wait-for-socket = 127.0.0.1:1", "hook-pre-app = unlink:/x"],
         {"pre-app": [("wait_for_socket", "127.0.0.1:1"), ("unlink", "/x")]}),
    ],
)  # fmt: skip
def test_moments(tmp_path, lines, expected):
    assert moments(tmp_path, *lines) == expected


def test_a_step_knows_its_line_and_whether_it_is_hidden(tmp_path):
    [(_, [step])] = ini(tmp_path, "hook-as-user = !exec:secret").settings.hooks.moments
    assert (step.option, step.line, step.hidden) == ("hook-as-user", 2, True)
    assert step.file.endswith("a.ini")


def test_touches(tmp_path):
    got = ini(tmp_path, "chdir = /srv", "touch-exec = x echo a b", "hook-touch = /y write:/z 1")
    assert got.codes == []
    assert [(one.file, one.step.action, one.step.arguments) for one in got.settings.hooks.touches] == [
        ("/srv/x", "exec", "echo a b"), ("/y", "write", "/z 1")
    ]  # fmt: skip


def test_what_a_generation_does(tmp_path):
    hooks = ini(tmp_path, "hook-asap = print:a", "exec-in-jail = b", "hook-post-fork = chdir:/c").settings.hooks
    assert [name for name, _ in hooks.for_generation(again=False).moments] == ["post-fork"]
    assert [name for name, _ in hooks.for_generation(again=True).moments] == ["reload", "post-fork"]
    assert ini(tmp_path, "hook-as-user = print:").settings.hooks.for_generation(again=True) is None


@pytest.mark.parametrize(
    ("lines", "signals"),
    [
        (["hook-master-start = unix_signal:15 gracefully_kill_them_all"], ((15, "stop"),)),
        (["hook-master-start = unix_signal:10 grace_them_all", "hook-asap = unix_signal:10 kill_them_all"],
         ((10, "reload"),)),
        (["hook-post-fork = unix_signal:10 grace_them_all"], ()),
        (["hook-master-start = unix_signal:9 grace_them_all"], ()),
    ],
)  # fmt: skip
def test_signals(tmp_path, lines, signals):
    got = ini(tmp_path, *lines)
    assert (got.settings.hooks.signals, got.codes) == (signals, [])


@pytest.mark.parametrize(
    ("line", "code", "severity", "said"),
    [
        ("hook-as-user = touch:/x", "hook-unknown", "error", "did you mean create"),
        ("hook-as-user = chnod:/x 1", "hook-unknown", "error", "did you mean chmod"),
        ("hook-touch = /x rmdir:/y", "hook-unknown", "error", "did you mean exec:rmdir"),
        ("hook-as-user = exec touch /x", "value-malformed", "error", "write hook-as-user = exec:touch /x"),
        ("hook-as-user = exec:", "hook-argument", "error", "exec:COMMAND"),
        ("hook-as-user = chmod:/x 999", "hook-argument", "error", "octal"),
        ("hook-as-user = chmod:/x", "hook-argument", "error", "FILE MODE"),
        ("hook-as-user = chown:/x me:us", "hook-argument", "error", "FILE USER GROUP"),
        ("hook-as-user = chown2:/x me us", "hook-argument", "error", "numbers"),
        ("hook-as-user = exit:now", "hook-argument", "error", "number"),
        ("hook-as-user = unix_signal:TERM x", "hook-argument", "error", "number of a signal"),
        ("mount-as-root = tmpfs none /x nosuchflag", "hook-argument", "error", "no flag nosuchflag"),
        ("mount-as-root = /dev/sda /x", "hook-argument", "error", "mount-as-root = TYPE SOURCE TARGET"),
        ("hook-as-user = call:x", "hook-foreign", "warning", "shared-import"),
        ("hook-as-user = alarm:a b", "hook-foreign", "warning", "log-alarm"),
        ("hook-as-user = unix_signal:15 my_handler", "hook-foreign", "warning", "gracefully_kill_them_all"),
        ("hook-as-mule = nosuch:x", "hook-unknown", "error", ""),
        ("touch-exec = /x", "value-malformed", "warning", "file command"),
        ("file-write = /x", "value-malformed", "error", "/path/to/file=text"),
        ("wait-for-fs-timeout = soon", "number-missing", "warning", "60"),
        ("call-as-user = x", "refused-option", "warning", "C functions"),
    ],
)  # fmt: skip
def test_complaints(tmp_path, line, code, severity, said):
    told = [one for one in ini(tmp_path, line).diagnostics if one.code != "not-yet"]
    assert [(one.code, one.severity) for one in told] == [(code, Severity(severity))]
    assert said in told[0].line()


@pytest.mark.parametrize("line", ["hook-as-user = {{ hook }}", "hook-as-user = chmod:/x %(mode)"])
def test_nobody_knows_what_a_template_will_be(tmp_path, line):
    assert set(ini(tmp_path, line).codes) <= {"placeholder-foreign"}


def test_a_shell(tmp_path):
    assert ini(tmp_path, "binsh = /no/shell", "binsh = /bin/bash").settings.hooks.shell == "/bin/bash"
    assert ini(tmp_path, "binsh = /no/shell").codes == ["file-unreadable"]
