"""The marker ``leaklint``, the fixture ``leakcheck``, and ``assert_collected`` in tests, unittest and scripts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import leaklint_runtime
from leaklint_runtime import asserts
from leaklint_runtime.testing.rounds import RoundsMarker, parse
from tests.in_tests import APP, keep, known, project, run

ROUNDS = """\
import logging

@pytest.mark.leaklint(rounds=4)
def test_that_grows(tmp_path):
    app.Part("grows")

@pytest.mark.leaklint(rounds=4)
def test_that_does_not():
    logging.getLogger("app").warning("%s", app.Door())
    app.Door.open_doors.clear()

@pytest.mark.leaklint(max_survivors=1)
def test_with_one_allowed():
    app.Part("allowed")

@pytest.mark.leaklint(ignore=["app.Pa*"])
def test_with_a_class_ignored():
    app.Part("ignored")

BAG = []

@pytest.mark.leaklint
def test_with_a_plain_container():
    BAG.append([1])

@pytest.mark.leaklint
def test_that_fails_by_itself():
    assert app.Door() is None

def test_without_the_marker():
    app.Part("unseen")
"""


BY_HAND = """\
class Ring:
    def __init__(self):
        self.me = self

@pytest.fixture
def part():
    return Ring()

@pytest.fixture(scope="module")
def wide():
    return Ring()

def test_watch(leakcheck, part, wide):
    for thing in (Ring(), part, wide):
        leakcheck.watch(thing)

def test_watch_again(part, wide, leakcheck):
    for thing in (Ring(), part, wide):
        leakcheck.watch(thing)

def test_watch_fails(leakcheck):
    leakcheck.watch(app.Part("kept"))

def test_no_growth(leakcheck):
    with leakcheck.no_growth("hand:Door.open_doors"):
        app.Door().close()
    with leakcheck.no_growth("hand:SEEN", allow=1):
        app.remember("x")
    with leakcheck.no_growth("hand:Calc.twice"):
        pass

def test_no_growth_fails(leakcheck):
    with leakcheck.no_growth("hand:SEEN"):
        app.remember("y")

def test_no_growth_passes_errors_on(leakcheck):
    with pytest.raises(KeyError), leakcheck.no_growth("hand:SEEN"):
        app.remember("z")
        raise KeyError

def test_no_growth_needs_a_container(leakcheck):
    for wrong in ("hand", "hand:", "hand:NONE", "hand:remember"):
        with pytest.raises(ValueError):
            leakcheck.no_growth(wrong)

def test_collected(leakcheck):
    app.Door().close()
    leakcheck.assert_collected(app.Door)

def test_collected_fails(leakcheck):
    door = app.Door()
    app.Door.open_doors.clear()
    leakcheck.assert_collected(app.Door)
"""


@pytest.fixture(scope="module", params=[[], ["-n", "2"], ["--leaklint"]], ids=["alone", "xdist", "watched"])
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Run the tests in rounds and those by hand, each with a program of their own."""
    folder = project(tmp_path_factory.mktemp("by_hand"), ROUNDS, hand_dot_py=APP)
    (folder / "test_hand.py").write_text(f"import pytest\n\nimport hand as app\n\n\n{BY_HAND}")
    keep(folder, [*known(folder), *known(folder, "hand")])
    return run(folder, "-rA", *request.param)


