"""How long something may go on: in CPU time, so that the answer is the same on a machine that is busy with other work."""

from __future__ import annotations

import os

from .early import perf_counter, process_time

WAITS = 3  # times the CPU time: what code that sleeps or waits for an answer may take by the clock
IDLE = 0.03  # of the time by the clock: who uses less of it waits for something else than the processor
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Patience:
    """It is over after ``seconds`` of CPU time of this process, or after ``WAITS`` times as long by the clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._used, self._started = process_time(), perf_counter()

    def over(self, share: float = 1.0) -> bool:
        """Tell whether the time, or a share of it, is over."""
        used, waited = process_time() - self._used, perf_counter() - self._started
        return used > share * self.seconds or waited > share * WAITS * self.seconds

    def is_idle(self) -> bool:
        """Tell whether hardly any CPU time was used since the beginning."""
        used, waited = process_time() - self._used, perf_counter() - self._started
        return waited > self.seconds and used < IDLE * waited


def used_by(pid: int) -> float | None:
    """Return the seconds of CPU time that another process and its ended children have used; None if nobody says."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as source:
            fields = source.read().rpartition(")")[2].split()
        return sum(int(ticks) for ticks in fields[11:15]) / _TICKS
    except (OSError, ValueError, IndexError):
        return None
