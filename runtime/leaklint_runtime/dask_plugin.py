"""Dask: ``collect`` tells where the memory of a cluster went, ``MemoryWatch`` is the plugin that keeps a history of it.

    from leaklint_runtime.dask_plugin import MemoryWatch, collect, table
    client.register_plugin(MemoryWatch())
    print(table(collect(client)))

Importing this module loads nothing of Dask. Workers need neither leaklint nor the same versions.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Sequence

from . import shipping
from .dask_cluster import ClusterError, WorkerMemory, collect
from .dask_tables import table, to_json

__all__ = ["ClusterError", "MemoryWatch", "WorkerMemory", "collect", "growing", "histories", "table", "to_json"]  # noqa: F822


def __getattr__(name: str) -> Any:
    if name == "MemoryWatch":
        return _watch_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@lru_cache(maxsize=1)
def _watch_class() -> Any:
    """Return the plugin's class, made when it is asked for: its base class is Dask's.

    It is made inside a function, and its methods use nothing of this module, so that it is sent to workers by value.
    """
    from distributed import WorkerPlugin

    unpacked = shipping.expression("dask_worker", "workers")

    class MemoryWatch(WorkerPlugin):
        """Keeps a worker's memory history, warns before the worker is paused, and names the holders that grow.

        ``interval`` is seconds between samples of the memory; ``findings`` are probes or findings in JSON form, whose
        containers a warning may name; ``every`` is seconds between samples of the lengths of all containers, of which
        those that grow are named, and ``share`` is that of a core which these may take.
        """

        name = "leaklint-memory-watch"

        def __init__(
            self, interval: float = 1.0, findings: Sequence[Any] = (), every: float = 10.0, share: float = 0.01
        ) -> None:
            self.interval, self.findings, self.source = interval, list(findings), unpacked
            self.every, self.share = every, share
            self.watch: Any = None

        def setup(self, worker: Any) -> None:
            """Begin to watch; called by Dask on the worker."""
            import sys

            eval(self.source)
            name = next(
                key for key in sys.modules if key.startswith("leaklint_runtime_") and key.endswith(".dask_worker")
            )
            self.watch = sys.modules[name].DaskWatch(worker, self.interval, self.findings, self.every, self.share)

        def teardown(self, worker: Any) -> None:
            """End the watch; called by Dask on the worker."""
            if self.watch is not None:
                self.watch.stop()

    return MemoryWatch


def histories(client: Any) -> dict[str, list[list[float]]]:
    """Return for each worker with a ``MemoryWatch`` its samples: (seconds ago, resident bytes, managed bytes)."""
    return _joined(client, "history")


def growing(client: Any) -> dict[str, dict[str, Any]]:
    """Return for each worker with a ``MemoryWatch`` the report of its watch: ``holders`` are those that grow or fill."""
    return _joined(client, "reports")


def _joined(client: Any, function: str) -> dict[str, Any]:
    answers = client.run(eval, shipping.expression("dask_worker", function), on_error="return")
    found: dict[str, Any] = {}
    for answer in answers.values():
        if isinstance(answer, dict):
            found.update(answer)
    return found
