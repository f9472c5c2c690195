"""What uWSGI was seen to do with 172 configurations, and what is done here.

``cases/config-cases.json`` holds files, command line and environment of each case, and what uWSGI 2.0.31 made of it:
the list of options, whether it accepted the configuration, and what ``print`` printed. Cases that differ are listed
with the reason; a case in that list that does not differ fails.
"""

import json
import pathlib

import pytest

from imperator.config.build import build
from imperator.config.load import read
from imperator.config.pairs import listing
from imperator.errors import Severity
from imperator.process.world import RealWorld

CASES = json.loads((pathlib.Path(__file__).parent / "cases" / "config-cases.json").read_text())["cases"]
REFERENCE = "2.0.31"
LIBYAML = "2.0.21-libyaml-yajl"

BETTER = {
    "ini/section-trailing-comment-breaks": "the section is read, with a warning",
    "ini/bom-hides-section": "the section is read, with a warning",
    "magic/percent-at-eol-joins-lines": "a percent sign does not swallow the line break",
    "magic/percent-at-end-of-comment": "a percent sign does not swallow the line break",
    "magic/static-vars": "the version is that of Imperator",
    "strict/strict-env-var": "what an orchestrator sets for a service called uwsgi is not the operator's slip",
    "logic/cli-logic-valueless-option-crashes": "a crash is nobody's wish",
    "logic/else-unsupported": "else means what it says",
    "cli/required-value-swallows-next-option": "no worker at all would serve nobody",
    "json/section": "the list shows the value as it was written",
    "order/exec-failure-not-fatal": "a command that fails is an error, not an empty configuration",
    "xml/id": "the list shows the value as it was written",
}
ELSEWHERE = {"magic/unknown-letter-is-eaten": "shows the fifth part of the directory that it was recorded in"}
PRINTED = ("print = ", "iprint = ")


class World(RealWorld):
    """The real machine with a given standard input."""

    def __init__(self, directory, environ, stdin):
        super().__init__(directory=str(directory), environ=environ)
        self.stdin = stdin

    def read(self, path):
        return self.stdin if path == "-" else super().read(path)


def run(case, tmp_path):
    directory = tmp_path / "case"
    directory.mkdir()
    for name, text in case["files"].items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    environ = {"PATH": "/usr/bin:/bin", "HOME": "/home/u", **case.get("env", {})}
    world = World(directory, environ, case.get("stdin", ""))
    loaded = read(case["argv"], world)
    settings, complaints = build(loaded.pairs, world)
    return str(directory), loaded, settings, [*loaded.diagnostics, *complaints]


def expected(case, directory, build_of_uwsgi):
    observed = case["observed"][build_of_uwsgi]
    options = observed["options"]
    return observed, None if options is None else [line.replace("{CWD}", directory) for line in options]


def differences(case, tmp_path, build_of_uwsgi):
    directory, loaded, settings, diagnostics = run(case, tmp_path)
    observed, options = expected(case, directory, build_of_uwsgi)
    errors = [d.line() for d in diagnostics if d.severity is Severity.ERROR]
    found = []
    accepted = observed["reached_startup"] or observed["rc"] in (0, 3) or "--exit" in case["argv"]
    if accepted == bool(errors):
        found.append(f"accepted by uWSGI: {accepted}, errors here: {errors}")
    if settings.command is not None and settings.command.name == "exit":
        assert settings.command.argument == str(observed["rc"])
    elif observed["rc"] == 0:
        assert settings.command is not None
        assert settings.command.argument == "\n".join(observed["output"])
    if options is not None:
        shown = "\n".join(listing(loaded.pairs)).split("\n")
        if shown != options:
            found.append(f"listed: {shown}, not {options}")
        uses = [line.partition(" = ")[2] for line in options if line.startswith(PRINTED)]
        if uses and not set(uses) <= set(settings.prints):
            found.append(f"printed: {settings.prints}, not {uses}")
    elif accepted and settings.command is None:
        output = [line for line in observed["output"] if line != "(plugin list)"]
        if sorted(settings.prints) != sorted(output):
            found.append(f"printed: {settings.prints}, not {output}")
    if "flag_is_true" in observed:
        flagged = [pair for pair in loaded.pairs if pair.key == "plugins-list"]
        from imperator.config.complain import Complaints
        from imperator.config.values import flag

        if flag(flagged[-1], Complaints()) != observed["flag_is_true"]:
            found.append("the flag is read differently")
    return found


@pytest.mark.parametrize("case", [c for c in CASES if REFERENCE in c["observed"] and not c["id"].startswith("yaml/")],
                         ids=lambda case: case["id"])
def test_a_case_is_read_as_uwsgi_reads_it(case, tmp_path):
    found = differences(case, tmp_path, REFERENCE)
    if case["id"] in ELSEWHERE:
        return
    if case["id"] in BETTER:
        assert found, "this case no longer differs: take it off the list"
    else:
        assert not found


@pytest.mark.parametrize("case", [c for c in CASES if LIBYAML in c["observed"]], ids=lambda case: case["id"])
def test_yaml_and_json_are_read_as_by_a_real_parser(case, tmp_path):
    found = differences(case, tmp_path, LIBYAML)
    if case["id"] in BETTER:
        assert found, "this case no longer differs: take it off the list"
    else:
        assert not found


def test_the_list_of_differences_names_cases():
    assert set(BETTER) <= {case["id"] for case in CASES}
