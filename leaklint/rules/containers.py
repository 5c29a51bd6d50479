"""A container that keeps what it is given, told as a finding: which rule speaks of it, and in which words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import qualname
from leaklint.flow.terms import NONE, as_text
from leaklint.heap.heap_place import HeapPlace, Place
from leaklint.heap.kinds import FUNCTIONS_OF_OBJECTS, UNRESOLVED
from leaklint.heap.retained import Retention, Store
from leaklint.model import Related
from leaklint.rules.experiments import container_probe, symbol_of

if TYPE_CHECKING:
    from leaklint.rules.context import Case, Context

_CLASS = frozenset({"class", "metaclass", "descriptor"})
_LIFETIME = {
    "class": "class attribute, lives as long as the process",
    "metaclass": "attribute that a metaclass puts on its classes, lives as long as the class",
    "module": "module global, lives as long as the process",
    "default": "default argument, made once, lives as long as the function",
    "closure": "local of a function that its inner function keeps, lives as long as that",
    "thread": "local of a function that a thread runs, lives as long as the thread",
    "generator": "local of a generator that is kept, lives as long as that",
    "function": "attribute of a function, lives as long as the function",
    "descriptor": "held by a descriptor that sits on a class, lives as long as the process",
    "field": "attribute of an object that lives as long as the process",
    "object": "attribute of an object, lives as long as that",
    "outside": "attribute of an object of a library that lives as long as the process",
    "result": "result of a memoised function, lives as long as the process",
}
_MADE = frozenset({"made", "part", "weak", "container"})
_HANDED_IN = 3  # callers that are shown


def code_of(context: Context, retention: Retention) -> str:
    """Return the code of the rule that speaks of a retention."""
    on_class, store = retention.location.scope in _CLASS, retention.first
    kind = store.retained.kind
    if kind in {"exception", "traceback"}:
        return "LK403"
    if kind in FUNCTIONS_OF_OBJECTS and (store.retained.cls or not on_class):
        return "LK103" if on_class else "LK203"
    if on_class:
        made_here = kind == "instance" and store.effect.function.endswith(".__new__") and store.side == "element"
        return "LK101" if made_here or (kind == "self" and _stores_itself(context, store)) else "LK102"
    unseen = store.side == "key" and kind == "param"
    if kind in UNRESOLVED or retention.location.scope in {"default", "closure"} or unseen:
        return "LK204"
    return "LK201" if store.side == "key" else "LK202"


def _stores_itself(context: Context, store: Store) -> bool:
    """Tell whether a method of the object that is kept stores it, or hands it to what does; no class method has an object."""
    points_to = context.heap.points_to
    callers = [call.caller for call in (*store.effect.chain, *store.retained.chain)]
    inside = points_to.evaluate(store.effect.value) if store.effect.value is not None else ()
    fillers = [one.function for one in context.heap.effects.effects if one.container in inside]
    for key in (store.effect.function, *callers, *fillers):
        home = points_to.functions[key]
        while home.parent and not home.owner:
            home = points_to.functions[home.parent]
        if home.kind == "method" and home.owner and points_to.classes.related(store.retained.cls, home.owner):
            return True
    return False


def told(context: Context, code: str, name: str) -> Iterator[Case]:
    """Yield the findings of the retentions that one rule speaks of."""
    for retention in context.retentions:
        if (
            code_of(context, retention) == code
            and context.shows(retention.level)
            and not decorated_methods(context, retention)
        ):
            yield tell(context, retention, code, name)


def decorated_methods(context: Context, retention: Retention) -> list[str]:
    """Return the methods whose decorator keeps their objects in a container of its own: each is a finding by itself."""
    heap, location = context.heap, retention.location
    if location.scope not in {"closure", "field", "module"} or retention.first.retained.kind not in {
        "self",
        "closure",
        "method",
    }:
        return []
    functions = heap.points_to.functions
    wrappers = {store.effect.function for store in retention.stores} | {
        call.caller for store in retention.stores for call in store.effect.chain
    }
    wrapped = {key for wrapper in wrappers for key in heap.points_to.wrapped.get(wrapper, ())}
    if location.scope == "field" and location.path:
        wrapped |= {
            key for key, one in functions.items() if one.decorators and key.replace(":", ".") == location.path[0]
        }
    return sorted(key for key in wrapped if functions[key].kind == "method" and functions[key].decorators)


def tell(context: Context, retention: Retention, code: str, name: str) -> Case:
    """Return the finding of a container."""
    location, first = retention.location, retention.first
    where = _where(context, retention)
    verb = "raised" if first.effect.how == "raised" else "stored"
    until = {"object": "it lives", "thread": "the thread runs", "generator": "the generator is kept"}.get(
        location.scope, "the process lives"
    )
    message = (
        f"{short_name(location)} ({_LIFETIME[location.scope].split(',')[0]}) keeps {kept_text(first)} alive for as long as "
        f"{until}: {verb} by {where}, {retention.release.why}{_doubts(retention)}"
    )
    symbol = symbol_of(location)
    probe = container_probe(context, retention) if location.scope != "object" else None
    return context.case(
        retention, code, name, location.module, location.place, symbol, retention.kind, message, retention.level,
        retention_path(context, retention), related(context, retention), probe,
    )  # fmt: skip


def _doubts(retention: Retention) -> str:
    reasons = [reason for reason in retention.reasons if reason]
    return f" ({'; '.join(reasons)})" if reasons else ""


def _where(context: Context, retention: Retention) -> str:
    effect = retention.first.effect
    path = context.path(context.module_of(effect.function))
    name = qualname(effect.function) or "the module"
    line = effect.event.place[0]
    return f"{name} (line {line})" if path == context.path(retention.location.module) else f"{name} ({path}:{line})"


def short_name(location: HeapPlace) -> str:
    """Return how people call a holder."""
    owner = qualname(location.owner).replace(".<locals>.", "().")
    if location.scope in {"closure", "default", "thread", "generator"}:
        return f"{owner}(..).{location.name}" if location.scope == "default" else f"{owner}().{location.name}"
    return f"{owner}.{location.name}" if owner else location.name


def kept_text(store: Store) -> str:
    """Return what is kept, in words: ``every Processor``."""
    retained = store.retained
    if retained.kind in {"self", "instance"}:
        return f"every {retained.name}" if retained.name else "every instance"
    if retained.kind in FUNCTIONS_OF_OBJECTS:
        name = qualname(retained.cls).rpartition(".")[2] or retained.name
        return f"every {name} through {'its bound method' if retained.kind == 'method' else 'a closure'}"
    return {
        "class": "every class made at run time",
        "exception": "every exception with its traceback and frames",
        "traceback": "the frames of every traceback that it was raised with",
        "function": "every function made at run time",
        "param": f"every '{retained.name}' that is passed in",
        "weak": "a dead reference to every object",
        "container": f"every {retained.name} that is made",
    }.get(retained.kind, "every entry")


def retention_path(context: Context, retention: Retention) -> tuple[str, ...]:
    """Return the path from the holder to what is kept, one step a line."""
    location, store = retention.location, retention.first
    effect = store.effect
    step = {"key": "as key", "value": "as value", "element": "as element"}[store.side]
    if store.side == "value" and effect.key is not None:
        step += f" under {as_text(effect.key)}"
    lines = [f"{symbol_of(location)} ({_LIFETIME[location.scope]})"]
    if len(location.path) > 1:
        lines.append(f"reached by {' -> '.join(location.path)}")
    name = qualname(effect.function) or "the module"
    how = "through __traceback__, raised" if effect.how == "raised" else f"{step}, stored"
    lines.append(f"{how} by {name} at {context.path(context.module_of(effect.function))}:{effect.event.place[0]}")
    for call in store.retained.chain:
        caller = qualname(call.caller) or "the module"
        lines.append(f"handed in by {caller} at {context.path(context.module_of(call.caller))}:{call.event.place[0]}")
    lines.append(f"{_object_name(store)} (still alive after its last user let go)")
    return tuple(lines)


def _object_name(store: Store) -> str:
    name = qualname(store.retained.cls) or store.retained.name
    return name if name and store.retained.kind not in _MADE else kept_text(store)


def related(context: Context, retention: Retention) -> tuple[Related, ...]:
    """Return the stores, each once, the removal that does not help, who hands it in, and where what has the holder is kept."""
    found: dict[tuple[str, int], Related] = {}
    for store in retention.stores:
        kind = store.retained.kind
        what = {"exception": "the exception is stored here", "traceback": "it is raised here"}
        what["self"] = "self is stored here"
        text = what.get(kind, f"{kept_text(store).removeprefix('every ')} is stored here")
        one = context.related(store.effect.function, store.effect.event.place, text, stores=True)
        found.setdefault((one.path, one.line), one)
    removal = retention.release.effect
    if removal is not None:
        one = context.related(removal.function, removal.event.place, retention.release.why)
        found.setdefault((one.path, one.line), one)
    chain = retention.first.retained.chain or retention.first.effect.chain
    others = [context.related(call.caller, call.event.place, "handed in here") for call in chain[:_HANDED_IN]]
    for one in (*others, *_kept_at(context, retention.location)):
        found.setdefault((one.path, one.line), one)
    return tuple(found.values())


def _kept_at(context: Context, location: HeapPlace) -> Iterator[Related]:
    """Yield the place of the variable from which a holder inside of other objects is reached."""
    names = context.heap.points_to.names
    found = names.dotted(location.path[0]) if len(location.path) > 1 else NONE
    places: list[tuple[str, Place]] = []
    if found[0] == "global":
        places = [(found[1], place) for _, place, _ in names.modules[found[1]].names[found[2]]]
    elif found[0] == "attr" and found[1][0] == "class" and found[2] in names.classes[found[1][1]].attributes:
        places = [(found[1][1].partition(":")[0], names.classes[found[1][1]].attributes[found[2]][1])]
    for module, place in places[:1]:
        at = context.location(module, place)
        yield Related(at.path, at.line, at.column, f"{location.path[0].rpartition('.')[2]} is kept here")
