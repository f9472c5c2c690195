"""Standard output and error go to the file, of whoever prints."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from imperator.errors import Refused, Where
from imperator.process import logfile

from .child import ROOT, run


def test_everything_goes_to_the_end_of_the_file(tmp_path):
    (tmp_path / "log").write_text("before\n")
    code = """
        import os, sys
        from imperator.process import logfile
        logfile.divert(sys.argv[1], None)
        os.write(1, b"out\\n"); os.write(2, b"err\\n")
        os.system("echo child; echo childs error >&2")
        print(sorted(int(fd) for fd in os.listdir("/proc/self/fd"))[:3], flush=True)
        """
    done = run(code, tmp_path / "log")
    assert (done.stdout, done.stderr) == ("", "")
    assert (tmp_path / "log").read_text() == "before\nout\nerr\nchild\nchilds error\n[0, 1, 2]\n"


def test_a_new_file_is_not_the_worlds_to_read(tmp_path):
    run("import os, sys; os.umask(0); from imperator.process import logfile; logfile.divert(sys.argv[1], None)",
        tmp_path / "log")  # fmt: skip
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_with_standard_streams_closed_children_inherit_it_all_the_same(tmp_path, closed):
    code = (
        "import os, sys; from imperator.process import kernel, logfile; logfile.divert(sys.argv[1], None);"
        "os.waitpid(kernel.spawn(['/bin/echo', 'from a child'], {}), 0)"
    )
    subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" "$2" {closed}', sys.executable, code, tmp_path / "log"],
        cwd=ROOT, timeout=30, check=True,
    )  # fmt: skip
    assert (tmp_path / "log").read_text() == "from a child\n"


@pytest.mark.parametrize(("path", "code"), [("/nowhere/log", "no-directory"), ("/", "cannot-open-log")])
def test_a_file_that_cannot_be_opened(path, code):
    before = os.fstat(1).st_ino
    with pytest.raises(Refused) as raised:
        logfile.divert(path, Where("site.ini", 1))
    [complaint] = raised.value.diagnostics
    assert (complaint.code, complaint.where) == (code, Where("site.ini", 1))
    assert os.fstat(1).st_ino == before
