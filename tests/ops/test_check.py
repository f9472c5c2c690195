"""The command: what it reads, its verdicts, its exit status, its output."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from imperator.config.options import lookup
from imperator.ops import check
from imperator.ops.examination import Verdict
from tests.ops.checking import GOOD, Checked, ini, run, write

PACKAGE = pathlib.Path(check.__file__).parents[2]
SITE = ("http-socket = 127.0.0.1:0", "wsgi-file = app.py", "harakiri = 60", "need-app = true")


@pytest.fixture
def site(tmp_path):
    """A directory with an application."""
    write(tmp_path, app__py=GOOD)
    return tmp_path


def test_what_is_right_runs_unchanged(site):
    checked = ini(site, *SITE)
    assert (checked.status, checked.verdict("site.ini"), checked.codes()) == (0, "unchanged", [])


def test_a_note_does_not_keep_it_from_running_unless_strict(site):
    assert ini(site, *SITE, "vacuum = flase").verdict("site.ini") == "notes"
    assert ini(site, *SITE, "vacuum = flase").status == 0
    assert ini(site, *SITE, "vacuum = flase", argv=["--strict"]).status == 1


def test_an_error_does(site):
    checked = ini(site, *SITE, "uid = no-such-user")
    assert (checked.status, checked.verdict("site.ini")) == (1, "cannot-run")


def test_advice_is_no_note_and_can_be_left_out(site):
    checked = ini(site, *SITE[:3], argv=["--strict"])
    assert (checked.status, checked.verdict("site.ini"), checked.codes()) == (0, "unchanged", ["need-app-off"])
    assert ini(site, *SITE[:2], argv=["--no-advice"]).codes() == []


def test_what_only_this_machine_lacks_can_be_left_out(site):
    checked = ini(site, *SITE, "uid = no-such-user", "chdir = /no/such", "chmod-socket = abc", argv=["--elsewhere"])
    assert [code for code in checked.codes() if code != "no-effect-alone"] == ["mode-invalid"]


def test_the_caret_is_under_the_value(site):
    finding = ini(site, *SITE, "  uid = no-such-user").finding("user-unknown")
    assert (finding["line"], finding["text"], finding["column"]) == (6, "  uid = no-such-user", 9)
    _, text = run(site, "site.ini")
    assert "        uid = no-such-user\n" + " " * 14 + "^" * 12 + "\n" in text


def test_or_under_the_key(site):
    finding = ini(site, *SITE, "enable_threads = 1").finding("unknown-option")
    assert (finding["text"], finding["column"]) == ("enable_threads = 1", 1)
    assert "enable-threads" in finding["fix"]


def test_or_under_the_comment(site):
    finding = ini(site, *SITE, "vacuum = true # x").finding("comment-in-value")
    assert finding["column"] == len("vacuum = true ") + 1


def test_lines_with_the_same_complaint_are_one_finding(site):
    finding = ini(site, *SITE, "threads = 2 # a", "listen = 9 # b", "workers = 3 # c").finding("comment-in-value")
    assert (finding["line"], finding["lines"]) == (6, [7, 8])


def test_a_directory_means_its_vassals_by_the_emperors_rule(site):
    text = "[uwsgi]\nhttp-socket = 127.0.0.1:0\n"
    write(site, a__ini=text, b__yaml="uwsgi:\n  http-socket: 127.0.0.1:0\n", c__ini__bak=text)
    (site / ".hidden.ini").write_text(text)
    (site / "d.ini").mkdir()
    checked = Checked(site, ".")
    assert list(checked.each) == ["a.ini", "b.yaml"]
    assert {one["role"] for one in checked.each.values()} == {"vassal"}


def test_a_vassal_is_started_in_its_directory(site):
    vassals = site / "vassals"
    vassals.mkdir()
    write(vassals, a__ini="[uwsgi]\nhttp-socket = 127.0.0.1:0\nwsgi-file = ../app.py\nneed-app = 1\nharakiri = 60\n")
    assert Checked(site, "vassals").codes() == []


def test_a_vassal_must_name_a_socket_and_a_file_may_get_one(site):
    write(site, a__ini="[uwsgi]\nwsgi-file = app.py\n")
    assert Checked(site, "a.ini").verdict("a.ini") == "notes"
    assert Checked(site, ".").verdict("a.ini") == "cannot-run"


def test_an_application_that_is_named_in_a_way_we_do_not_have(site):
    """Which options those are changes with every version: it is asked of the table."""
    idle = [name for name in ("web3", "pump", "mount") if lookup(name).status in ("not yet", "refused")]
    for name in idle:
        assert "no-application" in ini(site, "http-socket = 127.0.0.1:0", f"{name} = /=app.py").codes()
        assert "no-application" not in ini(site, *SITE, f"{name} = /=app.py").codes()
    assert idle


def test_an_emperor_is_followed(site):
    vassals = site / "vassals"
    vassals.mkdir()
    write(vassals, a__ini="[uwsgi]\nuid = no-such-user\nharakiri = 60\n")
    checked = ini(site, f"emperor = {vassals}", "vassals-set = http-socket=127.0.0.1:0")
    assert [(name, one["role"]) for name, one in checked.each.items()] == [("site.ini", "emperor"), ("a.ini", "vassal")]
    assert checked.codes("a.ini") == ["user-unknown", "no-application"]


def test_every_vassal_counts_whatever_is_included_behind_it(site):
    vassals = site / "vassals"
    vassals.mkdir()
    text = "[uwsgi]\nhttp-socket = 127.0.0.1:0\n"
    write(vassals, a__ini=text, b__ini=text)
    write(site, common__ini="[uwsgi]\nuid = no-such-user\n")
    checked = ini(site, f"emperor = {vassals}", f"vassals-include = {site}/common.ini")
    assert list(checked.each) == ["site.ini", "a.ini", "b.ini"]
    assert checked.codes().count("user-unknown") == 2


def test_a_vassal_on_demand_needs_no_socket(site):
    vassals = site / "vassals"
    vassals.mkdir()
    write(vassals, a__ini="[uwsgi]\nwsgi-file = app.py\n")
    assert ini(site, f"emperor = {vassals}").codes("a.ini").count("no-socket") == 1
    for line in (f"emperor-on-demand-directory = {site}", "emperor-on-demand-exec = exit 9"):
        assert "no-socket" not in ini(site, f"emperor = {vassals}", line).codes("a.ini")
    line = "emperor-on-demand-extension = .at"
    assert "no-socket" in ini(site, f"emperor = {vassals}", line).codes("a.ini")


def test_a_vassal_that_is_a_program_is_not_read_as_text(site):
    vassals = site / "vassals"
    vassals.mkdir()
    write(vassals, a__ini="#!/bin/sh\necho [uwsgi]\n")
    (vassals / "a.ini").chmod(0o755)
    assert "not-examined" in ini(site, f"emperor = {vassals}", "emperor-magic-exec = true").codes("a.ini")


def test_an_emperors_statistics_are_not_for_everybody(site):
    (site / "vassals").mkdir()
    checked = ini(site, "emperor = vassals", "emperor-stats = :8001")
    assert checked.finding("public-socket")["text"] == "emperor-stats = :8001"


def test_a_tyrant_tells_which_vassals_it_would_not_start(site):
    vassals = site / "vassals"
    vassals.mkdir()
    write(vassals, a__ini="[uwsgi]\nhttp-socket = 127.0.0.1:0\nwsgi-file = app.py\n")
    (vassals / "a.ini").chmod(0o666)
    checked = ini(site, f"emperor = {vassals}", "emperor-tyrant = true")
    assert checked.status == 1
    assert checked.finding("vassal-distrusted")["file"].endswith("a.ini")


def test_details_of_an_emperors_statistics_are_not_alone(site):
    vassals = site / "vassals"
    vassals.mkdir()
    checked = ini(site, f"emperor = {vassals}", "emperor-stats = 127.0.0.1:1", "stats-http = true")
    assert "no-effect-alone" not in checked.codes()


def test_an_emperor_among_its_own_vassals_ends(site):
    checked = ini(site, f"emperor = {site}")
    assert list(checked.each) == ["site.ini"]


def test_an_emperor_without_vassals_says_so(site):
    assert ini(site, "emperor = /no/such").codes() == ["emperor-source-missing"]
    assert ini(site, "emperor = /no/such/*.ini").codes() == ["emperor-source-empty"]
    checked = ini(site, "emperor = pg://x")
    assert (checked.codes(), checked.status) == (["emperor-source-unknown"], 1)


def test_two_vassals_on_one_address(site):
    for name, lines in {
        "a": "socket = :7001",
        "b": "http-socket = 127.0.0.1:7001",
        "c": "socket = x.sock",
        "d": "socket = x.sock",
        "e": "socket = :7002\npidfile = /tmp/p.pid",
        "f": "socket = :7003\npidfile = /tmp/p.pid",
    }.items():
        (site / f"{name}.ini").write_text(f"[uwsgi]\n{lines}\nwsgi-file = app.py\n")
    checked = Checked(site, "--no-advice", ".")
    assert {name: checked.codes(name) for name in checked.each} == {
        "a.ini": [], "b.ini": ["address-shared"], "c.ini": [], "d.ini": ["address-shared"], "e.ini": [],
        "f.ini": ["pidfile-shared"],
    }  # fmt: skip


def test_two_files_on_one_address_may_be_alternatives(site):
    write(site, dev__ini="[uwsgi]\nsocket = :7001\n", prod__ini="[uwsgi]\nsocket = :7001\n")
    assert "address-shared" not in Checked(site, "dev.ini", "prod.ini").codes()


def test_a_secret_is_told_and_not_shown(site):
    write(site, site__ini="\n".join(["[uwsgi]", *SITE, "env = DB_PASSWORD=correct-horse", "env = A_KEY_FILE=/x", ""]))
    (site / "site.ini").chmod(0o644)
    _, text = run(site, "site.ini")
    assert "[secret-readable]" in text and "DB_PASSWORD=***" in text and "correct-horse" not in text
    assert "correct-horse" not in run(site, "--json", "site.ini")[1]
    (site / "site.ini").chmod(0o640)
    assert "secret-readable" not in Checked(site, "site.ini").codes()


def test_the_password_of_a_rule_is_a_secret(site):
    write(site, site__ini="\n".join(["[uwsgi]", *SITE, "route = ^/ basicauth:Staff,ann:correct-horse", ""]))
    (site / "site.ini").chmod(0o644)
    _, text = run(site, "site.ini")
    assert "[secret-readable]" in text and "basicauth looks like a secret" in text and "correct-horse" not in text


def test_bad_usage_is_two(site, capsys):
    assert run(site)[0] == 2
    assert run(site, "no-such.ini")[0] == 2
    assert run(site, "--frobnicate", "x.ini")[0] == 2
    assert run(site, "--against", "apache", "app.py")[0] == 2
    (site / "empty").mkdir()
    assert run(site, "empty")[0] == 2
    assert "no file in this directory" in capsys.readouterr().err


def test_help_is_for_standard_output(site):
    assert run(site, "--help") == (0, check.USAGE)


def test_the_sum_counts_verdicts(site):
    write(site, a__ini="[uwsgi]\nhttp-socket = 127.0.0.1:0\nwsgi-file = app.py\n")
    write(site, b__ini="[uwsgi]\nuid = no-such-user\n")
    _, text = run(site, ".")
    assert text.endswith("2 configurations: 1 run unchanged, 0 run with notes, 1 cannot run\n")
    for verdict in (Verdict.UNCHANGED, Verdict.CANNOT):
        assert f"(vassal): {verdict.value}" in text


def test_advice_for_many_is_given_once(site):
    for number in range(6):
        write(site, **{f"s{number}__ini": f"[uwsgi]\nhttp-socket = 127.0.0.1:{7000 + number}\nwsgi-file = app.py\n"})
    _, text = run(site, ".")
    assert text.count("[need-app-off]") == text.count("[harakiri-off]") == 1
    assert "advice for 6 of them: without need-app" in text and "s2.ini:3 and 3 more" in text
    assert [one.codes(f"s{n}.ini").count("need-app-off") for one in (Checked(site, "."),) for n in range(6)] == [1] * 6


def test_a_failure_of_the_check_is_a_finding(site, monkeypatch):
    def fail(subject, **_):
        raise KeyError("oops")

    monkeypatch.setattr(check, "examine", fail)
    checked = ini(site, *SITE)
    assert (checked.codes(), checked.status) == (["check-failed"], 1)


def test_no_colour_without_a_terminal(site):
    ini(site, *SITE, "uid = no-such-user")
    assert "\033" not in run(site, "site.ini")[1]


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_on_a_terminal(site, env, coloured):
    ini(site, *SITE, "uid = no-such-user")
    master, slave = os.openpty()
    program = [sys.executable, "-m", "imperator", "check", "site.ini"]
    around = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE), "TERM": "xterm", **env}
    done = subprocess.run(program, cwd=site, stdout=slave, env=around, timeout=60)
    os.close(slave)
    text = os.read(master, 65536)
    os.close(master)
    assert (b"\033[" in text, done.returncode) == (coloured, 1)


def test_names_with_control_characters_forge_nothing(site):
    (site / "a\nb.ini").write_text("[uwsgi]\nuid = \033[2Jx\n")
    _, text = run(site, ".")
    assert "\033" not in text and "a\\nb.ini" in text


def test_nothing_is_changed_by_looking(site):
    checked = ini(site, "socket = x.sock", "pidfile = x.pid", "logto = x.log", "wsgi-file = app.py")
    assert checked.status == 0
    assert sorted(os.listdir(site)) == ["app.py", "site.ini"]


def test_odd_files_never_break_it(site):
    (site / "binary.ini").write_bytes(bytes(range(256)))
    (site / "empty.ini").write_bytes(b"")
    (site / "nul.ini").write_bytes(b"[uwsgi]\nchdir = a\0b\nsocket = a\0b\nwsgi-file = a\0b\nhome = a\0b\n")
    (site / "deep.json").write_text("[" * 5000)
    os.mkfifo(site / "pipe.ini")
    _, text = run(site, "--json", ".")
    answer = json.loads(text)
    assert [os.path.basename(one["path"]) for one in answer["configurations"]] == [
        "binary.ini", "deep.json", "empty.ini", "nul.ini"]  # fmt: skip
    assert "check-failed" not in text


def test_a_file_is_checked_whatever_its_name_ends_in(site):
    write(site, uwsgi__conf="[uwsgi]\nuid = no-such-user\n", other__conf='{"uwsgi": {"uid": "no-such-user"}}')
    assert "user-unknown" in Checked(site, "uwsgi.conf").codes()
    assert "user-unknown" in Checked(site, "other.conf").codes()


def test_against_uwsgi_tells_what_differs(site):
    ini(site, *SITE, "listen = 100", "thunder-lock = true")
    _, text = run(site, "--against", "uwsgi", "--no-advice", "site.ini")
    assert "thunder-lock: nothing to do" in text
    assert "`SIGTERM` reloads" in text and "`buffer-size` is 4096" in text
    assert "`listen` is 100" not in text, "the file sets it"
    assert "throttl" not in text, "it is no emperor"


def test_the_list_of_differences_is_that_of_the_docs():
    docs = PACKAGE / "docs" / "differences.md"
    if docs.exists():
        assert docs.read_text() == pathlib.Path(check.__file__).with_name("differences.md").read_text()




def test_the_json_is_the_one_that_is_documented(site):
    docs = PACKAGE / "docs" / "check.md"
    if not docs.exists():
        pytest.skip("installed without its documentation")
    documented = json.loads(docs.read_text().split("```json\n")[1].split("```")[0])
    real = ini(site, *SITE, "uid = no-such-user").answer
    assert shape(real) == shape(documented)


def shape(value):
    """The keys, and the kinds of values below them."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    return type(value).__name__
