"""``python -m leaklint``: what it imports of the folder that it is run in, and how its process ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def test_modules_of_the_working_directory_are_not_imported(tmp_path: Path) -> None:
    for name in ("re", "argparse", "tokenize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')\n")
    run = subprocess.run(
        [sys.executable, "-m", "leaklint", "check", "--isolated", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "imported" not in run.stdout


@pytest.mark.parametrize(
    ("watching", "goes_on"),
    [
        ("", False),
        ("sys.setprofile(lambda *given: None)", True),
        ("sys.settrace(lambda *given: None)", True),
        ("sys.monitoring = SimpleNamespace(get_tool=lambda number: 'coverage' if number == 1 else None)", True),
        ("sys.monitoring = SimpleNamespace(get_tool=lambda number: None)", False),
    ],
)
def test_a_check_ends_its_process_unless_something_watches_it(watching: str, goes_on: bool, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("class A:\n    made = []\n\n    def __init__(self):\n        A.made.append(self)\n")
    script = (
        "import sys\nfrom types import SimpleNamespace\nfrom leaklint.cli import main\n"
        f"{watching}\nsys.argv = ['leaklint', 'check', 'a.py']\nstatus = main()\nprint('after', status)\n"
    )
    for _ in range(2):  # in a run, and where a run is repeated
        run = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "LK101" in run.stdout
        assert ("after 1" in run.stdout, run.returncode) == (goes_on, 0 if goes_on else 1)


def test_who_calls_the_command_line_with_words_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    script = "from leaklint.cli import main\nprint('after', main(['check', '.']))\n"
    run = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.stdout.endswith("after 0\n")