def bad(done: subprocess.CompletedProcess[str], file: str) -> set[str]:
    """Return the tests of a file that failed or whose teardown did."""
    lines = [line.split(" ")[1] for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR test"))]
    return {name.partition("::")[2] for name in lines if name.startswith(f"{file}::")}


def test_a_marked_test_runs_in_rounds_and_fails_on_growth(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 1
    assert "5 failed, 11 passed, 1 error" in done.stdout, done.stdout
    assert "every round leaves objects behind (4 rounds after 2 to warm up)\n  app.Part: +1.0 a round" in done.stdout
    assert "├─ class Part\n    │    ↓ .registry\n" in done.stdout
    assert "list: +1.0 a round" in done.stdout
    assert "↓ .BAG" in done.stdout
    assert bad(done, "test_app.py") == {"test_that_grows", "test_with_a_plain_container", "test_that_fails_by_itself"}


WRONG = {
    "5": "takes its arguments by name",
    "round=5": "has no argument round; it takes rounds, max_survivors, ignore",
    "rounds=1": "rounds must be a whole number of at least 3, not 1",
    "rounds=True": "rounds must be a whole number",
    "max_survivors=-1": "max_survivors must be a number of at least 0, not -1",
    "ignore='app.Part'": "ignore must be a list of patterns",
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run a file for each wrong argument; return what is told of each."""
    folder = tmp_path_factory.mktemp("wrong")
    for place, given in enumerate(WRONG):
        text = f"import pytest\n\n@pytest.mark.leaklint({given})\ndef test_it():\n    pass\n"
        (folder / f"test_{place}.py").write_text(text)
    done = run(folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stdout
    assert len(re.findall(r"^ERROR test_\d\.py", done.stdout, re.MULTILINE)) == len(WRONG)
    _, *parts = re.split(
        r"^_+ ERROR collecting test_\d\.py _+$", done.stdout.partition("short test summary")[0], flags=re.MULTILINE
    )
    return dict(zip(WRONG, parts, strict=True))


@pytest.mark.parametrize("given", WRONG)
def test_wrong_arguments_fail_at_collection(refused: dict[str, str], given: str) -> None:
    assert WRONG[given] in refused[given]


def test_wrong_arguments_fail_at_collection_with_xdist(tmp_path: Path) -> None:
    done = run(project(tmp_path, "@pytest.mark.leaklint(round=5)\ndef test_it():\n    pass\n"), "-n", "1")
    assert done.returncode == 1
    assert "ERROR collecting test_app.py" in done.stdout
    assert "has no argument round" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_marker_is_known_and_has_defaults(tmp_path: Path) -> None:
    assert "leaklint(rounds=5, max_survivors=0, ignore=[])" in run(tmp_path, "--markers").stdout
    assert parse(pytest.mark.leaklint.mark) == RoundsMarker(rounds=5, max_survivors=0, ignore=())


UNITTEST = """\
import unittest
import leaklint_runtime

class TestParts(unittest.TestCase):
    def test_door(self):
        app.Door().close()
        leaklint_runtime.assert_collected(app.Door)

    def test_part(self):
        app.Part("kept")
        leaklint_runtime.assert_collected(app.Part)

    @pytest.mark.leaklint
    def test_marked(self):
        pass
"""


def test_unittest_uses_the_function(tmp_path: Path) -> None:
    done = run(project(tmp_path, UNITTEST))
    assert "1 failed, 1 passed, 1 error" in done.stdout
    assert "AssertionError: 1 app.Part is alive after a full collection (allowed: 0)" in done.stdout
    assert "↓ .registry" in done.stdout
    assert "use leaklint_runtime.assert_collected" in done.stdout


def test_a_plain_script_uses_the_function(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    script = "import app, leaklint_runtime as l\napp.Part()\nl.assert_collected(app.Part, {})\nprint('fine')\n"
    for allowed, told in ((1, "fine"), (0, "1 app.Part is alive")):
        words = [sys.executable, "-c", script.format(allowed)]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert told in done.stdout + done.stderr


def test_the_fixture(done: subprocess.CompletedProcess[str]) -> None:
    assert "still alive after the test: hand.Part\n    ┬ root: module hand\n" in done.stdout
    assert "hand:SEEN grew by 1 (allowed: 0)\n" in done.stdout
    assert "entry 'y': int" in done.stdout
    assert "root: running frame of test_collected_fails()" in done.stdout
    assert "↓ local door" in done.stdout
    assert bad(done, "test_hand.py") == {"test_no_growth_fails", "test_collected_fails", "test_watch_fails"}


def test_a_class_is_needed() -> None:
    with pytest.raises(TypeError, match="needs a class, not int"):
        leaklint_runtime.assert_collected(5)  # type: ignore[arg-type]


class Base:
    pass


class Derived(Base):
    pass


class Liar:
    """Claims to be something else."""

    @property
    def __class__(self) -> Any:
        return Base


def test_instances_of_derived_classes_count_and_pretenders_do_not() -> None:
    kept: list[Any] = [Liar()]
    leaklint_runtime.assert_collected(Base)
    kept.append(Derived())
    with pytest.raises(AssertionError, match=r"1 .*Base is alive"):
        leaklint_runtime.assert_collected(Base)
    leaklint_runtime.assert_collected(Base, allow=1)
    del kept


def test_a_module_is_imported_for_its_container() -> None:
    sys.modules.pop("colorsys", None)
    with pytest.raises(ValueError, match="there is no colorsys:NONE"):
        asserts.find("colorsys:NONE")
    assert "colorsys" in sys.modules
