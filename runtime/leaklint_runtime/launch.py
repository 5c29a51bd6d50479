"""Start a program or a function in a process of its own and hear what is measured of it, as it comes.

The caller's side, like ``client`` for experiments; works from any Python 3.8 on.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Dict, Generator, Iterator, Sequence

from . import tree, wire
from .agent import CONFIG
from .run import BOOT

FOLDER = os.path.dirname(os.path.abspath(__file__))
Message = Dict[str, Any]
Listener = Callable[[Message], None]
GRACE = 120.0


class LaunchError(Exception):
    """What was to be measured could not be started, or failed; the text says why, in one line."""


def call(request: dict[str, Any], python: str = sys.executable, timeout: float = 600.0) -> Iterator[dict[str, Any]]:
    """Run ``workload`` in ``python`` and yield what it tells: a sample after each call, at last the ledger if asked.

    Where more than ``timeout`` seconds pass after it has told of holders, that comes at last as ``late``. Raises
    ``LaunchError`` for a target that cannot be imported, that fails, or that takes too long before.
    """
    last: dict[str, Any] = {}
    named = False
    request = {**request, "seconds": timeout}
    with _serving("workload", request, python, timeout, GLIBC_TUNABLES=_tunables()) as (process, late):
        for last in _lines(process):
            named = named or "holders" in last
            yield last
        status = process.wait()
    if "failure" in last:
        raise LaunchError(str(last["failure"]))
    if late and named:
        yield {
            "late": True,
            "notes": [f"not done within {timeout:g} s: what comes after naming the holders is missing"],
        }
    elif "done" not in last and "ledger" not in last:
        raise LaunchError(f"{request['target']}: {_why(status, late, timeout)} after call {last.get('round', 0)}")


def ask(module: str, request: dict[str, Any], python: str, timeout: float) -> dict[str, Any]:
    """Let a module of this package answer a request in a process of its own, which is gone afterwards; return the answer.

    Raises ``LaunchError`` where ``python`` cannot be started or gives no answer within ``timeout`` seconds.
    """
    with contextlib.closing(answers(module, request, python, timeout, 1)) as only:
        return next(only)


def answers(
    module: str, request: dict[str, Any], python: str, timeout: float, count: int
) -> Generator[dict[str, Any], None, None]:
    """Let a module of this package answer a request in a process of its own; yield ``count`` answers as they come.

    Raises ``LaunchError`` where ``python`` cannot be started or has given fewer when it ends or after ``timeout`` seconds.
    """
    with _serving(module, request, python, timeout) as (process, late):
        for answer in _lines(process):
            yield answer
            count -= 1
            if not count:
                return
        status = process.wait()
    raise LaunchError(_why(status, late, timeout))


@contextlib.contextmanager
def _serving(
    module: str, request: dict[str, Any], python: str, timeout: float, **environment: str
) -> Iterator[tuple[subprocess.Popen[bytes], list[bool]]]:
    """Start ``python`` on a module of this package and hand it the request; what it is given ends with the block.

    Yields the process, and a list that is no longer empty once the time was up.
    """
    boot = BOOT.replace("leaklint_runtime.run ", f"leaklint_runtime.{module} ")
    words, settings = [python, "-c", boot, FOLDER], {"PYTHONHASHSEED": "0", **os.environ, **environment}
    try:
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=settings)
    except OSError as error:
        raise LaunchError(f"cannot start {python}: {error.strerror or error}") from None
    with process, _ended_after(process, timeout) as late:
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.write(wire.dumps(request).encode("ascii"))
        with contextlib.suppress(OSError):
            process.stdin.close()
        yield process, late


def _lines(process: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        with contextlib.suppress(ValueError):
            yield json.loads(line.decode("ascii"))


def _why(status: int, late: list[bool], timeout: float) -> str:
    return f"not done within {timeout:g} s" if late else _ending(status)


def _tunables() -> str:
    """Return the settings of the C library for a process whose memory is measured to the byte.

    Its per-thread caches count as memory in use, and fill for hundreds of calls, so they are off.
    """
    given = os.environ.get("GLIBC_TUNABLES", "")
    return ":".join(filter(None, [given, "glibc.malloc.tcache_count=0"]))


def _ending(status: int) -> str:
    if status < 0:
        return f"the process was ended by {signal.Signals(-status).name}"
    return f"the process ended with status {status}"


@contextlib.contextmanager
def _ended_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[list[bool]]:
    """Kill the process when the time is up or the block is left; the list is no longer empty then."""
    import threading

    late: list[bool] = []

    def end() -> None:
        late.append(True)
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        process.kill()


class CommandMeasurement:
    """What is known of a command and its descendants.

    ``family`` are samples of all of them from outside (``t``, ``rss``, ``uss``, ``pids``), ``inside`` the lines of each
    Python's agent by its PID, ``ledgers`` the ledgers by PID, ``status`` the exit status.
    """

    def __init__(self) -> None:
        self.family: list[dict[str, Any]] = []
        self.inside: dict[int, list[dict[str, Any]]] = {}
        self.ledgers: dict[int, dict[str, Any]] = {}
        self.status, self.pid, self.late = 0, 0, False


def command(
    words: Sequence[str],
    config: dict[str, Any],
    listener: Listener | None = None,
    timeout: float | None = None,
    memory_limit: int = 0,
) -> CommandMeasurement:
    """Run a command to its end, every Python in it with an agent, and return what was measured.

    ``config`` is the agent's; ``listener`` hears of each sample of the family; ``timeout`` is seconds (None: as long as
    it takes), ``memory_limit`` megabytes for each process (0: none). Raises ``LaunchError`` if it cannot be started.
    """
    found = CommandMeasurement()
    folder = tempfile.mkdtemp(prefix="leaklint-")
    try:
        with open(os.path.join(folder, CONFIG), "w", encoding="ascii") as target:
            target.write(wire.dumps(config))
        process = _started(words, folder, memory_limit)
        found.pid = process.pid
        _watch(process, found, float(config.get("interval", 0.1)), listener, timeout)
        _gather(folder, found)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def _started(words: Sequence[str], folder: str, memory_limit: int) -> subprocess.Popen[bytes]:
    path = os.pathsep.join([os.path.join(FOLDER, "boot"), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "LEAKLINT_AGENT": folder}
    try:
        process = subprocess.Popen(list(words), env=environment)
    except OSError as error:
        raise LaunchError(f"cannot start {words[0]}: {error.strerror or error}") from None
    if memory_limit:
        with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
            import resource

            limit = memory_limit << 20
            resource.prlimit(process.pid, resource.RLIMIT_AS, (limit, limit))  # type: ignore[attr-defined, unused-ignore]
    return process


def _watch(
    process: subprocess.Popen[bytes],
    measurement: CommandMeasurement,
    interval: float,
    listener: Listener | None,
    timeout: float | None,
) -> None:
    """Sample the family until the command ends; ask it to end when the time is up or the user interrupts."""
    end = None if timeout is None else time.monotonic() + timeout
    try:
        while process.poll() is None:
            family = tree.family(process.pid)
            if family.pids:
                sample = {"t": time.time(), "rss": family.rss, "uss": family.uss, "pids": list(family.pids)}
                measurement.family.append(sample)
                if listener is not None:
                    listener(sample)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(interval)
            if end is not None and time.monotonic() > end and process.poll() is None:
                measurement.late, end = True, None
                _end(process)
    except KeyboardInterrupt:  # the terminal has told the command as well; what was measured so far is shown
        _end(process)
    finally:
        if process.poll() is None:
            process.kill()
        measurement.status = process.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Interrupt the command, as ctrl-c does, so that it ends the way it is used to; kill it if that does not help."""
    with contextlib.suppress(OSError):
        process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        process.wait(GRACE)


def _gather(folder: str, measurement: CommandMeasurement) -> None:
    """Read what the agents wrote; a process that was killed may have left half a line."""
    for name in sorted(os.listdir(folder)):
        stem, _, kind = name.partition(".")
        if not stem.isdigit():
            continue
        with open(os.path.join(folder, name), encoding="ascii", errors="replace") as source:
            if kind == "jsonl":
                lines = []
                for line in source:
                    with contextlib.suppress(ValueError):
                        lines.append(json.loads(line))
                measurement.inside[int(stem)] = lines
            elif kind == "ledger.json":
                with contextlib.suppress(ValueError):
                    measurement.ledgers[int(stem)] = json.load(source)
