"""One run of a command: the operating system's own figures of it and of all the processes that it waited for."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """Processor and wall seconds, megabytes of the largest process, and the exit status; ``late``: its time was up."""

    cpu: float
    wall: float
    memory: float
    status: int
    late: bool = False


def measured(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
    *,
    cpu: float = 0,
    megabytes: int = 0,
    output: str = os.devnull,
    errors: str = os.devnull,
) -> Run:
    """Run a command in ``folder`` and end it after ``seconds``; what it prints goes to the files ``output`` and ``errors``.

    Each of its processes may use ``cpu`` seconds of a processor, and map ``megabytes`` of memory (0: any amount).
    """
    writes = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    actions += [(os.POSIX_SPAWN_OPEN, place, name, writes, 0o644) for place, name in ((1, output), (2, errors))]
    entering = [*_ENTER, str(folder), str(megabytes << 10 or "unlimited"), str(ceil(cpu) or "unlimited"), *words]
    began = time.perf_counter()
    child = os.posix_spawn(entering[0], entering, environment, file_actions=actions, setpgroup=0)
    try:
        while True:
            pid, status, used = os.wait4(child, os.WNOHANG)
            wall = time.perf_counter() - began
            if pid:
                return _run(used, wall, os.waitstatus_to_exitcode(status))
            if wall > seconds:
                os.killpg(child, signal.SIGKILL)
                _, status, used = os.wait4(child, 0)
                return _run(used, wall, os.waitstatus_to_exitcode(status), late=True)
            time.sleep(min(0.02, wall / 200))
    except BaseException:
        os.killpg(child, signal.SIGKILL)
        raise


#: The shell goes where the command runs, and becomes the command: other threads may be in other folders meanwhile.
_ENTER = ("/bin/sh", "-c", 'cd "$0" && ulimit -v "$1" && ulimit -S -t "$2" && shift 2 && exec "$@"')


def _run(used: resource.struct_rusage, wall: float, status: int, *, late: bool = False) -> Run:
    late = late or status == -signal.SIGXCPU
    return Run(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, status, late)
