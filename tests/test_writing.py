"""A process that is killed while it writes leaves old or new files; ``benchmarks/faults/writing.py`` kills at every line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).parents[1] / "benchmarks" / "faults" / "writing.py"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_kill_at_any_line_leaves_old_or_new_files() -> None:
    done = subprocess.run(
        [sys.executable, str(HARNESS), "--moments", "10"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.startswith("10 kills: ") and done.stdout.endswith("; 0 broken\n")
    assert "0 of 3 files new" in done.stdout
