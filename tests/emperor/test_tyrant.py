"""Under a tyrant each vassal runs as the owner of its file, and a file that others can write does not run."""

from __future__ import annotations

import os

import pytest

from imperator.emperor.tyrant import Distrusted, owner

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
ONE, TWO = 61001, 61002
TYRANT = {"tyrant": True}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "of all"
    folder.mkdir(mode=0o755)
    return folder


def make(path, uid, gid, mode=0o644, text="whoami\nready"):
    path.write_text(text)
    path.chmod(mode)
    os.chown(path, uid, gid)
    return str(path)


def link(path, target, uid):
    path.symlink_to(target)
    os.lchown(path, uid, uid)
    return str(path)


@pytest.mark.parametrize(
    ("uid", "gid", "mode", "why"),
    [
        (ONE, ONE, 0o644, None), (ONE, TWO, 0o640, None), (ONE, ONE, 0o664, None), (0, 0, 0o644, "belongs to root"),
        (ONE, 0, 0o644, "belongs to root"), (0, ONE, 0o644, "belongs to root"), (ONE, ONE, 0o646, "every user can"),
        (ONE, TWO, 0o664, "every member of group"),
    ],
)  # fmt: skip
def test_who_may_run(folder, uid, gid, mode, why):
    path = make(folder / "a.ini", uid, gid, mode)
    if why is None:
        assert owner(path, by_link=False) == (uid, gid)
    else:
        with pytest.raises(Distrusted, match=why):
            owner(path, by_link=False)


@pytest.mark.parametrize(
    ("maker", "target", "by_link", "expected"),
    [
        (0, ONE, False, (ONE, ONE)), (ONE, ONE, False, (ONE, ONE)), (TWO, ONE, False, "the link was made by uid"),
        (ONE, ONE, True, (ONE, ONE)), (ONE, 0, True, (ONE, ONE)), (ONE, TWO, True, "the file belongs to uid"),
        (0, ONE, True, "belongs to root"),
    ],
)  # fmt: skip
def test_links(folder, maker, target, by_link, expected):
    path = link(folder / "b.ini", make(folder / "a.ini", target, target), maker)
    if isinstance(expected, tuple):
        assert owner(path, by_link=by_link) == expected
    else:
        with pytest.raises(Distrusted, match=expected):
            owner(path, by_link=by_link)


@pytest.mark.parametrize(("mode", "fine"), [(0o755, True), (0o777, False), (0o1777, True), (0o775, True)])
def test_the_directory_counts(folder, mode, fine):
    path = make(folder / "a.ini", ONE, ONE)
    folder.chmod(mode)
    if fine:
        owner(path, by_link=False)
    else:
        with pytest.raises(Distrusted, match="put another file there"):
            owner(path, by_link=False)


@pytest.fixture
def open_way(tmp_path):
    """Let other users come here: the directories of a test are root's alone."""
    place, changed = tmp_path, []
    while place != place.parent:
        if not place.stat().st_mode & 0o001:
            changed.append((place, place.stat().st_mode))
            place.chmod(place.stat().st_mode | 0o011)
        place = place.parent
    yield
    for place, mode in changed:
        place.chmod(mode)


@pytest.fixture
def launcher():
    """A Python and a stand-in that every user may run."""
    import shutil
    import tempfile

    place = tempfile.mkdtemp(dir="/opt")
    os.chmod(place, 0o755)
    path = os.path.join(place, "vassal.py")
    shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "vassal.py"), path)
    with open(path) as file:
        text = file.read()
    with open(path, "w") as file:
        file.write("#!/usr/bin/python3 -ISs\n" + text)
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(place)


@pytest.mark.usefixtures("open_way")
def test_a_vassal_runs_as_the_owner_of_its_file_for_good(emperor, vassals, launcher):
    make(vassals / "a.ini", ONE, TWO)
    one = emperor(empire=TYRANT, launcher=launcher)
    one.wait(f"dropping privileges to {ONE} {TWO} for instance a.ini")
    told, _ = one.wait("a.ini runs (.*)", "is ready to accept")
    assert told[1] == f"{ONE} {ONE} {ONE} {TWO} {TWO} {TWO} [] never"


@pytest.mark.usefixtures("open_way")
def test_a_new_owner_is_a_new_start(emperor, vassals, launcher):
    make(vassals / "a.ini", ONE, ONE)
    one = emperor(empire=TYRANT, launcher=launcher)
    one.wait(f"runs {ONE}", "is ready to accept")
    os.chown(vassals / "a.ini", TWO, TWO)
    one.wait("permissions of file a.ini changed. stopping the instance", "a.ini told 2", f"runs {TWO}", "is ready")


@pytest.mark.usefixtures("open_way")
def test_a_file_of_root_is_told_once_and_started_when_it_is_given_away(emperor, vassals, launcher):
    make(vassals / "a.ini", 0, 0)
    one = emperor(empire=TYRANT, launcher=launcher)
    one.wait("invalid permissions for vassal a.ini: it belongs to root")
    (vassals / "b.ini").write_text("x")
    one.wait("invalid permissions for vassal b.ini")
    os.chown(vassals / "a.ini", ONE, ONE)
    one.wait(f"runs {ONE}")
    assert sum("invalid permissions for vassal a.ini" in line for line in one.lines) == 1


@pytest.mark.usefixtures("open_way")
def test_one_that_runs_is_left_alone_while_its_file_is_open_to_others(emperor, vassals, launcher):
    make(vassals / "a.ini", ONE, ONE)
    one = emperor(empire=TYRANT, launcher=launcher)
    one.wait("is ready to accept")
    (vassals / "a.ini").chmod(0o666)
    one.wait("invalid permissions for vassal a.ini: every user can write it")
    (vassals / "a.ini").write_text("exit 9")
    one.barrier()
    assert not any("reload the" in line or "stop the" in line for line in one.lines)
