"""A discovered holder as people read it: lines below the sentence that says how it grows."""

from __future__ import annotations

import os
from typing import Sequence

from ..units import size
from .model import CodeLine, GrowingHolder, KeptType, StoringLine

MOST_KEPT, MOST_STORES, MOST_CALLERS = 4, 3, 6
_SCOPES = {
    "module": "a global of its module",
    "class": "an attribute of class {owner}",
    "object": "an attribute of an object of {owner}",
    "function": "an attribute of {owner}",
    "closure": "a variable in the closure of {owner}",
    "default": "a default argument of {owner}",
    "frame": "a variable of {owner}, which is suspended",
    "thread": "a variable of a running thread",
    "interpreter": "a registry of the interpreter",
}


def lines(holder: GrowingHolder, unit: str) -> list[str]:
    """Return where the holder is defined, which lines store, what it keeps and through what, and how sure that is.

    What is kept is counted from the warm-up on where the ``unit`` is a call, else in all.
    """
    found = [_definition(holder)]
    found += [text for store in holder.stores[:MOST_STORES] for text in _store(store)]
    if holder.keeps:
        since = " since the warm-up" if unit == "call" else ""
        found.append(f"keeps {_types(holder.keeps)}: {size(holder.retained)}{since}")
    if holder.retention:
        found.append("kept by " + _path(holder.retention))
    if holder.bound is not None:
        found.append(f"declares a bound of {holder.bound:,} entries")
    found.append(f"{holder.certainty}: {holder.reason}")
    return [f"    {text}" for text in found if text]


def _definition(holder: GrowingHolder) -> str:
    if holder.container_kind == "hidden":
        return ""
    owner = _SCOPES.get(holder.scope, "").format(owner=holder.owner.rpartition(":")[2] or "?")
    place = f"defined at {shown_path(holder.path)}:{holder.line}" if holder.line else "no line of source defines it"
    return f"{place}, {owner}" if owner else place


def _store(store: StoringLine) -> list[str]:
    found = [f"{store.how} at {_line(CodeLine(store.path, store.line, store.function))}"]
    found += [f"    called from {_line(caller)}" for caller in _own_last(store.callers)]
    return found


def _own_last(callers: Sequence[CodeLine]) -> Sequence[CodeLine]:
    """Return the callers, those in the middle left out where there are many: the last one is the user's own."""
    if len(callers) <= MOST_CALLERS:
        return callers
    return [*callers[: MOST_CALLERS - 1], callers[-1]]


def _line(line: CodeLine) -> str:
    return f"{shown_path(line.path)}:{line.line}" + (f" in {line.function}" if line.function else "")


def _types(keeps: Sequence[KeptType]) -> str:
    return ", ".join(f"{item.number:,} {item.type} ({item.share:.0%})" for item in keeps[:MOST_KEPT])


def _path(retention: Sequence[str]) -> str:
    """Return a retention path in one line: edges lean on the nodes that they leave, nodes that are mere dicts go unsaid."""
    text = retention[0]
    for place in range(1, len(retention) - 1, 2):
        text += f" {retention[place]}"
        if retention[place + 1] not in ("dict", "list", "set", "tuple"):
            text += f" -> {retention[place + 1]}"
    return text


def shown_path(path: str) -> str:
    """Return a path relative to the working directory where it is below that, else from ``site-packages`` on."""
    marker = f"{os.sep}site-packages{os.sep}"
    if marker in path:
        return path.rpartition(marker)[2]
    here = os.getcwd() + os.sep
    return path[len(here) :] if path.startswith(here) else path
