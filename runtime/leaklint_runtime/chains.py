"""A chain of holders, named: what a reader sees of the objects that keep another one alive."""

from __future__ import annotations

import hashlib
import re
from typing import Any, NamedTuple, Sequence

from . import labels
from .early import FunctionType, ModuleType, contents, get_referents, is_a

_LASTING = (ModuleType, type, FunctionType)


class Chain(NamedTuple):
    """``nodes`` and ``edges`` alternate from the root on; ``origins`` belong to the nodes.

    ``suspect`` is the index, in the flat text, of the edge that most likely should not be there.
    """

    nodes: tuple[str, ...]
    edges: tuple[str, ...]
    origins: tuple[str, ...]
    suspect: int

    def text(self) -> tuple[str, ...]:
        """Return node, edge, node, ... as one flat tuple."""
        flat: list[str] = []
        for place, name in enumerate(self.nodes):
            flat.append(name)
            flat.extend(self.edges[place : place + 1])
        return tuple(flat)


def named(objects: Sequence[Any], flagged: Any = None) -> Chain:
    """Name the nodes and edges of a chain of objects, leaving out the dicts that only hold someone's attributes.

    ``flagged`` is the owner of the holder that a finding is about: the edge that leaves it is the suspect.
    """
    kept = [objects[0]]
    for place in range(1, len(objects)):
        obj, following = objects[place], objects[place + 1 : place + 2]
        if following and is_a(obj, dict) and is_namespace(kept[-1], obj):
            continue
        kept.append(obj)
    nodes = tuple(labels.node(obj) for obj in kept)
    edges = tuple(labels.edge(kept[place], kept[place + 1]) for place in range(len(kept) - 1))
    origins = tuple(labels.origin(obj) for obj in kept)
    at = next((place for place, obj in enumerate(kept[:-1]) if obj is flagged), None)
    return Chain(nodes, edges, origins, _suspect(kept, origins) if at is None else 2 * at + 1)


def is_namespace(owner: Any, held: Any) -> bool:
    """Tell whether ``held`` is the dict in which ``owner`` keeps its attributes."""
    if is_a(owner, ModuleType):
        return contents(owner) is held
    if is_a(owner, dict):
        return False
    if is_a(owner, type):
        return any(inner is held for inner in get_referents(contents(owner)))
    try:
        return object.__getattribute__(owner, "__dict__") is held
    except AttributeError:
        return False


def _suspect(objects: Sequence[Any], origins: Sequence[str]) -> int:
    """Return where in the flat text the edge stands that should not be there.

    From the root on, modules, classes and functions live as long as the process whatever happens; it is the edge that
    leaves the last of these, or the last that belongs to the program's own code where there is such a one.
    """
    lasting = 0
    while lasting + 1 < len(objects) - 1 and is_a(objects[lasting + 1], _LASTING):
        lasting += 1
    own = [place for place in range(lasting + 1) if origins[place] == "app"]
    return 2 * (own[-1] if own else lasting) + 1 if len(objects) > 1 else -1


def trace(text: Sequence[str]) -> str:
    """Return 16 hex digits for the names along a chain; keys and indices are folded, so that alike chains agree."""
    folded = [re.sub(r"\[.*\]$", "[*]", name) if place % 2 else name for place, name in enumerate(text)]
    return hashlib.sha256("\0".join(folded).encode("utf-8", "replace")).hexdigest()[:16]
