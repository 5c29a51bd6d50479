"""One task over many items, in several processes where that pays; results come back in the order of the items.

A worker that dies or fails changes nothing: its items are done again in the process that asked.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

T = TypeVar("T")
R = TypeVar("R")
Tick = Callable[[int], None]

_SHARES = 12  # batches for each worker: enough that none waits long for the last one


def cpus() -> int:
    """Return how many processors this process may use; 1 under pre-commit, which runs several processes itself."""
    if os.environ.get("PRE_COMMIT"):
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def each(task: Callable[[T], R], items: Sequence[T], jobs: int, tick: Tick | None = None) -> list[R]:
    """Return ``task(item)`` for every item, done by up to ``jobs`` processes; ``tick`` is told how many are new.

    ``task`` is a function of a module, and items and results can be pickled. Raises what ``task`` raises. No process
    is left when this returns or raises.
    """
    report = tick or (lambda done: None)
    done: dict[int, list[R]] = {}
    batches = _batches(items, jobs)
    if jobs > 1 and len(batches) > 1:
        _spread(task, batches, min(jobs, len(batches)), done, report)
    for number, batch in enumerate(batches):
        if number not in done:
            done[number] = []
            for item in batch:
                done[number].append(task(item))
                report(1)
    return [result for number in range(len(batches)) for result in done[number]]


def _batches(items: Sequence[T], jobs: int) -> list[Sequence[T]]:
    size = max(1, len(items) // (max(jobs, 1) * _SHARES))
    return [items[start : start + size] for start in range(0, len(items), size)]


def _spread(
    task: Callable[[T], R], batches: Sequence[Sequence[T]], jobs: int, done: dict[int, list[R]], report: Tick
) -> None:
    """Fill ``done`` by the number of each batch that could be done. This process is one of the ``jobs``.

    What it does itself need not be handed over, which takes about a quarter of the time of reading a file. Between two items it
    looks after the others; it gives a batch only to a worker that waits for one, so neither ever waits for the other to read.
    """
    from multiprocessing.connection import wait

    with _workers(task, jobs - 1) as lines:
        waiting = deque(range(len(batches)))
        busy: dict[Connection, int] = {}

        def give(line: Connection) -> None:
            if waiting:
                number = waiting.popleft()
                with suppress(OSError):  # the worker is gone; the others go on
                    line.send(batches[number])
                    busy[line] = number

        def take(seconds: float | None) -> None:
            for line in cast("list[Connection]", wait(list(busy), seconds)):
                number = busy.pop(line)
                with suppress(EOFError, OSError):
                    results = line.recv()
                    if results is not None:
                        done[number] = results
                        report(len(results))
                    give(line)

        for line in lines:
            give(line)
        while waiting or busy:
            if not waiting:
                take(None)
                continue
            number, own = waiting.pop(), []
            for item in batches[number]:
                own.append(task(item))
                report(1)
                if busy:
                    take(0)
            done[number] = own


@contextmanager
def _workers(task: Callable[[Any], Any], jobs: int) -> Iterator[list[Connection]]:
    """Start processes and yield a line to each; end all of them however the block is left."""
    import multiprocessing
    import threading

    # A fork shares what is loaded already, but of several threads it copies only one and perhaps a lock that is held.
    forks = sys.platform == "linux" and threading.active_count() == 1
    context = multiprocessing.get_context("fork" if forks else "spawn")
    started: list[BaseProcess] = []
    lines: list[Connection] = []
    try:
        for _ in range(jobs):
            ours, theirs = context.Pipe()
            lines.append(ours)
            process = context.Process(target=_work, args=(task, theirs, lines if forks else []), daemon=True)  # type: ignore[attr-defined]
            try:
                with _undisturbed():
                    process.start()
            except (OSError, AssertionError):  # no process to be had, or we are a worker ourselves
                lines.pop().close()
                break
            finally:
                theirs.close()
            started.append(process)
        yield lines
    finally:
        for line in lines:
            line.close()
        for process in started:
            process.kill()
        for process in started:
            process.join()
            process.close()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep Ctrl-C waiting while a process starts, so that the new one can first say that it is not meant."""
    import signal

    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(task: Callable[[Any], Any], line: Connection, inherited: list[Connection]) -> None:
    """Do batches until the other end closes. A batch that fails is answered with None: who asked does it again."""
    import gc
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    for other in inherited:  # or no worker would ever see that the process that asked is gone
        other.close()
    gc.disable()
    while True:
        try:
            batch = line.recv()
        except (EOFError, OSError):
            return
        try:
            answer: Any = [task(item) for item in batch]
        except Exception:
            answer = None
        try:
            line.send(answer)
        except OSError:
            return
