"""The MindMeld benchmark, as far as it goes without a network: its sheet, its readings, and how it is skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rooms import imported

FOLDER = Path(__file__).parents[1] / "benchmarks" / "mindmeld"
NAMES = ("places", "sheet", "run")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def rooms() -> Iterator[dict[str, ModuleType]]:
    with imported(FOLDER, NAMES) as modules:
        yield modules


def measured(sizes: list[int], left: bool) -> dict[str, object]:
    """Return what the measurement prints for loads after which the process has these sizes in bytes."""
    rounds = [
        {"rss": size, "loaders": load * left, "processors": 3 * load * left, "entries": 3 * load * left}
        for load, size in enumerate(sizes, 1)
    ]
    return {"refcount": {"in_use": 2 + left, "after_del": 3 if left else None, "control": 2}, "rounds": rounds}


def case(sheet: ModuleType, before: list[int], after: list[int]) -> object:
    return sheet.ServiceCase("<a title>", measured(before, True), measured(after, False))


def test_the_table_tells_survivors_and_pace(rooms: dict[str, ModuleType]) -> None:
    growing = [100_000_000] * 10 + [100_000_000 + 250_000 * load for load in range(1, 21)]
    text = rooms["sheet"].table([case(rooms["sheet"], growing, [100_000_000] * 29 + [99_999_999])], 5)
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in text.splitlines()]
    assert ["resource loaders alive after 5 loads and deletes", "5", "0"] in rows
    assert ["entries of `instance_map` after 5 loads and deletes", "15", "0"] in rows
    assert ["reference count after `del`", "3", "freed"] in rows
    assert rows[-1][1:] == ["+5.00 MB (+250 KB a load at the end)", "+0.00 MB (+0 KB a load at the end)"]


@given(
    before=st.lists(st.integers(0, 2**40), min_size=1, max_size=40),
    after=st.lists(st.integers(0, 2**40), min_size=1, max_size=40),
)
def test_every_line_is_drawn_inside_its_panel(
    rooms: dict[str, ModuleType], before: list[int], after: list[int]
) -> None:
    sheet = rooms["sheet"]
    drawn = ElementTree.fromstring(sheet.svg([case(sheet, before, after)] * 2, "Before & after"))
    lines = drawn.findall(f"{SVG}polyline")
    assert [line.get("class") for line in lines] == ["line before", "line after"] * 2
    for place, line in enumerate(lines):
        points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        assert len(points) == len((before, after)[place % 2])
        left = sheet.LEFT + place // 2 * (sheet.PANEL + sheet.GAP)
        step = (sheet.BOTTOM - sheet.TOP) / 2  # a tenth of a step may lie below the axis
        assert all(left <= x <= left + sheet.PANEL for x, _ in points)
        assert all(sheet.TOP <= y <= sheet.BOTTOM + step / 10 + 0.1 for _, y in points)


@given(st.integers(-(10**12), 0).map(lambda size: size / 1e6), st.integers(0, 10**12).map(lambda size: size / 1e6))
def test_marks_are_few_round_and_around_the_figures(rooms: dict[str, ModuleType], least: float, most: float) -> None:
    marks = rooms["sheet"].scale(least, most)
    step = marks[1] - marks[0]
    assert 2 <= len(marks) <= 8
    assert all(later - earlier == pytest.approx(step) for earlier, later in pairwise(marks))
    assert marks[0] - step / 4 <= least and most <= marks[-1] + step * 1e-6
    assert any(abs(mark) < step * 1e-6 for mark in marks)


def test_verdicts_and_changes_are_read_from_what_the_commands_print(rooms: dict[str, ModuleType]) -> None:
    run = rooms["run"]
    other = "pkg/mod.py:1:1: LK101 CONFIRMED pkg.mod:C.reg: alive"
    text = f"{other}\nmindmeld/components/nlp.py:105:5: LK101 REFUTED {run.SYMBOL}: every object died\n1 finding"
    assert run.verdict(text) == "REFUTED"
    assert run.verdict(other) == ""
    diff = "--- a/m.py\n+++ b/m.py\n@@ -1,2 +1,3 @@\n import os\n+import weakref\n-reg = {}\n+reg = weakref.W()\n"
    other = diff.replace("m.py", "other.py")
    assert run.changed(other + diff + other, "m.py") == (["reg = {}"], ["import weakref", "reg = weakref.W()"])


def test_memory_that_still_grows_is_no_repair(rooms: dict[str, ModuleType]) -> None:
    run, sheet = rooms["run"], rooms["sheet"]
    growing = list(range(0, 60_000_000, 2_000_000))
    assert run.memory(case(sheet, growing, [5_000_000] * 30))[1]
    assert not run.memory(case(sheet, growing, growing))[1]


def test_the_application_has_different_queries(rooms: dict[str, ModuleType], tmp_path: Path) -> None:
    app = rooms["places"].application(tmp_path / "app", 500, "X = 1\n")
    lines = (app / "domains" / "greeting" / "hello" / "train.txt").read_text().splitlines()
    assert len(set(lines)) == 500
    assert (app / "entities").is_dir()
    assert (app / "config.py").read_text() == "X = 1\n"


def test_without_the_old_python_it_is_skipped_with_a_reason(tmp_path: Path) -> None:
    shim = tmp_path / "bin" / "python3.8"  # as a version manager leaves for a version that is switched off
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    environment = {**os.environ, "PATH": str(shim.parent), "HOME": str(tmp_path), "PYENV_ROOT": str(tmp_path)}
    words = [sys.executable, str(FOLDER / "run.py"), "--work", str(tmp_path / "work")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("skipped: no Python 3.8 here")
    assert not (tmp_path / "work").exists()
