"""Checking configurations in a test: files of a temporary directory, through the real command."""

import contextlib
import io
import json
import os

from imperator.ops import check


def write(directory, **files):
    """Write ``files``: ``a__ini`` is a.ini."""
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(text)


def run(directory, *argv):
    """The exit status and the output of the command, run in ``directory``."""
    before = os.getcwd()
    os.chdir(directory)
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            status = check.main(list(argv))
    finally:
        os.chdir(before)
    return status, out.getvalue()


class Checked:
    """The JSON of a check, and questions about it."""

    def __init__(self, directory, *argv):
        self.status, text = run(directory, "--json", *argv)
        self.answer = json.loads(text)
        self.each = {os.path.basename(one["path"]): one for one in self.answer["configurations"]}

    def codes(self, name=None):
        named = [self.each[name]] if name else self.each.values()
        return [finding["code"] for one in named for finding in one["findings"]]

    def finding(self, code):
        found = [one for each in self.each.values() for one in each["findings"] if one["code"] == code]
        assert len(found) == 1, found
        return found[0]

    def verdict(self, name):
        return self.each[name]["verdict"]


def ini(directory, *lines, argv=()):
    """Check a file of these lines below ``[uwsgi]``, which is its first line."""
    write(directory, site__ini="\n".join(["[uwsgi]", *lines]) + "\n")
    return Checked(directory, *argv, "site.ini")


GOOD = "def application(environ, start_response):\n    return []\n"
"""An application that can be loaded."""
