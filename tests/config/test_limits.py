"""Limits, out of the configuration."""

from __future__ import annotations

import pytest

from imperator import pipes
from imperator.config.limits import Limits
from tests.config.reading import ini


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (["processes = 1"], {}),
        (["limit-as = 712"], {"generation": pipes.Limits(address_space=712 << 20)}),
        (["max-fd = 10000"], {"descriptors": 10000}),
        (["prio = -5"], {"priority": -5}),
        (["limit-nproc = 50", "cpu-affinity = 2"], {"generation": pipes.Limits(processes=50, affinity=2)}),
        (["never-swap = true", "ksm = 10"], {"generation": pipes.Limits(never_swap=True, merge=True)}),
        (["ksm = 0", "never-swap = off"], {}),
        (["cgroup = /a", "cgroup = /b", "cgroup-dir-mode = 0755"], {"cgroups": ("/a", "/b"), "cgroup_mode": 0o755}),
        (["thread-stack-size = 512"], {"generation": pipes.Limits(stack=512 * 1024)}),
    ],
)
def test_limits(tmp_path, lines, fields):
    got = ini(tmp_path, *lines)
    assert got.settings.limits == Limits(**fields)
    assert [code for code in got.codes if code != "not-yet"] == []


def test_options_of_a_control_group(tmp_path):
    [one] = ini(tmp_path, "cgroup-opt = memory.max=512M").settings.limits.cgroup_options
    assert one[:2] == ("memory.max", "512M")


@pytest.mark.parametrize(
    ("line", "code"),
    [("max-fd = 10", "number-out-of-range"), ("limit-as = 32", "number-out-of-range"),
     ("thread-stacksize = 16", "number-out-of-range"),
     ("prio = 40", "number-out-of-range"), ("cgroup-opt = memory.max", "value-malformed"),
     ("cgroup-opt = ../../etc/passwd=x", "value-malformed"), ("cgroup-dir-mode = 777", "mode-invalid")],
)  # fmt: skip
def test_complaints(tmp_path, line, code):
    assert ini(tmp_path, line).codes == [code]
