"""``pytest --leaklint``: findings get their verdicts from the project's own tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from leaklint.cli import main
from tests.in_tests import APP, keep, probe, project, run, told, verdicts


class Watched(NamedTuple):
    """A watched run in a folder."""

    folder: Path
    options: list[str]
    done: subprocess.CompletedProcess[str]


LEAKS = """\
def test_part():
    assert app.Part().name == "x"

def test_part_too():
    assert app.Part("y").name == "y"

@pytest.mark.parametrize("number", range(3))
def test_calc(number):
    assert app.Calc().twice(number) == 2 * number

@pytest.mark.parametrize("number", range(3))
def test_door(number):
    app.Door().close()

@pytest.mark.parametrize("number", range(10))
def test_remember(number):
    assert app.remember(str(number)) == 1
"""


@pytest.fixture(scope="module", params=[[], ["-n", "2"]], ids=["alone", "xdist"])
def watched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Run the tests once, watched, with every report."""
    folder = project(tmp_path_factory.mktemp("watched"), LEAKS)
    done = run(folder, "--leaklint", "--leaklint-json", "out.json", "--junitxml", "junit.xml", *request.param)
    return Watched(folder, request.param, done)


def test_each_finding_gets_a_verdict_from_real_use(watched: Watched) -> None:
    found = told(watched.folder)
    assert {name: status for name, (status, _) in found.items()} == {
        "app:Part.registry": "confirmed",
        "app:Calc.twice": "confirmed",
        "app:Door.open_doors": "refuted",
        "app:Quiet.kept": "unreached",
        "app:SEEN": "confirmed",
    }
    others = "leaves an object in Part.registry; 1 more of 2 tests do"
    assert found["app:Part.registry"] == ("confirmed", f"test_app.py::test_part {others}")
    assert found["app:Door.open_doors"][1] == "over 3 tests, nothing of theirs stayed in Door.open_doors"
    assert found["app:Quiet.kept"][1] == "no test filled the holder"


def test_the_summary_shows_the_chain_and_the_run_fails(watched: Watched) -> None:
    done, folder = watched.done, watched.folder
    assert done.returncode == 1
    assert "18 passed" in done.stdout
    assert "app.py:1: LK101 app:Part.registry CONFIRMED: test_app.py::test_part leaves an object" in done.stdout
    assert "├─ class Part\n    │    ↓ .registry\n    │      ~~~~~~~~~\n    ├─ dict" in done.stdout
    assert "5 findings: 3 confirmed, 1 refuted, 1 unreached" in done.stdout
    values = {
        one.get("name"): one.get("value") or "" for one in ElementTree.parse(folder / "junit.xml").iter("property")
    }
    assert values["leaklint LK101 app:Door.open_doors"].startswith("REFUTED")
    assert run(folder, "--leaklint", "--leaklint-exit-zero", *watched.options).returncode == 0


def test_without_the_option_nothing_is_watched(tmp_path: Path) -> None:
    done = run(project(tmp_path, LEAKS))
    assert done.returncode == 0
    assert "leaklint" not in done.stdout


UNTOUCHED = """\
@pytest.fixture(scope="module")
def wide():
    return app.Part("wide")

@pytest.fixture(scope="session")
def store():
    return []

class TestKept:
    def test_its_own(self):
        self.part = app.Part("own")

def test_of_the_module(wide):
    assert wide.name == "wide"

def test_kept_for_the_session(store):
    store.append(app.Part("kept"))

def test_that_fails():
    part = app.Part("failed")
    assert part.name == "?"

def test_that_is_expected_to_fail():
    part = app.Part("failed")
    pytest.xfail("as expected")

ELSEWHERE = []

def test_kept_by_a_module():
    ELSEWHERE.append(app.Part("module"))
"""


THREE = '@pytest.mark.parametrize("n", range(3))\ndef test_part(n):\n    app.Part()\n'
NINE = THREE.replace("range(3)", "range(9)")
ENTERED = "        Part.registry[id(self)] = self\n"
SHARED = "\n\ndef shared():\n    if not Part.registry:\n        Part()\n    return Part.registry\n"
EVICTED = f"{ENTERED}        while len(Part.registry) > 2:\n            del Part.registry[next(iter(Part.registry))]\n"
BOUND = f"        if len(Part.registry) > 100:\n            Part.registry.clear()\n{ENTERED}"
ITS_OWN = APP.replace("    registry = {}\n\n", "").replace(
    "Part.registry[id(self)] = self", "self.registry = {1: self}"
)
#: Programs and their tests: one finding on ``Part.registry`` in each.
PROGRAMS = {
    "untouched": (APP, UNTOUCHED),
    "one object for all": (APP + SHARED, THREE.replace("app.Part()", "assert app.shared()")),
    "evicts": (APP.replace(ENTERED, EVICTED), NINE),
    "goes later": (APP, THREE + "\ndef test_that_cleans_up():\n    app.Part.registry.clear()\n"),
    "weak": ("import weakref\n" + APP.replace("registry = {}", "registry = weakref.WeakValueDictionary()"), LEAKS),
    "gone": (ITS_OWN, LEAKS),
    "bound": (APP.replace(ENTERED, BOUND), LEAKS),
    "another copy": (APP, LEAKS),
}


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """Run the tests of all programs at once, each with modules of its own; return status and reason of each."""
    folder, found = project(tmp_path_factory.mktemp("programs"), ""), []
    for number, (name, (app, tests)) in enumerate(PROGRAMS.items()):
        module = f"app_{number}"
        (folder / f"{module}.py").write_text(app)
        (folder / f"test_{number}.py").write_text(f"import pytest\n\nimport {module} as app\n\n\n{tests}")
        shared = name == "one object for all"
        trigger, track = (f"call:{module}:shared", "result") if shared else ("construct", "subject")
        found.append(probe(folder, "Part.registry", "dict", f"{module}:Part", trigger, track, module))
        if name == "another copy":
            found[-1]["probe"]["file"] = str(folder / "elsewhere" / f"{module}.py")
    keep(folder, found)
    proven = verdicts(folder)
    return {name: proven[f"app_{number}:Part.registry"] for number, name in enumerate(PROGRAMS)}


