"""Which repair a leak asks for; the repairs room decides whether it can be made."""

from __future__ import annotations

from dataclasses import replace

from leaklint import repairs
from leaklint.drafts.facts.model import Call, Decorator, Function, Module
from leaklint.drafts.leaks import Context, Leak, Store
from leaklint.drafts.observed import qualified
from leaklint.drafts.program import Holder, Touch
from leaklint.drafts.stores import is_unseen_key
from leaklint.model import Fix
from leaklint.repairs import Stored, WeakRequest

EACH = "a cache that each instance makes for itself"
_WEAKENED = frozenset({"self", "instance", "param", "class"})


def replacement_of(leak: Leak) -> str:
    """Return the weak container that would not keep what this one keeps, or the empty string."""
    kind = leak.first.thing.kind
    if kind == "method":
        return "weakref.WeakMethod"
    if kind not in _WEAKENED or (leak.code == "LK204" and is_unseen_key(leak.first)):
        return ""
    if leak.first.side == "key":
        return "weakref.WeakKeyDictionary" if leak.holder.kind != "set" else "weakref.WeakSet"
    mapping = leak.holder.kind == "dict" and not leak.first.touch.depth
    return "weakref.WeakValueDictionary" if mapping else "weakref.WeakSet"


def mend(context: Context, leak: Leak) -> Fix:
    """Return the repair of a leaking container, with the container that is proposed even where no edit can be made."""
    fix = _mended(context, leak)
    if fix.safety == "safe" and leak.first.thing.kind in {"instance", "class"} and leak.first.site is None:
        # Whoever asked may hold the thing now, but a cache is there for those who ask later.
        assumed = "assumes that what it keeps may be made again once nobody uses it"
        fix = replace(fix, safety="unsafe", reason=f"{assumed}; {fix.reason}")
    fix = fix if fix.replacement else replace(fix, replacement=replacement_of(leak))
    return qualified(context.program, leak, fix) if leak.holder.key in context.program.adopted else fix


def _mended(context: Context, leak: Leak) -> Fix:
    program, kind = context.program, leak.first.thing.kind
    classes = tuple(dict.fromkeys(store.thing.ref for store in leak.stores if store.thing.ref is not None))
    if leak.holder.scope == "function":
        return Fix("none", "", "whoever has the function may use its attribute")
    if leak.code == "LK403":
        return Fix(
            "none", "", "store the text of the exception, or clear its traceback: readers of the container decide"
        )
    if kind == "method":
        return repairs.bound_methods(program, leak.holder, classes, leak.first.touch.depth)
    if leak.code == "LK204" and (kind in {"made", "part"} or is_unseen_key(leak.first)):
        return repairs.bounded(program, leak.holder)
    if kind in _WEAKENED:
        return repairs.weaken(program, leak.holder, _request(leak))
    return Fix("none", "", "what is stored is not known well enough to hold it weakly")


def mend_keys(context: Context, holder: Holder) -> Fix:
    """Return the repair of a ``defaultdict`` of weak containers that keeps the classes it is keyed by."""
    return repairs.weaken(context.program, holder, WeakRequest("key", others=("type",), owned=True))


def mend_values(context: Context, holder: Holder, touch: Touch) -> Fix:
    """Return the repair of a weak-key dictionary whose value, stored at ``touch``, reaches its key."""
    things = (context.things.of(value, touch.function, touch.module) for value in touch.event.value)
    owner = next((thing.ref for thing in things if thing.kind == "self"), None)
    owner = owner or context.program.holders.owner_of(touch.function, touch.module)
    return repairs.weak_values(context.program, holder, owner)


def _request(leak: Leak) -> WeakRequest:
    first = leak.first
    stores = [store for store in leak.stores if store.thing.kind in _WEAKENED and store.side == first.side]
    others = (store.thing.name if store.thing.kind == "instance" else "" for store in stores if store.thing.ref is None)
    touches = {(s.touch.module.name, s.touch.event.span): s.touch for s in stores}
    stored = tuple(Stored(touch.event, touch.function, touch.module) for touch in touches.values())
    side = "key" if first.side == "key" else "value" if first.side == "value" and not first.touch.depth else "element"
    return WeakRequest(
        side="element" if side == "key" and leak.holder.kind == "set" else side,  # type: ignore[arg-type]
        classes=tuple(dict.fromkeys(store.thing.ref for store in stores if store.thing.ref is not None)),
        others=tuple(dict.fromkeys(others)),
        stores=stored,
        owned=all(_is_owned(store) for store in leak.stores),
        confidence=leak.confidence,
        depth=1 if first.touch.depth else 0,
    )


def _is_owned(store: Store) -> bool:
    """``self`` has another owner: whoever called the method. What a caller handed in is the caller's."""
    return store.thing.kind in {"self", "param"} or store.site is not None


def mend_method(context: Context, function: Function, module: Module, decorator: Decorator) -> Fix:
    """Return the repair of a memoised method."""
    fix = repairs.cached_method(context.program, module, function, decorator)
    alone = len(function.params) == 1 and not function.is_async
    named = "functools.cached_property" if alone else EACH
    return fix if fix.replacement else replace(fix, replacement=named)


def mend_registry(context: Context, kind: str, call: Call, function: Function, module: Module, way_out: str) -> Fix:
    """Return the repair of a registration with the standard library."""
    fix = repairs.registry(context.program, module, function, call, kind)
    return fix if fix.replacement else replace(fix, replacement=way_out)


def mend_handler(context: Context, module: Module, call: Call) -> Fix:
    """Return the repair of a handler that is added for each instance."""
    return repairs.guarded_handler(context.program, module, call)
