"""``pytest --leaklint-verify``: a test item for each finding."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.in_tests import keep, probe, project, run

TESTS = """\
def test_quick():
    pass
"""
APP = """\
import weakref


class Part:
    registry = {}

    def __init__(self):
        Part.registry[id(self)] = self


class Gone:
    held = weakref.WeakSet()

    def __init__(self):
        Gone.held.add(self)


class Shy:
    shown = []

    def __init__(self, word):
        if sorted(word) != list("aeemss"):
            raise ValueError(word)
        Shy.shown.append(self)
"""
ALL = ["app.py::LK101 app:Gone.held", "app.py::LK101 app:Part.registry", "app.py::LK101 app:Shy.shown"]


def made(folder: Path) -> Path:
    """Write the project and its findings."""
    project(folder, TESTS, APP)
    found = [
        probe(folder, "Part.registry", "dict", "app:Part", "construct"),
        probe(folder, "Gone.held", "list", "app:Gone", "construct"),
        probe(folder, "Shy.shown", "list", "app:Shy", "construct"),
    ]
    keep(folder, found)
    return folder


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    return made(tmp_path)


Verified = tuple[Path, "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module", params=[[], ["-n", "2"]], ids=["alone", "xdist"])
def verified(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verified:
    """Return the folder and the result of a run with every report."""
    folder = made(tmp_path_factory.mktemp("verified"))
    return folder, run(folder, "--leaklint-verify", "-rs", "--junitxml", "junit.xml", *request.param)


def test_a_confirmed_finding_fails_and_shows_its_chain(verified: Verified) -> None:
    _, done = verified
    assert done.returncode == 1
    assert "1 failed, 2 passed, 1 skipped" in done.stdout
    assert "app.py:1: LK101 app:Part.registry CONFIRMED: alive after del and a full collection" in done.stdout
    assert "├─ class Part\n│    ↓ .registry\n│      ~~~~~~~~~\n├─ dict" in done.stdout
    assert "making Shy failed" in done.stdout


def test_items_are_listed_after_the_tests(parts: Path) -> None:
    done = run(parts, "--leaklint-verify", "--collect-only", "-q")
    assert done.stdout.splitlines()[:4] == ["test_app.py::test_quick", *ALL]
    assert run(parts, "--collect-only", "-q").stdout.splitlines()[:2] == ["test_app.py::test_quick", ""]


@pytest.mark.parametrize("options", [[], ["-n", "1"]], ids=["alone", "xdist"])
def test_items_are_selected_by_keyword(parts: Path, options: list[str]) -> None:
    assert "1 passed" in run(parts, "--leaklint-verify", "-k", "LK101 and Gone", *options).stdout
    assert "1 passed" in run(parts, "--leaklint-verify", "-k", "quick", *options).stdout


def test_the_first_failure_ends_the_run(parts: Path) -> None:
    done = run(parts, "--leaklint-verify", "-x")
    assert "1 failed, 2 passed" in done.stdout
    assert "skipped" not in done.stdout


def test_last_failed_runs_the_confirmed_again(parts: Path) -> None:
    for options, told in (([], "1 failed, 2 passed, 1 skipped"), (["--lf"], "1 failed, 3 deselected")):
        assert told in run(parts, "--leaklint-verify", *options, cache=True).stdout


def test_the_junit_file_has_a_case_for_each(verified: Verified) -> None:
    parts, _ = verified
    cases = {one.get("name"): one for one in ElementTree.parse(parts / "junit.xml").iter("testcase")}
    assert {name.partition("::")[2] for name in ALL} <= set(cases)
    failure = cases["LK101 app:Part.registry"].find("failure")
    assert failure is not None
    assert "CONFIRMED" in (failure.text or "")
    assert [one.tag for one in cases["LK101 app:Gone.held"]] == ["properties"]


def test_strict_runs_fail_where_nothing_could_be_shown(parts: Path) -> None:
    done = run(parts, "--leaklint-verify", "--leaklint-strict", "-k", "Shy")
    assert done.returncode == 1
    assert "LK101 app:Shy.shown UNREACHED: making Shy failed" in done.stdout


def test_a_scenario_makes_what_guessing_does_not(parts: Path) -> None:
    (parts / "makers.py").write_text(
        "import leaklint_runtime\n\n@leaklint_runtime.scenario('app:Shy')\ndef make():\n"
        "    import app\n    return app.Shy('sesame')\n"
    )
    done = run(parts, "--leaklint-verify", "-k", "Shy", "--leaklint-scenario", "makers.py")
    assert "LK101 app:Shy.shown CONFIRMED" in done.stdout
    done = run(parts, "--leaklint-verify", "--leaklint-scenario", "none.py")
    assert done.returncode == 4
    assert "none.py: no such file" in done.stderr


def test_the_plugin_can_be_left_out(parts: Path) -> None:
    (parts / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:leaklint", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, "--leaklint-verify"], cwd=parts, capture_output=True, text=True, check=False)
    assert "unrecognized arguments: --leaklint-verify" in done.stderr


def test_ini_values_hold_unless_the_command_line_says_otherwise(parts: Path) -> None:
    more = "leaklint_verify = true\nleaklint_timeout = 7\nleaklint_strict = true\n"
    (parts / "pytest.ini").write_text(f"[pytest]\npythonpath = .\nleaklint_findings = findings.json\n{more}")
    assert "2 failed, 2 passed" in run(parts).stdout
    assert "1 failed, 2 passed, 1 skipped" in run(parts, "--no-leaklint-strict").stdout
    assert "1 passed" in run(parts, "--no-leaklint-verify").stdout
    (parts / "pytest.ini").write_text("[pytest]\nleaklint_verify = true\nleaklint_timeout = soon\n")
    done = run(parts)
    assert done.returncode == 4
    assert "leaklint_timeout: must be a number of seconds above 0, not soon" in done.stderr
