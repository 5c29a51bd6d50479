"""The medians of what several runs of a tool took."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from measuring import Run


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """The medians of a tool's runs, and how many there were. ``failed`` says why there are none, if so."""

    tool: str
    runs: int
    cpu: float = 0.0
    wall: float = 0.0
    memory: float = 0.0
    statuses: tuple[int, ...] = ()
    failed: str = ""


def row(tool: str, runs: Sequence[Run]) -> SpeedRow:
    """Return the medians of a tool's runs."""

    def median(figure: Callable[[Run], float]) -> float:
        return statistics.median(map(figure, runs))

    statuses = tuple(sorted({run.status for run in runs}))
    return SpeedRow(
        tool,
        len(runs),
        median(lambda run: run.cpu),
        median(lambda run: run.wall),
        max(run.memory for run in runs),
        statuses,
    )
