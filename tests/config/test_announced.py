"""Which sockets understand the PROXY protocol, and whose word counts."""

import pytest

from tests.config.reading import ini

SOCKETS = ("http-socket = :1", "http11-socket = :2", "https-socket = :3,c,k", "http = :4", "https = :5,c,k",
           "socket = :6", "fastcgi-socket = :7")  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "which", "whom"),
    [
        ((), set(), ""),
        (("enable-proxy-protocol = true",), {1, 2, 3}, "anybody"),
        (("http-enable-proxy-protocol = 1",), {4, 5}, "anybody"),
        (("enable-proxy-protocol = true", "trusted-peers = 10.0.0.1"), {1, 2, 3}, "trusted"),
        (("enable-proxy-protocol = false", "http-enable-proxy-protocol = true"), {4, 5}, "anybody"),
        (("enable-proxy-protocol = true", "protocol = http"), {1, 2, 3, 6}, "anybody"),
    ],
)
def test_which_and_whose(tmp_path, lines, which, whom):
    got = ini(tmp_path, *SOCKETS, *lines)
    assert got.codes == []
    assert {one.endpoint.port: one.announcers for one in got.settings.listen if one.announcers} == dict.fromkeys(
        which, whom
    )
