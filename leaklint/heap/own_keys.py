"""Objects that are stored under something of their own, such as their name or their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.terms import walk
from leaklint.heap.effects import Effect

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap


def is_its_own(effect: Effect) -> bool:
    """Tell whether an object is stored under something of its own, as the function that stores it has it."""
    if effect.key is None or effect.value is None or effect.key[0] in {"param", "iter"}:
        return False
    stored = {one for one in walk(effect.value) if one[0] == "param" or (one == effect.value and one[0] == "call")}
    return effect.key != effect.value and any(one in stored for one in walk(effect.key))


def brings_its_key(heap: Heap, effect: Effect) -> bool:
    """Tell whether an object is stored under something of its own, as the function has it or as a caller hands it in."""
    if is_its_own(effect):
        return True
    key, value, substituted = effect.key, effect.value, heap.points_to.calling.substituted
    if key is None or value is None or effect.chain:
        return False
    return any(
        is_its_own(
            effect._replace(
                key=substituted(key, call.callee, call.bound), value=substituted(value, call.callee, call.bound)
            )
        )
        for call in heap.effects.calls.get(effect.function, ())
    )
