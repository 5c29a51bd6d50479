"""A holder that grew, told as a finding: the same fields as those of the rules, filled from what the run has shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from leaklint.discovered.place import Definition, column, definition
from leaklint.discovered.probe import probe_of
from leaklint.discovered.rule import code_of, kept_type
from leaklint.model import Confidence, Finding, Fix, Related, fingerprint
from leaklint.paths import relative
from leaklint.records import replace
from leaklint.rules import RULES
from leaklint_runtime.discovery.model import SHOWN, CodeLine, GrowingHolder, StoringLine
from leaklint_runtime.fit import LINEAR
from leaklint_runtime.growth import rate
from leaklint_runtime.profiling import CALL
from leaklint_runtime.units import size

_LIFETIME = {
    "module": "module global, lives as long as the process",
    "class": "class attribute, lives as long as the process",
    "object": "attribute of an object that lives as long as the process",
    "function": "attribute of a function, lives as long as the function",
    "closure": "local of a function that its inner function keeps, lives as long as that",
    "default": "default argument, made once, lives as long as the function",
    "frame": "local of a suspended generator, lives as long as that",
    "thread": "local of a running thread, lives as long as the thread",
    "interpreter": "registry of the interpreter, lives as long as the process",
}
_MOST_CALLERS = 3
STORED = "stored"
_VERBS = {STORED: "stored", "allocated": "made"}


class Driver(NamedTuple):
    """What was run: ``target`` as it was named, empty for a command; ``unit`` of growth, ``call`` or ``second``."""

    target: str
    unit: str


def finding(holder: GrowingHolder, driver: Driver) -> Finding | None:
    """Return the finding of a holder that grew; None for one of which nothing tells where it stands."""
    place = definition(holder)
    if place is None:
        return None
    code = code_of(holder)
    mark = fingerprint(code, place.symbol, place.kind)
    proof = replace(probe_of(holder, driver.target, place), code=code, fingerprint=mark)
    span = place.span
    return Finding(
        code=code,
        name=RULES[code].name,
        path=relative(place.file),
        line=span.line,
        column=span.column,
        end_line=span.end_line,
        end_column=span.end_column,
        symbol=place.symbol,
        message=_message(holder, place, driver.unit),
        confidence=_confidence(holder),
        fingerprint=mark,
        retention=tuple(_retention(holder)),
        related=tuple(_related(holder)),
        fix=Fix("none", "", "no repair was worked out: its file was not checked"),
        probe=proof,
        origin="runtime",
        hint=f"{code} would have to see this: its file was not checked",
    )


def _confidence(holder: GrowingHolder) -> Confidence:
    """Growth without end that was shown is sure; what is filling, or was assumed, is less so."""
    if holder.kind != LINEAR:
        return "low"
    return "high" if holder.certainty == SHOWN else "medium"


def label(holder: GrowingHolder) -> str:
    """Return how people call a holder: its name without the module."""
    return (holder.symbol.partition(":")[2] or holder.symbol).replace(".<locals>.", "().")


def _message(holder: GrowingHolder, place: Definition, unit: str) -> str:
    """Return how the holder grows, and after a semicolon what it keeps, who stores it, and what emptying it frees."""
    lifetime = _LIFETIME.get(holder.scope, "").partition(",")[0]
    amount = f" and {size(holder.bytes_per_unit)}" if holder.bytes_per_unit else ""
    growth = (
        f"{label(holder)} ({lifetime or holder.scope}) grows by {rate(holder.entries.slope)} entries{amount} a {unit}"
    )
    parts = [
        *_contents(holder, unit),
        *(f"{_VERBS[store.how]} by {_by(store, place)}" for store in holder.stores[:1]),
        *_freed(holder),
        *([f"declares a bound of {holder.bound:,} entries"] if holder.bound is not None else []),
        *([holder.reason] if holder.certainty != SHOWN and holder.reason else []),
    ]
    return f"{growth}; {', '.join(parts)}" if parts else growth


def _contents(holder: GrowingHolder, unit: str) -> Iterator[str]:
    """Yield how many of what the holder keeps; where the ``unit`` is a call, those from before the warm-up do not count."""
    name = kept_type(holder)
    number = next((kept.number for kept in holder.keeps if kept.type == name), 0)
    if name:
        yield f"keeps {number:,} {name.rpartition(':')[2]}{' since the warm-up' if unit == CALL else ''}"


def _freed(holder: GrowingHolder) -> Iterator[str]:
    freed = holder.freed
    if freed is not None and freed.size > 0:
        yield f"emptying it frees {size(freed.size)}"


def _by(store: StoringLine, place: Definition) -> str:
    where = "" if os.path.abspath(store.path) == place.file else f"{relative(store.path)}:"
    return f"{store.function} ({where or 'line '}{store.line})"


def _retention(holder: GrowingHolder) -> Iterator[str]:
    """Yield the nodes from the root to what is kept, each but the first behind the edge that leads to it."""
    nodes, edges = holder.retention[::2], holder.retention[1::2]
    yield from nodes[:1]
    yield from (f"{edge}: {node}" for edge, node in zip(edges, nodes[1:], strict=False))


def _related(holder: GrowingHolder) -> Iterator[Related]:
    """Yield the stores, and where the first of them is called from."""
    for store in holder.stores:
        text = f"{_VERBS[store.how]} here by {store.function}, {store.times} times"
        chain = ", ".join(
            f"{line.function} ({relative(line.path)}:{line.line})" for line in store.callers[:_MOST_CALLERS]
        )
        filling = store.function if store.how == STORED else ""
        yield _place(store, f"{text}; called by {chain}" if chain else text, filling)
    for store in holder.stores[:1]:
        below = store.function
        for line in store.callers[:_MOST_CALLERS]:
            yield _place(line, f"{below} is called here, by {line.function}")
            below = line.function


def _place(line: CodeLine | StoringLine, text: str, function: str = "") -> Related:
    return Related(relative(line.path), line.line, column(line.path, line.line), text, function)
