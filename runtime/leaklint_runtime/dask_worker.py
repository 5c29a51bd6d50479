"""What runs inside a Dask worker: the ledger, taken beside the worker's event loop, and the history with its warnings.

A watch of the worker's process (see ``watching``) names the holders that grow.

This module is sent to workers, so it needs nothing of Dask but the worker object that it is given.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from . import fit, footprint, growth, ledger, memory, watching
from .units import size

_results: dict[str, dict[str, Any]] = {}
_logger = logging.getLogger("distributed.worker.memory")
KEPT, NEAR, AGAIN = 3600, 0.9, 60.0
HORIZON = 120.0
MOST_TOLD = 3


def start(token: str, options: dict[str, Any]) -> bool:
    """Begin to take the ledger in a thread of its own: the worker's event loop must not wait for it."""
    if token not in _results:
        _results[token] = {}
        threading.Thread(target=_take, args=(token, options), name="leaklint ledger", daemon=True).start()
    return True


def _take(token: str, options: dict[str, Any]) -> None:
    try:
        found = ledger.to_json(memory.ledger(**options))
        _results[token] = {"ledger": found, "growing": growing()}
    except BaseException as error:
        _results[token] = {"failure": f"{type(error).__name__}: {error}"}


def fetch(token: str) -> dict[str, Any]:
    """Return the ledger that was begun under this token, or why there is none; empty while it is being taken."""
    if token not in _results:
        return {"failure": "the worker was restarted meanwhile"}
    return _results.pop(token) if _results[token] else {}


def workers() -> list[Any]:
    """Return the Dask workers of this process."""
    module = sys.modules.get("distributed.worker")
    return list(getattr(getattr(module, "Worker", None), "_instances", ()))


class DaskWatch:
    """Notes a worker's memory every ``interval`` seconds and warns before the worker is paused.

    A warning goes to Dask's log of worker memory and to the event topic ``leaklint-memory``. It is given when memory is
    within a tenth of the pause threshold, or will reach it in two minutes at the pace of the last half minute, and then
    at most once a minute; it names the largest part of the ledger, and the holders that grow. These are looked for ``every``
    so many seconds (see ``watching``); of each one that is seen to grow the log and the topic ``leaklint-growth`` are told.
    """

    def __init__(
        self, worker: Any, interval: float = 1.0, findings: Any = (), every: float = 10.0, share: float = 0.01
    ) -> None:
        self.worker, self.interval, self.findings = worker, interval, findings
        self.samples: deque[tuple[float, int, int]] = deque(maxlen=KEPT)
        self.history = ledger.History()
        self.warned = -AGAIN
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leaklint watch", daemon=True)
        self._thread.start()
        _watches[id(worker)] = self
        self.holders = watching.watch(every, _grown, log=False, share=share)

    def stop(self) -> None:
        """End the watch."""
        self._stopped.set()
        _watches.pop(id(self.worker), None)
        if not _watches:
            self.holders.stop()

    def _run(self) -> None:
        while not self._stopped.wait(self.interval):
            with suppress(footprint.FootprintError):
                self.note(time.monotonic(), footprint.resident())

    def note(self, now: float, resident: int) -> str:
        """Take a sample; return the warning that was given for it, or nothing."""
        self.samples.append((now, resident, managed(self.worker)))
        self.history.add(now, max(0, resident - self.samples[-1][2]))
        threshold = pause_threshold(self.worker)
        if threshold is None or now - self.warned < AGAIN:
            return ""
        left = self._seconds_left(now, threshold)
        if resident < NEAR * threshold and (left is None or left > HORIZON):
            return ""
        self.warned = now
        return self._warn(resident, threshold, left)

    def _seconds_left(self, now: float, threshold: int) -> float | None:
        """Return after how many seconds the threshold is reached at the present pace; None if it is not."""
        recent = [(at, float(size)) for at, size, _ in self.samples if at >= now - self.history.window]
        found = growth.trend(recent, growth.MEMORY_FLOOR)
        if found.kind != fit.LINEAR or found.slope <= 0:
            return None
        return max(0.0, (threshold - self.samples[-1][1]) / found.slope)

    def _warn(self, resident: int, threshold: int, left: float | None) -> str:
        found = memory.ledger(self.findings, baseline="none")
        leading = found.leading
        about = next((item.size or 0 for item in found.held if item.symbol == leading), found.size(leading))
        when = "" if left is None else f", reached in about {left:.0f} s at this pace"
        text = (
            f"leaklint: {size(resident)} in use; the worker pauses at {size(threshold)}{when}."
            f" Largest part: {leading}, {size(about)}"
        )
        text += "".join(f"; {holder['text'][0]}" for holder in growing()[:MOST_TOLD])
        _logger.warning(text)
        self.tell("leaklint-memory", {"resident": resident, "threshold": threshold, "text": text})
        return text

    def tell(self, topic: str, event: dict[str, Any]) -> None:
        """Log an event of Dask's, in the worker's own thread."""
        with suppress(Exception):
            self.worker.loop.add_callback(self.worker.log_event, topic, {"action": topic, **event})


_watches: dict[int, DaskWatch] = {}


def _grown(report: dict[str, Any]) -> None:
    """Tell of the holders that are seen to grow in this process."""
    for holder in [item for item in report["holders"] if item["kind"] == fit.LINEAR]:
        _logger.warning("leaklint: %s", "; ".join(line.strip() for line in holder["text"]))
    for watch in list(_watches.values()):
        watch.tell("leaklint-growth", {"holders": report["holders"], "pid": report["pid"]})


def growing() -> list[dict[str, Any]]:
    """Return the holders that are seen to grow in this process, in their JSON form; none where no watch looks for them."""
    watch = next(iter(list(_watches.values())), None)
    holders = watch.holders.report()["holders"] if watch is not None else []
    return [item for item in holders if item["kind"] == fit.LINEAR]


def reports() -> dict[str, Any]:
    """Return for each worker's address the report of the watch of its process."""
    return {str(watch.worker.address): watch.holders.report() for watch in list(_watches.values())}


def history() -> dict[str, Any]:
    """Return the samples of this process's watches: for each worker's address (seconds ago, resident, managed)."""
    now = time.monotonic()
    return {
        str(watch.worker.address): [[now - at, resident, inside] for at, resident, inside in list(watch.samples)]
        for watch in list(_watches.values())
    }


def managed(worker: Any) -> int:
    """Return the bytes that Dask counts as managed, in memory."""
    with suppress(Exception):
        return int(worker.state.nbytes) - int(getattr(worker.data, "spilled_total", (0,))[0])
    return 0


def pause_threshold(worker: Any) -> int | None:
    """Return the bytes at which the worker pauses; None where there is no limit."""
    with suppress(Exception):
        manager = worker.memory_manager
        if manager.memory_limit and manager.memory_pause_fraction:
            return int(manager.memory_limit * manager.memory_pause_fraction)
    return None
