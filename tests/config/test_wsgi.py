"""Lines into how an application is called."""

from imperator.config.wsgi import Wsgi
from tests.config.reading import ini


def test_nothing_is_pep_3333(tmp_path):
    assert ini(tmp_path, "workers = 1").settings.wsgi == Wsgi()


def test_everything(tmp_path):
    lines = [
        "wsgi-disable-file-wrapper = true", "wsgi-accept-buffers = 1",
        "reload-on-exception = true", "reload-on-exception-type = A", "reload-on-exception-type = b.B",
        "reload-on-exception-value = boom", "reload-on-exception-repr = A('boom')", "environ-waited = true",
    ]  # fmt: skip
    told = ini(tmp_path, *lines).settings.wsgi
    assert told == Wsgi(False, True, True, ("A", "b.B"), ("boom",), ("A('boom')",), True)


def test_off_is_off(tmp_path):
    lines = ["wsgi-disable-file-wrapper = false", "wsgi-accept-buffer = off", "reload-on-exception = 0"]
    assert ini(tmp_path, *lines).settings.wsgi == Wsgi()
