"""Keys that nobody reads are advice; those with a purpose are not spoken of."""

import pytest

from tests.ops.checking import Checked, ini, write

SITE = ("http-socket = 127.0.0.1:0", "cron = 0 3 -1 -1 -1 true")


def keys(checked):
    found = [one for each in checked.each.values() for one in each["findings"] if one["code"] == "key-unused"]
    assert {one["severity"] for one in found} <= {"advice"}
    return [one["message"].split()[0] for one in found]


UNUSED = {
    ("bind = 0.0.0.0:80",): ["bind"],
    ("domain = a.example", "domain = b.example"): ["domain"],
    ("base = /srv", "chdir = %(base)/x"): [],
    ("n = 2", "processes = %(n + 1)"): [],
    ("if-opt = shop", "endif =", "shop = 1"): [],
    ("set-placeholder = shop=1",): ["shop"],
    ("declare-option = twice=env=$1", "twice = A=1"): [],
    ("plugin = dgram_router", "dgram-router-to = :1"): [],
    ("php-index = index.php",): [],
    ("proceses = 2",): [],
    ("shop = 1", "[other]", "chdir = %(shop)"): [],
    ("shop = 1", "if-env = NO_SUCH", "chdir = %(shop)", "endif ="): [],
}


@pytest.mark.parametrize("lines", UNUSED)
def test_keys(tmp_path, lines):
    assert keys(ini(tmp_path, *SITE, *lines)) == UNUSED[lines]


def test_a_variable_of_another_file(tmp_path):
    write(tmp_path, more__ini="[uwsgi]\nchdir = %(shop)\n")
    assert keys(ini(tmp_path, *SITE, "shop = /tmp", "ini = more.ini")) == []


def test_what_is_meant_is_offered_and_advice_may_be_left_out(tmp_path):
    assert "harakiri" in ini(tmp_path, *SITE, "timeout = 30").finding("key-unused")["fix"]
    assert "key-unused" not in Checked(tmp_path, "--no-advice", "site.ini").codes()
