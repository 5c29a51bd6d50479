"""How long something may go on: in CPU time, so that the answer is the same on a machine that is busy with other work."""

from __future__ import annotations

from .early import perf_counter, process_time

WAITS = 3  # times the CPU time: what code that sleeps or waits for an answer may take by the clock


class Patience:
    """It is over after ``seconds`` of CPU time of this process, or after ``WAITS`` times as long by the clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._used, self._started = process_time(), perf_counter()

    def over(self) -> bool:
        """Tell whether the time is over."""
        used, waited = process_time() - self._used, perf_counter() - self._started
        return used > self.seconds or waited > WAITS * self.seconds
