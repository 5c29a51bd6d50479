"""The fixture ``leakcheck`` in a real run of pytest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUITE = """\
KEPT = []


class Part:
    pass


def test_that_leaks(leakcheck):
    part = Part()
    leakcheck.watch(part)
    KEPT.append(part)


def test_that_lets_go(leakcheck):
    part = Part()
    part.itself = part
    leakcheck.watch(part)
"""


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_parts.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_an_object_that_outlives_its_test_fails_the_teardown(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert "2 passed, 1 error" in result.stdout
    assert "still alive after the test: test_parts.Part" in result.stdout
    assert "ERROR test_parts.py::test_that_leaks" in result.stdout
