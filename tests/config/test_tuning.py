"""What listening sockets are told, out of the lines of a configuration."""

import pytest

from imperator.config.settings import Endpoint
from imperator.config.tuning import Tuning
from tests.config.reading import ini


@pytest.mark.parametrize(("lines", "changes"), [
    ([], {}),
    (["so-keepalive = true"], {"keepalive": True}),
    (["socket-sndbuf = 65536", "socket-rcvbuf = 131072"], {"send_buffer": 65536, "receive_buffer": 131072}),
    (["socket-sndbuf = 0"], {}),
    (["tcp-fastopen = 16"], {"fast_open": 16}),
    (["reuse-port = true", "freebind = true"], {"reuse_port": True, "freebind": True}),
    (["no-defer-accept = true"], {"defer_accept": False}),
])
def test_options(tmp_path, lines, changes):
    got = ini(tmp_path, "socket = :1", *lines)
    assert (got.settings.tuning, got.codes) == (Tuning()._replace(**changes), [])


def test_unix_sockets_become_abstract(tmp_path):
    settings = ini(tmp_path, "abstract-socket = true", "socket = site.sock", "socket = :1").settings
    assert settings.listen[0].endpoint == Endpoint("abstract", path="site.sock")
    assert settings.listen[1].endpoint.kind == "inet"
