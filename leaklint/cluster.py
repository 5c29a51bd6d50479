"""One task over many items, on the workers of a Dask cluster; the same face as ``leaklint.pool.each``.

Workers read the files themselves, so they need the same folders at the same places, and this version of leaklint. What a
worker does not do, for it is lost for good or has no such folder, is done in the process that asked.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from leaklint import __version__

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")
R = TypeVar("R")

_SHARES = 8  # batches for each thread of a worker: enough to balance, and little is lost with a worker
_RETRIES = 3
_LOCK = threading.Lock()


class ExecutorError(Exception):
    """The cluster cannot be used; the text says why, and the way out."""


class Cluster:
    """A connected cluster, as ``Running.spread`` takes it."""

    def __init__(self, client: Client) -> None:
        """Take a connected client. Raises ``ExecutorError`` if a worker has another leaklint, or no worker is there."""
        self.client = client
        versions = client.run(_version, on_error="return")
        if not versions:
            raise ExecutorError("the cluster has no worker; start one with 'dask worker'")
        for name, found in sorted(versions.items()):
            if found != __version__:
                has = f"leaklint {found}" if isinstance(found, str) else "no leaklint"
                raise ExecutorError(
                    f"worker {name} has {has}, and this is {__version__}; install flake8-leaklint there"
                )

    def each(
        self, task: Callable[[T], R], items: Sequence[T], jobs: int, tick: Callable[[int], None] | None = None
    ) -> list[R]:
        """Return ``task(item)`` for every item in their order; ``tick`` is told how many are new. ``jobs`` does not count."""
        from distributed import as_completed

        client: Any = self.client
        completed: Any = as_completed
        report = tick or (lambda done: None)
        threads = sum(client.nthreads().values()) or 1
        size = max(1, len(items) // (threads * _SHARES))
        batches = [items[start : start + size] for start in range(0, len(items), size)]
        here = os.getcwd()
        tasks = {
            client.submit(_batch, task, batch, here, pure=False, retries=_RETRIES): number
            for number, batch in enumerate(batches)
        }
        done: dict[int, list[R]] = {}
        try:
            for future in completed(list(tasks), loop=client.loop):
                number = tasks[future]
                answer = future.result() if future.status == "finished" else None
                done[number] = [task(item) for item in batches[number]] if answer is None else answer
                report(len(done[number]))
        except BaseException:
            client.cancel(list(tasks))
            raise
        return [result for number in range(len(batches)) for result in done[number]]


@contextmanager
def connected(address: str, seconds: float = 10.0) -> Iterator[Cluster]:
    """Connect to the scheduler at ``address`` for so long. Raises ``ExecutorError`` if that cannot be done."""
    try:
        from distributed import Client
    except ImportError:
        raise ExecutorError("dask.distributed is not installed; install flake8-leaklint[dask]") from None
    make: Any = Client
    try:
        client = make(address, timeout=seconds, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ExecutorError(f"no scheduler answers at {address} ({' '.join(str(error).split())[:200]})") from None
    with client:
        yield Cluster(client)


def _version() -> str:
    return __version__


def _batch(task: Callable[[T], R], batch: Sequence[T], folder: str) -> list[R] | None:
    """Do a batch on a worker, in the folder of who asked; None if that or one of the files is not there."""
    with _LOCK:  # the working directory is the whole process's
        before = os.getcwd()
        try:
            os.chdir(folder)
        except OSError:
            return None
        try:
            found = [task(item) for item in batch]
        finally:
            os.chdir(before)
    return None if any(_digest(result) == "" for result in found) else found


def _digest(result: Any) -> str:
    """Return the digest of the file that a result is of; empty if the worker could not read it."""
    digest: str = result[0] if isinstance(result, tuple) else getattr(result, "digest", "-")
    return digest
