"""Waits for a future and for what is called when it is done."""

# kind: concurrent.futures.Future, done

from __future__ import annotations

from concurrent.futures import Future


def work() -> None:
    future: Future[int] = Future()
    results: list[int] = []
    future.add_done_callback(lambda done: results.append(done.result()))
    future.set_result(42)
    assert results == [42]
