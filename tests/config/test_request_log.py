"""The options of the request log into its settings."""

import pytest

from imperator.config.request_log import VARIABLES
from imperator.pipes import RequestLog
from tests.config.reading import ini


def test_nothing_is_uwsgis_own_line(tmp_path):
    settings = ini(tmp_path, "socket = :1").settings
    assert settings.request_log == RequestLog() and not settings.disable_logging


def test_every_option(tmp_path):
    got = ini(tmp_path, "disable-logging = true", "log-4xx = true", "log-5xx = 1", "log-zero = on", "log-slow = 250",
              "log-big = 1048576", "log-sendfile = true", "log-ioerror = true", "log-micros = true",
              "memory-report = true", "log-x-forwarded-for = true", "log-json = yes")  # fmt: skip
    assert got.codes == [] and got.settings.disable_logging
    assert got.settings.request_log == RequestLog(
        json=True, empty=True, client_errors=True, server_errors=True, sendfile=True, io_errors=True, slow=250,
        big=1048576, micros=True, memory=True, forwarded=True,
    )  # fmt: skip


def test_a_flag_may_be_switched_off_again(tmp_path):
    assert not ini(tmp_path, "log-4xx = true", "log-4xx = false").settings.request_log.client_errors


@pytest.mark.parametrize("name", ["log-format", "logformat"])
def test_every_variable_is_known(tmp_path, name):
    template = " ".join(f"%({variable})" for variable in VARIABLES) + " %(var.HTTP_X) %(metric.a.b) %(HTTP_Y)"
    got = ini(tmp_path, f"{name} = {template}")
    assert got.codes == [] and got.settings.request_log.format == template


@pytest.mark.parametrize("variable", ["path", "var.", "", "HTTP-X"])
def test_a_variable_that_is_none(tmp_path, variable):
    got = ini(tmp_path, f"log-format = %(uri) %({variable}) %({variable})")
    assert got.codes == ["log-variable-unknown"]


@pytest.mark.parametrize(("template", "codes"), [
    ('{"uri": "%(uri)", "status": %(status)}', []),
    ('{"uri": "%(uri)", "status": %(status)', ["log-format-not-json"]),
    ('{uri: "%(uri)"}', ["log-format-not-json"]),
    ("[%(uri)", []),
])  # fmt: skip
def test_json_is_checked(tmp_path, template, codes):
    assert ini(tmp_path, f"log-format = {template}").codes == codes


@pytest.mark.parametrize(("lines", "format_of_time"), [
    (["log-date = %%Y-%%m"], ""), (["logformat-strftime = true"], ""),
    (["log-date = day", "logformat-strftime = true"], "day"), (["log-date = true", "logformat-strftime = true"], ""),
    (["log-date = day", "logformat-strftime = no"], ""),
])  # fmt: skip
def test_the_format_of_ftime(tmp_path, lines, format_of_time):
    assert ini(tmp_path, *lines).settings.request_log.time_format == format_of_time
