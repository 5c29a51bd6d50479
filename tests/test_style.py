"""The whole house is typed, linted, formatted, and made of files and functions of one sitting."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_LINES, MOST_FUNCTION_LINES = 400, 60


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def sources() -> list[Path]:
    return sorted(path for top in ("leaklint", "runtime", "benchmarks") for path in (ROOT / top).rglob("*.py"))


@pytest.mark.parametrize(
    "words",
    [["mypy"], ["ruff", "check", "."], ["ruff", "format", "--check", "."]],
    ids=["mypy", "ruff-check", "ruff-format"],
)
def test_the_tools_agree(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


TYPED = """
from leaklint import api

settings: api.Settings = api.load_settings()
report: api.Report = api.check(["."], settings)
for finding in report.findings:
    place: tuple[str, int] = (finding.path, finding.line)
plan = api.repair(report, settings, ["."], unsafe=True)
texts: list[str] = [change.after for change in plan.changes]
proven: tuple[api.Finding, ...] = api.verify(report.findings, api.VerifyOptions(rounds=4))
wrong: int = api.render(report, "json")
"""


def test_who_imports_the_package_gets_its_types(tmp_path: Path) -> None:
    """It stands after the house's own turn at mypy, whose results it takes up."""
    program = tmp_path / "program.py"
    program.write_text(TYPED)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", str(program)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    (complaint,) = [line for line in done.stdout.splitlines() if "error:" in line]
    assert "program.py:11: error: Incompatible types in assignment" in complaint


def test_files_are_read_in_one_sitting() -> None:
    lengths = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in sources()}
    assert {name: count for name, count in lengths.items() if count > MOST_LINES} == {}


def test_functions_fit_a_screen() -> None:
    assert [item for path in sources() for item in _long_functions(path)] == []


def _long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno
            if length > MOST_FUNCTION_LINES:
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length} lines"


def test_a_class_name_is_used_once() -> None:
    places: dict[str, list[str]] = {}
    for path in sources():
        if "example" not in path.parts:  # programs to be analysed
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.ClassDef):
                    places.setdefault(node.name, []).append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
