"""Runs jobs in an executor that the program has for good."""

# kind: executor with a fixed number of workers

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

EXECUTOR = ThreadPoolExecutor(max_workers=3)


def work() -> None:
    futures = [EXECUTOR.submit(pow, number, 2) for number in range(6)]
    assert [future.result() for future in futures] == [0, 1, 4, 9, 16, 25]
