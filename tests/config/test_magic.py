"""The %c variables."""

import os

import pytest

from imperator.config.magic import of_a_file, of_a_stream, of_the_machine, substitute
from imperator.process.world import RealWorld


@pytest.mark.parametrize(("line", "text", "dropped"), [
    ("plain", "plain", []), ("%n", "N", []), ("%%n", "%n", []), ("%(n)", "%(n)", []), ("%z2", "2", ["z"]),
    ("50% off", "50off", [" "]), ("100%", "100", [""]), ("100%\r", "100", [""]), ("%%%n", "%N", []), ("%", "", [""]),
])
def test_a_percent_sign_takes_the_next_letter(line, text, dropped):
    assert substitute(line, {"n": "N", "%": "%"}) == (text, dropped)


def test_the_variables_of_a_file(tmp_path):
    path = tmp_path / "site.prod.ini"
    path.write_text("")
    got = of_a_file("site.prod.ini", "dev", RealWorld(directory=str(tmp_path)))
    assert got["o"] == "site.prod.ini"
    assert got["p"] == str(path)
    assert got["d"] == f"{tmp_path}/"
    assert (got["s"], got["n"], got["e"], got["x"]) == ("site.prod.ini", "site.prod", "ini", "dev")
    assert got["c"] == tmp_path.name
    assert got["i"] == str(path.stat().st_ino)
    assert got["0"] == str(tmp_path).split("/")[1]
    assert len(got["j"]) == 8


def test_a_file_at_the_root():
    got = of_a_file("/x", "", RealWorld())
    assert (got["d"], got["c"], got["e"], got["0"]) == ("/", "", "", "")


def test_the_hash_is_bernsteins_in_the_order_of_memory():
    value = 5381
    for byte in b"/x":
        value = (value * 33 ^ byte) & 0xFFFFFFFF
    assert of_a_file("/x", "", RealWorld())["j"] == "".join(f"{value >> shift & 255:02X}" for shift in (0, 8, 16, 24))


def test_a_stream_has_a_name_only():
    got = of_a_stream("-", "")
    assert got.pop("o") == "-"
    assert set(got.values()) == {""}


def test_the_machine_is_this_one():
    got = of_the_machine(RealWorld(directory="/srv"))
    assert (got["v"], got["u"], got["h"]) == ("/srv", str(os.getuid()), os.uname().nodename)
    assert got["["] == "\033"
