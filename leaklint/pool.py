"""One task over many items, in several processes where that pays; results come back in the order of the items.

A worker that dies or fails changes nothing: what it has not done is done in the process that asked.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

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
    batches = _batches(items, jobs)
    done: dict[int, list[R]] = {}
    if jobs > 1 and len(batches) > 1:
        _spread(task, batches, min(jobs, len(batches)), done, report)
    for number, batch in enumerate(batches):
        if number not in done:
            done[number] = _batch(task, batch)
            report(len(batch))
    return [result for number in range(len(batches)) for result in done[number]]


def _batches(items: Sequence[T], jobs: int) -> list[Sequence[T]]:
    size = max(1, len(items) // (max(jobs, 1) * _SHARES))
    return [items[start : start + size] for start in range(0, len(items), size)]


def _batch(task: Callable[[T], R], batch: Sequence[T]) -> list[R]:
    return [task(item) for item in batch]


def _spread(
    task: Callable[[T], R], batches: Sequence[Sequence[T]], jobs: int, done: dict[int, list[R]], report: Tick
) -> None:
    """Fill ``done`` by the number of each batch that could be done. This process is one of the ``jobs``.

    What it does itself need not be handed over, which takes about a quarter of the time of reading a file. Between two items
    it looks after the workers, each of which has one batch in hand and one to go on with.
    """
    from concurrent.futures import BrokenExecutor, wait

    with _workers(jobs - 1) as executor:
        waiting = deque(range(len(batches)))
        futures: dict[Future[list[R]], int] = {}

        def give() -> None:
            with suppress(
                OSError, AssertionError, BrokenExecutor
            ):  # no process to be had, or we are a worker ourselves
                while waiting and len(futures) < 2 * (jobs - 1):
                    with _undisturbed():
                        future = executor.submit(_batch, task, batches[waiting[0]])
                    futures[future] = waiting.popleft()

        def take() -> None:
            for future in [one for one in futures if one.done()]:
                number = futures.pop(future)
                if future.exception() is None:
                    done[number] = future.result()
                    report(len(batches[number]))

        give()
        while waiting:
            number, own = waiting.pop(), []
            for item in batches[number]:
                own.append(task(item))
                report(1)
                take()
                give()
            done[number] = own
        while futures:
            wait(futures, return_when="FIRST_COMPLETED")
            take()


@contextmanager
def _workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Yield an executor, and leave none of its processes behind however the block is left.

    They are killed, not asked to end: one that was killed from outside may have held the lock behind which the others wait.
    """
    import multiprocessing
    import threading
    from concurrent.futures import ProcessPoolExecutor

    # A fork shares what is loaded already, but of several threads it copies only one and perhaps a lock that is held.
    forks = sys.platform == "linux" and threading.active_count() == 1
    before = multiprocessing.active_children()
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork" if forks else "spawn"), _prepare) as executor:
        try:
            yield executor
        finally:
            for process in multiprocessing.active_children():
                if process not in before:
                    process.kill()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep Ctrl-C waiting while processes start, so that each can first say that it is not meant."""
    import signal

    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare() -> None:
    """Make a worker: Ctrl-C is not for it, no collector delays it, and it ends when the process that asked is gone."""
    import gc
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    gc.disable()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
