"""Where the memory of a Dask cluster went: Dask's own figures, and inside its ``unmanaged`` what leaklint's ledger tells.

Needs ``distributed`` (the extra ``dask``) on this side only; workers are sent what they need.
"""

from __future__ import annotations

import asyncio
import os
import threading
import warnings
from typing import Any, NamedTuple, Sequence

from . import ledger, shipping
from .ledger import BASELINE, FRAGMENTED, GC_LAG, HOARD, SHARED, Ledger
from .wire import WireProbe, plain

POLL = 0.25


class ClusterError(Exception):
    """The cluster cannot be asked; the text says why, in one line."""


class WorkerMemory(NamedTuple):
    """One worker. ``process`` = ``managed`` + ``unmanaged_old`` + ``unmanaged_recent``, in bytes, as Dask names them.

    ``spilled`` is on disk and no part of it. ``growing`` are the holders, in their JSON form, that a ``MemoryWatch`` on the
    worker has seen to grow. ``ledger`` is the split of the process, None where ``failure`` says why
    there is none: the worker is busy, has left, or is lost.
    """

    address: str
    name: str
    status: str
    process: int
    managed: int
    spilled: int
    unmanaged_old: int
    unmanaged_recent: int
    limit: int | None = None
    ledger: Ledger | None = None
    failure: str = ""
    growing: tuple[dict[str, Any], ...] = ()

    @property
    def unmanaged(self) -> int:
        """Return the bytes of the process that Dask does not manage."""
        return self.unmanaged_old + self.unmanaged_recent

    def inside(self) -> dict[str, int]:
        """Return what ``unmanaged`` consists of: by name, in bytes that sum to it; empty without a ledger.

        ``baseline`` is the interpreter with its libraries, shared pages included; ``rest`` are objects and native memory
        that nothing accounts for. Where Dask's estimate of what it manages is more than there is, parts are cut, the
        last first.
        """
        if self.ledger is None:
            return {}
        found = {
            GC_LAG: self.ledger.size(GC_LAG),
            HOARD: self.ledger.size(HOARD),
            FRAGMENTED: self.ledger.size(FRAGMENTED),
            "findings": self.ledger.held_together or 0,
            BASELINE: self.ledger.size(BASELINE) + self.ledger.size(SHARED),
        }
        left = self.unmanaged
        for name, amount in found.items():
            found[name] = min(amount, left)
            left -= found[name]
        return {**found, "rest": left}

    @property
    def leading(self) -> str:
        """Return the largest part inside ``unmanaged`` beyond the baseline; of findings, the first one's symbol.

        Where it is the rest, and most of that is kept by a holder that grows, it is that one's symbol.
        """
        sizes = {name: amount for name, amount in self.inside().items() if name != BASELINE}
        name = max(sizes, key=lambda key: sizes[key], default="")
        if name == "findings" and self.ledger is not None:
            return max(self.ledger.held, key=lambda item: item.size or 0).symbol
        largest = max(self.growing, key=lambda item: item["size"] or 0, default=None)
        if name == "rest" and largest is not None and 2 * (largest["size"] or 0) > sizes[name]:
            return str(largest["symbol"])
        return name


def collect(
    cluster: Any, findings: Sequence[Any] = (), timeout: float = 60.0, baseline: bool = True
) -> tuple[WorkerMemory, ...]:
    """Return the memory of each worker of ``cluster``, a ``distributed.Client`` or the scheduler's address.

    ``findings`` are probes or findings in JSON form. A worker that does not answer within ``timeout`` seconds is told of
    with Dask's figures alone. Raises ``ClusterError`` if the scheduler cannot be reached.
    """
    address = cluster if isinstance(cluster, str) else cluster.scheduler.address
    security = None if isinstance(cluster, str) else cluster.security
    options = {"findings": list(findings), "baseline": "fresh" if baseline else "none", "seconds": timeout}
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(asyncio.run(_gathered(address, security, options, timeout)))
        except Exception as error:
            found.append(error)

    # In a thread of its own: the caller may be inside an event loop.
    thread = threading.Thread(target=run, name="leaklint dask")
    thread.start()
    thread.join()
    if isinstance(found[0], Exception):
        raise found[0]
    rows: tuple[WorkerMemory, ...] = found[0]
    return rows


async def _gathered(address: str, security: Any, options: dict[str, Any], timeout: float) -> tuple[WorkerMemory, ...]:
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError("needs Dask: pip install 'flake8-leaklint[dask]'") from None
    with warnings.catch_warnings():
        # Workers of another version are measured all the same, and each row names its Python.
        warnings.simplefilter("ignore")
        try:
            connecting: Any = Client  # typed by some versions only
            client = await connecting(address, asynchronous=True, security=security, timeout=min(timeout, 10.0))
        except (OSError, ValueError, asyncio.TimeoutError) as error:
            raise ClusterError(f"no scheduler answers at {address}: {str(error).splitlines()[0]}") from None
    async with client:
        rows = await _measured(client, options, timeout, ())
        # Those that joined meanwhile are asked, too; those that left are told of.
        return tuple(sorted(await _measured(client, options, timeout, rows), key=lambda row: row.address))