def test_what_belongs_to_wider_scopes_or_to_failures_is_not_the_tests(registries: dict[str, tuple[str, str]]) -> None:
    status, reason = registries["untouched"]
    assert status == "refuted"
    assert "is also kept by" in reason


def test_one_object_for_all_is_bounded(registries: dict[str, tuple[str, str]]) -> None:
    status, reason = registries["one object for all"]
    assert (status, reason[-17:]) == ("bounded", "; 3 tests came by")


def test_a_container_that_evicts_is_bounded(registries: dict[str, tuple[str, str]]) -> None:
    assert registries["evicts"][0] == "bounded"


def test_what_goes_later_is_no_leak(registries: dict[str, tuple[str, str]]) -> None:
    status, reason = registries["goes later"]
    assert status == "refuted"
    assert reason.endswith("went later, all 3 of it")


@pytest.mark.parametrize("name", ["weak", "gone"])
def test_weak_containers_and_holders_that_are_gone_refute(registries: dict[str, tuple[str, str]], name: str) -> None:
    assert registries[name] == ("refuted", "over 2 tests, nothing of theirs stayed in Part.registry")


def test_a_bound_that_the_code_speaks_of_is_believed(registries: dict[str, tuple[str, str]]) -> None:
    status, reason = registries["bound"]
    assert (status, reason[:37]) == ("bounded", "the code speaks of a bound of 100 for")


def test_another_copy_of_the_module_is_not_the_analysed_one(registries: dict[str, tuple[str, str]]) -> None:
    status, reason = registries["another copy"]
    assert status == "unreached"
    assert "another version" in reason


def test_findings_are_made_where_leaklint_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, LEAKS)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\nleaklint = true\nleaklint_path = app.py\n")
    done = run(tmp_path)
    assert "LK101 app:Part.registry CONFIRMED" in done.stdout
    assert done.returncode == 1
    assert run(tmp_path, "--no-leaklint").returncode == 0
    monkeypatch.chdir(tmp_path)
    main(["check", "--exit-zero", "--output-format", "json", "--output-file", "mine.json", "app.py"])
    assert "LK101 app:Part.registry CONFIRMED" in run(tmp_path, "--leaklint-findings", "mine.json").stdout


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "not a JSON report"),
        ("[]", "not a report of leaklint check, version 1"),
        ('{"version": 1, "findings": [{}]}', "finding 1 cannot be read"),
    ],
)
def test_findings_that_cannot_be_read_end_the_run_with_a_line(tmp_path: Path, text: str, line: str) -> None:
    project(tmp_path, LEAKS)
    (tmp_path / "findings.json").write_text(text)
    done = run(tmp_path, "--leaklint")
    assert done.returncode == 4
    assert line in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_report_names_the_way_out(tmp_path: Path) -> None:
    done = run(project(tmp_path, LEAKS), "--leaklint", "--leaklint-findings", "none.json")
    assert done.returncode == 4
    assert "cannot read the findings" in done.stderr


def test_nothing_is_loaded_before_someone_asks(tmp_path: Path) -> None:
    project(tmp_path, "def test_nothing():\n    pass\n")
    script = (
        "import json, sys, pytest\n"
        "assert pytest.main(['-q', '-p', 'no:cacheprovider']) == 0\n"
        "print('loaded ' + json.dumps([name for name in sys.modules if name.startswith('leaklint')]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("loaded "))
    allowed = {"", ".scenarios", ".pytest_plugin", ".testing", ".testing.options"}
    assert set(json.loads(line[7:])) <= {f"leaklint_runtime{name}" for name in allowed}


HOLDS = """\
import gc, weakref
LIVE = weakref.WeakSet()

@pytest.fixture(autouse=True)
def known():
    yield
    LIVE.update(app.Part.registry.values())

def test_part():
    app.Part()

def test_part_again():
    app.Part()
"""

CONFTEST = """\
def pytest_unconfigure():
    import gc, app, test_app
    app.Part.registry.clear()
    gc.collect()
    print("\\nlive:", len(test_app.LIVE), "frozen:", gc.get_freeze_count())
    print("tool:", getattr(__import__("sys"), "monitoring", None) and __import__("sys").monitoring.get_tool(4))
    print("wrapped:", hasattr(app.Part.__init__, "__wrapped__"))
"""


def test_no_object_of_the_program_is_held_after_the_report(tmp_path: Path) -> None:
    project(tmp_path, HOLDS, conftest_dot_py=CONFTEST)
    done = run(tmp_path, "--leaklint", "-s")
    assert "CONFIRMED" in done.stdout
    assert "live: 0 frozen: 0" in done.stdout
    assert "tool: None" in done.stdout
    assert "wrapped: False" in done.stdout
