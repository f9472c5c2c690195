"""What a hook can do: the table of actions, and whether the arguments of one are such as it wants.

Pure: carrying them out is ``process/hooks.py``.
"""

from __future__ import annotations

from typing import NamedTuple


class Action(NamedTuple):
    """One row. ``form`` is what follows the colon, for people; so many words of it there must be at least."""

    form: str
    least: int
    most: int = 0
    """More words than that are no mistake if it is 0: the last one is a text or a path."""
    foreign: str = ""
    """Why it does nothing here, and what to use."""


_C = "Imperator has no functions of uWSGI's; run a program with exec:, or import a Python module with shared-import"
_RPC = "Imperator has no RPC; run a program with exec:"

ACTIONS: dict[str, Action] = {
    "cd": Action("DIRECTORY", 1),
    "chdir": Action("DIRECTORY", 1),
    "mkdir": Action("DIRECTORY", 1),
    "putenv": Action("NAME=VALUE", 1),
    "chmod": Action("FILE MODE", 2, 2),
    "chown": Action("FILE USER GROUP", 3, 3),
    "chown2": Action("FILE UID GID", 3, 3),
    "sticky": Action("PATH", 1),
    "exec": Action("COMMAND", 1),
    "safeexec": Action("COMMAND", 1),
    "create": Action("FILE", 1),
    "creat": Action("FILE", 1),
    "write": Action("FILE TEXT", 2),
    "writen": Action("FILE TEXT", 2),
    "append": Action("FILE TEXT", 2),
    "appendn": Action("FILE TEXT", 2),
    "writefifo": Action("FIFO TEXT", 2),
    "spinningfifo": Action("FIFO TEXT", 2),
    "unlink": Action("FILE", 1),
    "mount": Action("TYPE SOURCE TARGET [FLAGS [DATA]]", 3),
    "umount": Action("TARGET [FLAGS]", 1, 2),
    "hostname": Action("NAME", 1),
    "wait_for_fs": Action("PATH", 1),
    "wait_for_file": Action("FILE", 1),
    "wait_for_dir": Action("DIRECTORY", 1),
    "wait_for_socket": Action("ADDRESS", 1),
    "unix_signal": Action("NUMBER FUNCTION", 2, 2),
    "exit": Action("[STATUS]", 0),
    "print": Action("TEXT", 0),
    "log": Action("TEXT", 0),
    "alarm": Action("NAME TEXT", 2, foreign="write print:TEXT, and have log-alarm raise the alarm"),
    "call": Action("FUNCTION [TEXT]", 1, foreign=_C),
    "callret": Action("FUNCTION [TEXT]", 1, foreign=_C),
    "callint": Action("FUNCTION NUMBER", 1, foreign=_C),
    "callintret": Action("FUNCTION NUMBER", 1, foreign=_C),
    "rpc": Action("FUNCTION", 1, foreign=_RPC),
    "retryrpc": Action("FUNCTION", 1, foreign=_RPC),
}
"""What a configuration may write, as uWSGI has it."""

FOR_OPTIONS = ("file-write", "wait_for_interface", "wait_for_mountpoint")
"""What only options of their own ask for."""

MEANT = {
    "touch": "create", "rm": "unlink", "rmdir": "exec:rmdir", "setenv": "putenv", "env": "putenv", "echo": "print",
    "run": "exec", "cmd": "exec", "command": "exec", "sh": "exec", "shell": "exec", "script": "exec",
}
"""What people write for something else. See also :func:`nearest`."""

STOPS = frozenset(("gracefully_kill_them_all", "kill_them_all", "end_me", "simple_goodbye_cruel_world",
                   "goodbye_cruel_world"))
RELOADS = frozenset(("grace_them_all", "reap_them_all"))
"""The functions of uWSGI's that people bind to signals, by what they come to here."""

MOUNT_FLAGS = {
    "ro": 1, "readonly": 1, "rdonly": 1, "nosuid": 2, "nodev": 4, "noexec": 8, "sync": 16, "synchronous": 16,
    "remount": 32, "mand": 64, "mandlock": 64, "dirsync": 128, "noatime": 1024, "nodiratime": 2048, "bind": 4096,
    "move": 8192, "rec": 16384, "recursive": 16384, "silent": 32768, "unbindable": 1 << 17, "private": 1 << 18,
    "slave": 1 << 19, "shared": 1 << 20, "relatime": 1 << 21, "strictatime": 1 << 24,
}
RECURSIVE = 1 << 16
"""Not the kernel's: what is mounted below is unmounted first."""
UMOUNT_FLAGS = {"force": 1, "detach": 2, "lazy": 2, "expire": 4, "nofollow": 8, "rec": RECURSIVE,
                "recursive": RECURSIVE}


def wrong(action: str, arguments: str) -> str | None:
    """What is the matter with the arguments of an action that exists; None if nothing is."""
    row = ACTIONS.get(action)
    words = arguments.split()
    if row is not None and not row.least <= len(words) <= (row.most or len(words)):
        return f"wants {row.form}"
    if action == "chmod" and (not words[-1].isdigit() or set(words[-1]) & set("89") or len(words[-1]) > 4):
        return f"wants a mode of octal digits, not {words[-1]}"
    if action == "chown2" and not (words[1].isdigit() and words[2].isdigit()):
        return "wants the numbers of a user and a group; chown takes their names"
    if action == "putenv" and "=" in arguments and not arguments.partition("=")[0].strip():
        return "wants NAME=VALUE"
    if action == "unix_signal" and not (words[0].isdigit() and 1 <= int(words[0]) <= 64):
        return f"wants the number of a signal, not {words[0]}"
    if action == "exit" and words and not words[0].isdigit():
        return f"wants a number, not {words[0]}"
    if action in ("mount", "umount"):
        return _wrong_flags(words[3:4] if action == "mount" else words[1:], action)
    return None


def _wrong_flags(words: list[str], action: str) -> str | None:
    known = MOUNT_FLAGS if action == "mount" else UMOUNT_FLAGS
    for word in words:
        for flag in word.split(","):
            if flag and flag not in known:
                return f"knows no flag {flag}, but {', '.join(sorted(known))}"
    return None


def nearest(action: str) -> str | None:
    """The action that somebody may have meant."""
    word = action.strip().lower().replace("-", "_")
    if word in ACTIONS:
        return word
    if word in MEANT:
        return MEANT[word]
    from difflib import get_close_matches  # for a mistake only

    return next(iter(get_close_matches(word, ACTIONS, 1, 0.7)), None)
