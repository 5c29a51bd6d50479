"""What a tool printed, reduced to what counts: growth, the lines it points at, and what it says holds the objects."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cases import Place

#: How much of a sorted report is read.
TOP = 10
#: A row of a report grows if it has so many new objects or allocations for each round.
SHARE = 0.5


@dataclass(frozen=True, slots=True)
class ToolReport:
    """The parts of a report. ``places`` are of growing rows alone; ``chains`` say what holds objects, the first one first.

    ``growth`` has the rows that say that something grows; ``stores`` the lines that the tool itself says store.
    """

    growth: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    stores: tuple[Place, ...] = ()
    chains: tuple[str, ...] = ()


def from_leaklint(text: str, status: int) -> ToolReport:
    """Read the JSON of ``leaklint profile``: the holders that grow without end, and the lines that store into them."""
    holders = [item for item in json.loads(text).get("holders") or () if isinstance(item, Mapping)]
    growing = [item for item in holders if item.get("kind") == "linear"][:TOP]
    stores = [place for item in growing for place in _stores(item.get("stores") or ())]
    symbols = tuple(str(item.get("symbol", "")) for item in growing)
    return ToolReport(symbols or ("memory",) if status == 1 else (), (), tuple(stores), symbols)


def _stores(stores: Iterable[Any]) -> Iterable[Place]:
    for item in stores:
        if isinstance(item, Mapping) and isinstance(item.get("line"), int):
            yield str(item.get("path", "")), item["line"]


def from_tracemalloc(report: Mapping[str, Any], rounds: int) -> ToolReport:
    """Read the differences of two snapshots: rows with an object or more for two rounds, and the lines of their tracebacks."""
    growing = [row for row in report["rows"][:TOP] if row["count"] >= SHARE * rounds]
    places = tuple((str(file), int(line)) for row in growing for file, line in row["frames"])
    return ToolReport(tuple(row["text"][0] for row in growing), places)


def from_memray(text: str, rounds: int) -> ToolReport:
    """Read what ``memray transform csv --leaks`` writes: the largest records, and the frames of those with many allocations."""
    rows = sorted(csv.DictReader(io.StringIO(text)), key=lambda row: -int(row["size"]))
    growing = [row for row in rows[:TOP] if int(row["num_allocations"]) >= SHARE * rounds]
    lines = tuple(
        f"{row['num_allocations']} allocations, {row['size']} B: {row['stack_trace'][:80]}" for row in growing
    )
    return ToolReport(lines, tuple(place for row in growing for place in frames(row["stack_trace"])))


def frames(stack: str) -> Iterable[Place]:
    """Yield the file and line of each frame of a stack in memray's notation, ``function;file;line|...``."""
    for frame in stack.split("|"):
        match = re.fullmatch(r"(.*);(.*);(\d+)", frame.strip())
        if match:
            yield match[2], int(match[3])


def from_scalene(report: Mapping[str, Any]) -> ToolReport:
    """Read a profile's leaks: likelihood and velocity of the lines at which scalene suspects one."""
    leaks = [
        (str(file), int(line), leak)
        for file, facts in (report.get("files") or {}).items()
        for line, leak in (facts.get("leaks") or {}).items()
    ]
    return ToolReport(
        tuple(f"{file}:{line} {leak}" for file, line, leak in leaks), tuple((file, line) for file, line, _ in leaks)
    )


def from_objgraph(report: Mapping[str, Any], rounds: int, name: str | None) -> ToolReport:
    """Read growth by type and the chain of the type that grew most, or of the type that is named."""
    rows: Sequence[Sequence[Any]] = report["growth"]
    growing = tuple(f"{kind} {count} +{delta}" for kind, count, delta in rows[:TOP] if delta >= SHARE * rounds)
    chosen = name if name is not None else (rows[0][0] if rows else None)
    dot = report["types"].get(chosen)
    return ToolReport(growing, chains=(chain_of(dot),) if dot else ())


def chain_of(dot: str) -> str:
    """Return the chain in a graph in DOT, as ``objgraph.show_chain`` writes it, as text from the root to the object."""
    nodes = re.findall(r'^ *(\w+)\[label="((?:[^"\\]|\\.)*)"', dot, re.MULTILINE)
    labels = {node: label.replace("\\n", " ") for node, label in nodes}
    edges = re.findall(r'^ *(\w+) -> (\w+)(?: *\[label="((?:[^"\\]|\\.)*)")?', dot, re.MULTILINE)
    targets = {target for _, target, _ in edges}
    roots = [node for node in labels if node not in targets] or list(labels)[-1:]
    texts = {node: labels[node] for node in roots}
    queue = list(roots)
    for node in queue:  # breadth first: the shortest path to each node
        for source, target, name in edges:
            if source == node and target not in texts:
                texts[target] = " -> ".join([texts[node], *([f"[{name}]"] if name else []), labels.get(target, target)])
                queue.append(target)
    return texts.get(next(iter(labels), ""), "")


def from_pympler(report: Mapping[str, Any], rounds: int) -> ToolReport:
    """Read the difference of two summaries and the tree of referrers."""
    growing = tuple(f"{kind} +{count}" for kind, count, _ in report["rows"][:TOP] if count >= SHARE * rounds)
    tree = str(report["tree"])
    return ToolReport(growing, chains=(tree,) if tree else ())
