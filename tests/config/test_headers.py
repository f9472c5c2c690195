"""Lines into changes of the head of every answer."""

import pytest

from imperator.config.headers import Headers
from tests.config.reading import ini


def test_what_is_added_and_removed(tmp_path):
    lines = ["add-header = X-A: b: c ", "add-header=X-B:", "del-header = Server", "rem-header = x-powered-by"]
    got = ini(tmp_path, *lines)
    assert got.settings.headers == Headers((("X-A", "b: c"), ("X-B", "")), ("Server", "x-powered-by"))
    assert got.codes == []


@pytest.mark.parametrize("line", ["add-header = Connection: close", "add-header = connection: Close"])
def test_a_connection_may_be_closed(tmp_path, line):
    got = ini(tmp_path, line)
    assert len(got.settings.headers.add) == 1 and got.codes == []


@pytest.mark.parametrize(
    "line",
    [
        "add-header = X-A b",
        "add-header = X A: b",
        "add-header = : b",
        "add-header = Content-Length: 5",
        "add-header = Transfer-Encoding: chunked",
        "add-header = Connection: keep-alive",
        "del-header = X A",
        "del-header = X-A: b",
    ],
)
def test_what_is_no_header_is_left_out(tmp_path, line):
    got = ini(tmp_path, line)
    assert got.settings.headers == Headers() and got.codes == ["header-invalid"]
