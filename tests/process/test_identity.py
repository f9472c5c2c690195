"""Privileges are given up for good, with the groups that belong to the user."""

from __future__ import annotations

import os

import pytest

from .child import run

ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="needs root")
BECOME = """
    import os, sys
    from imperator.errors import Refused
    from imperator.process import identity
    os.setgroups([0, 4])
    uid, gid, user = (None if word == "-" else word for word in sys.argv[1:])
    answer = identity.become(uid and int(uid), gid and int(gid), user, None)
    print(answer, os.getresuid(), os.getresgid(), sorted(os.getgroups()))
    try:
        os.setuid(0)
    except PermissionError:
        print("for good")
    """


@ROOT_ONLY
@pytest.mark.parametrize(
    ("uid", "gid", "user", "uids", "gids", "groups"),
    [
        ("12345", "23456", "-", (12345,) * 3, (23456,) * 3, []),
        ("12345", "-", "-", (12345,) * 3, (0,) * 3, []),
        ("1", "1", "daemon", (1,) * 3, (1,) * 3, [1]),
    ],
)
def test_nothing_of_root_is_left(uid, gid, user, uids, gids, groups):
    out = run(BECOME, uid, gid, user).stdout
    assert out == f"None {uids} {gids} {groups}\nfor good\n"


@ROOT_ONLY
def test_a_group_alone():
    assert run(BECOME, "-", "23456", "-").stdout == f"None {(0,) * 3} {(23456,) * 3} []\n"


@ROOT_ONLY
@pytest.mark.parametrize(("uid", "gid"), [("-", "-"), ("0", "0")])
def test_who_it_is_already_it_stays(uid, gid):
    assert run(BECOME, uid, gid, "-").stdout == f"None {(0,) * 3} {(0,) * 3} [0, 4]\n"


@ROOT_ONLY
def test_who_is_not_root_goes_on_and_is_told():
    code = """
        import os
        from imperator.process import identity
        os.setgroups([]); os.setgid(12345); os.setuid(12345)
        print(identity.become(33, 34, None, None).line(), os.getuid())
        """
    out = run(code).stdout
    assert out.startswith("warning: runs as uid 12345 gid 12345, not as uid 33 gid 34")
    assert out.endswith("[not-root] 12345\n")


@ROOT_ONLY
def test_the_barrier_on_the_way(tmp_path):
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    (tmp_path / "closed" / "inner").mkdir(parents=True)
    (tmp_path / "closed" / "inner" / "python").write_text("")
    (tmp_path / "closed" / "inner" / "python").chmod(0o755)
    (tmp_path / "closed").chmod(0o700)
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "python").symlink_to(tmp_path / "closed" / "inner" / "python")
    (tmp_path / "open" / "text").write_text("")
    code = """
        import os, sys
        from imperator.process import identity
        os.setgroups([]); os.setgid(12345); os.setuid(12345)
        for name in ("closed/inner/python", "open/python", "open/text", "open"):
            print((identity.barrier(sys.argv[1] + "/" + name) or "none").removeprefix(sys.argv[1]))
        """
    # Through a link it is the closed directory behind it that must be opened.
    assert run(code, tmp_path).stdout.split() == ["/closed", "/closed", "/open/text", "none"]


MORE = """
    import os, sys
    from imperator.config.conduct import Privileges
    from imperator.process import identity
    os.setgroups([0, 4])
    print(identity.become(1, 1, "daemon", None, Privileges((7, 8), no_user_groups=sys.argv[1] == "none")))
    print(os.getresuid(), sorted(os.getgroups()))
    """


@ROOT_ONLY
@pytest.mark.parametrize(("whose", "groups"), [("its", [1, 7, 8]), ("none", [7, 8])])
def test_groups_besides_those_of_the_user(whose, groups):
    assert run(MORE, whose).stdout == f"None\n{(1,) * 3} {groups}\n"


@ROOT_ONLY
def test_a_master_that_stays_root_executes_as_the_user():
    code = """
        from imperator.config.settings import Settings
        from imperator.master import launch
        from imperator.process import kernel
        settings = Settings(start="/", where={}, uid=12345, gid=23456)
        become = launch._become(settings)
        pid = kernel.spawn(["/usr/bin/id"], {}, become=become)
        print(kernel.finish(pid), flush=True)
        import os
        print(os.getresuid())
    """
    told = run(code).stdout.splitlines()
    assert told[0] == "uid=12345 gid=23456 groups=23456"
    assert told[1:] == ["exited with status 0", str((0,) * 3)]
