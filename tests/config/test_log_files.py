"""Where the log goes, out of the options."""

import pytest

from imperator.config.settings import LogEncoder, Logs
from tests.config.reading import ini


def test_nothing_is_nothing(tmp_path):
    logs = ini(tmp_path, "socket = :1", "log-master = true").settings.logs
    assert logs == Logs() and not logs.needs_process(True)


def test_a_file_that_is_put_aside(tmp_path):
    got = ini(tmp_path, "logto = site.log", "log-maxsize = 1000000", "log-backupname = old.log", "log-truncate = 1",
              "log-reopen = true", "logfile-chmod = 644", "logfile-chown = true", "touch-logrotate = t1",
              "touch-logreopen = /run/t2", "chdir = /srv")  # fmt: skip
    assert got.codes == []
    assert got.settings.logs == Logs(
        maxsize=1000000, backupname="/srv/old.log", truncate=True, reopen=True, chmod=0o644, chown=True,
        touch_rotate=("/srv/t1",), touch_reopen=("/run/t2",),
    )  # fmt: skip
    assert got.settings.logs.needs_process(True) and not got.settings.logs.needs_process(False)


@pytest.mark.parametrize(("line", "sinks"), [
    ("logger = file:a.log", [("", "file", "/srv/a.log")]), ("logger = file:/a.log", [("", "file", "/a.log")]),
    ("logger = mine file:/a b.log", [("mine", "file", "/a b.log")]), ("logger = stdio", [("", "stdio", "")]),
    ("logger = syslog:site,local0", [("", "syslog", "site,local0")]), ("log-syslog = site", [("", "syslog", "site")]),
    ("log-syslog = true", [("", "syslog", "")]), ("log-socket = 127.0.0.1:1", [("", "socket", "127.0.0.1:1")]),
    ("logger = rsyslog:10.0.0.1:514,site", [("", "rsyslog", "10.0.0.1:514,site")]),
    ("logger = fd:5", [("", "fd", "5")]),
])  # fmt: skip
def test_loggers(tmp_path, line, sinks):
    got = ini(tmp_path, "chdir = /srv", line)
    assert got.codes == [] and got.settings.logs.needs_process(False)
    assert [(one.name, one.kind, one.target) for one in got.settings.logs.sinks] == sinks


def test_a_file_logger_may_have_limits_of_its_own(tmp_path):
    logs = ini(tmp_path, "req-logger = file:logfile=/a.log,maxsize=5000,backupname=/b.log").settings.logs
    (one,) = logs.request_sinks
    assert (one.target, one.maxsize, one.backupname) == ("/a.log", 5000, "/b.log")


@pytest.mark.parametrize(("line", "codes"), [
    ("logger = redislog:127.0.0.1:6379", ["logger-unknown"]), ("logger = file:", ["logger-incomplete"]),
    ("logger = fd:two", ["logger-incomplete"]), ("log-route = mine ^a(", ["regexp-invalid"]),
    ("log-drain = [", ["regexp-invalid"]), ("log-encoder = gzip", ["log-encoder-unknown"]),
    ("logfile-chmod = rw", ["mode-invalid"]),
])  # fmt: skip
def test_what_is_wrong(tmp_path, line, codes):
    assert ini(tmp_path, line).codes == codes


def test_routes_and_encoders(tmp_path):
    logs = ini(tmp_path, "log-route = mine ^a b$", "log-req-route = slow  [0-9]{4} msecs",
               "log-encoder = prefix site: ", "log-req-encoder = json:mine {}",
               "log-req-encoder = nl").settings.logs  # fmt: skip
    assert (logs.routes, logs.request_routes) == ((("mine", "^a b$"),), (("slow", "[0-9]{4} msecs"),))
    assert logs.encoders[0].kind == "prefix"
    assert logs.request_encoders == (LogEncoder("json", "mine", "{}"), LogEncoder("nl", "", ""))


@pytest.mark.parametrize(("value", "date"), [("true", "%a %b %e %H:%M:%S %Y"), ("day", "day")])
def test_dates(tmp_path, value, date):
    settings = ini(tmp_path, f"log-date = {value}").settings
    assert settings.logs.date == date == settings.request_log.date
