"""The names of candidates: of what a path leads to, of slots, and of registries that only C code knows."""

from __future__ import annotations

from contextvars import ContextVar
from types import FrameType
from typing import Any, Sequence

from .. import labels
from ..early import ModuleType, is_a
from ..fit import LINEAR
from . import naming, registries
from .candidates import HIDDEN, REGISTRY, SLOT, Candidate, is_item, item_key, slot_value
from .measures import MEMO, SIMPLE_QUEUE
from .naming import Name

_KNOWN = (MEMO, *([SIMPLE_QUEUE] if SIMPLE_QUEUE is not None else []))


def named(
    candidates: Sequence[Candidate], avoided: Sequence[Any], frames: Sequence[FrameType] | None = ()
) -> list[Candidate]:
    """Return the candidates with their names; those that nothing leads to as registries of C code, or hidden.

    ``avoided`` and ``frames`` are those of ``naming.find_chains``.
    """
    objects = [item.obj for item in candidates if item.obj is not None]
    paths = naming.find_chains(objects, avoided, frames=frames)
    lost = [item.obj for item in candidates if item.obj is not None and id(item.obj) not in paths]
    known = registries.identify(lost)
    registered = {id(lost[place]): label for place, label in known.items()}
    found = []
    hidden: set[int] = set()
    for item in candidates:
        if item.sort == REGISTRY:
            found.append(item._replace(name=Name("atexit.register", path=("atexit.register",))))
        elif id(item.obj) in paths:
            chain = tuple(paths[id(item.obj)])
            if len(chain) < 2 or not is_a(chain[-2], _KNOWN):  # its own table is not told beside a memoiser or a queue
                found.append(item._replace(chain=chain, name=_slot_name(naming.named(chain), item)))
        elif id(item.obj) in registered:
            label = registered[id(item.obj)]
            found.append(item._replace(name=Name(label, path=(label,))))
        elif item.trend.kind == LINEAR and id(type(item.obj)) not in hidden:
            hidden.add(
                id(type(item.obj))
            )  # nothing tells apart what C code holds: the steepest of a type stands for all
            found.append(item._replace(sort=HIDDEN))
    return _told_apart(found)


def _told_apart(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates, those with their whole names that go by the same name: parts of one library's object."""
    counts: dict[str, int] = {}
    for item in candidates:
        counts[item.label.symbol] = counts.get(item.label.symbol, 0) + 1
    return [
        item._replace(name=_slot_name(naming.named(item.chain, whole=True), item))
        if item.chain and counts[item.label.symbol] > 1
        else item
        for item in candidates
    ]


def _slot_name(name: Name, candidate: Candidate) -> Name:
    """Return the name of a slot, given that of its owner."""
    if candidate.sort != SLOT or name.module_object is None:
        return name
    root, slot = candidate.obj, candidate.slot
    if is_a(root, ContextVar):  # its value in this context goes by its own name
        return name._replace(path=(*name.path, ".get()", type(slot_value(root, slot)).__name__))
    shown = "".join(_shown(step) for step in slot if step != "cell_contents")
    attributes = [place for place, step in enumerate(slot) if not is_item(step) and step != "cell_contents"]
    entered = next((place for place, step in enumerate(slot) if is_item(step)), len(slot))
    steps = [(slot_value(root, slot[:place]), slot[place]) for place in reversed(attributes)]
    owner = steps[0][0] if steps else root
    return name._replace(
        symbol=f"{name.symbol}{shown.lstrip('.') if name.symbol.endswith(':') else shown}",
        container=".".join(filter(None, [name.container, *[slot[place] for place in attributes if place < entered]])),
        path=(*name.path, shown, type(slot_value(root, slot)).__name__),
        steps=(*steps, *name.steps),
        scope="module" if is_a(owner, ModuleType) else "class" if is_a(owner, type) else "object",
        owner="" if is_a(owner, ModuleType) else naming.qualified(owner if is_a(owner, type) else type(owner)),
        inside=owner,
    )


def _shown(step: str) -> str:
    return f"[{labels.key(item_key(step))}]" if is_item(step) else f".{step}"
