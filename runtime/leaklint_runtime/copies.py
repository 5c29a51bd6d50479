"""Modules that one file was loaded as, under several names: which of them does the program fill?

A package that is imported by another path than the analysis took for it, or whose parts import each other by bare names,
has each of its variables twice.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Any, NamedTuple

from . import holder, observe
from .case import ProofSetup
from .early import ModuleType, contents, is_a
from .wire import WireProbe


class Twin(NamedTuple):
    """Another module of the same file, and the probe as one of it."""

    module: Any
    probe: WireProbe


def filled(case: ProofSetup) -> Twin | None:
    """Return the copy whose container has more entries once the act is done again, if that of the case has not."""
    if case.holder is None or not case.holder.owners:
        return None
    home = case.holder.owners[0]
    rivals = []
    for other in _others(home) if is_a(home, ModuleType) else []:
        inner = case.probe.container.rpartition(":")[2]
        found = holder.find(other, inner, case.probe.container_kind)
        if found is not None:
            rivals.append((Twin(other, replace(case.probe, container=inner)), found))
    if not rivals:
        return None
    holders = [case.holder, *[found for _, found in rivals]]
    before = [observe.size_of(found) for found in holders]
    try:
        box = [case.plan.make(0)]
    except Exception:
        return None
    grown = [observe.size_of(found) > size for found, size in zip(holders, before)]
    box.clear()
    return None if grown[0] else next((copy for (copy, _), more in zip(rivals, grown[1:]) if more), None)


def _others(module: Any) -> list[Any]:
    """Return the other modules that were loaded from the file of a module."""
    file = contents(module).get("__file__")
    if not is_a(file, str):
        return []
    place = os.path.realpath(file)
    found = []
    for other in list(sys.modules.values()):
        if other is not module and is_a(other, ModuleType):
            path = contents(other).get("__file__")
            if is_a(path, str) and os.path.basename(path) == os.path.basename(file) and os.path.realpath(path) == place:
                found.append(other)
    return found
