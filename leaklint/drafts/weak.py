"""Which weak container would not keep what a holder keeps, and what is to be known of its entries before it may be one."""

from __future__ import annotations

from leaklint import repairs
from leaklint.drafts.view import Leak, RepairContext, StoredEntry
from leaklint.heap.weakness import Weak
from leaklint.model import Fix
from leaklint.repairs import WeakRequest

_TYPES = {"class": "type"}
WEAKENED = frozenset({"self", "instance", "param", "class"})


def replacement_of(leak: Leak) -> str:
    """Return the weak container that would not keep what this one keeps, or the empty string."""
    first = leak.first
    if first.kind == "method":
        return "weakref.WeakMethod"
    if first.kind not in WEAKENED or (leak.code == "LK204" and is_unseen_key(first)):
        return ""
    if first.side == "key":
        return "weakref.WeakKeyDictionary" if leak.holder.kind != "set" else "weakref.WeakSet"
    mapping = leak.holder.kind == "dict" and not first.depth
    return "weakref.WeakValueDictionary" if mapping else "weakref.WeakSet"


def is_unseen_key(entry: StoredEntry) -> bool:
    """A key that callers give and nothing tells the type of: a name, in most programs."""
    return entry.side == "key" and entry.kind == "param"


def weakened(view: RepairContext, leak: Leak) -> Fix:
    """Return the repair that makes a holder keep its objects weakly."""
    return repairs.weaken(view.program, leak.holder, _request(leak))


def _request(leak: Leak) -> WeakRequest:
    first = leak.first
    entries = [entry for entry in leak.entries if entry.kind in WEAKENED and entry.side == first.side]
    others = (
        _TYPES.get(entry.kind, entry.name if entry.kind == "instance" else "") for entry in entries if _is_other(entry)
    )
    side = "key" if first.side == "key" else "value" if first.side == "value" and not first.depth else "element"
    return WeakRequest(
        side="element" if side == "key" and leak.holder.kind == "set" else side,  # type: ignore[arg-type]
        classes=tuple(dict.fromkeys(entry.cls for entry in entries if entry.cls and not _is_other(entry))),
        others=tuple(dict.fromkeys(others)),
        stores=tuple(dict.fromkeys(entry.place for entry in entries)),
        owned=all(entry.handed for entry in leak.entries),  # self, too: whoever called the method has it
        confidence=leak.confidence,
        depth=1 if first.depth else 0,
    )


def _is_other(entry: StoredEntry) -> bool:
    """Tell whether what is kept is no instance of a class of the program: one of another package, or a class itself."""
    return not entry.cls or entry.kind in _TYPES


def in_effect(view: RepairContext, weak: Weak) -> Fix:
    """Return the repair of a container that is weak in name only."""
    holder = view.holder(weak.location)
    if weak.method or holder is None:
        return Fix("none", "", "the readers of the container decide which side has to be weak")
    if weak.effect.how == "read":  # a ``defaultdict`` of weak containers, which keeps the classes that it is keyed by
        return repairs.weaken(view.program, holder, WeakRequest("key", others=("type",), owned=True))
    value = weak.effect.value
    retained = view.context.heap.keeping.of(value) if value is not None else []
    owner = next((view.class_of(one.cls) for one in retained if one.kind == "self"), "")
    owner = owner or view.class_of(view.context.heap.points_to.functions[weak.effect.function].owner)
    return repairs.weak_values(view.program, holder, owner)
