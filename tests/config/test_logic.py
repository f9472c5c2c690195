"""Conditions and loops beyond the observed cases."""

import os

import pytest

from imperator.process.world import RealWorld
from tests.config.reading import ini, reading


class Reloading(RealWorld):
    def __init__(self, **how):
        super().__init__(reloading=True, **how)


@pytest.mark.parametrize(("condition", "holds"), [
    ("if-env = HOME", True), ("ifenv = NOPE", False), ("if-not-env = NOPE", True), ("if-env = HOME=/home/u", True),
    ("if-file = a.ini", True), ("if-file = .", False), ("if-not-file = .", True), ("if-dir = .", True),
    ("if-directory = a.ini", False), ("if-exists = a.ini", True), ("if-not-exists = a.ini", False),
    ("if-plugin = python3", True), ("if-plugin = python311", True), ("if-plugin = php", False),
    ("if-reload =", False), ("if-not-reload =", True), ("if-hostname = no.such.host", False),
    (f"if-hostname = {os.uname().nodename}", True), ("if-hostname-match = .", True), ("if-opt = early", True),
    ("if-opt = early=2", False), ("if-not-opt = late", True),
])
def test_a_condition_holds_or_not(tmp_path, condition, holds):
    got = ini(tmp_path, "early = 1", condition, "inside = 1", "endif =", "late = 1")
    assert got.values("inside") == (["1"] if holds else [])
    assert got.values("late") == ["1"]
    assert got.codes == []


def test_a_reload_is_known(tmp_path):
    got = reading(tmp_path, "--ini", "a.ini", world=Reloading, a__ini="[uwsgi]\nif-reload =\nx = 1\nendif =\n")
    assert got.values("x") == ["1"]


@pytest.mark.parametrize(("condition", "inside"), [("if-env = HOME", "yes"), ("if-env = NOPE", "no"),
                                                   ("if-not-env = NOPE", "yes")])
def test_else_is_the_other_branch(tmp_path, condition, inside):
    got = ini(tmp_path, condition, "x = yes", "else =", "x = no", "endif =", "y = 1")
    assert (got.values("x"), got.values("y")) == ([inside], ["1"])
    assert got.codes == ["else-branch"]


def test_a_block_that_is_never_closed_is_named(tmp_path):
    got = ini(tmp_path, "if-env = NOPE", "x = 1")
    assert "a.ini:2" in got.lines("block-unclosed")[0]
    assert got.values("x") == []


def test_a_second_block_inside_an_active_one_is_an_error_at_its_line(tmp_path):
    got = ini(tmp_path, "if-env = HOME", "if-dir = /", "x = 1", "endif =", "endif =", "y = 1")
    assert "a.ini:3" in got.lines("block-nested")[0]
    assert got.values("y") == ["1"]
    assert got.codes == ["block-nested"]


def test_a_condition_is_not_expanded_and_that_is_said(tmp_path):
    got = ini(tmp_path, "d = /", "if-dir = %(d)", "x = 1", "endif =")
    assert got.values("x") == []
    assert got.codes == ["placeholder-in-condition"]


def test_a_loop_repeats_line_by_line(tmp_path):
    got = ini(tmp_path, "for = a b", "x = 1%(_)", "x = 2%(_)", "endfor =")
    assert got.values("x") == ["1a", "1b", "2a", "2b"]


def test_too_many_rounds_are_refused(tmp_path):
    assert ini(tmp_path, "for-times = 999999999999", "x = 1", "endfor =").codes == ["too-many-pairs"]


def test_a_pattern_that_cannot_be_compiled(tmp_path):
    assert ini(tmp_path, "if-hostname-match = (", "endif =").codes == ["regexp-invalid"]


def test_a_flag_inside_a_block_on_the_command_line(tmp_path):
    got = reading(tmp_path, "--if-exists", "/", "--master", "--endif")
    assert got.settings.master
    assert got.codes == []


def test_a_loop_over_files_that_are_not_there(tmp_path):
    got = ini(tmp_path, "for-readline = none", "x = 1", "endfor =")
    assert got.codes == ["file-unreadable"]