async def _measured(
    client: Any, options: dict[str, Any], timeout: float, known: Sequence[WorkerMemory]
) -> list[WorkerMemory]:
    """Measure all workers that are not ``known``, side by side, and return them with those."""
    figures = await _figures(client)
    fresh = [address for address in figures if address not in {row.address for row in known}]
    answers = await asyncio.gather(*[_ledger(client, address, options, timeout) for address in fresh])
    later = await _figures(client)
    rows = [row if row.address in figures or row.failure else row._replace(failure="left the cluster") for row in known]
    for address, answer in zip(fresh, answers):
        seen = later.get(address, figures[address])
        gone = "" if address in later or answer.get("ledger") else "left the cluster"
        rows.append(_row(address, seen, answer, gone))
    return rows


def _row(address: str, figures: dict[str, Any], answer: dict[str, Any], gone: str) -> WorkerMemory:
    """Join Dask's figures and the ledger; the ledger's total is the later figure of the two."""
    found = ledger.from_json(answer["ledger"]) if "ledger" in answer else None
    process = found.total if found is not None else int(figures["process"])
    managed = min(int(figures["managed"]), process)
    old = min(int(figures["old"]), process - managed)
    return WorkerMemory(
        address=address,
        name=str(figures["name"]),
        status=str(figures["status"]),
        process=process,
        managed=managed,
        spilled=int(figures["spilled"]),
        unmanaged_old=old,
        unmanaged_recent=process - managed - old,
        limit=figures["limit"] or None,
        ledger=found,
        failure=gone or str(answer.get("failure", "")),
        growing=tuple(answer.get("growing", ())),
    )


#: Asked of the scheduler. Older ones name the two kinds of managed memory differently.
_ASK = """(lambda names: (exec({source!r}, names), names["ask"]({key!r}))[1])({{}})"""
_SOURCE = """
def ask(key):
    from distributed.scheduler import Scheduler
    found = {}
    for scheduler in list(Scheduler._instances):
        if scheduler.id != key:
            continue
        for address, worker in scheduler.workers.items():
            memory = worker.memory
            managed = getattr(memory, "managed_in_memory", None)
            spilled = getattr(memory, "managed_spilled", None)
            found[address] = {
                "process": memory.process,
                "managed": memory.managed if managed is None else managed,
                "spilled": memory.spilled if spilled is None else spilled,
                "old": memory.unmanaged_old,
                "name": str(worker.name),
                "status": getattr(worker.status, "name", str(worker.status)),
                "limit": worker.memory_limit,
            }
    return found
"""


async def _figures(client: Any) -> dict[str, dict[str, Any]]:
    """Return Dask's own figures for each worker, from the scheduler."""
    key = client.scheduler_info()["id"] if client.scheduler_info() else ""
    found: dict[str, dict[str, Any]] = await client.run_on_scheduler(eval, _ASK.format(source=_SOURCE, key=key))
    return found


async def _ledger(client: Any, address: str, options: dict[str, Any], timeout: float) -> dict[str, Any]:
    """Ask one worker; return its ledger, or why there is none."""
    token = os.urandom(8).hex()
    begin = shipping.expression("dask_worker", "start", token=token, options=_plain(options))
    end = asyncio.get_running_loop().time() + timeout
    try:
        await asyncio.wait_for(_asked(client, address, begin), timeout)
        more = shipping.expression("dask_worker", "fetch", token=token)
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(POLL)
            left = max(POLL, end - asyncio.get_running_loop().time())
            found = await asyncio.wait_for(_asked(client, address, more), left)
            if found:
                return found
    except asyncio.TimeoutError:
        pass
    except Exception as error:
        return {"failure": f"lost: {type(error).__name__}: {(str(error).splitlines() or [''])[0]}"[:200]}
    return {"failure": f"busy: no answer within {timeout:g} s"}


async def _asked(client: Any, address: str, text: str) -> dict[str, Any]:
    # ``eval`` is known to every version of Python by the same name; a function of ours would have to be sent as code.
    answers = await client.run(eval, text, workers=[address], on_error="return")
    answer = answers.get(address) if answers else None
    if isinstance(answer, BaseException):
        raise answer
    if answer is None:
        raise ConnectionError("no answer")
    return answer if isinstance(answer, dict) else {}


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with probes in their JSON form."""
    return {
        **options,
        "findings": [plain(item) if isinstance(item, WireProbe) else item for item in options["findings"]],
    }
