"""The memory of a cluster as people read it: a table, what to do, and JSON; pure functions."""

from __future__ import annotations

from typing import Any, Sequence

from . import ledger as ledgers
from .dask_cluster import WorkerMemory
from .ledger import ADVICE, BASELINE, FRAGMENTED, GC_LAG, HOARD, Ledger, Part
from .tables import TELLING, columns
from .units import size

INSIDE = (GC_LAG, HOARD, FRAGMENTED, "findings", BASELINE, "rest")
_HEAD = ["worker", "process", "managed", "spilled", "unmanaged old", "unmanaged recent", *INSIDE]


def total(rows: Sequence[WorkerMemory]) -> dict[str, int]:
    """Return the sums over all workers, by the names of the table's columns."""
    found = {
        "process": sum(row.process for row in rows),
        "managed": sum(row.managed for row in rows),
        "spilled": sum(row.spilled for row in rows),
        "unmanaged_old": sum(row.unmanaged_old for row in rows),
        "unmanaged_recent": sum(row.unmanaged_recent for row in rows),
    }
    for name in INSIDE:
        found[name] = sum(row.inside().get(name, 0) for row in rows)
    return found


def table(rows: Sequence[WorkerMemory]) -> str:
    """Return a line for each worker and one for the cluster, what to do about the largest parts, and who is missing."""
    cells = [_HEAD]
    for row in rows:
        inside = row.inside()
        name = row.address if row.name in ("", row.address) else f"{row.name} {row.address}"
        amounts = (row.process, row.managed, row.spilled, row.unmanaged_old, row.unmanaged_recent)
        split = [size(inside[part]) if inside else "?" for part in INSIDE]
        cells.append([name, *map(size, amounts), *split])
    sums = total(rows)
    cells.append([f"cluster ({len(rows)})", *[size(amount) for amount in sums.values()]])
    lines = columns(cells)
    lines += _advice(rows, sums)
    lines += _growing(rows)
    lines += [f"note: {row.address}: {row.failure}" for row in rows if row.failure]
    lines += [f"note: {row.address} is {row.status}" for row in rows if row.status not in ("running", "")]
    lines += [f"note: {row.address}: {note}" for row in rows if row.ledger for note in row.ledger.notes]
    return "".join(f"{line}\n" for line in lines)


def _advice(rows: Sequence[WorkerMemory], sums: dict[str, int]) -> list[str]:
    """Return what to do about each part that takes more than its share of the cluster, the largest first."""
    lines = []
    names = [name for name in INSIDE if name not in (BASELINE, "rest") and sums[name] > TELLING * sums["process"]]
    for name in sorted(names, key=lambda key: -sums[key]):
        where = f" ({', '.join(_holders(rows))})" if name == "findings" else ""
        lines.append(f"  {name} {size(sums[name])}: {ADVICE[name]}{where}")
    return ["", "what to do about unmanaged memory", *lines] if lines else []


def _growing(rows: Sequence[WorkerMemory]) -> list[str]:
    """Return for each worker the holders that grow, with all that is known of them."""
    lines = []
    for row in rows:
        for item in row.growing:
            kept = f", {size(item['size'])} so far" if item["size"] is not None else ""
            lines.append(f"  {row.address}: {item['text'][0]}{kept}")
            lines += [f"  {line}" for line in item["text"][1:]]
    return ["", "what grows", *lines] if lines else []


def _holders(rows: Sequence[WorkerMemory]) -> list[str]:
    """Return the symbols that hold most on any worker, the largest first, three of them."""
    sizes: dict[str, int] = {}
    for row in rows:
        for item in row.ledger.held if row.ledger else ():
            sizes[item.symbol] = sizes.get(item.symbol, 0) + (item.size or 0)
    return sorted(sizes, key=lambda symbol: -sizes[symbol])[:3]


def to_json(rows: Sequence[WorkerMemory]) -> dict[str, Any]:
    """Return the whole as one JSON object: ``workers``, each with its ``inside`` and ledger, and ``cluster``."""
    workers = [
        {**ledgers.to_json(row), "inside": row.inside(), "leading": row.leading, "unmanaged": row.unmanaged}
        for row in rows
    ]
    return {"version": 1, "workers": workers, "cluster": total(rows)}


def bars(rows: Sequence[WorkerMemory]) -> tuple[Ledger, ...]:
    """Return what ``charts.ledgers`` draws: for each worker Dask's managed memory and the split of the rest."""
    found = []
    for row in rows:
        inside = row.inside() or {"unknown": row.unmanaged}
        parts = [Part("managed", row.managed), *[Part(name, amount) for name, amount in inside.items()]]
        found.append(Ledger(0, row.process, tuple(parts), name=f"worker {row.name} {row.address}"))
    return tuple(found)
