"""The interventions behind the ledger. Each is one function that changes the process it runs in: a clone, as a rule.

``state`` is read before and after each step, and the difference is that step's effect.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Dict, NamedTuple, Sequence

from . import census, counterfactual, early, footprint, libc, pymalloc
from .allocated import collected
from .holder import ABSENT, Holder, find, lookup
from .scenarios import LOADED
from .wire import WireProbe

FILLED = 3_000_000
State = Dict[str, int]


def state() -> State:
    """Return resident anonymous bytes, and the bytes of pymalloc's arenas and of the blocks in use in them."""
    small = pymalloc.arenas()
    return {
        "anonymous": footprint.anonymous(),
        "mapped": small.mapped if small else 0,
        "used": small.used if small else 0,
        "pymalloc": 1 if small else 0,
    }


def objects(before: State, after: State) -> int:
    """Return the bytes of objects that are gone: blocks of pymalloc, and what left the process from outside arenas."""
    beyond = (before["anonymous"] - before["mapped"]) - (after["anonymous"] - after["mapped"])
    return max(0, before["used"] - after["used"] + beyond)


def returned(before: State, after: State) -> int:
    """Return the bytes by which the process is smaller."""
    return max(0, before["anonymous"] - after["anonymous"])


def freed() -> dict[str, Any]:
    """Trim, collect, trim again, and count what is alive then."""
    early.unfreeze()
    start = state()
    libc.trim()
    trimmed = state()
    garbage = collected()
    libc.trim()
    left = state()
    found = census.take()
    kinds = [[kind.name, kind.number, kind.size] for kind in found.kinds]
    return {
        "start": start,
        "trimmed": trimmed,
        "left": left,
        "garbage": garbage,
        "objects": found.number,
        "size": found.size,
        "large": found.large,
        "pieces": found.pieces,
        "kinds": kinds,
    }


def filled() -> dict[str, Any]:
    """Fill pymalloc's holes and return how much fitted, and by how much the process grew all the same."""
    small = pymalloc.arenas()
    if small is None:
        return {"filled": 0, "grown": 0}
    planned = pymalloc.plan(small, FILLED)
    places: list[Any] = [None] * sum(count for _, count in planned)
    before = footprint.anonymous()
    size = pymalloc.fill(planned, places)
    return {"filled": size, "grown": max(0, footprint.anonymous() - before), "objects": len(places)}


def without(holders: Sequence[Holder]) -> dict[str, Any]:
    """Empty containers and return the bytes of the objects that are gone then, and of memory given back."""
    early.unfreeze()
    collected()
    libc.trim()
    before = state()
    for holder in holders:
        counterfactual.empty(holder)
    collected()
    libc.trim()
    after = state()
    return {"objects": objects(before, after), "returned": returned(before, after)}


def live(large: int, now: State) -> dict[str, int]:
    """Split what is left after collecting and trimming: objects, and what is neither object nor arena.

    Objects that were never written to are not resident, so they can be no more than what is there.
    """
    beyond = max(0, now["anonymous"] - now["mapped"])
    if not now["pymalloc"]:
        python = min(large, beyond)
        return {"python": python, "native": beyond - python}
    python = min(large, beyond)
    return {"python": now["used"] + python, "native": beyond - python}


class LocatedHolder(NamedTuple):
    """A finding's container in this process."""

    symbol: str
    holder: Holder


def containers(probes: Sequence[WireProbe]) -> list[LocatedHolder]:
    """Return the containers of findings that this process has; modules that are not imported have none."""
    found: list[LocatedHolder] = []
    scripts = _scripts()
    for probe in probes:
        module = sys.modules.get(probe.module) or _run_from(probe.file, scripts)
        holder = _holder(module, probe) if module is not None else None
        if holder is not None and probe.symbol not in [item.symbol for item in found]:
            found.append(LocatedHolder(probe.symbol, holder))
    return found


def _scripts() -> list[tuple[str, Any]]:
    """Return the modules that were run or loaded from a file under another name, as scripts are, with their files."""
    found = []
    for name, module in list(sys.modules.items()):
        if name in ("__main__", "__mp_main__") or name.startswith(LOADED):
            file = getattr(module, "__file__", None)
            if file is None and name == "__main__" and sys.argv:
                # The interpreter takes the name away when the script has ended, before the exit handlers run.
                file = os.path.join(_STARTED_IN, sys.argv[0])
            if isinstance(file, str):
                found.append((file, module))
    return found


def _run_from(file: str, scripts: list[tuple[str, Any]]) -> Any:
    """Return the script that was run from this file, or None."""
    return next((module for place, module in scripts if footprint.same_file(place, file)), None)


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it is gone
        return ""


_STARTED_IN = _folder()


def _holder(module: Any, probe: WireProbe) -> Holder | None:
    try:
        return find(module, probe.container, probe.container_kind, _subject(probe))
    except Exception:
        return None


def _subject(probe: WireProbe) -> Any:
    """Return the class that the finding is about, if its module is imported already."""
    name, _, path = probe.subject.partition(":")
    found: Any = sys.modules.get(name, ABSENT)
    for part in path.split(".") if path else ():
        found = lookup(found, part)
    return None if found is ABSENT else found
