"""What --fix changes, and what it leaves alone."""

import os
import stat

import pytest

from imperator.ops.mending import mended
from tests.ops.checking import Checked, run, write

LINES = {
    "vacuum = ture": ("flag-unclear", "vacuum = true"),
    "vacuum=flase": ("flag-unclear", "vacuum=false"),
    'vacuum = "false"': ("flag-unclear", "vacuum = false"),
    "vacuum = maybe": ("flag-unclear", "vacuum = maybe"),
    "enable_threads = 1": ("unknown-option", "enable-threads = 1"),
    "Enable-Threads=1": ("unknown-option", "enable-threads=1"),
    "--processes = 4": ("unknown-option", "processes = 4"),
    "processes: 4": ("unknown-option", "processes = 4"),
    "static-map /a=/b": ("unknown-option", "static-map = /a=/b"),
    "env A = 1": ("unknown-option", "env = A=1"),
    "vassals-set idle = 9": ("unknown-option", "vassals-set = idle=9"),
    'chdir = "/srv"': ("value-quoted", "chdir = /srv"),
    "env = A='b c'": ("value-quoted", "env = A=b c"),
    "process = 4": ("unknown-option", "process = 4"),
    "threads = 4 # cores": ("comment-in-value", "# cores\nthreads = 4"),
    "  threads = 4 ;; cores": ("comment-in-value", "  # cores\n  threads = 4"),
    "[uwsgi] ; shop": ("section-comment", "# shop\n[uwsgi]"),
    "\ufeff[uwsgi]": ("byte-order-mark", "[uwsgi]"),
    "uid = nobody": ("user-unknown", "uid = nobody"),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line(line):
    code, wanted = LINES[line]
    assert mended(line, {1: [code]}) == wanted


def test_other_lines_and_line_ends_stay():
    text = "[uwsgi]\r\nvacuum = ture\r\n# ture\r\nvacuum = ture"
    assert mended(text, {2: ["flag-unclear"]}) == "[uwsgi]\r\nvacuum = true\r\n# ture\r\nvacuum = ture"


def test_two_complaints_about_a_line():
    codes = {1: ["comment-in-value", "unknown-option"]}
    assert mended("enable_threads = true # x", codes) == "# x\nenable-threads = true"


BROKEN = "[uwsgi]\nhttp-socket = :8000\nvacuum = ture\nenable_threads = 1\nthreads = 2 # two\n"
RIGHT = "[uwsgi]\nhttp-socket = :8000\nvacuum = true\nenable-threads = 1\n# two\nthreads = 2\n"


def test_a_file_is_mended_and_kept(tmp_path):
    write(tmp_path, site__ini=BROKEN)
    site = tmp_path / "site.ini"
    site.chmod(0o640)
    _, text = run(tmp_path, "--fix", "--yes", "site.ini")
    assert site.read_text() == RIGHT
    assert (tmp_path / "site.ini.bak").read_text() == BROKEN
    assert stat.S_IMODE(site.stat().st_mode) == 0o640
    assert "-vacuum = ture" in text and "+vacuum = true" in text
    assert "flag-unclear" not in text, "what is shown at the end is what is there now"
    assert sorted(os.listdir(tmp_path)) == ["site.ini", "site.ini.bak"]


def test_nobody_is_asked_without_a_terminal(tmp_path, monkeypatch, capsys):
    write(tmp_path, site__ini=BROKEN)
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        run(tmp_path, "--fix", "site.ini")
    assert (tmp_path / "site.ini").read_text() == BROKEN
    assert "--yes" in capsys.readouterr().err


def test_a_link_is_mended_where_it_points_to(tmp_path):
    write(tmp_path, real__ini=BROKEN)
    (tmp_path / "site.ini").symlink_to("real.ini")
    run(tmp_path, "--fix", "--yes", "site.ini")
    assert (tmp_path / "site.ini").is_symlink() and (tmp_path / "real.ini").read_text() == RIGHT


def test_only_ini_is_mended(tmp_path):
    text = "uwsgi:\n  http-socket: :8000\n  enable_threads: 1\n"
    write(tmp_path, site__yaml=text)
    assert "unknown-option" in Checked(tmp_path, "site.yaml").codes()
    _, said = run(tmp_path, "--fix", "--yes", "site.yaml")
    assert (tmp_path / "site.yaml").read_text() == text
    assert "nothing here can be mended" in said
