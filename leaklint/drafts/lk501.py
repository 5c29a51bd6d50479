"""A weak container that is not weak in effect: the repair and the experiment for it."""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.drafts.facts.kinds import KINDS
from leaklint.drafts.facts.model import Value
from leaklint.drafts.leaks import Context
from leaklint.drafts.mending import mend_keys, mend_values
from leaklint.drafts.place import finding
from leaklint.drafts.program import Holder, Touch
from leaklint.drafts.program.removal import removal
from leaklint.model import Finding, Fix, Related
from leaklint.paths import is_test

CODE = "LK501"
NAME = "weak-in-name-only"


def find(context: Context) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for holder in context.program.holders.all.values():
        if _keeps_classes(context, holder):
            yield _tell_of_classes(context, holder)
            continue
        maker = holder.binding.made.maker
        if holder.kind != "weak" or maker is None or is_test(holder.path):
            continue
        touches = [t for t in context.program.touches.get(holder.key, []) if t.event.op == "store" and t.depth == 0]
        kind = maker.path[-1] if maker.path else ""
        for touch in touches:
            if kind == "WeakKeyDictionary" and _reaches_key(context, touch):
                if removal(context.program, holder, touches).quality != "good":
                    why = "the value refers to its own key, so neither can go"
                    yield _tell(context, holder, touch, why, mend_values(context, holder, touch))
                    break
            if kind in {"WeakSet", "WeakKeyDictionary"} and _is_method(context, touch, kind):
                yield _tell(
                    context, holder, touch, "a bound method's weak reference is dead at once; use weakref.WeakMethod"
                )
                break


def _keeps_classes(context: Context, holder: Holder) -> bool:
    """``defaultdict(WeakSet)`` by class: what is inside is weak, but a class made at run time stays for its key."""
    made = holder.binding.made
    if not made.grows_on_read or KINDS.get(made.inner) != "weak" or holder.scope not in {"class", "module"}:
        return False
    touches = context.program.touches.get(holder.key, [])
    keys = [t for t in touches if t.event.op == "read" and any(key == Value("cls") for key in t.event.key)]
    born = [t for t in keys if t.function.name in {"__new__", "__init__"} and not is_test(t.module.path)]
    return bool(born) and not any(t.event.op == "remove" and t.depth == 0 for t in touches)


def _tell_of_classes(context: Context, holder: Holder) -> Finding:
    touch = next(
        t for t in context.program.touches[holder.key] if t.event.op == "read" and t.function.name.startswith("__")
    )
    why = "what is inside is weak, but each class stays as a key; use weakref.WeakKeyDictionary"
    return _tell(context, holder, touch, why, mend_keys(context, holder))


def _reaches_key(context: Context, touch: Touch) -> bool:
    for key in touch.event.key:
        for value in touch.event.value:
            thing = context.things.of(value, touch.function, touch.module)
            if key.kind in {"const", "cls", "unknown", "number", "text"}:
                continue
            if key.kind == "self" and not key.path and thing.kind in {"self", "method", "closure"}:
                return True
            if value.kind in {"tuple", "list", "dict"} and key in value.parts:
                return True
            if thing.kind == "self" and _kept_on_self(key, touch):
                return True
            if value.kind == "call" and thing.kind == "instance" and _kept_by_constructor(context, key, value, touch):
                return True
    return False


def _kept_on_self(key: Value, touch: Touch) -> bool:
    """``self.inner = inner`` in the same function, or the key is itself an attribute of ``self``."""
    if key.kind == "self" and len(key.path) == 1:
        return True
    for event in touch.function.events:
        if (
            event.op == "bind"
            and key in event.value
            and any(v.kind == "self" and len(v.path) == 1 for v in event.target)
        ):
            return True
    return False


def _kept_by_constructor(context: Context, key: Value, value: Value, touch: Touch) -> bool:
    """``Wrapper(key)`` whose ``__init__`` assigns that parameter to an attribute."""
    if key not in value.parts[1:]:
        return False
    callee = context.program.callee(value.parts[0], touch.function, touch.module)
    if callee is None or callee.made is None:
        return False
    place = value.parts[1:].index(key) + callee.shift
    if place >= len(callee.function.params):
        return False
    given = Value("param", name=callee.function.params[place].name)
    return any(e.op == "bind" and given in e.value and e.target[0].kind == "self" for e in callee.function.events)


def _is_method(context: Context, touch: Touch, kind: str) -> bool:
    values = touch.event.value if kind == "WeakSet" else touch.event.key
    return any(context.things.of(value, touch.function, touch.module).kind == "method" for value in values)


def _tell(context: Context, holder: Holder, touch: Touch, why: str, fix: Fix | None = None) -> Finding:
    module = context.program.modules[holder.module]
    span = touch.event.span
    message = f"{holder.name} is weak in name only: {why} (stored by {touch.function.qualname}, line {span.line})"
    related = (Related(touch.module.path, span.line, span.column, "stored here"),)
    retention = (f"{holder.symbol} (lives as long as the process)", f"stored by {touch.function.qualname}", why)
    fix = fix or Fix("none", "", "the readers of the container decide which side has to be weak")
    place = holder.binding.span
    return finding(CODE, NAME, module, place, holder.symbol, "weak", message, "medium", retention, related, fix)
