"""Who may do what, against what the kernel says when somebody really becomes that user."""

import itertools
import os

import pytest

from imperator.ops.person import ENTER, READ, WRITE, Person

NOBODY = 65534


def test_root_may_everything_but_execute_what_nobody_may(tmp_path):
    file = tmp_path / "file"
    file.touch()
    file.chmod(0)
    root = Person(0, frozenset((0,)))
    assert root.may(os.stat(file), READ | WRITE) and not root.may(os.stat(file), ENTER)
    file.chmod(0o100)
    assert root.may(os.stat(file), ENTER)
    assert root.may(os.stat(tmp_path), ENTER)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_kernel_agrees(tmp_path):
    file = tmp_path / "file"
    file.touch()
    os.chmod(tmp_path, 0o755)
    cases = []
    owners = [(NOBODY, 0), (0, NOBODY), (0, 0)]
    for mode, owner in itertools.product((0o400, 0o200, 0o640, 0o604, 0o066, 0o006, 0o770), owners):
        os.chown(file, *owner)
        os.chmod(file, mode)
        person = Person(NOBODY, frozenset((NOBODY,)))
        state = os.stat(file)
        cases.append((mode, owner, person.may(state, READ), person.may(state, WRITE), *as_nobody(file)))
    assert [case[2:4] for case in cases] == [case[4:] for case in cases]


def as_nobody(file):
    """Ask the kernel with the effective user changed, which for ``access`` is what counts."""
    groups = os.getgroups()
    fd = os.open(file.parent, os.O_RDONLY)
    try:
        os.setgroups([])
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
        return tuple(os.access(file.name, how, dir_fd=fd, effective_ids=True) for how in (os.R_OK, os.W_OK))
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
        os.close(fd)


def test_the_first_closed_directory_is_the_barrier(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a").chmod(0o700)
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    stranger = Person(12345, frozenset((12345,)))
    assert stranger.barrier(str(tmp_path / "a" / "b" / "file")) == str(tmp_path / "a")
    assert Person(0, frozenset()).barrier(str(tmp_path / "a" / "b" / "file")) is None
    assert stranger.barrier(str(tmp_path / "none" / "b" / "file")) is None


def test_only_root_becomes_somebody():
    assert Person(5, frozenset((5,))).become(7, 7, None) == Person(5, frozenset((5,)))
    assert Person(0, frozenset((0,))).become(7, 8, None) == Person(7, frozenset((8,)))
    assert Person(0, frozenset((0,))).become(None, None, None).uid == 0
