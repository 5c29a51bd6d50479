"""One run of a command: the operating system's own figures of it and of all the processes that it waited for."""

from __future__ import annotations

import os
import resource
import signal
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """Processor and wall seconds, megabytes of the largest process, and the exit status."""

    cpu: float
    wall: float
    memory: float
    status: int


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


def measured(words: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float) -> Run | None:
    """Run a command with its output thrown away; None if it takes longer than ``seconds``."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    began = time.perf_counter()
    try:
        here = os.getcwd()
        os.chdir(folder)
        try:
            actions = [(os.POSIX_SPAWN_DUP2, nowhere, place) for place in (0, 1, 2)]
            child = os.posix_spawn(words[0], words, environment, file_actions=actions, setpgroup=0)
        finally:
            os.chdir(here)
    finally:
        os.close(nowhere)
    while True:
        pid, status, used = os.wait4(child, os.WNOHANG)
        wall = time.perf_counter() - began
        if pid:
            return _run(used, wall, os.waitstatus_to_exitcode(status))
        if wall > seconds:
            os.killpg(child, signal.SIGKILL)
            os.wait4(child, 0)
            return None
        time.sleep(min(0.002, wall / 20))


def _run(used: resource.struct_rusage, wall: float, status: int) -> Run:
    return Run(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, status)


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
