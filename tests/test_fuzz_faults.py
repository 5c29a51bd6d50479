"""A slice of ``benchmarks/faults/faults.py``: after a fault, an undisturbed check says what it always said."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.rooms import imported

FOLDER = Path(__file__).parents[1] / "benchmarks" / "faults"
TIMES = {"killed": 1, "clocks": 2, "damaged": 2, "workers": 1, "full": 1, "together": 1, "fixing": 1}

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="the campaign reads /proc")


@pytest.fixture(scope="module")
def media() -> Iterator[ModuleType]:
    """Import the campaigns as their commands do, from their own folder."""
    with imported(FOLDER, ("media", "faults", "making")) as modules:
        yield modules["media"]


@pytest.fixture
def faults(media: ModuleType) -> ModuleType:
    """Return the module of the other campaign, which the first one imports."""
    return sys.modules["faults"]


@pytest.mark.parametrize("name", TIMES)
def test_nothing_is_lost_torn_or_wrong(name: str, faults: ModuleType) -> None:
    assert set(TIMES) == set(faults.FAULTS)
    struck, wrong = faults.run(name, TIMES[name], 1)
    assert wrong == 0
    assert struck or name in {"killed", "workers", "fixing"}  # a fast machine may be done before it is hit


@pytest.mark.parametrize("name", ["small", "readonly"])
def test_nothing_is_lost_on_a_full_or_read_only_disk(name: str, media: ModuleType) -> None:
    if os.geteuid():
        pytest.skip("only root may mount")
    try:
        struck, wrong = media.run(name, 1, 1)
    except SystemExit as refusal:
        pytest.skip(str(refusal))
    assert struck
    assert wrong == 0


def test_the_harness_sees_torn_files_and_failures(faults: ModuleType, tmp_path: Path) -> None:
    import random

    tree = faults.FaultyTree(tmp_path, random.Random(1), files=3)
    before = faults.contents(tree.root)
    (tree.root / "mod0.py").write_bytes(b"class C:\n    def")
    (tree.root / "mod1.py").unlink()
    assert faults.torn(tree, before) == 2
    assert "failed" in faults.read_report(tree.start([sys.executable, "-c", "print('no report')"]))
