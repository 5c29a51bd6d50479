"""A slice of ``benchmarks/faults/hostile.py``: hostile programs bend no verdict and leave no process."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.rooms import imported

FOLDER = Path(__file__).parents[1] / "benchmarks" / "faults"

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are found by /proc")
SLICE = ["daemon", "daemon_at_import", "forks_and_ends", "leaves_through_fork", "stops", "forges", "shuts_all",
         "patches", "patches_us", "replaces_modules", "empties_modules", "raises_odd", "import_raises",
         "kills_parent", "kills_group", "writes_outside", "removes_its_folder", "daemon_unbound", "traces", "rings", "audits",
         "hears_the_collector", "redirects_all", "writes_to_the_result", "swarms", "hooks_errors"]  # fmt: skip


@pytest.fixture
def hostile() -> Iterator[ModuleType]:
    """Import the campaign as its command does, from its own folder."""
    with imported(FOLDER, ["hostile"]) as modules:
        yield modules["hostile"]


def test_a_slice_of_the_campaign(hostile: ModuleType, tmp_path: Path) -> None:
    result = hostile.prove(tmp_path, SLICE, 5.0)
    assert result.wrong() == []
    assert len(result.verdicts) == len(SLICE) + len(hostile.INNOCENTS)


def test_the_harness_sees_what_is_left_and_what_is_forged(hostile: ModuleType) -> None:
    bent = hostile.HostileResult({"exits": ("refuted", ""), "innocent": ("unreached", "x")}, 1.0, ("sleep 600",))
    assert len(bent.wrong()) == 3
    with subprocess.Popen(["sleep", "60"], env={**os.environ, "LEAKLINT_MARK": "seen by the test"}) as process:
        try:
            end = time.monotonic() + 30  # what it was started with is not there to read at once
            while not hostile.marked("seen by the test") and time.monotonic() < end:
                time.sleep(0.05)
            assert hostile.marked("seen by the test")
        finally:
            process.kill()
    assert not hostile.marked("seen by the test")
