"""Why the rules do not see a holder that a run has shown to grow: what the heap takes it for."""

from __future__ import annotations

import os
from collections.abc import Iterator

from leaklint.flow.model import qualname
from leaklint.heap.heap_place import HeapPlace
from leaklint.heap.memoisation import Memos
from leaklint.heap.multiplicity import IMPORT, MANY
from leaklint.heap.release import Quality
from leaklint.model import Finding
from leaklint.rules.context import Context
from leaklint.rules.experiments import qualname_of


def why_unseen(context: Context, seen: Finding) -> str:
    """Return what keeps the rules from a finding that a run alone has shown."""
    module, name = _module_at(context, seen.path), seen.symbol.partition(":")[2]
    if seen.code in {"LK401", "LK402"}:
        return _of_call(context, seen, module)
    if seen.probe is not None and seen.probe.container_kind == "memo":
        known = {function.key for _, _, function, _, _ in Memos(context.heap).applied() if function is not None}
        if f"{module}:{name}" in known:
            return "that the calls of a memoised function do not repeat is not in the files"
        return "the function is not taken for a memoiser that keeps objects"
    if f"{module}:{name}" in context.heap.points_to.functions or not name:
        return "what it puts into a table of the standard library is not taken to stay there"
    locations = list(_locations(context, module, name))
    if not locations:
        return _short_lived(context, module, name)
    return _of_container(context, locations)


def _module_at(context: Context, path: str) -> str:
    file = os.path.abspath(path)
    return next((name for name, read in context.texts.files.items() if read.file == file), "")


def _of_call(context: Context, seen: Finding, module: str) -> str:
    for external in context.heap.effects.external:
        place = external.event.place
        if context.module_of(external.function) == module and place[0] <= seen.line <= place[2]:
            if seen.code == "LK402" and external.name.endswith(".addHandler"):
                return "the handler is not taken for one that is added again and again"
            if seen.code == "LK401" and context.heap.points_to.contracts.of_call(external.name)[0] is not None:
                return "what is registered is taken for something that may live as long, or is taken back"
    return "the call is not taken for one that registers an object for good"


def _locations(context: Context, module: str, name: str) -> Iterator[HeapPlace]:
    """Yield the long-lived places that go by a name in a module."""
    lifetime = context.heap.lifetime
    for value, first in lifetime.long.items():
        for location in (first, *lifetime.others.get(value, ())):
            if location.owner.partition(":")[0] == module and qualname_of(location) == name:
                yield location


def _short_lived(context: Context, module: str, name: str) -> str:
    """Return what is said of a holder that does not live as long as the process."""
    owner, _, _ = name.rpartition(".")
    if ".<locals>." in name:
        return "the function around it is not taken for one whose inner function lives on"
    if f"{module}:{owner}" in context.heap.points_to.names.classes:
        return f"no object of {owner} is taken for one that lives as long as the process"
    return f"{name} is no container of process lifetime to the rules"


def _of_container(context: Context, locations: list[HeapPlace]) -> str:
    heap = context.heap
    keys = {location.key for location in locations}
    effects = [(effect, at) for effect in heap.effects.effects if (at := heap.location(effect.container)) is not None]
    effects = [(effect, at) for effect, at in effects if at.key in keys]
    stores = [(effect, at) for effect, at in effects if effect.kind == "store"]
    if not stores:
        return "its stores reach it by an expression that is not resolved"
    runs = {heap.runs(effect, at) for effect, at in stores}
    if MANY not in runs:
        when = "while modules are imported" if runs == {IMPORT} else "once in a process"
        return f"its stores are taken for what runs {when}"
    running = [(effect, at) for effect, at in stores if heap.runs(effect, at) == MANY]
    retained = [store for effect, at in running for store in heap.stored.of(effect, at)]
    if not retained:
        return "its keys, or what is stored, are taken for few"
    release = heap.release(retained, [effect for effect, _ in effects if effect.kind == "remove"])
    if release.quality == Quality.GOOD:
        by = qualname(release.effect.function) if release.effect is not None else ""
        return f"{f'{by} removes it' if by else release.why} is taken for a release"
    return "its keys, or what is stored, are taken for few"
