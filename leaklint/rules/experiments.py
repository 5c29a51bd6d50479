"""How to prove a finding at run time. Whose finding that is, ``Context.finding`` fills in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.model import Function, qualname
from leaklint.heap.heap_place import HeapPlace
from leaklint.heap.kinds import SELF
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.retained import Retention, Store
from leaklint.model import Probe

if TYPE_CHECKING:
    from leaklint.rules.context import Context

Place = tuple[int, int, int, int]
_LOCAL = frozenset(
    {"closure", "default", "thread", "generator"}
)  # scopes of containers that have no name outside of a function


def symbol_of(location: HeapPlace) -> str:
    """Return the name of a holder as findings show it: ``module:qualified.name``."""
    module, owner = location.owner.partition(":")[0], qualname(location.owner)
    inner = ".<locals>." if location.scope in _LOCAL else "."
    return f"{module}:{owner}{inner}{location.name}" if owner else f"{module}:{location.name}"


def qualname_of(location: HeapPlace) -> str:
    """Return the name of a holder inside its module as it is at run time: private names carry their class."""
    owner = qualname(location.owner)
    if location.scope in _LOCAL:
        return f"{owner}.<locals>.{location.name}"
    name = location.name if location.scope == "function" else _mangled(owner, location.name)
    return f"{owner}.{name}" if owner else location.name


def container_path(location: HeapPlace) -> str:
    """Return the attribute path by which a holder is reached inside its module once that is imported; or nothing."""
    if location.scope in {"module", "class", "function"} and location.depth == 0 and "<locals>" not in location.owner:
        return qualname_of(location)
    module = location.owner.partition(":")[0]
    if location.scope == "field" and len(location.path) == 2 and location.path[0].startswith(f"{module}."):
        return f"{location.path[0].removeprefix(f'{module}.')}.{location.path[1]}"
    return ""


def _mangled(owner: str, name: str) -> str:
    private = name.startswith("__") and not name.endswith("__")
    return f"_{owner.rpartition('.')[2].lstrip('_')}{name}" if private else name


def method_name(function: Function) -> str:
    """Return the name of a method as it is at run time: private ones carry their class."""
    return _mangled(qualname(function.owner), function.name)


def outermost(context: Context, key: str) -> Function:
    """Return the nearest function that can be called from outside: an inner one runs when its outer one is called."""
    functions = context.heap.points_to.functions
    function = functions[key]
    while "<locals>" in function.key and function.parent:
        function = functions[function.parent]
    return function


def container_probe(context: Context, retention: Retention) -> Probe | None:
    """Return the experiment that proves or refutes a leaking container."""
    location, store = retention.location, retention.first
    module = location.owner.partition(":")[0]
    read = context.texts.files.get(module)
    if read is None or module != location.module:
        return None
    trigger, track, subject = _trigger(context, store)
    if not trigger:
        return None
    kind = {"defaultdict": "dict", "counter": "dict", "deque": "list"}.get(retention.kind, retention.kind)
    kind = "closure" if location.scope in _LOCAL else kind if kind in {"dict", "list", "set"} else "other"
    return Probe(
        "", "", "", read.root, module, read.file, container_path(location), kind, subject, trigger, track,
        stores=_lines(context, retention, read.file), digest=_digest(context, module),
        path=location.path if location.scope == "field" and not container_path(location) else (),
    )  # fmt: skip


def _lines(context: Context, retention: Retention, file: str) -> tuple[str, ...]:
    """Return the lines of the stores as ``path:line``, if all of them are in the container's own file."""
    if any(context.module_of(store.effect.function) != retention.location.module for store in retention.stores):
        return ()
    return tuple(sorted({line for store in retention.stores for line in _of_place(file, store.effect.event.place)}))


def trigger_of(context: Context, key: str) -> tuple[str, str]:
    """Return how to run a function, and the class whose object that takes."""
    function = outermost(context, key)
    module, name = function.key.partition(":")[0], qualname(function.key)
    owner = function.owner if function.owner and "<locals>" not in function.owner else ""
    if function.kind == "module":
        return "", ""
    if owner and is_constructor(function.name):
        return "construct", owner
    if owner and function.kind == "method":
        meta = context.heap.points_to.classes.is_metaclass(owner)
        if meta:
            made = [
                one
                for one in context.heap.points_to.names.classes
                if context.heap.points_to.classes.metaclass(one) == owner
            ]
            return "construct", made[0] if made else ""
        return f"method:{method_name(function)}", owner
    return f"call:{module}:{name}", ""


def _trigger(context: Context, store: Store) -> tuple[str, str, str]:
    """Return (trigger, track, subject) for what fills the holder."""
    chain = store.retained.chain or store.effect.chain
    key = chain[-1].caller if chain else store.effect.function
    trigger, owner = trigger_of(context, key)
    function, retained = outermost(context, key), store.retained
    subject = owner or (retained.cls if retained.cls and "<locals>" not in retained.cls else "")
    if trigger == "construct":
        handed = _tracked(store, function, bool(chain))
        return trigger, handed if handed.startswith("argument:") else "subject", subject
    if trigger.startswith("method:"):
        return (
            trigger,
            "subject" if retained.kind in SELF else _tracked(store, function, bool(chain)),
            subject,
        )
    return trigger, "result" if retained.kind == "self" else _tracked(store, function, bool(chain)), subject


def _tracked(store: Store, function: Function, lifted: bool) -> str:
    if store.retained.kind == "param" and not lifted:
        names = [param.name for param in function.params if param.kind == "pos"]
        shift = 1 if function.kind in {"method", "classmethod"} else 0
        if store.retained.name in names[shift:]:
            return f"argument:{names.index(store.retained.name) - shift}"
    returned = any(
        event.kind == "return" and event.terms[0][0] not in {"const", "unknown"} for event in function.events
    )
    return "result" if store.retained.kind in {"instance", "class", "function"} and returned else "growth"


def probe_at(
    context: Context, kind: str, key: str, container: str, subject: str, trigger: str, track: str = "subject",
    place: Place | None = None,
) -> Probe | None:  # fmt: skip
    """Return the experiment for a finding that stands in a function; a run shows nothing that does not reach ``place``."""
    read = context.texts.files.get(context.module_of(key))
    if read is None or not trigger:
        return None
    stores = _of_place(read.file, place) if place is not None else ()
    return Probe(
        "", "", "", read.root, read.module, read.file, container, kind, subject, trigger, track, stores=stores,
        digest=_digest(context, read.module) if stores else "",
    )  # fmt: skip


def _of_place(file: str, place: Place) -> tuple[str, ...]:
    """Return the lines of a place as ``path:line``."""
    return tuple(f"{file}:{line}" for line in range(place[0], place[2] + 1))


def _digest(context: Context, module: str) -> str:
    source = context.texts.of_module(module)
    return source.digest if source is not None else ""
