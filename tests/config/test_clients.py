"""What clients may send and how long they may take, out of the lines of a configuration."""

import pytest

from imperator.pipes import Clients
from tests.config.reading import ini


def clients(tmp_path, *lines):
    got = ini(tmp_path, *lines)
    return got.settings.clients, got.codes


def test_nothing_is_the_defaults(tmp_path):
    assert clients(tmp_path, "socket = :1") == (Clients(), [])


@pytest.mark.parametrize(("lines", "changes"), [
    (["limit-post = 5000000000"], {"limit_post": 5000000000}),
    (["max-vars = 100"], {"max_vars": 200}),
    (["max-connections = 50", "min-rate = 0"], {"max_connections": 50, "min_rate": 0}),
    (["post-buffering = 8192"], {"post_buffering": True}),
    (["post-buffering = 0"], {}),
    (["socket-timeout = 10"], {"timeout": 10, "header_timeout": 30}),
    (["http-timeout = 100"], {}),
    (["http = :2"], {"timeout": 60}),
    (["http = :2", "http-timeout = 30"], {"timeout": 30, "header_timeout": 30}),
    (["http = :2", "http-timeout = 2"], {"timeout": 4}),
    (["http = :2", "http-headers-timeout = 7"], {"timeout": 60, "header_timeout": 7}),
    (["http-keepalive = true"], {}),
    (["http-keepalive = 1"], {}),
    (["http-keepalive = 20"], {"keepalive_timeout": 20}),
    (["ignore-write-errors = true"], {"ignore_write_errors": True}),
    (["ignore-write-errors = false"], {}),
    (["write-errors-exception-only = true"], {"ignore_write_errors": True}),
    (["write-errors-tolerance = 3"], {"write_errors_tolerance": 3}),
    (["disable-write-exception = true"], {"write_errors_tolerance": 2**63 - 1}),
])  # fmt: skip
def test_options(tmp_path, lines, changes):
    assert clients(tmp_path, "socket = :1", *lines) == (Clients()._replace(**changes), [])


def test_a_size_with_a_unit_is_complained_about(tmp_path):
    made, codes = clients(tmp_path, "limit-post = 20M")
    assert (made.limit_post, codes) == (20, ["number-trailing"])


def test_a_negative_limit_is_an_error(tmp_path):
    assert clients(tmp_path, "limit-post = -1")[1] == ["number-negative"]
