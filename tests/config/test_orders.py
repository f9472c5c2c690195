"""Where orders come from, out of the configuration."""

from __future__ import annotations

import pytest

from imperator.config.orders import Orders
from tests.config.reading import ini


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        ([], {}),
        (["touch-reload = /x", "touch-reload = y", "touch-reload = /x"], {"touches": ("/x", "/srv/y")}),
        (["touch-chain-reload = /a", "touch-workers-reload = /b", "fs-reload = /c"],
         {"touches": ("/b", "/a", "/c"), "worker_touches": ("/b", "/a")}),
        (["master-fifo = run/fifo", "master-fifo = /fifo"], {"pipes": ("/srv/run/fifo", "/fifo")}),
        (["exit-on-reload = true"], {"exit_on_reload": True}),
        (["exit-on-reload = off"], {}),
    ],
)
def test_orders(tmp_path, lines, fields):
    got = ini(tmp_path, "chdir = /srv", *lines)
    assert got.settings.orders == Orders(**fields)
    assert got.codes == []


@pytest.mark.parametrize(
    ("line", "code"),
    [("touch-reload =", "value-empty"), ("touch-reload = /x ; here", "comment-in-value"),
     ("master-fifo = %(nope)", "placeholder-unresolved")],
)  # fmt: skip
def test_complaints(tmp_path, line, code):
    assert ini(tmp_path, line).codes == [code]
