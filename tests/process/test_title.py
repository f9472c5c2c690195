"""Titles, as ps reads them."""

from __future__ import annotations

import pytest

from .child import run

CODE = """
    import sys
    from imperator.process import title
    title.show(sys.argv[1])
    with open("/proc/self/cmdline", "rb") as file:
        sys.stdout.buffer.write(file.read().rstrip(b"\\0"))
    """


@pytest.mark.parametrize("title", ["uWSGI worker 1", "caffè", "caf\udce9", "x"])
def test_a_title_replaces_the_command_line(title):
    assert run(CODE, title).stdout == title


def test_a_title_that_is_too_long_is_cut_and_nothing_else_is_harmed():
    code = """
        import os, sys
        from imperator.process import title
        with open("/proc/self/cmdline", "rb") as file:
            room = len(file.read())
        before = dict(os.environ)
        title.show("t" * 100_000)
        with open("/proc/self/cmdline", "rb") as file:
            shown = file.read()
        with open("/proc/self/environ", "rb") as file:
            environ = file.read().split(b"\\0")
        print(shown == b"t" * (room - 1) + b"\\0", b"MARK=1" in environ, dict(os.environ) == before)
        """
    assert run(code, env={"MARK": "1"}).stdout == "True True True\n"


def test_a_second_title_leaves_nothing_of_the_first():
    code = CODE.replace("title.show(sys.argv[1])", "title.show('a long first title'); title.show(sys.argv[1])")
    assert run(code, "short").stdout == "short"
