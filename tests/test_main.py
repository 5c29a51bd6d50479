"""``python -m leaklint`` imports nothing of the folder that it is run in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


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
