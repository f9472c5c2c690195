"""Files are put aside, sockets get messages, and nothing of it raises."""

import os
import socket
import time

import pytest

from imperator.config.settings import LogSink
from imperator.errors import Where
from imperator.process import log_sinks
from imperator.process.log_sinks import Datagrams, File, Rsyslog
from imperator.process.logfile import Opening

HERE = Where("site.ini", 1)


def test_a_full_file_is_put_aside_with_the_time_in_its_name(tmp_path):
    file = File(str(tmp_path / "log"), Opening(), 10, None)
    for number in range(4):
        file.write(b"line %d\n" % number)
    aside = sorted(path for path in os.listdir(tmp_path) if path != "log")
    assert len(aside) == 2 and all(abs(int(name.split(".")[1]) - time.time()) < 60 for name in aside)
    assert sorted((tmp_path / name).read_text() for name in aside) == ["line 0\nline 1\n", "line 2\nline 3\n"]
    assert (tmp_path / "log").read_text() == ""
    file.close()


def test_a_backup_of_this_name_is_overwritten(tmp_path):
    file = File(str(tmp_path / "log"), Opening(), 10, str(tmp_path / "old"))
    for number in range(5):
        file.write(b"line %d\n" % number)
    assert sorted(os.listdir(tmp_path)) == ["log", "old"]
    assert (tmp_path / "old").read_text() == "line 2\nline 3\n"
    assert (tmp_path / "log").read_text() == "line 4\n"
    file.close()


def test_two_writers_of_a_file_put_it_aside_once(tmp_path):
    one, other = (File(str(tmp_path / "log"), Opening(), 0, str(tmp_path / "old")) for _ in range(2))
    one.write(b"before\n")
    one.rotate()
    other.rotate()
    other.write(b"after\n")
    assert (tmp_path / "old").read_text() == "before\n" and (tmp_path / "log").read_text() == "after\n"
    one.close()
    other.close()


def test_a_file_that_was_moved_is_opened_anew(tmp_path):
    file = File(str(tmp_path / "log"), Opening(), 0, None)
    file.write(b"before\n")
    (tmp_path / "log").rename(tmp_path / "log.1")
    file.write(b"still\n")
    file.reopen()
    file.write(b"after\n")
    assert (tmp_path / "log.1").read_text() == "before\nstill\n" and (tmp_path / "log").read_text() == "after\n"
    file.close()


def test_a_file_that_cannot_be_put_aside_goes_on_and_says_so_once(tmp_path):
    file = File(str(tmp_path / "log"), Opening(), 10, str(tmp_path / "nowhere" / "old"))
    (tmp_path / "nowhere").write_text("no directory")
    for _ in range(4):
        file.write(b"a long line\n")
    text = (tmp_path / "log").read_text()
    assert text.count("a long line") == 4 and text.count("[cannot-rotate-log]") == 1
    file.close()


def test_mode_and_truncation(tmp_path):
    (tmp_path / "log").write_text("old")
    os.close(Opening(mode=0o604, truncate=True).open(str(tmp_path / "log")))
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o604 and (tmp_path / "log").read_text() == ""


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_messages_to_a_socket(tmp_path, family):
    with socket.socket(family, socket.SOCK_DGRAM) as listening:
        listening.settimeout(20)
        listening.bind(("127.0.0.1", 0) if family == socket.AF_INET else str(tmp_path / "s"))
        name = listening.getsockname()
        address = name if isinstance(name, str) else f"127.0.0.1:{name[1]}"
        Datagrams(address, b"site ").write(b"a line\n")
        assert listening.recv(100) == b"site a line"
        Rsyslog(f"{address},web").write(b"a line\n")
        assert listening.recv(100).endswith(b": a line")


def test_nobody_listening_stops_nobody(tmp_path):
    sink = Datagrams(str(tmp_path / "nobody"))
    sink.write(b"lost\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.settimeout(20)
        listening.bind(str(tmp_path / "nobody"))
        sink.write(b"back\n")
        assert listening.recv(100) == b"back" and listening.recv(100).startswith(b"warning: 1 lines ")


def test_every_kind_can_be_made(tmp_path):
    reader, writer = os.pipe()
    for kind, target in (("file", str(tmp_path / "f")), ("stdio", ""), ("fd", str(writer)), ("socket", "127.0.0.1:9,x"),
                         ("rsyslog", "[::1]:514"), ("syslog", "site,local1")):  # fmt: skip
        sink = log_sinks.make(LogSink("", kind, target, HERE), writer, Opening())
        assert sink.whole is (kind in ("file", "stdio", "fd"))
        if kind in ("stdio", "fd"):
            sink.write(b"x\n")
            assert os.read(reader, 10) == b"x\n"
        sink.close()
