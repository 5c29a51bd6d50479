"""What a process has to do with: memory that it may map, files that it may open, and time."""

from __future__ import annotations

import os

from . import sandbox
from .early import optional, perf_counter

resource = optional("resource")
CALLS = 6  # that should still be possible: those that are traced
RESERVE = 0.125  # of a limit: to find out what grows
_FILES = next(filter(os.path.isdir, ("/proc/self/fd", "/dev/fd")), "")


class Allowance:
    """Call ``short_of`` after each call of what uses things up; ``seconds`` may pass in all."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._started = perf_counter()
        self._mapped, self._files = sandbox.mapped(), _open_files()
        self._steps: tuple[int, ...] = (0, 0, 0)  # by how much more was mapped in the last calls

    def seconds_left(self) -> float:
        """Return how many seconds may still pass."""
        return max(0.0, self.seconds - (perf_counter() - self._started))

    def short_of(self) -> str:
        """Return what is needed to find out what grows, and gone if calls go on: ``memory``, ``files`` or ``time``, or ''."""
        mapped, files = sandbox.mapped(), _open_files()
        self._steps = (*self._steps[1:], mapped - self._mapped)
        opened, self._mapped, self._files = files - self._files, mapped, files
        if 2 * (perf_counter() - self._started) > self.seconds:
            return "time"
        if resource is None:
            return ""
        if _is_short(mapped, max(self._steps), resource.RLIMIT_AS):
            return "memory"
        return "files" if _is_short(files, opened, resource.RLIMIT_NOFILE) else ""


def _is_short(used: int, step: int, kind: int) -> bool:
    """Tell whether too little is left below the limit of a kind of resource, of which a call takes ``step``."""
    limit, _ = resource.getrlimit(kind)
    return bool(limit != resource.RLIM_INFINITY) and limit - used < max(CALLS * step, RESERVE * limit)


def _open_files() -> int:
    """Return the number of files that this process has open; 0 where that cannot be asked."""
    try:
        return len(os.listdir(_FILES)) if _FILES else 0
    except OSError:
        return 0
