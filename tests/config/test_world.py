"""The real machine answers what the configuration asks."""

import os
import pwd
import socket
import threading

import pytest

from imperator.config.world import Unreadable, World
from imperator.process.world import RealWorld


def test_files(tmp_path):
    world: World = RealWorld(directory=str(tmp_path))
    (tmp_path / "a").write_bytes(b"x\xff")
    (tmp_path / "d").mkdir()
    assert world.read("a") == "x\udcff"
    assert (world.is_file("a"), world.is_dir("a"), world.exists("a")) == (True, False, True)
    assert (world.is_file("d"), world.is_dir("d")) == (False, True)
    assert world.inode("a") == (tmp_path / "a").stat().st_ino
    assert list(world.glob("*")) == ["a", "d/"]
    assert (world.exists("none"), world.inode("none"), list(world.glob("none*"))) == (False, 0, [])


def test_a_socket_is_told_from_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        assert RealWorld().is_socket("s")
        assert not RealWorld().is_file("s")


def test_no_name_is_no_file(tmp_path):
    world = RealWorld(directory=str(tmp_path))
    assert (world.exists(""), world.is_dir(""), world.inode("")) == (False, False, 0)


@pytest.mark.parametrize("name", ["", "none", ".", "a\0b", "http://x/y", "fd://x", "fd://9999"])
def test_what_cannot_be_read_says_why(tmp_path, name):
    with pytest.raises(Unreadable) as caught:
        RealWorld(directory=str(tmp_path)).read(name)
    assert str(caught.value)


def test_an_open_descriptor_is_read():
    reader, writer = os.pipe()
    os.write(writer, b"text")
    os.close(writer)
    assert RealWorld().read(f"fd://{reader}") == "text"
    os.close(reader)


def test_users_and_groups():
    world = RealWorld()
    me = pwd.getpwuid(os.getuid())
    assert world.user(me.pw_name) == (me.pw_uid, me.pw_gid)
    assert world.user_name(me.pw_uid) == me.pw_name
    assert world.group(world.group_name(me.pw_gid)) == me.pw_gid
    assert (world.user("no-such-user"), world.group("no-such-group"), world.user_name(2**40)) == (None, None, None)


def test_endless_devices_end():
    with pytest.raises(Unreadable):
        RealWorld().read("/dev/zero")


def test_a_pipe_is_read_to_its_end(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_text("x" * 100000))
    writer.start()
    assert RealWorld(directory=str(tmp_path)).read("pipe") == "x" * 100000
    writer.join()


def test_a_pipe_that_nobody_writes_to_ends(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unreadable, match="nobody"):
        RealWorld(directory=str(tmp_path)).read("pipe")
